import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../e2e/browser.ts';
import { problem, startBadRelay, type Trouble } from './bad-relay.ts';
import {
  confabPage,
  connectHeadless,
  latest,
  onCore,
  openStage,
  type Page,
  type Stage,
  savePage,
  statusOf,
  synced,
} from './stage.ts';

const core = latest();
const html = '<!doctype html><title>Sign in</title><p>Welcome to the hotel’s network</p>';

describe(onCore(core, 'a relay in trouble'), () => {
  let stage: Stage;
  let owner: Page;
  let relay: Awaited<ReturnType<typeof startBadRelay>>;

  beforeAll(async () => {
    stage = await openStage({ core, confab: 'zip' });
    relay = await startBadRelay(stage.relay.url);
    await connectHeadless(stage, { relayUrl: relay.url });
    await synced(stage);
    owner = await stage.admin();
    expect(await publicPage(stage)).toContain('confab-settings');
  });
  afterEach(() => relay.be(undefined));
  afterEach(() => stage.expectNoFault());
  afterAll(async () => {
    await stage?.close();
    await relay?.close();
  });

  const troubles: [string, Trouble, RegExp][] = [
    ['is gone', 'gone', /relay.*(does not answer|cannot be reached|not reach)/i],
    ['asks for payment', problem(402, 'quota_exceeded'), /plan/],
    ['finds another version', problem(412, 'precondition_failed'), /relay|settings/i],
    ['asks for a pause', problem(429, 'rate_limited', { 'Retry-After': '1' }), /pause/],
    ['has a fault of its own', problem(500, 'internal'), /relay/],
    ['has a broken proxy before it', { status: 502, body: html }, /relay/],
    ['is hidden by a log-in page', { status: 200, body: html }, /not a Confab relay/],
    ['answers garbage', { status: 200, type: 'application/json', body: '{"siteId": "x' }, /not a Confab relay/],
  ];
  it.each(troubles)(
    'that %s: visitors see no difference, the owner is told, and nothing is lost',
    async (what, trouble, says) => {
      const healthy = await publicPage(stage);
      relay.be(trouble);
      const asked = relay.requests();
      expect(await publicPage(stage)).toBe(healthy);
      expect(relay.requests()).toBe(asked);

      const words = `The gannets of ${what.replaceAll(' ', '-')} nest here.`;
      const id = await savePage(stage.site, { title: `Birds, ${what}`, text: words });
      await stage.site.cron(600);
      await owner.goto(confabPage(stage.site.url));
      await owner.getByText(says).first().waitFor();
      await owner.goto('about:blank'); // the screen would ask again and again
      expect((await statusOf(stage)).sync.pending).toBeGreaterThan(0);
      expect(await stage.relay.tablesWith(words)).toEqual([]);

      relay.be(undefined);
      await synced(stage);
      expect(await stage.relay.tablesWith(words)).not.toEqual([]);
      await stage.site.php(`wp_delete_post( ${id}, true );`);
      await synced(stage);
      expect(await stage.relay.tablesWith(words)).toEqual([]);
    },
  );

  it('a copy of the database at another address goes quiet, and asks what it is', async () => {
    const elsewhere = stage.site.url.replace('127.0.0.1', 'localhost');
    const moveTo = (url: string) =>
      stage.site.php(`update_option( 'home', '${url}' ); update_option( 'siteurl', '${url}' );`);
    await moveTo(elsewhere);
    try {
      const asked = relay.requests();
      await savePage(stage.site, { title: 'Of the copy', text: 'Only the copy says so.' }, elsewhere);
      await stage.site.cron(86_400, { url: elsewhere });
      expect(await (await fetch(`${elsewhere}/`)).text()).not.toContain('confab-settings');
      expect(relay.requests()).toBe(asked);
      const { page } = await stage.newTab();
      await page.goto(`${elsewhere}/wp-login.php`);
      await page.locator('#user_login').fill(stage.site.user);
      await page.locator('#user_pass').fill(stage.site.password);
      await page.locator('#wp-submit').click();
      await page.goto(confabPage(elsewhere));
      await page.getByRole('heading', { name: 'Has this site moved, or is it a copy?' }).waitFor();
      expect(relay.requests()).toBe(asked);
      await page.context().close();
    } finally {
      await moveTo(stage.site.url);
    }
  });

  it('a secret that the relay takes no more: the chat goes, and the owner reads why', async () => {
    relay.be(problem(401, 'unauthorized'));
    await savePage(stage.site, { title: 'Late', text: 'Too late for this secret.' });
    await stage.site.cron(600);
    expect(await publicPage(stage)).not.toContain('confab-settings');
    await owner.goto(confabPage(stage.site.url));
    await owner.getByRole('heading', { name: 'The relay does not know this site any more' }).waitFor();
    expect((await statusOf(stage)).state).toBe('revoked');
    await eventually(async () => (await stage.site.requests()).length).toBeGreaterThan(0);
  });
});

/** The whole answer that a visitor gets, with all its bytes. */
const publicPage = async ({ site }: Stage): Promise<string> => {
  const response = await fetch(`${site.url}/sample-page/`);
  expect(response.status).toBe(200);
  return `${[...response.headers].filter(([name]) => name === 'set-cookie')}${await response.text()}`;
};
