import { AxeBuilder } from '@axe-core/playwright';
import type { Settings } from '@confab/contract';
import { type FormValues, overtaken } from '@confab/relay/platforms/shopify/embedded/settings/read-form.ts';
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, launchBrowser } from './browser.ts';
import type { FakeShop } from './fakes/shopify/index.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';
import { openAdmin } from './shopify-browser.ts';
import { changeSettings, HOSTILE, RTL, siteOf } from './shopify-plant.ts';

const WIDTHS = { desktop: { width: 1_280, height: 900 }, phone: { width: 390, height: 844 } };
const KEY = 'sk-of-the-merchant-1234';

let bed: ShopifyRelay;
let browser: Browser;
let shop: FakeShop;
const contexts: BrowserContext[] = [];
const faults: string[] = [];

beforeAll(async () => {
  [bed, browser] = await Promise.all([startShopifyRelay(), launchBrowser()]);
}, 120_000);
beforeEach(async () => {
  shop = bed.shopify.shop();
  await shop.open(bed.relay.url);
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  expect(faults.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await bed?.stop();
});

/** A page of the app in the admin of a shop. Whatever the browser complains of fails the test. */
async function open(path = '/settings', viewport = WIDTHS.desktop): Promise<{ page: Page; frame: FrameLocator }> {
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(30_000);
  contexts.push(context);
  context.on('weberror', error => faults.push(error.error().message));
  context.on('console', message => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  const page = await context.newPage();
  const admin = await openAdmin(page, { ...bed, shop, relayUrl: bed.relay.url, path: `/shopify/app${path}` });
  await admin.frame.locator('#page s-page').waitFor();
  return admin;
}

const settings = async (): Promise<Settings> => {
  const { site } = await siteOf(bed.relay, shop.domain);
  return bed.relay.services.sites.settingsOf(site);
};
const change = (changed: object) => changeSettings(bed.relay, shop.domain, changed);

const saveBar = (page: Page) => page.getByRole('region', { name: 'Unsaved changes' });
const save = (page: Page) => saveBar(page).getByRole('button', { name: 'Save' }).click();
const toast = (page: Page) => page.locator('#toasts').textContent();
const field = (frame: FrameLocator, name: string) => frame.locator(`#page [name="${name}"]`);
const input = (frame: FrameLocator, name: string) => field(frame, name).locator('input, textarea, select');
const rows = (frame: FrameLocator, list: string) => frame.locator(`[data-list="${list}"] > [data-row]`);

/** What the form sends. */
async function sent(page: Page, how: () => Promise<void>): Promise<{ form: FormValues; base: FormValues }> {
  const [request] = await Promise.all([
    page.waitForRequest(each => each.method() === 'POST' && /settings\?/.test(each.url())),
    how(),
  ]);
  const { base, version, ...form } = request.postDataJSON();
  expect(base.version).toBe(version);
  return { form, base: { ...base, version: undefined } };
}

/** Settings of every kind, with everything that a form may stumble over. */
const full = (plain: Settings) => ({
  ...plain,
  name: `Ann’s “Wool” & ${HOSTILE.slice(0, 60)}`,
  locale: 'pt-BR',
  allowedOrigins: [...plain.allowedOrigins, 'https://shop.example', 'self'],
  appearance: { position: 'bottom-left', accent: '#AbCdEf', theme: 'dark' },
  texts: { de: { launcher: 'Frag uns', title: RTL }, fr: {}, tlh: { send: 'yIngeH' } },
  consent: {
    policyUrl: 'https://shop.example/privacy?a=1&b="2"',
    notices: {
      'pt-BR': {
        title: 'Podemos?',
        body: 'Primeira linha.\n\n  Terceira <b>linha</b>.',
        acceptLabel: 'Sim',
        declineLabel: 'Não',
      },
      ar: { title: RTL, body: RTL, acceptLabel: 'نعم', declineLabel: 'لا' },
    },
  },
  answers: {
    ...plain.answers,
    providers: ['anthropic'],
    instructions: 'We ship from Ireland.\nNever promise a day.',
    maxTokens: 123,
    firstTokenMs: 30_000,
    openai: {
      ...plain.answers.openai,
      apiKey: KEY,
      model: 'gpt-x',
      baseUrl: 'https://proxy.example/v1',
      api: 'chat_completions',
    },
    anthropic: { ...plain.answers.anthropic, model: 'claude-x', baseUrl: null },
  },
  timezone: 'America/Argentina/Buenos_Aires',
  country: 'IE',
  retention: { conversationDays: 1, leadDays: 2, pageViewDays: 3, consentDays: 3_650 },
  hours: {
    weekly: [
      { day: 'friday', opens: '18:00', closes: '02:00' },
      { day: 'monday', opens: '09:00', closes: '12:30' },
      { day: 'monday', opens: '13:00', closes: '17:00' },
    ],
    holidays: [
      { date: '2026-12-25', name: '' },
      { date: '2027-01-01', name: 'New Year' },
    ],
    exceptions: [
      { date: '2026-12-24', name: 'Eve', spans: [{ opens: '09:00', closes: '13:00' }] },
      {
        date: '2026-12-31',
        name: '',
        spans: [
          { opens: '10:00', closes: '12:00' },
          { opens: '18:00', closes: '02:00' },
        ],
      },
    ],
  },
  prechat: {
    enabled: true,
    fields: [
      {
        name: 'orderNumber',
        type: 'text',
        label: { de: 'Nummer?' },
        required: true,
        purpose: { de: 'Um sie zu finden', en: 'To find it' },
      },
      {
        name: 'topic',
        type: 'choice',
        label: { 'pt-BR': 'Assunto' },
        required: false,
        purpose: { 'pt-BR': HOSTILE },
        options: [
          { value: 'b', label: { 'pt-BR': 'Bê', de: 'Be' } },
          { value: 'a', label: { en: 'A' } },
        ],
      },
    ],
  },
  limits: { answersPerMonth: 0 },
  features: { leads: true, callback: false, marketing: true, orders: false, transcript: false },
  crm: {
    ...plain.crm,
    connectors: ['zoho', 'hubspot'],
    transcript: true,
    hubspot: { accessToken: KEY, mapping: { orderNumber: 'order_number', 'a.b': HOSTILE.slice(0, 60) } },
    salesforce: { ...plain.crm.salesforce, loginUrl: 'https://wool.my.salesforce.com', clientId: 'id"<b>' },
    klaviyo: { ...plain.crm.klaviyo, listId: 'XyZ' },
    zoho: { ...plain.crm.zoho, region: 'com.au', mapping: { email: 'Email' } },
  },
  notifications: {
    addresses: ['ann@wool.example', 'o’b@wool.example'],
    leads: 'daily',
    callbacks: 'off',
    alerts: false,
  },
});

describe('the form of the settings', () => {
  it.each(['as they begin', 'of every kind, full'])(
    'holds settings %s exactly, and saves them as they were',
    async kind => {
      if (kind !== 'as they begin') await change(full(await settings()));
      const before = await settings();
      const { page, frame } = await open();
      const { form, base } = await sent(page, () =>
        frame.locator('form').evaluate(form => (form as HTMLFormElement).requestSubmit()),
      );
      expect(form).toEqual(base);
      // Each field says the very thing that it was drawn from.
      expect(overtaken(form, before)).toEqual([]);
      await eventually(() => toast(page)).toBe('Settings saved');
      expect(await settings()).toEqual(before);
    },
  );

  it('saves what was changed, and says so', async () => {
    const { page, frame } = await open();
    expect(await saveBar(page).isVisible()).toBe(false);
    await input(frame, 'name').fill('Cosy Wool');
    await saveBar(page).waitFor();
    await input(frame, 'appearance.position').selectOption('bottom-left');
    await input(frame, 'features.leads').check();
    await input(frame, 'retention.leadDays').fill('30');
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    await saveBar(page).waitFor({ state: 'hidden' });
    const before = await settings();
    expect(before).toMatchObject({
      name: 'Cosy Wool',
      appearance: { position: 'bottom-left' },
      features: { leads: true },
      retention: { leadDays: 30 },
    });
    expect(await input(frame, 'name').inputValue()).toBe('Cosy Wool');
    // The leads need a permission, which is asked for at once.
    await frame.locator('[data-request-scopes]').waitFor();
    await input(frame, 'name').fill('Cosy Wool Ltd');
    await save(page);
    await eventually(async () => (await settings()).name).toBe('Cosy Wool Ltd');
  });

  it('drops what was changed when it is discarded, also rows', async () => {
    const { page, frame } = await open();
    await input(frame, 'name').fill('Not this');
    await frame.locator('s-button[data-add="allowedOrigins"]').click();
    await saveBar(page).getByRole('button', { name: 'Discard' }).click();
    await saveBar(page).waitFor({ state: 'hidden' });
    const { name, allowedOrigins } = await settings();
    await eventually(() => input(frame, 'name').inputValue()).toBe(name);
    expect(await rows(frame, 'allowedOrigins').count()).toBe(allowedOrigins.length);
  });

  it('asks for nothing to be saved once it is as it was again', async () => {
    const { page, frame } = await open();
    await input(frame, 'name').fill('Not this');
    await saveBar(page).waitFor();
    await input(frame, 'name').fill((await settings()).name);
    await saveBar(page).waitFor({ state: 'hidden' });
  });

  it('keeps everything that was typed where something is wrong, and says what at each field', async () => {
    const { page, frame } = await open();
    const before = await settings();
    await input(frame, 'name').fill('');
    await input(frame, 'appearance.accent').fill('green');
    await input(frame, 'answers.maxTokens').fill('7');
    await input(frame, 'hours.always').uncheck();
    await frame.locator('s-button[data-add="hours.weekly"]').first().click();
    await input(frame, 'opens').fill('25:00');
    await save(page);
    await eventually(() => toast(page)).toBe('Nothing was saved yet: 4 settings need your attention.');
    const wrong = (name: string) => field(frame, name).getAttribute('error');
    expect(await wrong('name')).toBe('“Name of the website” is empty.');
    expect(await wrong('appearance.accent')).toBe('“Accent colour” is not a colour such as #1f6f54.');
    expect(await wrong('answers.maxTokens')).toBe('“Longest answer” is less than 50.');
    expect(await wrong('opens')).toBe('The time of opening is not a time of day such as "09:30".');
    expect(await input(frame, 'answers.maxTokens').inputValue()).toBe('7');
    expect(await saveBar(page).isVisible()).toBe(true);
    expect(await settings()).toEqual(before);
    await input(frame, 'name').fill('Right');
    await input(frame, 'appearance.accent').fill('#123456');
    await input(frame, 'answers.maxTokens').fill('70');
    await input(frame, 'opens').fill('9:30');
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    expect((await settings()).hours).toEqual({
      weekly: [{ day: 'monday', opens: '09:30', closes: '17:00' }],
      holidays: [],
      exceptions: [],
    });
    expect(await frame.locator('[error]').count()).toBe(0);
  });

  it('takes a key, shows its end alone, keeps it unless it is replaced, and removes it', async () => {
    const { page, frame } = await open();
    const path = 'answers.openai.apiKey';
    await input(frame, path).fill(KEY);
    await save(page);
    await field(frame, `remove:${path}`).waitFor();
    expect(await frame.locator('html').innerHTML()).not.toContain(KEY);
    expect(await field(frame, path).getAttribute('details')).toContain('ends in 1234');
    await input(frame, 'name').fill('Another name');
    await save(page);
    await eventually(async () => (await settings()).name).toBe('Another name');
    expect((await settings()).answers.openai.apiKey).toEqual({ set: true, last4: '1234' });
    await input(frame, `remove:${path}`).check();
    await save(page);
    await eventually(async () => (await settings()).answers.openai.apiKey.set).toBe(false);
  });
});

describe('where leads go', () => {
  it('is asked for each CRM that is ticked, and tried in its own words', async () => {
    const { page, frame } = await open();
    const path = 'crm.hubspot.accessToken';
    expect(await field(frame, path).isVisible()).toBe(false);
    await input(frame, 'crm.connectors.hubspot').check();
    await input(frame, 'crm.connectors.zoho').check();
    await field(frame, path).waitFor();
    await input(frame, 'crm.connectors.hubspot').uncheck();
    await field(frame, path).waitFor({ state: 'hidden' });
    await frame.locator('[id="crm.zoho.mapping:field"] select').selectOption('message');
    await frame.locator('s-button[data-add="crm.zoho.mapping"]').click();
    await rows(frame, 'crm.zoho.mapping').first().locator('input').fill(' Description ');
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    expect((await settings()).crm).toMatchObject({
      connectors: ['zoho'],
      zoho: { mapping: { message: 'Description' } },
    });
    const test = frame.locator('[data-post$="/crm/zoho/test"]');
    await test.focus();
    await page.keyboard.press('Enter');
    await eventually(() => frame.locator('[data-answered] [role="status"]').textContent()).toMatch(
      /^Something has to be set up there first\. “.+”$/,
    );
    const privacy = await open('/privacy');
    await privacy.frame.getByText('Contact details that visitors leave go to Zoho CRM.').waitFor();
  });

  it('is told by e-mail to those who confirm their address', async () => {
    const { page, frame } = await open();
    const add = frame.locator('s-button[data-add="notifications.addresses"]');
    await add.click();
    await rows(frame, 'notifications.addresses').first().locator('input').fill('no address');
    await save(page);
    await eventually(() => toast(page)).toBe('Nothing was saved yet: One setting needs your attention.');
    await rows(frame, 'notifications.addresses').first().locator('input').fill('ann@wool.example');
    await input(frame, 'notifications.leads').selectOption('daily');
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    await frame.locator('#notifications s-list-item').waitFor();
    expect(await frame.locator('#notifications s-list-item').textContent()).toBe(
      'ann@wool.example: waits to be confirmed, by the link in the e-mail to it',
    );
    expect((await settings()).notifications).toMatchObject({ addresses: ['ann@wool.example'], leads: 'daily' });
  });
});

describe('two people who save at once', () => {
  async function overtake() {
    const opened = await open();
    await input(opened.frame, 'name').fill('Mine');
    await input(opened.frame, 'answers.instructions').fill('What I have been typing for an hour.');
    const { appearance } = await settings();
    await change({ name: 'Theirs', appearance: { ...appearance, theme: 'dark' } });
    await save(opened.page);
    await opened.frame.locator('[data-conflict]').waitFor();
    return opened;
  }

  it('are told, with what stands now, and nothing is lost or saved yet', async () => {
    const { page, frame } = await overtake();
    expect(await toast(page)).toContain('somebody else has saved');
    expect(await field(frame, 'name').getAttribute('error')).toBe('Somebody else has saved: Theirs');
    expect(await field(frame, 'appearance.theme').getAttribute('error')).toBe('Somebody else has saved: Dark');
    expect(await input(frame, 'name').inputValue()).toBe('Mine');
    expect(await field(frame, 'answers.instructions').getAttribute('error')).toBeNull();
    expect(await saveBar(page).isVisible()).toBe(true);
    expect((await settings()).name).toBe('Theirs');
  });

  it('can save over the other, who loses nothing that was not changed here', async () => {
    const { page, frame } = await overtake();
    await frame.locator('[data-settle="mine"]').click();
    await eventually(() => toast(page)).toBe('Settings saved');
    expect(await settings()).toMatchObject({
      name: 'Mine',
      appearance: { theme: 'dark' },
      answers: { instructions: 'What I have been typing for an hour.' },
    });
  });

  it('can take what the other has saved', async () => {
    const { page, frame } = await overtake();
    await frame.locator('[data-settle="theirs"]').click();
    await eventually(() => input(frame, 'name').inputValue()).toBe('Theirs');
    await saveBar(page).waitFor({ state: 'hidden' });
    expect((await settings()).answers.instructions).toBe('');
  });
});

describe('by keyboard alone', () => {
  it('opening hours are added, filled in and removed', async () => {
    const { page, frame } = await open();
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await input(frame, 'hours.always').focus();
    await press('Space', 'Tab');
    expect(await rows(frame, 'hours.weekly').count()).toBe(0);
    await press('Enter');
    expect(await rows(frame, 'hours.weekly').count()).toBe(1);
    // The focus is on the day of the new row.
    await press('t', 'Tab');
    await page.keyboard.type('10:00');
    await press('Tab');
    await page.keyboard.type('16:00');
    await press('Tab', 'Tab', 'Tab', 'Enter');
    expect(await rows(frame, 'hours.weekly').count()).toBe(6);
    for (const _ of [1, 2]) {
      await rows(frame, 'hours.weekly').nth(1).locator('s-button[data-remove]').focus();
      await press('Enter');
    }
    expect(await rows(frame, 'hours.weekly').count()).toBe(4);
    const focused = await frame.locator('s-button:focus').getAttribute('accessibilitylabel');
    expect(focused).toBe('Remove these hours');
    await save(page);
    await eventually(async () => (await settings()).hours?.weekly).toEqual([
      { day: 'tuesday', opens: '10:00', closes: '16:00' },
      ...['wednesday', 'thursday', 'friday'].map(day => ({ day, opens: '09:00', closes: '17:00' })),
    ]);
  });

  it('providers change their order', async () => {
    const { page, frame } = await open();
    await rows(frame, 'answers.providers').nth(1).locator('[data-move="up"]').focus();
    await page.keyboard.press('Enter');
    await save(page);
    await eventually(async () => (await settings()).answers.providers).toEqual(['anthropic', 'openai']);
  });
});

describe('lists', () => {
  it('of texts, notices, questions, choices, holidays, other days and websites are filled', async () => {
    const { page, frame } = await open();
    const choose = (id: string, value: string) => frame.locator(`#${id} select`).selectOption(value);
    const add = (list: string, nth = 0) => frame.locator(`s-button[data-add="${list}"]`).nth(nth).click();
    const inRow = (list: string, nth: number, name: string) =>
      rows(frame, list).nth(nth).locator(`[name="${name}"]`).locator('input, textarea, select');

    await choose('texts-language', 'de');
    await choose('texts-name', 'send');
    await add('texts');
    await inRow('texts', 0, '').fill('Los');
    // The same once more leads to the row that is there.
    await add('texts');
    expect(await rows(frame, 'texts').count()).toBe(1);

    await choose('notices-language', 'fr');
    await add('consent.notices');
    for (const name of ['title', 'body', 'acceptLabel', 'declineLabel'])
      await inRow('consent.notices', 0, name).fill(name);

    await choose('prechat-type', 'text');
    await add('prechat.fields');
    await add('prechat.fields');
    await choose('prechat-type', 'choice');
    await add('prechat.fields');
    for (const nth of [0, 1, 2]) {
      await inRow('prechat.fields', nth, 'label.en').first().fill(`Question ${nth}`);
      await inRow('prechat.fields', nth, 'purpose.en').fill('To help');
    }
    await rows(frame, 'prechat.fields').nth(2).locator('s-button[data-add="options"]').click();
    for (const nth of [0, 1]) await inRow('options', nth, 'label.en').fill(`Choice ${nth}`);
    await rows(frame, 'prechat.fields').nth(2).locator('[data-move="up"]').first().click();

    await input(frame, 'hours.always').uncheck();
    await add('hours.holidays');
    await inRow('hours.holidays', 0, 'date').fill('2026-12-24');
    await inRow('hours.holidays', 0, 'name').fill('Eve');
    await add('hours.exceptions');
    await inRow('hours.exceptions', 0, 'date').fill('2026-12-31');
    await rows(frame, 'hours.exceptions').first().locator('s-button[data-add="spans"]').click();
    await inRow('spans', 1, 'opens').fill('18:00');
    await inRow('spans', 1, 'closes').fill('1:00');
    await add('allowedOrigins');
    await rows(frame, 'allowedOrigins').last().locator('input').fill('https://other.example');

    const before = await settings();
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    expect(await settings()).toMatchObject({
      texts: { de: { send: 'Los' } },
      consent: {
        notices: { fr: { title: 'title', body: 'body', acceptLabel: 'acceptLabel', declineLabel: 'declineLabel' } },
      },
      prechat: {
        fields: [
          { name: 'text', type: 'text', label: { en: 'Question 0' } },
          {
            name: 'choice',
            type: 'choice',
            label: { en: 'Question 2' },
            options: [
              { value: 'choice', label: { en: 'Choice 0' } },
              { value: 'choice2', label: { en: 'Choice 1' } },
            ],
          },
          { name: 'text2', type: 'text', label: { en: 'Question 1' } },
        ],
      },
      hours: {
        weekly: [],
        holidays: [{ date: '2026-12-24', name: 'Eve' }],
        exceptions: [
          {
            date: '2026-12-31',
            name: '',
            spans: [
              { opens: '09:00', closes: '13:00' },
              { opens: '18:00', closes: '01:00' },
            ],
          },
        ],
      },
      allowedOrigins: [...before.allowedOrigins, 'https://other.example'],
    });
  });

  it('say where a question has no words, and do not grow beyond their end', async () => {
    const { page, frame } = await open();
    const add = () => frame.locator('s-button[data-add="prechat.fields"]').click();
    for (let count = 0; count < 10; count += 1) await add();
    await add();
    await eventually(() => toast(page)).toBe('There is no room for more than 10.');
    expect(await rows(frame, 'prechat.fields').count()).toBe(10);
    await save(page);
    await eventually(() => toast(page)).toContain('10 settings need your attention');
    expect(await rows(frame, 'prechat.fields').first().locator('[error]').getAttribute('error')).toBe(
      'What you need it for is said in no language.',
    );
  });
});

describe('going through the app', () => {
  const heading = (frame: FrameLocator, name: string) => frame.locator(`s-page[heading="${name}"]`).waitFor();
  const menu = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();

  it('swaps the page alone, with its title, its address and the focus, and the back button works', async () => {
    const { page, frame } = await open('/plan');
    const documents: string[] = [];
    page.on('request', request => {
      if (request.isNavigationRequest()) documents.push(request.url());
    });
    await menu(page, 'Settings');
    await heading(frame, 'Settings');
    expect(await page.title()).toContain('Settings');
    expect(page.url()).toMatch(/\/settings$/);
    expect(await frame.locator(':focus').getAttribute('id')).toBe('page');
    await menu(page, 'Leads');
    await heading(frame, 'Leads');
    await page.goBack();
    await heading(frame, 'Settings');
    await page.goBack();
    await heading(frame, 'Plan');
    await page.goForward();
    await heading(frame, 'Settings');
    expect(documents).toEqual([]);
  });

  it('asks before what is not saved is left, by the menu and by the back button', async () => {
    const { page, frame } = await open('/plan');
    await menu(page, 'Settings');
    await heading(frame, 'Settings');
    await input(frame, 'name').fill('Unsaved');
    await saveBar(page).waitFor();
    await menu(page, 'Leads');
    await page.getByRole('button', { name: 'Stay' }).click();
    expect(await input(frame, 'name').inputValue()).toBe('Unsaved');
    await page.goBack();
    await page.getByRole('button', { name: 'Stay' }).click();
    expect(await input(frame, 'name').inputValue()).toBe('Unsaved');
    await menu(page, 'Leads');
    await page.getByRole('button', { name: 'Leave page' }).click();
    await heading(frame, 'Leads');
    expect(await saveBar(page).isVisible()).toBe(false);
  });

  it('sends once, however often it is pressed', async () => {
    const { page, frame } = await open();
    let posts = 0;
    let goOn = () => {};
    const held = new Promise<void>(resolve => {
      goOn = resolve;
    });
    await page.route('**/shopify/app/settings?*', async route => {
      if (route.request().method() !== 'POST') return route.continue();
      posts += 1;
      await held;
      await route.continue();
    });
    await input(frame, 'name').fill('Once');
    await saveBar(page).getByRole('button', { name: 'Save' }).dblclick();
    await eventually(() => posts).toBe(1);
    goOn();
    await eventually(() => toast(page)).toBe('Settings saved');
    expect(posts).toBe(1);
  });

  it('says so where it is offline, and loses nothing', async () => {
    const { page, frame } = await open();
    await input(frame, 'name').fill('Typed on a train');
    const [context] = contexts;
    await context?.setOffline(true);
    await save(page);
    await eventually(() => toast(page)).toMatch(/^You are offline|^Confab cannot be reached/);
    expect(await input(frame, 'name').inputValue()).toBe('Typed on a train');
    expect(await saveBar(page).isVisible()).toBe(true);
    await menu(page, 'Leads');
    await page.getByRole('button', { name: 'Stay' }).click();
    await context?.setOffline(false);
    await save(page);
    await eventually(async () => (await settings()).name).toBe('Typed on a train');
  });

  const content = (page: Page) => page.frames()[1];

  it('is there again where the frame is loaded anew, and in the merchant’s language', async () => {
    const { page, frame } = await open('/plan');
    const asked: string[] = [];
    page.on('request', request => asked.push(request.url()));
    await menu(page, 'Leads');
    await heading(frame, 'Leads');
    expect(asked.find(url => url.includes('/shopify/app/leads'))).toContain('locale=en');
    await content(page)?.evaluate(() => location.reload());
    await heading(frame, 'Leads');
    await menu(page, 'Plan');
    await heading(frame, 'Plan');
  });

  it('keeps what is typed while the saved page is on its way, and can save that too', async () => {
    const { page, frame } = await open();
    let goOn = () => {};
    const held = new Promise<void>(resolve => {
      goOn = resolve;
    });
    await page.route('**/shopify/app/settings**', async route => {
      if (route.request().method() === 'GET') await held;
      await route.continue();
    });
    await input(frame, 'name').fill('First');
    const reloaded = page.waitForRequest(each => each.method() === 'GET' && each.url().includes('/settings'));
    await save(page);
    await reloaded;
    await input(frame, 'name').fill('Second');
    const arrived = page.waitForResponse(each => each.request().method() === 'GET' && each.url().includes('/settings'));
    goOn();
    await (await arrived).finished();
    await saveBar(page).waitFor();
    expect(await input(frame, 'name').inputValue()).toBe('Second');
    await save(page);
    await eventually(async () => (await settings()).name).toBe('Second');
    expect(await frame.locator('[data-conflict]').isVisible()).toBe(false);
  });

  it('keeps what is typed where a permission is given meanwhile', async () => {
    const { features } = await settings();
    await change({ features: { ...features, orders: true } });
    const { page, frame } = await open();
    await input(frame, 'name').fill('Typed');
    await frame.locator('s-button', { hasText: 'Allow Confab to read orders' }).click();
    await page.getByRole('button', { name: 'Update', exact: true }).click();
    await eventually(() => toast(page)).toContain('the permission is given');
    await page.locator('#loading').waitFor({ state: 'hidden' });
    expect(await input(frame, 'name').inputValue()).toBe('Typed');
  });

  it('is saved where the proof of who is there had grown old', async () => {
    const { page, frame } = await open();
    const proofs: (string | undefined)[] = [];
    await page.route('**/shopify/app/settings**', async route => {
      const request = route.request();
      if (request.method() !== 'POST') return route.continue();
      proofs.push(request.headers().authorization);
      if (proofs.length > 1) return route.continue();
      const old = { ...request.headers(), authorization: `Bearer ${shop.idToken({ exp: 1_600_000_000 })}` };
      await route.continue({ headers: old });
    });
    await input(frame, 'name').fill('After a long lunch');
    await save(page);
    await eventually(() => toast(page)).toBe('Settings saved');
    expect(proofs).toHaveLength(2);
    expect((await settings()).name).toBe('After a long lunch');
  });

  it('stays where it is while a gateway answers for the relay', async () => {
    const { page, frame } = await open('/plan');
    const documents: string[] = [];
    page.on('request', request => {
      if (request.isNavigationRequest()) documents.push(request.url());
    });
    await page.route('**/shopify/app/leads**', route =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    );
    await menu(page, 'Leads');
    await eventually(() => toast(page)).toMatch(/^Confab cannot be reached/);
    await heading(frame, 'Plan');
    expect(documents).toEqual([]);
  });

  it('goes back to where it is where the page before is not to be had', async () => {
    const { page, frame } = await open('/plan');
    await menu(page, 'Leads');
    await heading(frame, 'Leads');
    await page.route('**/shopify/app/plan**', route => route.abort());
    await page.goBack();
    await eventually(() => toast(page)).toMatch(/^Confab cannot be reached/);
    await heading(frame, 'Leads');
    expect(content(page)?.url()).toContain('/leads');
  });

  it('has the focus in the page where what was pressed is gone', async () => {
    await bed.jobsDone({ hurry: true });
    const { page, frame } = await open('/knowledge');
    await frame.locator('s-button', { hasText: 'Sync now' }).focus();
    await page.keyboard.press('Enter');
    await frame.locator('[data-poll]').waitFor({ state: 'attached' });
    expect(await frame.locator(':focus').getAttribute('id')).toBe('page');
  });

  it('leads to Shopify’s plans in the whole window', async () => {
    const { page, frame } = await open('/plan');
    await frame.locator('s-button', { hasText: 'See the plans' }).click();
    await page.waitForURL(/\/charges\/confab\/pricing_plans$/);
  });
});

describe.each(Object.keys(WIDTHS) as (keyof typeof WIDTHS)[])('on a %s', device => {
  it('the settings and the plan are accessible, and as wide as the screen', async () => {
    const shots = process.env.CONFAB_SHOTS;
    await change(full(await settings()));
    for (const path of ['/settings', '/plan']) {
      const { page } = await open(path, WIDTHS[device]);
      const content = page.frames().find(each => each !== page.mainFrame());
      const wider = await content?.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (shots) {
        const height = await content?.evaluate(() => document.querySelector('s-page')?.clientHeight);
        await page.setViewportSize({ ...WIDTHS[device], height: (height ?? 800) + 300 });
        await page.screenshot({ path: `${shots}/${device}${path.replace('/', '-')}.png` });
      }
      const { violations } = await new AxeBuilder({ page }).include(['iframe']).analyze();
      const found = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
      expect({ path, wider, found }).toEqual({ path, wider: 0, found: [] });
    }
  });
});
