import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeSite, type Site } from '../bed/site.ts';
import { latest, onCore } from './stage.ts';

const SECRET = 'secret-of-the-shop-0123456789';
const core = latest();

type Answer = { status: number; body?: unknown };

/** A relay that answers what a test wants, on a real socket, and keeps what it was asked. */
async function startScriptedRelay() {
  const asked: { call: string; authorization: string | undefined; body: string }[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url?.split('?')[0]}`;
    asked.push({ call, authorization: request.headers.authorization, body: await text(request) });
    const isKnown = request.headers.authorization === `Bearer ${SECRET}`;
    const { status, body } = answers.get(call) ?? (isKnown ? { status: 200, body: {} } : refused);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const refused: Answer = { status: 401, body: { code: 'unauthorized' } };
const siteAnswer: Answer = {
  status: 200,
  body: {
    siteId: '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11',
    siteKey: 'k_shop',
    verification: 'verified',
    relayPublicKeys: [],
  },
};

let site: Site;
let relay: Awaited<ReturnType<typeof startScriptedRelay>>;

const json = async (...args: string[]) => {
  const { code, stdout } = await site.wp('confab', ...args, '--format=json');
  return { code, said: JSON.parse(stdout) };
};
const connect = (...args: string[]) => json('connect', `--relay=${relay.url}`, `--site-secret=${SECRET}`, ...args);

beforeEach(() => {
  relay.asked.length = 0;
  relay.answers.clear();
});

function onSite(multisite: boolean) {
  beforeAll(async () => {
    relay = await startScriptedRelay();
    site = await makeSite({ core, confab: 'source', serve: false, multisite });
  });
  afterAll(async () => {
    await site?.stop();
    await relay?.close();
  });
  const sites = multisite ? ['/', '/two/'] : ['/'];
  afterEach(async () => {
    expect(await site.log()).toBe('');
    relay.answers.set('DELETE /v1/site/connection', { status: 204 });
    for (const path of sites) {
      await site.php("Confab\\Connect::end( false ); delete_option( 'confab_revoke_later' );", {
        url: site.url + path,
      });
    }
  });
  beforeEach(() => {
    relay.answers.set('GET /v1/site', siteAnswer);
  });
}

describe(onCore(core, 'the command line'), () => {
  onSite(false);

  it('connects with a secret, says how things stand, and shows nobody the secret', async () => {
    relay.answers.delete('GET /v1/site');
    expect(
      (await json('connect', `--relay=${relay.url}`, '--site-secret=another-secret-0123456789')).said,
    ).toMatchObject({
      ok: false,
      code: 'confab_secret_refused',
    });
    relay.answers.set('GET /v1/site', siteAnswer);
    expect(await connect('--site-key=k_other')).toMatchObject({ code: 1, said: { code: 'confab_site_key_wrong' } });
    expect(await connect('--site-key=k_shop')).toEqual({
      code: 0,
      said: { ok: true, message: 'This site is connected.' },
    });
    const { code, said } = await json('status');
    expect(code).toBe(0);
    expect(said).toMatchObject({
      state: 'connected',
      relayUrl: relay.url,
      siteKey: 'k_shop',
      secret: { set: true, last4: '6789', from: 'option' },
      relay: { reachable: true },
    });
    const table = await site.wp('confab', 'status');
    expect(table.code).toBe(0);
    expect(table.stdout).toContain('…6789 (option)');
    expect(table.stdout + JSON.stringify(said)).not.toContain(SECRET.slice(0, 20));
  });

  it('prints the address to open for the administrator it is told', async () => {
    expect(await json('connect', `--relay=${relay.url}`)).toMatchObject({ code: 1, said: { code: 'user_missing' } });
    relay.answers.set('GET /healthz', { status: 200, body: { status: 'alive' } });
    const { code, said } = await json('connect', `--relay=${relay.url}`, '--user=admin');
    expect(code).toBe(0);
    expect(said.redirectUrl).toMatch(new RegExp(`^${relay.url}/connect\\?platform=wordpress&`));
    expect(relay.asked.map(({ call }) => call)).toEqual(['GET /healthz']);
  });

  it('ends with 1 where the site is not connected, or the relay is not well', async () => {
    expect(await json('status')).toMatchObject({ code: 1, said: { state: 'disconnected' } });
    expect(await json('sync')).toMatchObject({ code: 1, said: { ok: false, code: 'not_connected' } });
    await connect();
    relay.answers.set('GET /v1/site', refused);
    expect(await json('status')).toMatchObject({ code: 1, said: { state: 'revoked' } });
    const doctor = await site.wp('confab', 'doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toContain('Connect the site again');
  });

  it('sends everything, and says so', async () => {
    await connect();
    relay.answers.set('POST /v1/site/documents', { status: 202, body: { accepted: 1, unchanged: 0, rejected: [] } });
    relay.answers.set('GET /v1/site/documents', {
      status: 200,
      body: { indexVersion: 1, items: [], nextCursor: null },
    });
    const { code, said } = await json('sync', '--all');
    expect(said).toMatchObject({ state: 'idle', failed: 0, pending: 0 });
    expect(code).toBe(0);
    const sent = relay.asked.filter(({ call }) => call === 'POST /v1/site/documents');
    expect(sent.map(({ body }) => body).join()).toContain('Hello world');
    expect((await site.wp('confab', 'sync')).code).toBe(0);
  });

  it('ends with 1 and loses nothing where the relay goes away during a sync', async () => {
    await connect();
    relay.answers.set('POST /v1/site/documents', { status: 503, body: { code: 'unavailable' } });
    const { code, said } = await json('sync', '--all');
    expect(code).toBe(1);
    expect(said.pending).toBeGreaterThan(0);
    const spoken = await site.wp('confab', 'sync');
    expect(spoken.code).toBe(1);
    expect(spoken.stderr).toContain('could not be sent');
  });

  it('asks before it disconnects, unless told not to, and revokes', async () => {
    await connect();
    relay.answers.set('DELETE /v1/site/connection', { status: 204 });
    await site.wp('confab', 'disconnect', '--erase');
    expect((await json('status')).said.state).toBe('connected');
    expect(await json('disconnect', '--erase', '--yes')).toMatchObject({ code: 0, said: { ok: true } });
    expect(relay.asked.at(-1)).toEqual({
      call: 'DELETE /v1/site/connection',
      authorization: `Bearer ${SECRET}`,
      body: '{"erase":true}',
    });
    expect((await json('status')).said.state).toBe('disconnected');
  });

  it('examines everything', async () => {
    await connect();
    const { said } = await json('doctor');
    const checks = said.map(({ check }: { check: string }) => check);
    expect(checks).toEqual(
      expect.arrayContaining([
        'connection',
        'ai',
        'consent',
        'sync',
        'cron',
        'erasures',
        'relay',
        'clock',
        'verification',
        'cache',
      ]),
    );
    expect(said.find(({ check }: { check: string }) => check === 'relay').status).toBe('good');
  });
});

describe(onCore(core, 'a network of sites'), () => {
  onSite(true);
  const two = () => `--url=${site.url}/two/`;
  const stateOf = async (url: string) => (await json('status', url)).said.state;

  it('revokes the connection of a site that is deleted, and of no other', async () => {
    await connect();
    await site.php(
      "wp_insert_site( array( 'domain' => get_network()->domain, 'path' => '/three/', 'network_id' => 1, 'user_id' => 1, 'title' => 'Three' ) );",
    );
    await connect(`--url=${site.url}/three/`);
    relay.asked.length = 0;
    relay.answers.set('DELETE /v1/site/connection', { status: 204 });
    await site.php("wp_delete_site( get_site_by_path( get_network()->domain, '/three/' )->blog_id );");
    expect(relay.asked.map(({ call, body }) => [call, body])).toEqual([
      ['DELETE /v1/site/connection', '{"erase":true}'],
    ]);
    expect(await stateOf(`--url=${site.url}/`)).toBe('connected');
  });

  it('stops the background work of every site when it is deactivated for the network', async () => {
    await connect();
    await connect(two());
    const planned = "echo substr_count( wp_json_encode( _get_cron_array() ), '\"confab_' );";
    expect(Number(await site.php(planned, { url: `${site.url}/two` }))).toBeGreaterThan(0);
    await site.php('Confab\\Cleanup::on_deactivation( true );');
    expect(await site.php(planned)).toBe('0');
    expect(await site.php(planned, { url: `${site.url}/two` })).toBe('0');
  });

  it('lets only its own administrators choose a relay inside the network of the server', async () => {
    const refusal = await site.php(
      `$id = wp_create_user( 'ed', 'password', 'ed@shop.example' );
      add_user_to_blog( get_current_blog_id(), $id, 'administrator' );
      wp_set_current_user( $id );
      $urls = array( 'http://127.0.0.1:9', 'http://10.0.0.1', 'http://relay' );
      foreach ( $urls as $url ) {
        $result = Confab\\Connect::begin( $url );
        echo is_wp_error( $result ) ? $result->get_error_code() : $result, ' ';
      }
      echo Confab\\Connect::begin( 'https://relay.example' )->get_error_code();`,
      { url: `${site.url}/two` },
    );
    expect(refusal).toBe('confab_relay_inside confab_relay_inside confab_relay_inside confab_no_relay');
  });

  it('takes the keys of the main site from the environment for that site alone', async () => {
    const ask =
      "putenv( 'CONFAB_SITE_KEY=k_main' ); putenv( 'CONFAB_SITE_KEY_7=k_seven' ); echo Confab\\Connection::site_key();";
    expect(await site.php(ask)).toBe('k_main');
    expect(await site.php(ask, { url: `${site.url}/two` })).toBe('');
  });
});
