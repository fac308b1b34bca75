import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, useConfab } from './browser.ts';
import { signUp, storageOf, tokenFrom, type User } from './console.ts';

const { here, arrive } = useConfab();

let owner: User;
let reader: User;
let siteId: string;

beforeAll(async () => {
  owner = await signUp(here.relay, { name: 'Olga Owner' });
  const [account] = (await owner.me()).accounts;
  siteId = account?.sites[0]?.siteId ?? '';
  const email = 'rita@people.example';
  const base = `/v1/accounts/${account?.accountId}/invitations`;
  const invited = await owner.request('POST', base, { email, role: 'reader', siteIds: null });
  expect(invited.status).toBe(201);
  reader = await signUp(here.relay, { email, name: 'Rita Reader' });
  const token = await tokenFrom(here.relay, email, 'invitation');
  expect((await reader.request('POST', '/v1/invitations/accept', { token })).status).toBe(200);
}, 60_000);

/** Somebody of the team at a screen of the demo shop's console. */
async function at(user: User, screen: string) {
  const { url } = here.relay;
  const context = { storageState: storageOf(here.relay, user) };
  return (await arrive({ url: `${url}/console/sites/${siteId}/${screen}`, context })).page;
}

const settings = async () => {
  const { body, headers } = await owner.request('GET', `/v1/sites/${siteId}/settings`);
  return { body, etag: headers.get('ETag') ?? '' };
};

describe('the settings in the console', () => {
  it('are saved, and shown in the preview before that', async () => {
    const page = await at(owner, 'settings');
    await page.getByLabel('Name of the website').fill('The Saved Shop');
    const launcher = page.frameLocator('.confab-preview iframe').locator('confab-chat').getByRole('button').first();
    await page.locator('[data-path="appearance.accent"] input').fill('#aa0011');
    await eventually(() => launcher.evaluate(button => getComputedStyle(button).backgroundColor)).toBe(
      'rgb(170, 0, 17)',
    );
    await page.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    expect((await settings()).body).toMatchObject({ name: 'The Saved Shop', appearance: { accent: '#aa0011' } });
  });

  it('keep what two people wrote at once, until one of them has chosen', async () => {
    const page = await at(owner, 'settings');
    await page.getByLabel('Name of the website').fill('Mine');
    const { body, etag } = await settings();
    const theirs = { ...body, name: 'Theirs' };
    const saved = await owner.request('PUT', `/v1/sites/${siteId}/settings`, theirs, { 'If-Match': etag });
    expect(saved.status).toBe(200);
    await page.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('Somebody else saved these settings meanwhile').waitFor();
    expect((await settings()).body.name).toBe('Theirs');
    await page.getByRole('button', { name: 'Choose mine everywhere' }).click();
    await page.getByRole('button', { name: 'Save what is chosen' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    expect((await settings()).body.name).toBe('Mine');
  });

  it('keep what was typed while somebody looks at another screen', async () => {
    const page = await at(owner, 'settings');
    await page.getByLabel('Name of the website').fill('Half typed');
    await page.getByRole('link', { name: 'Knowledge', exact: true }).first().click();
    await page.getByRole('heading', { name: 'What would the assistant find?' }).waitFor();
    await page.getByRole('link', { name: 'Settings', exact: true }).first().click();
    await eventually(() => page.getByLabel('Name of the website').inputValue()).toBe('Half typed');
  });

  it('can be read by who may not change them, and by nobody changed so', async () => {
    const page = await at(reader, 'settings');
    await page.getByText('To change it you need the role of a manager').waitFor();
    expect(await page.getByLabel('Name of the website').isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Save settings' }).count()).toBe(0);
  });
});

describe('what an owner does in the console', () => {
  it('adds a webhook whose secret is shown once, and tests it', async () => {
    const page = await at(owner, 'integrations');
    await page.getByRole('button', { name: 'Add an address' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Address').fill('http://127.0.0.1:9/hook');
    await form.getByRole('button', { name: 'Add it' }).click();
    await page.locator('code', { hasText: /whsec_/ }).waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('button', { name: /Send a test/ }).click();
    await page.getByRole('heading', { name: 'Deliveries to http://127.0.0.1:9/hook' }).waitFor();
    await page.reload();
    await page.getByText('http://127.0.0.1:9/hook').first().waitFor();
    expect(await page.getByText(/whsec_/).count()).toBe(0);
  });

  it('sends a file, and sees why another was not taken', async () => {
    const page = await at(owner, 'knowledge');
    await page.locator('input[type="file"]').setInputFiles([
      { name: 'care.txt', mimeType: 'text/plain', buffer: Buffer.from('Wash the jumper by hand.') },
      { name: 'care.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ') },
    ]);
    await page
      .getByText(/care\.exe: Files of this kind are not read/)
      .first()
      .waitFor();
    await page.getByText('Known, as 1 document').waitFor();
    await page.getByRole('searchbox', { name: 'Question' }).fill('How do I wash the jumper?');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('Wash the jumper by hand.').waitFor();
  });

  it('verifies the consent log in the browser', async () => {
    const { url } = here.relay;
    const key = (await owner.request('GET', `/v1/sites/${siteId}`)).body.siteKey;
    const config = await owner.request('GET', `/v1/widget/${key}/config`);
    const decision = {
      decision: 'granted',
      purposes: ['storage'],
      noticeVersion: config.body.consent.noticeVersion,
      source: 'banner',
      locale: 'en',
    };
    for (const _ of [1, 2, 3]) {
      const answer = await owner.request('POST', `/v1/widget/${key}/consents`, decision, { Origin: url });
      expect(answer.status).toBe(201);
    }
    const page = await at(owner, 'privacy');
    await page.getByRole('button', { name: 'Verify this log' }).first().click();
    await page
      .getByText(/\d+ records are whole/)
      .first()
      .waitFor();
  });

  it('answers a request about data, and sees it in the list', async () => {
    const page = await at(owner, 'privacy');
    await page.getByRole('button', { name: 'Answer a request' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Their e-mail address').fill('nobody@shop.example');
    await form.getByLabel('Your own reference').fill('ticket-17');
    await form.getByRole('button', { name: 'Access' }).click();
    await form.getByText('Nothing is held about this person.').waitFor();
    await form.getByRole('button', { name: 'Close' }).first().click();
    await page.getByText(/ticket-17/).waitFor();
  });
});
