import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../e2e/browser.ts';
import {
  connect,
  connectHeadless,
  expectNothingNew,
  type Inventory,
  inventoryBefore,
  inventoryOf,
  latest,
  onCore,
  openStage,
  type Page,
  rowsWith,
  type Stage,
  savePage,
  statusOf,
  synced,
} from './stage.ts';

const core = latest();

describe(onCore(core, 'a network of two sites'), () => {
  let stage: Stage;
  let owner: Page;
  let two: string;
  let first: Awaited<ReturnType<typeof connectHeadless>>;
  let before: [Inventory, Inventory];

  beforeAll(async () => {
    stage = await openStage({ core, confab: 'none', multisite: true });
    two = `${stage.site.url}/two`;
    owner = await stage.admin();
    before = [await inventoryBefore(owner, stage.site), await inventoryBefore(owner, stage.site, two)];
    await stage.site.addConfab();
  });
  afterEach(() => stage.expectNoFault());
  afterAll(() => stage?.close());

  it('connects the second site by itself, and the first is none the wiser', async () => {
    await connect(owner, two, stage.relay);
    await eventually(async () => (await statusOf(stage, two)).verification).toBe('verified');
    expect(await statusOf(stage, two)).toMatchObject({ state: 'connected', boundTo: two });
    expect((await statusOf(stage)).state).toBe('disconnected');
    expect(await (await fetch(`${two}/`)).text()).toContain('confab-settings');
    expect(await (await fetch(`${stage.site.url}/`)).text()).not.toContain('confab-settings');
  });

  it('keeps the knowledge of the two apart', async () => {
    first = await connectHeadless(stage);
    await savePage(stage.site, { title: 'One', text: 'The first site sells gloves.' });
    await savePage(stage.site, { title: 'Two', text: 'The second site sells kettles.' }, two);
    await synced(stage);
    await synced(stage, two);
    const documents = await stage.relay.rows('Document');
    const siteOf = (title: string) => documents.find(document => document.title === title)?.siteId;
    expect(siteOf('One')).toBeDefined();
    expect(siteOf('Two')).toBeDefined();
    expect(siteOf('One')).not.toBe(siteOf('Two'));
  });

  it('is gone from every site when the network deletes it, and the relay knows neither secret any more', async () => {
    await stage.site.php(`
      require_once ABSPATH . 'wp-admin/includes/admin.php';
      wp_set_current_user( 1 );
      deactivate_plugins( 'confab/confab.php', false, true );
      $result = delete_plugins( array( 'confab/confab.php' ) );
      if ( true !== $result ) { throw new Exception( 'not deleted' ); }`);
    expectNothingNew(await inventoryOf(stage.site), before[0]);
    expectNothingNew(await inventoryOf(stage.site, two), before[1]);
    expect(await rowsWith(stage.site, 'confab')).toEqual([]);
    expect((await first.plugin.site()).status).toBe(401);
    const second = (await stage.relay.rows('Site')).find(({ homeUrl }) => homeUrl === two);
    expect(second).toMatchObject({ secretHash: null });
  });
});
