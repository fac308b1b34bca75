import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askAndRead, eventually, launcher, openAnd, thread } from '../../../e2e/browser.ts';
import { connectHeadless, latest, onCore, openStage, type Page, type Stage, savePage, synced } from './stage.ts';

const core = latest();
const EMAIL = 'ada@customer.example';
const WORDS = 'Please knit me a jumper of dragonwool';

describe(onCore(core, 'the people who visit'), () => {
  let stage: Stage;
  let owner: Page;
  let tenant: Awaited<ReturnType<typeof connectHeadless>>;

  beforeAll(async () => {
    stage = await openStage({ core });
    tenant = await connectHeadless(stage);
    await savePage(stage.site, { title: 'Shipping', text: 'Parcels to Iceland take nine days.' });
    await synced(stage);
    owner = await stage.admin();
  });
  afterEach(() => stage.expectNoFault());
  afterAll(() => stage?.close());

  it('load a few kilobytes from the shop itself, and nothing from anywhere else, until they open the chat', async () => {
    const { page, requests, context } = await stage.newTab();
    for (const path of ['/', '/shipping/', '/hello-world/', '/?s=parcels', '/nowhere/']) {
      await page.goto(stage.site.url + path, { waitUntil: 'networkidle' });
      await launcher(page).waitFor();
    }
    expect(requests.filter(url => !url.startsWith(`${stage.site.url}/`) && !/^(data|blob):/.test(url))).toEqual([]);
    const ours = [...new Set(requests.filter(url => url.includes('/plugins/confab/')))];
    expect(ours.map(url => new URL(url).pathname)).toEqual(['/wp-content/plugins/confab/widget/confab-loader.js']);
    const loader = await (await fetch(String(ours[0]))).bytes();
    expect(gzipSync(loader).length).toBeLessThanOrEqual(3 * 1_024);
    expect(await context.cookies()).toEqual([]);
    await context.close();
  });

  it('get the same page each time: nothing in it is made for one visitor, so a cache may keep it', async () => {
    const pageFor = async (headers: HeadersInit) => (await fetch(`${stage.site.url}/shipping/`, { headers })).text();
    const page = await pageFor({});
    expect(await pageFor({ 'Accept-Language': 'fr', 'User-Agent': 'another', 'Sec-GPC': '1' })).toBe(page);
    expect(page).toMatch(/<script[^>]*confab-loader\.js[^>]*\bdefer\b|<script[^>]*\bdefer\b[^>]*confab-loader\.js/);
    expect(page).not.toContain(tenant.secret);
  });

  it('are answered when they decline, and nothing of theirs is kept anywhere', async () => {
    const { page, context } = await stage.newTab();
    await page.goto(stage.site.url);
    await openAnd(page, 'Decline');
    await askAndRead(page, 'How long do parcels to Iceland take?', 'nine days');
    await askAndRead(page, 'Who is Zanzibarine?', 'I found nothing about that');
    expect(await context.cookies()).toEqual([]);
    expect(await stage.relay.tablesWith('Zanzibarine')).toEqual([]);
    await context.close();
  });

  it('get one cookie of ours when they accept, and find their chat again on the next page', async () => {
    const { page, context } = await stage.newTab();
    await page.goto(stage.site.url);
    await openAnd(page, 'Accept');
    expect(await context.cookies()).toEqual([]);
    await askAndRead(page, 'How long do parcels to Iceland take?', 'nine days');
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['cf_conversation']);
    await page.goto(`${stage.site.url}/shipping/`);
    await launcher(page).click();
    await thread(page).getByText('nine days').first().waitFor();
    await context.close();
  });

  it('get their data through WordPress’s own export, once they have confirmed by mail', async () => {
    const left = await tenant.widget.lead({
      fields: { name: 'Ada', email: EMAIL, message: WORDS },
      page: { url: `${stage.site.url}/shipping/` },
    });
    expect(left.status).toBe(201);
    await request(stage, owner, 'export-personal-data.php');
    const row = owner.locator('tr', { hasText: EMAIL });
    await row.hover();
    await row.getByRole('button', { name: 'Download personal data' }).first().click();
    await row.getByRole('button', { name: 'Download personal data again' }).waitFor();
    const [archive = ''] = globSync('wp-content/uploads/wp-personal-data-exports/*.zip', { cwd: stage.site.folder });
    const file = execFileSync('unzip', ['-p', join(stage.site.folder, archive), 'export.json'], { encoding: 'utf8' });
    expect(file).toContain(WORDS);
    expect(file).toContain(EMAIL);
  });

  it('are forgotten by WordPress’s own erasure', async () => {
    expect(await stage.relay.tablesWith(WORDS)).not.toEqual([]);
    await request(stage, owner, 'erase-personal-data.php');
    const row = owner.locator('tr', { hasText: EMAIL });
    await row.locator('.column-next_steps, .next_steps').getByRole('button', { name: 'Erase personal data' }).click();
    await row.getByText('Erasure completed.').first().waitFor();
    await eventually(() => stage.relay.tablesWith(WORDS)).toEqual([]);
    const lead = await tenant.plugin.leads();
    expect(lead.body.items).toEqual([]);
  });

  it('are told of the chat in the privacy policy that WordPress suggests', async () => {
    await owner.goto(`${stage.site.url}/wp-admin/options-privacy.php?tab=policyguide`);
    expect(await owner.locator('body').textContent()).toContain('cf_conversation');
  });
});

/** Makes a request for EMAIL on a screen of the menu Tools, and confirms it by the link that was mailed. */
async function request({ site, newTab }: Stage, owner: Page, screen: string): Promise<void> {
  const mailed = (await site.mails()).length;
  await owner.goto(`${site.url}/wp-admin/${screen}`);
  await owner.locator('#username_or_email_for_privacy_request').fill(EMAIL);
  await owner.getByRole('button', { name: 'Send Request' }).click();
  await owner.locator('tr', { hasText: EMAIL }).waitFor();
  const mail = (await site.mails()).slice(mailed).find(({ to }) => to.includes(EMAIL));
  const link = /http\S+action=confirmaction\S+/.exec(mail?.message ?? '')?.[0];
  if (!link) throw new Error(`no link to confirm in ${JSON.stringify(mail)}`);
  const { page, context } = await newTab();
  await page.goto(link);
  await page.getByText('Thanks for confirming').waitFor();
  await context.close();
  await owner.goto(`${site.url}/wp-admin/${screen}`);
}
