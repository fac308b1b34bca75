import { expect, vi } from 'vitest';
import { launchBrowser } from '../../../e2e/browser.ts';
import { signUp } from '../../../e2e/console.ts';
import { startTestRelay, type TestRelay } from '../../../e2e/relay.ts';
import { type Core, versionOf, whyMissing } from '../bed/prepare.mjs';
import { makeSite, type Site, type SiteOptions, zipFile } from '../bed/site.ts';

export type Browser = Awaited<ReturnType<typeof launchBrowser>>;
export type BrowserContext = Awaited<ReturnType<Browser['newContext']>>;
export type Page = Awaited<ReturnType<BrowserContext['newPage']>>;

const PATIENCE_MS = 20_000;

/** The title of a group of tests on one core: it says which version it is, or why it is skipped. */
export const onCore = (core: Core, what: string) =>
  `${what}, on ${whyMissing(core) ? `WordPress ${core}: ${whyMissing(core)}` : `WordPress ${versionOf(core)}`}`;

/** The core for what needs to be seen on one only. */
export const latest = (): Core => (whyMissing('current') ? 'floor' : 'current');

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** A browser with a fresh site and, unless told otherwise, a relay that the site is not connected to. */
export async function openStage(options: SiteOptions & { relay?: boolean }) {
  const { relay: wantsRelay = true, ...siteOptions } = options;
  const [site, relay, browser] = await Promise.all([
    makeSite(siteOptions),
    wantsRelay ? startTestRelay() : undefined,
    launchBrowser(),
  ]);
  const faults: string[] = [];

  /** A browser that knows nothing, whose faults count. */
  async function newTab(): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const requests: string[] = [];
    context.on('request', request => requests.push(request.url()));
    context.on('weberror', error => faults.push(`${error.page()?.url()}: ${error.error().message}`));
    context.on('console', message => {
      // An answer with an error's status is the test's own doing.
      const isFault = message.type() === 'error' && !/Failed to load resource/.test(message.text());
      if (isFault) faults.push(`${message.page()?.url()}: ${message.text()}`);
    });
    return { page: await context.newPage(), context, requests };
  }

  /** The administrator, logged in. */
  async function admin(): Promise<Page> {
    const { page } = await newTab();
    await page.goto(`${site.url}/wp-login.php`);
    await page.locator('#user_login').fill(site.user);
    await page.locator('#user_pass').fill(site.password);
    await page.locator('#wp-submit').click();
    await page.locator('#wpadminbar').waitFor();
    return page;
  }

  return {
    site,
    browser,
    newTab,
    admin,
    get relay(): TestRelay {
      if (!relay) throw new Error('this stage has no relay');
      return relay;
    },
    /** Fails where a page had a script error, or WordPress or PHP anything to complain about. */
    async expectNoFault(): Promise<void> {
      expect(faults.splice(0)).toEqual([]);
      expect(await site.log()).toBe('');
    },
    async close(): Promise<void> {
      await browser.close();
      await relay?.stop();
      await site.stop();
    },
  };
}

export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Addresses of all requests so far. */
  requests: string[];
}

/** Installs and activates dist/confab.zip as an owner does: through the screen for uploads. */
export async function installZip(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/wp-admin/plugin-install.php?tab=upload`);
  await page.locator('#pluginzip').setInputFiles(zipFile);
  await page.locator('#install-plugin-submit').click();
  await page.getByRole('link', { name: 'Activate Plugin' }).click();
  await page.waitForURL(/plugins\.php/);
}

export const confabPage = (url: string) => `${url}/wp-admin/admin.php?page=confab`;

/** As a new user of the relay: presses Connect, takes a new site and approves. Ends on the plugin's page. */
export async function connect(page: Page, siteUrl: string, relay: TestRelay): Promise<void> {
  const { browser } = await signUp(relay);
  await page.context().addCookies([...browser.jar].map(([name, value]) => ({ name, value, url: relay.url })));
  await page.goto(confabPage(siteUrl));
  await page.getByLabel('Address of the relay').fill(relay.url);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.waitForURL(`${confabPage(siteUrl)}`);
  await page.getByText('This site is connected.').waitFor();
}

/** A new site at the relay, and the plugin connected to it by the command line. */
export async function connectHeadless({ site, relay }: Stage, { url = site.url, relayUrl = relay.url } = {}) {
  const tenant = await relay.site({ allowedOrigins: [new URL(url).origin] });
  const access = [`--relay=${relayUrl}`, `--site-key=${tenant.key}`, `--site-secret=${tenant.secret}`];
  const { code, stderr } = await site.wp('confab', 'connect', ...access, `--url=${url}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return tenant;
}

/** What `wp confab status` says. */
export async function statusOf({ site }: Stage, url = site.url) {
  return JSON.parse((await site.wp('confab', 'status', '--format=json', `--url=${url}`)).stdout);
}

