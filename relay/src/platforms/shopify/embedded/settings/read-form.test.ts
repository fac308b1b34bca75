import { settingsSchema } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../../features/sites/default-settings.ts';
import { changedBy, type FormValues, overtaken } from './read-form.ts';

const key = { set: true, last4: '1234' };
const stored = defaultSettings({ name: 'Wool', allowedOrigins: ['https://wool.example'] });
const { openai, anthropic, bedrock } = stored.answers;
const settings = settingsSchema.parse({
  ...stored,
  crm: undefined,
  answers: {
    ...stored.answers,
    openai: { ...openai, apiKey: key },
    anthropic: { ...anthropic, apiKey: key },
    bedrock: { ...bedrock, apiKey: key },
  },
});
const changed = (form: FormValues, shown: FormValues = {}, of = settings) => changedBy(form, shown, of);
const monday = { 'hours.weekly.0.day': 'monday', 'hours.weekly.0.opens': '9:00', 'hours.weekly.0.closes': '17:00' };

describe('what was changed in a form', () => {
  it('is all that changes: what was not touched stays as it stands by now', () => {
    const now = { ...settings, name: 'Theirs', timezone: 'Europe/Dublin' };
    const shown = { name: 'Wool', timezone: 'UTC', country: '' };
    expect(changed({ ...shown, country: 'IE' }, shown, now)).toEqual({ ...now, country: 'IE' });
    expect(changed(shown, shown, now)).toEqual(now);
    expect(changed({}, {}, now)).toEqual(now);
  });

  it('is nothing where a field is emptied that may be nothing, and a text else', () => {
    const shown = { name: 'x', country: 'IE', 'limits.answersPerMonth': '5', 'answers.openai.model': 'm' };
    const form = { name: '', country: '', 'limits.answersPerMonth': '', 'answers.openai.model': '' };
    const limits = { ...settings.limits, answersPerMonth: 5 };
    const update = changed(form, shown, { ...settings, country: 'IE', limits });
    expect(update).toMatchObject({ name: '', country: null, limits: { answersPerMonth: null } });
    expect(update.answers.openai.model).toBeNull();
  });

  it('is a number where it is written as one, and stays a text where it is none', () => {
    expect(changed({ 'retention.leadDays': '30' }).retention.leadDays).toBe(30);
    expect(changed({ 'retention.leadDays': 'a month' }).retention.leadDays).toBe('a month');
    expect(changed({ 'limits.spend.perDay': '0.05' }).limits.spend.perDay).toBe(0.05);
    expect(changed({ 'limits.spend.perAnswer': '' }).limits.spend.perAnswer).toBeNull();
  });

  it('leaves a key alone that was not written, replaces it, and removes it', () => {
    const path = 'answers.openai.apiKey';
    expect(changed({ [path]: '' }, { [path]: '' }).answers.openai.apiKey).toEqual(key);
    expect(changed({ [path]: 'sk-new' }, { [path]: '' }).answers.openai.apiKey).toBe('sk-new');
    const removed = changed({ [path]: '', [`remove:${path}`]: true }, { [path]: '', [`remove:${path}`]: false });
    expect(removed.answers.openai.apiKey).toBeNull();
    expect(removed.answers.anthropic.apiKey).toEqual(key);
  });

  it('takes hours away as a whole, brings them, and their holidays with them', () => {
    const closed = { 'hours.always': true };
    const open = {
      'hours.always': false,
      ...monday,
      'hours.holidays.0.date': '2026-12-25',
      'hours.holidays.0.name': '',
      'hours.exceptions.0.date': '2026-12-24',
      'hours.exceptions.0.name': 'Eve',
      'hours.exceptions.0.spans.0.opens': '9:00',
      'hours.exceptions.0.spans.0.closes': '13:00',
    };
    const hours = {
      weekly: [{ day: 'monday' as const, opens: '09:00', closes: '17:00' }],
      holidays: [{ date: '2026-12-25', name: '' }],
      exceptions: [{ date: '2026-12-24', name: 'Eve', spans: [{ opens: '09:00', closes: '13:00' }] }],
    };
    expect(changed(open, closed).hours).toEqual(hours);
    expect(changed({ ...open, ...closed }, open, { ...settings, hours }).hours).toBeNull();
    expect(changed({ 'hours.always': false }, closed).hours).toEqual({
      weekly: [],
      holidays: [],
      exceptions: [],
    });
  });

  it('is what is ticked, and keeps what this form does not know', () => {
    const shown = { 'crm.connectors.zoho': true, 'crm.connectors.someday': true, 'crm.connectors.hubspot': false };
    const form = { ...shown, 'crm.connectors.zoho': false, 'crm.connectors.hubspot': true };
    expect(changed(form, shown).crm.connectors).toEqual(['someday', 'hubspot']);
    expect(changed(shown, shown)).toEqual(settings);
  });

  it('is where each field goes, by whatever name it has', () => {
    const shown = { 'crm.hubspot.mapping.a.b': 'x', 'crm.hubspot.mapping.email': 'mail' };
    const form = { 'crm.hubspot.mapping.a.b': 'x', 'crm.hubspot.mapping.budget': ' budget__c ' };
    expect(changed(form, shown).crm.hubspot.mapping).toEqual({ 'a.b': 'x', budget: 'budget__c' });
  });

  it('is the addresses of the rows that say one', () => {
    const form = { 'notifications.addresses.0': ' ann@wool.example ', 'notifications.addresses.1': '' };
    expect(changed(form).notifications.addresses).toEqual(['ann@wool.example']);
  });

  it('keeps rows in their order, beyond the tenth as well', () => {
    const form = Object.fromEntries(
      Array.from({ length: 12 }, (_, row) => [`allowedOrigins.${row}`, `https://${row}.example`]),
    );
    expect(changed(form).allowedOrigins).toEqual(Object.values(form));
  });

  it('drops texts that were emptied, and keeps a language that says nothing', () => {
    const form = { 'texts.de.send': '', 'texts.fr.send': 'Envoyer', 'texts.es': '' };
    expect(changed(form).texts).toEqual({ fr: { send: 'Envoyer' }, es: {} });
  });

  it('reaches no prototype, whatever a path is called', () => {
    changed({ 'texts.__proto__.polluted': 'yes', 'texts.constructor.prototype.polluted': 'yes' });
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe('what somebody else has saved', () => {
  it('is told for each setting in words, and of a key nothing', () => {
    const shown = { name: 'Wool', 'features.leads': false, 'limits.answersPerMonth': '', 'hours.always': true };
    const now = {
      ...settings,
      name: 'Theirs',
      hours: { weekly: [], holidays: [], exceptions: [] },
      features: { ...settings.features, leads: true },
    };
    const mine = overtaken(shown, now).filter(({ path }) => path in shown || path === 'hours.weekly');
    expect(mine).toEqual([
      { path: 'name', stands: 'Somebody else has saved: Theirs' },
      { path: 'hours.weekly', stands: 'Somebody else has changed this meanwhile.' },
      { path: 'features.leads', stands: 'Somebody else has saved: on' },
    ]);
    expect(overtaken({}, now).filter(({ path }) => path.endsWith('apiKey'))).toEqual([]);
  });
});
