import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { documentsRequest } from '@confab/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../relay/src/lib/canonical-json.ts';
import { sha256 } from '../../../relay/src/lib/sha256.ts';
import { makeSite, type Site } from '../bed/site.ts';
import { latest, onCore } from './stage.ts';

type Held = { externalId: string };

const columns = `post_title, post_name, post_content, post_status, post_type, post_date, post_date_gmt, post_modified,
  post_modified_gmt, post_excerpt, to_ping, pinged, post_content_filtered`;

/** What a sync does in processes of their own, which end as processes do: the rest is in tests/SyncTest.php. */
describe(onCore(latest(), 'the knowledge sync'), () => {
  let site: Site;
  let relay: Awaited<ReturnType<typeof startListingRelay>>;

  beforeAll(async () => {
    relay = await startListingRelay();
    site = await makeSite({ core: latest(), confab: 'source', serve: false });
    await site.php(
      `Confab\\Connection::keep('${relay.url}', array('siteId' => 'a', 'siteKey' => 'b', 'siteSecret' => str_repeat('s', 40)));`,
    );
  });
  beforeEach(async () => {
    relay.forget();
    await site.php(`
      Confab\\Sync::forget_all_local();
      $GLOBALS['wpdb']->query("DELETE FROM {$GLOBALS['wpdb']->posts}");
      wp_cache_flush();
    `);
  });
  afterEach(async () => expect(await site.log()).toBe(''));
  afterAll(async () => {
    await site?.stop();
    await relay?.close();
  });

  /** Posts as an import leaves them: no hook has run. */
  const importPosts = (count: number, content = '<p>Parcels to Iceland take nine days.</p>') =>
    site.php(`
      global $wpdb;
      $content = ${JSON.stringify(content)};
      for ($from = 1; $from <= ${count}; $from += 100) {
        $rows = array();
        for ($n = $from; $n < $from + 100 && $n <= ${count}; $n++) {
          $rows[] = $wpdb->prepare("(%s, %s, %s, 'publish', 'post', '2026-01-01 10:00:00', '2026-01-01 10:00:00', '2026-01-01 10:00:00', '2026-01-01 10:00:00', '', '', '', '')", "Post $n", "post-$n", str_replace('%n', $n, $content));
        }
        $wpdb->query("INSERT INTO $wpdb->posts (${columns}) VALUES " . implode(',', $rows));
      }
      echo $wpdb->get_var("SELECT COUNT(*) FROM $wpdb->posts WHERE post_status = 'publish'");
    `);

  const status = async () => JSON.parse(await site.php('echo wp_json_encode(Confab\\Sync::status());'));

  it('goes on where a killed process stopped, and loses nothing', async () => {
    await importPosts(250);
    await expect(
      site.php(`
        Confab\\Sync::start();
        add_filter('confab_document', static function ($document) {
          static $count = 0;
          if (++$count === 130) posix_kill(getmypid(), SIGKILL);
          return $document;
        });
        Confab\\Sync::step(60);
      `),
    ).rejects.toThrow();
    expect(relay.held.size).toBe(100);
    expect(await site.php("echo wp_next_scheduled('confab_sync_run') ? 'planned' : 'lost';")).toBe('planned');

    // As if the two minutes of the dead one's lock were over.
    await site.php("Confab\\Rows::set('confab_sync_lock', (time() - 1) . ' dead'); Confab\\Sync::step(60);");
    expect(relay.held.size).toBe(250);
    expect(await status()).toMatchObject({ state: 'idle', failed: 0, pending: 0 });
  });

  it('leaves out a page that ends every process, and tells the rest', async () => {
    await importPosts(6);
    const step = `
      add_shortcode('x', static fn() => '');
      add_filter('confab_document', static function ($document, $post) {
        if ('Post 3' === $post->post_title) exit(0);
        return $document;
      }, 10, 2);
      Confab\\Sync::step(60);
    `;
    await site.php('Confab\\Sync::start();');
    await site.php(step);
    await site.php(step);
    await site.php(step);
    expect(relay.held.size).toBe(5);
    expect(await status()).toMatchObject({
      state: 'idle',
      failed: 1,
      errors: [{ title: 'Post 3', code: 'render_died' }],
    });
  });

  it('sends each page once, however many processes run at the same moment', async () => {
    await importPosts(300);
    await site.php('Confab\\Sync::start();');
    await Promise.all(Array.from({ length: 3 }, () => site.php('Confab\\Sync::step(60);')));
    expect(relay.held.size).toBe(300);
    expect(relay.upserts()).toBe(300);
  });

  it('loses nothing when several people save at the same moment', async () => {
    const save = (who: number) => `
      for ($n = 0; $n < 25; $n++) {
        wp_insert_post(array('post_title' => "${who} $n", 'post_content' => 'Saved.', 'post_status' => 'publish'));
      }
    `;
    await Promise.all([1, 2, 3].map(who => site.php(save(who))));
    await site.cron();
    expect(relay.held.size).toBe(75);
    expect(await status()).toMatchObject({ state: 'idle', done: 75, pending: 0 });
  });

  it('agrees with the relay about every hash, so that a quiet night sends nothing', async () => {
    const words = 'Ull ウール صوف צמר шерсть 🧶 "quoted" \\\\ & <b>bold</b> %n';
    await importPosts(
      60,
      `<!-- wp:heading --><h2 class="wp-block-heading">${words}</h2><!-- /wp:heading -->\n<p id="a">x</p>`,
    );
    await site.php('Confab\\Sync::start(); Confab\\Sync::step(60);');
    expect(relay.held.size).toBe(60);
    const before = relay.upserts();
    await site.php('Confab\\Sync::reconcile(); Confab\\Sync::step(60);');
    expect(relay.upserts()).toBe(before);
    expect(relay.lists()).toBeGreaterThan(0);
  });

  it('stays on its own site of a network, whatever a page does', async () => {
    const network = await makeSite({ core: latest(), confab: 'source', multisite: true, serve: false });
    try {
      await network.php(`
        Confab\\Connection::keep('${relay.url}', array('siteId' => 'a', 'siteKey' => 'b', 'siteSecret' => str_repeat('s', 40)));
        add_shortcode('wander', static function () { switch_to_blog(2); return 'Wandered.'; });
        foreach (array('[wander]', 'Ours.') as $content) {
          wp_insert_post(array('post_title' => $content, 'post_content' => $content, 'post_status' => 'publish'));
        }
        Confab\\Sync::step(60);
      `);
      const html = [...relay.held.values()].map(document => (document as { html?: string }).html);
      expect(html.filter(words => /Ours|Wandered/.test(words ?? ''))).toEqual(['Wandered.', '<p>Ours.</p>']);
      expect(
        await network.php(`
        switch_to_blog(2);
        echo count(array_filter(array_map(static fn($id) => get_post_meta($id, '_confab_synced', true), range(1, 10))));
      `),
      ).toBe('0');
    } finally {
      await network.stop();
    }
  });

  it('brings ten thousand pages over within 256 MB', async () => {
    const paragraph = `<!-- wp:paragraph --><p>${'Knitted by hand from the wool of %n sheep. '.repeat(12)}</p><!-- /wp:paragraph -->`;
    const list =
      '<!-- wp:list --><ul class="wp-block-list"><!-- wp:list-item --><li>Wool</li><!-- /wp:list-item --></ul><!-- /wp:list -->';
    const group = `<!-- wp:group {"layout":{"type":"flex"}} --><div class="wp-block-group">${paragraph}</div><!-- /wp:group -->`;
    await importPosts(2_500, `${paragraph}${list}${group}`);
    // Twice as many, twice: much quicker than as many rows one by one.
    await site.php(`
      global $wpdb;
      for ($n = 0; $n < 2; $n++) $wpdb->query("INSERT INTO $wpdb->posts (${columns}) SELECT ${columns} FROM $wpdb->posts");
    `);
    // Without the comparison that comes behind it, which would render everything a second time.
    const peak = await site.php(`
      Confab\\Sync::start();
      Confab\\Reconcile::clear();
      $began = microtime(true);
      Confab\\Sync::step(600);
      printf('%d MB in %d s', memory_get_peak_usage(true) / 1048576, microtime(true) - $began);
    `);
    console.log(`10,000 pages: ${peak}`);
    expect(relay.held.size).toBe(10_000);
    expect(Number.parseInt(peak, 10)).toBeLessThan(192);
  }, 600_000);
});