/** Lets everything that waits be sent, as if two days had gone by, and waits until it is. */
export async function synced(stage: Stage, url = stage.site.url): Promise<void> {
  const settle = async () => {
    await stage.site.cron(2 * 86_400, { url });
    const { state, pending, failed } = (await statusOf(stage, url)).sync;
    expect({ state, pending, failed }).toEqual({ state: 'idle', pending: 0, failed: 0 });
  };
  await vi.waitFor(settle, { timeout: PATIENCE_MS, interval: 25 });
}

/** The names under which the site's database holds things. */
export interface Inventory {
  tables: string[];
  options: string[];
  cron: string[];
  meta: string[];
  capabilities: string[];
}

/** What is there before Confab, once WordPress has noted down what it does when it is worked with for the first time. */
export async function inventoryBefore(owner: Page, site: Site, url = site.url): Promise<Inventory> {
  for (const path of ['/wp-admin/plugins.php', '/']) await owner.goto(url + path);
  await site.cron(3 * 86_400, { url });
  return inventoryOf(site, url);
}

/** What the database of a site, and of its network, holds; the values are not looked at. */
export async function inventoryOf(site: Site, url = site.url): Promise<Inventory> {
  return JSON.parse(
    await site.php(
      `
      global $wpdb;
      $column = static fn( $sql ) => array_values( array_unique( $wpdb->get_col( $sql ) ) );
      $meta = array_merge(
        $column( "SELECT meta_key FROM $wpdb->postmeta" ), $column( "SELECT meta_key FROM $wpdb->usermeta" ),
        $column( "SELECT meta_key FROM $wpdb->termmeta" ), $column( "SELECT meta_key FROM $wpdb->commentmeta" ),
        is_multisite() ? $column( "SELECT meta_key FROM $wpdb->sitemeta" ) : array(),
        is_multisite() ? $column( "SELECT meta_key FROM $wpdb->blogmeta" ) : array()
      );
      $capabilities = array();
      foreach ( wp_roles()->roles as $role ) { $capabilities = array_merge( $capabilities, array_keys( $role['capabilities'] ) ); }
      $cron = array();
      foreach ( _get_cron_array() as $hooks ) { $cron = array_merge( $cron, array_keys( $hooks ) ); }
      $result = array(
        'tables' => $column( 'SHOW TABLES' ),
        'options' => $column( "SELECT option_name FROM $wpdb->options" ),
        'cron' => array_values( array_unique( $cron ) ), 'meta' => array_values( array_unique( $meta ) ),
        'capabilities' => array_values( array_unique( $capabilities ) ),
      );
      echo wp_json_encode( $result );`,
      { url },
    ),
  );
}

/** Fails where the database holds what it did not hold before, other than what WordPress itself keeps. */
export function expectNothingNew(after: Inventory, before: Inventory): void {
  const kinds = Object.keys(before) as (keyof Inventory)[];
  const added = kinds.flatMap(kind =>
    after[kind].filter(name => !before[kind].includes(name)).map(name => `${kind}: ${name}`),
  );
  expect(added.filter(name => !CORES_OWN.test(name))).toEqual([]);
}

/** What core keeps for itself when plugins come and go, and when pages are written and looked at. */
const CORES_OWN =
  /recently_activated|uninstall_plugins|_transient_(?!.*confab)|meta: _edit_|meta: _wp_|wp_dashboard|can_compress_scripts|fresh_site|force_deactivated_plugins|wp_delete_temp_updater_backups/;

/** The rows of any table that hold this word in any of their columns, as `table: text around the word`. */
export async function rowsWith(site: Site, word: string): Promise<string[]> {
  return JSON.parse(
    await site.php(`
      global $wpdb;
      $found = array();
      foreach ( $wpdb->get_col( 'SHOW TABLES' ) as $table ) {
        foreach ( $wpdb->get_results( "SELECT * FROM \`$table\`", ARRAY_A ) as $row ) {
          // Core's own lists: of the plugins that it asks for updates for, and of those that were active lately.
          if ( array_intersect( array( '_site_transient_update_plugins', 'recently_activated' ), $row ) ) { continue; }
          $text = implode( ' | ', $row );
          if ( false !== stripos( $text, ${JSON.stringify(word)} ) ) { $found[] = $table . ': ' . substr( $text, max( 0, stripos( $text, ${JSON.stringify(word)} ) - 60 ), 160 ); }
        }
      }
      echo wp_json_encode( $found );`),
  );
}

/** Publishes a page, or changes it, as the editor does it; gives its id. */
export async function savePage(
  site: Site,
  page: { id?: number; title: string; text: string; status?: string },
  url = site.url,
): Promise<number> {
  const fields = {
    post_type: 'page',
    post_status: page.status ?? 'publish',
    post_title: page.title,
    post_content: page.text,
  };
  const json = JSON.stringify({ ...fields, ...(page.id && { ID: page.id }) });
  const code = `wp_set_current_user( 1 ); $post = json_decode( ${phpText(json)}, true );
    $id = wp_insert_post( wp_slash( $post ), true );
    if ( is_wp_error( $id ) ) { throw new Exception( $id->get_error_message() ); }
    echo $id;`;
  return Number(await site.php(code, { url }));
}

const phpText = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
