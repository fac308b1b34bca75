import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askAndRead, eventually, openAnd, thread } from '../../../e2e/browser.ts';
import { type Core, whyMissing } from '../bed/prepare.mjs';
import {
  confabPage,
  connect,
  expectNothingNew,
  type Inventory,
  installZip,
  inventoryBefore,
  inventoryOf,
  onCore,
  openStage,
  type Page,
  rowsWith,
  type Stage,
  savePage,
  statusOf,
  synced,
} from './stage.ts';

// One site from its installation to its end, as its owner and its visitors live through it. The tests build on each other.
for (const core of ['current', 'floor'] satisfies Core[]) {
  describe.skipIf(whyMissing(core))(onCore(core, 'a shop with Confab'), () => {
    let stage: Stage;
    let owner: Page;
    let before: Inventory;
    let shipping: number;
    const question = 'How long do parcels to Iceland take?';

    beforeAll(async () => {
      stage = await openStage({ core, confab: 'none' });
      owner = await stage.admin();
      before = await inventoryBefore(owner, stage.site);
    });
    afterEach(() => stage.expectNoFault());
    afterAll(() => stage?.close());

    it('is installed from the zip by the upload screen, and sends nothing anywhere', async () => {
      await installZip(owner, stage.site);
      await owner.goto(confabPage(stage.site.url));
      await owner.getByRole('heading', { name: 'What will be sent' }).waitFor();
      await owner.goto(stage.site.url);
      await stage.site.cron(86_400);
      expect(await owner.locator('#confab-settings').count()).toBe(0);
      expect((await stage.site.requests()).filter(({ url }) => !url.startsWith(stage.site.url))).toEqual([]);
    });

    it('is connected by the relay’s page, by an owner who is signed in there, and proves that it is itself', async () => {
      shipping = await savePage(stage.site, { title: 'Shipping', text: 'Parcels to Iceland take nine days.' });
      await connect(owner, stage.site.url, stage.relay);
      expect(owner.url()).toBe(confabPage(stage.site.url));
      await eventually(async () => (await statusOf(stage)).verification).toBe('verified');
      const { site, relay } = stage;
      expect(await statusOf(stage)).toMatchObject({ state: 'connected', relayUrl: relay.url, boundTo: site.url });
    });

    it('answers visitors from its pages, and names the page', async () => {
      await synced(stage);
      const page = await chat(stage, 'Decline');
      await askAndRead(page, question, 'nine days');
      await thread(page).getByRole('link', { name: 'Shipping' }).first().waitFor();
      expect(await thread(page).getByRole('link', { name: 'Shipping' }).first().getAttribute('href')).toBe(
        `${stage.site.url}/shipping/`,
      );
      await page.context().close();
    });

    it('answers anew as soon as a page changes', async () => {
      await savePage(stage.site, { id: shipping, title: 'Shipping', text: 'Parcels to Iceland take four days.' });
      await synced(stage);
      const page = await chat(stage, 'Decline');
      await askAndRead(page, question, 'four days');
      expect(await thread(page).getByText('nine days').count()).toBe(0);
      await page.context().close();
    });

    it('forgets a page that is no longer published', async () => {
      await savePage(stage.site, {
        id: shipping,
        title: 'Shipping',
        text: 'Parcels to Iceland take four days.',
        status: 'draft',
      });
      await synced(stage);
      expect(await stage.relay.tablesWith('Iceland take four days')).toEqual([]);
    });

    it('leaves nothing behind when it is disconnected and deleted', async () => {
      await owner.goto(confabPage(stage.site.url));
      await owner.getByRole('button', { name: 'Disconnect…' }).click();
      await owner.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
      await owner.getByRole('heading', { name: 'Connect your site' }).waitFor();
      await uninstall(owner, stage);

      expectNothingNew(await inventoryOf(stage.site), before);
      expect(await rowsWith(stage.site, 'confab')).toEqual([]);
      // The relay's own, of its console, are here as well: both have one host in this test.
      const cookies = (await owner.context().cookies()).filter(({ name }) => !name.startsWith('confab.'));
      expect(cookies.filter(({ name }) => /confab|^cf_/.test(name))).toEqual([]);
      expect(
        await owner.evaluate(() =>
          [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(key => /confab/i.test(key)),
        ),
      ).toEqual([]);
    });
  });
}

/** A visitor opens the chat on the front page and answers the notice. */
async function chat(stage: Stage, decision: 'Accept' | 'Decline'): Promise<Page> {
  const { page } = await stage.newTab();
  await page.goto(stage.site.url);
  await openAnd(page, decision);
  return page;
}

/** Deactivates and deletes the plugin on the screen of plugins. */
async function uninstall(owner: Page, { site }: Stage): Promise<void> {
  await owner.goto(`${site.url}/wp-admin/plugins.php`);
  const row = owner.locator('tr[data-slug="confab"]');
  await row.getByRole('link', { name: /Deactivate/ }).click();
  await owner.waitForURL(/deactivate=true/);
  owner.once('dialog', dialog => dialog.accept());
  await row.getByRole('link', { name: /Delete/ }).click();
  await owner
    .locator('tr[data-slug="confab"].deleted, .plugin-deleted-tr[data-slug="confab"]')
    .first()
    .waitFor({ state: 'attached' });
}
