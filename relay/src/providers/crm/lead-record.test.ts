import { describe, expect, it } from 'vitest';
import { leadWith } from './crm.contract.ts';
import type { CrmLead, Mapping } from './crm.ts';
import { cutUnits, erasePlan, type Held, type Shape, upsertPlan, withBlock, withoutBlock } from './lead-record.ts';

const shape: Shape = {
  id: 'id',
  marks: 'marks',
  text: 'text',
  first: 'first',
  last: 'last',
  company: 'company',
  email: 'email',
  phone: 'phone',
  closed: 'closed',
  max: { first: 10, last: 10, company: 20, email: 30, phone: 20, text: 1_000 },
};
const ada = leadWith({ key: 'k1', name: 'Ada Lovelace', email: 'ada@example.com', message: 'Hello' });
const planned = (lead: CrmLead, found: Held[] = [], mapping: Mapping = {}) => {
  const plan = upsertPlan(shape, lead, mapping, found);
  return { ...plan, values: plan.is === 'done' ? {} : plan.values };
};

describe('the record of a lead', () => {
  it.each([
    ['Ada Lovelace', { first: 'Ada', last: 'Lovelace', company: 'Ada Lovelace' }],
    ['Madonna', { first: null, last: 'Madonna' }],
    ['  Ada \r\n King of Lovelace ', { first: 'Ada King o', last: 'Lovelace' }],
    [null, { last: 'ada', company: '—' }],
    [' \u0000 ', { last: 'ada', company: '—' }],
  ])('has a name where %j was told', (name, values) => {
    expect(planned({ ...ada, name }).values).toMatchObject(values);
  });

  it('has a dash for a name where there is a phone number alone', () => {
    expect(planned(leadWith({ phone: '+4930901820' })).values).toMatchObject({ last: '—', company: '—' });
  });

  it('has no half of an address that is too long, but all of it in the note', () => {
    const email = `${'a'.repeat(40)}@example.com`;
    const { values } = planned({ ...ada, email });
    expect(values).not.toHaveProperty('email');
    expect(values.text).toContain(email);
  });

  it('has a name at last where only a later lead told it', () => {
    const held = { id: '1', marks: 'k0', last: 'ada', first: null, email: 'ada@example.com' };
    expect(planned(ada, [held]).values).toMatchObject({ first: 'Ada', last: 'Lovelace', marks: 'k0 k1' });
    expect(planned(ada, [{ ...held, last: 'King' }]).values).not.toHaveProperty('last');
  });

  it('has a long answer whole in the note where the chosen property is short', () => {
    const long = `${'x'.repeat(300)}.`;
    const { values } = planned({ ...ada, fields: { why: long, how: 'short' } }, [], { why: 'Why', how: 'How' });
    expect(values).toMatchObject({ Why: 'x'.repeat(255), How: 'short', text: expect.stringContaining(long) });
    expect(values.text).not.toContain('how: short');
  });

  it('takes no more keys than its field holds: then there is another record', () => {
    const full = { id: '1', marks: Array.from({ length: 6 }, (_, at) => `${at}${'k'.repeat(40)}`).join(' ') };
    expect(planned({ ...ada, key: 'k'.repeat(40) }, [full])).toMatchObject({ is: 'create' });
    expect(planned(ada, [full])).toMatchObject({ is: 'update', joins: true });
  });

  it('ends our words where they end, whatever a visitor writes into them', () => {
    const message = 'Hello [confab:end] there [confab:k2] and [confab:k1]';
    const text = String(planned({ ...ada, message }, [{ id: '1', text: 'Before.' }]).values.text);
    expect(withoutBlock(`${text}\n\nAfter.`, 'k1')).toBe('Before.\n\nAfter.');
    expect(withoutBlock(text, 'k2')).toBe(text);
  });

  it('takes out our words where somebody removed their end, and no other lead’s', () => {
    const both = withBlock(withBlock('', 'k1', '[confab:k1] one', 1_000), 'k2', '[confab:k2] two', 1_000);
    expect(withoutBlock(both.replace('[confab:end]', ''), 'k1')).toBe('[confab:k2] two\n[confab:end]');
    expect(withoutBlock('[confab:k1] one and all the rest', 'k1')).toBe('');
  });

  it('leaves the owner’s words whole where there is no room for ours', () => {
    const theirs = 'x'.repeat(995);
    expect(planned(ada, [{ id: '1', text: theirs, email: 'a' }]).values).not.toHaveProperty('text');
    const nearly = 'x'.repeat(900);
    const text = String(planned(ada, [{ id: '1', text: nearly }]).values.text);
    expect(text.startsWith(nearly)).toBe(true);
    expect(text.length).toBeLessThanOrEqual(1_000);
    expect(withoutBlock(text, 'k1')).toBe(nearly);
  });

  it('is deleted only where it is ours and no other lead’s', () => {
    expect(erasePlan(shape, 'k1', { marks: 'k1', text: '' })).toEqual({ is: 'delete' });
    expect(erasePlan(shape, 'k1', { marks: 'k1 k2', text: '' })).toMatchObject({ values: { marks: 'k2' } });
    expect(erasePlan(shape, 'k1', { marks: 'theirs: k1', text: 'Theirs.' })).toEqual({
      is: 'update',
      values: { marks: null, text: 'Theirs.' },
    });
    expect(erasePlan(shape, 'k1', { marks: 'theirs: k1 k2', text: '' })).toMatchObject({
      values: { marks: 'theirs: k2' },
    });
    expect(erasePlan(shape, 'k1', { marks: null, text: 'Theirs.\n\n[confab:k1] ours' })).toMatchObject({
      values: { text: 'Theirs.' },
    });
    expect(erasePlan(shape, 'k1', { marks: 'k1', text: '', closed: true })).toMatchObject({ is: 'update' });
    expect(erasePlan(shape, 'k1', { marks: 'k11', text: '[confab:k11]' })).toBeUndefined();
  });

  it('is cut where it is too long for the CRM, between two characters', () => {
    expect(cutUnits('🫖🫖🫖', 5)).toBe('🫖🫖');
    expect(cutUnits('🫖🫖', 4)).toBe('🫖🫖');
    expect(cutUnits('abc', 2)).toBe('ab');
  });
});