/** A relay that takes documents by the contract and lists them with their hashes. */
async function startListingRelay() {
  const held = new Map<string, Held>();
  let upserts = 0;
  let lists = 0;
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://relay.test');
    if (pathname !== '/v1/site/documents') return answer(404, { code: 'not_found' });
    if (request.method === 'GET') {
      lists += 1;
      const from = Number(searchParams.get('cursor') ?? 0);
      const to = from + Number(searchParams.get('limit'));
      const items = [...held.values()].slice(from, to).map(document => ({
        externalId: document.externalId,
        hash: sha256(canonicalJson([1, document])),
      }));
      return answer(200, { indexVersion: 1, items, nextCursor: to < held.size ? String(to) : null });
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const parsed = documentsRequest.safeParse(JSON.parse(Buffer.concat(pieces).toString()));
    if (!parsed.success) return answer(400, { code: 'validation_failed', detail: parsed.error.message });
    for (const document of parsed.data.upsert) held.set(document.externalId, document);
    for (const externalId of parsed.data.delete) held.delete(externalId);
    upserts += parsed.data.upsert.length;
    answer(202, { accepted: parsed.data.upsert.length, unchanged: 0, rejected: [] });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    held,
    /** How many documents have come so far, each time counted. */
    upserts: () => upserts,
    lists: () => lists,
    forget(): void {
      held.clear();
      upserts = 0;
      lists = 0;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
