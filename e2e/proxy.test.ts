import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ConsentResponse, SessionList, WidgetConfig } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signUp } from './console.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { freePort } from './free-port.ts';
import { databaseEnvironment, makeDataDir, question, type RelayProcess, spawnRelay } from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

const CONFIG = join(import.meta.dirname, '../relay/deploy/caddy/Caddyfile');

function hasCaddy(): boolean {
  try {
    execFileSync('caddy', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// Not installed by `npm test`: whoever changes the proxy's file has a Caddy.
describe.skipIf(!hasCaddy())('two relays behind Caddy, as compose.yaml has them (skipped without a caddy)', () => {
  const relays: RelayProcess[] = [];
  const folders: string[] = [];
  let openai: Awaited<ReturnType<typeof startFakeOpenai>>;
  let gates: PromiseWithResolvers<void>[] = [];
  let proxy: ChildProcess;
  let agent: Agent;
  let origin: string;

  beforeAll(async () => {
    openai = await startFakeOpenai({
      script: { pieces: ['One. ', 'Two. ', 'Three.'], before: piece => gates[piece]?.promise },
    });
    const env = {
      ...(await databaseEnvironment('postgres')),
      CONFAB_TRUST_PROXY: '1',
      CONFAB_DEMO: 'on',
      OPENAI_API_KEY: 'sk-openai',
      OPENAI_BASE_URL: openai.url,
    };
    const [port, plain, home] = [await freePort(), await freePort(), await folder()];
    origin = `https://localhost:${port}`;
    // One after the other: the demo shop is one.
    for (const _ of [1, 2]) {
      const dataDir = await makeDataDir({ empty: true });
      folders.push(dataDir);
      relays.push(await spawnRelay({ dataDir, env: { ...env, CONFAB_PUBLIC_URL: origin } }));
    }
    const file = join(home, 'Caddyfile');
    const ours = `{\n\thttp_port ${plain}\n\thttps_port ${port}\n\tskip_install_trust`;
    await writeFile(file, (await readFile(CONFIG, 'utf8')).replace(/^\{$/m, ours));
    proxy = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
      env: {
        PATH: process.env.PATH,
        HOME: home,
        CONFAB_HOST: 'localhost',
        CONFAB_RELAYS: relays.map(({ url }) => new URL(url).host).join(' '),
      },
      stdio: 'ignore',
    });
    const authority = join(home, '.local/share/caddy/pki/authorities/local/root.crt');
    const ca = await vi.waitFor(
      async () => {
        const certificate = await readFile(authority, 'utf8');
        if (!certificate.includes('END CERTIFICATE')) throw new Error('not written yet');
        return certificate;
      },
      { timeout: 20_000, interval: 100 },
    );
    agent = new Agent({ ca, keepAlive: true });
    await vi.waitFor(async () => expect((await call('GET', '/healthz')).status).toBe(200), {
      timeout: 20_000,
      interval: 100,
    });
  }, 90_000);
  afterAll(async () => {
    proxy?.kill('SIGKILL');
    agent?.destroy();
    await Promise.all(relays.map(relay => relay.stop('SIGKILL')));
    await openai?.close();
    await Promise.all(folders.map(each => rm(each, { recursive: true, force: true })));
  });

  async function folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'confab-proxy-'));
    folders.push(made);
    return made;
  }

  type More = { body?: unknown; headers?: IncomingHttpHeaders; from?: string };

  function open(method: string, path: string, { body, headers = {}, from }: More = {}): Promise<IncomingMessage> {
    const type = path.startsWith('/v1/widget') ? 'text/plain' : 'application/json';
    return new Promise((resolve, reject) => {
      const asked = request(`${origin}${path}`, {
        method,
        agent: from === undefined ? agent : new Agent({ ca: agent.options.ca }),
        ...(from !== undefined && { localAddress: from }),
        headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
      });
      asked.once('response', resolve).once('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async function call<Body>(method: string, path: string, more?: More): Promise<{ status: number; body: Body }> {
    const reply = await open(method, path, more);
    const said = await text(reply);
    return { status: reply.statusCode ?? 0, body: said.startsWith('{') ? JSON.parse(said) : said };
  }

  const widget = '/v1/widget/demo';

  it('hands each piece of an answer on as it comes, over TLS', async () => {
    gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
    // The answer's head leaves with the first words.
    gates[0]?.resolve();
    gates[1]?.resolve();
    const reply = await open('POST', `${widget}/turns`, { body: question('How long?', { thread: [] }) });
    expect(reply.headers['content-type']).toMatch('text/event-stream');
    let seen = '';
    reply.setEncoding('utf8').on('data', piece => {
      seen += piece;
    });
    // The model holds its last words back until its first ones have come through: the relay itself keeps a few back.
    await expect.poll(() => seen, { timeout: 10_000, interval: 5 }).toContain('One');
    expect(seen).not.toContain('Three');
    gates[2]?.resolve();
    await expect.poll(() => seen, { timeout: 10_000, interval: 5 }).toContain('event: completed');
    gates = [];
  });

  it('says who asks, whatever they claim to be', async () => {
    const [{ url = '' }] = relays as [RelayProcess];
    const ada = await signUp({ url, dataDir: folders.find(each => each.includes('confab-relay-')) ?? '' });
    const { email, password } = ada;
    const lies = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
    const from = '127.0.0.2';
    const signed = await open('POST', '/v1/auth/sign-in', {
      body: { email, password },
      headers: { origin, ...lies },
      from,
    });
    expect(signed.statusCode).toBe(200);
    const cookie = (signed.headers['set-cookie'] ?? []).map(each => each.split(';')[0]).join('; ');
    const { body } = await call<SessionList>('GET', '/v1/me/sessions', { headers: { cookie, origin } });
    expect(body.items.find(({ current }) => current)?.ipAddress).toBe(from);
  });

  it('keeps what is for the operator to itself', async () => {
    for (const path of ['/metrics', '/readyz']) expect((await call('GET', path)).status).toBe(404);
  });

  it('loses no request where one of the relays is stopped', async () => {
    const { consent } = (await call<WidgetConfig>('GET', `${widget}/config`)).body;
    const decision = { decision: 'declined', noticeVersion: consent.noticeVersion, source: 'banner', locale: 'en' };
    const outcomes: Record<string, number> = {};
    let isOver = false;
    const visitor = async () => {
      while (!isOver) {
        const replies = [
          call('GET', `${widget}/config`),
          call<ConsentResponse>('POST', `${widget}/consents`, { body: decision }),
          call('POST', `${widget}/turns`, { body: question('How long?', { thread: [] }) }),
        ];
        const faultless = replies.map(reply =>
          reply.catch(error => ({ status: error.code as string, body: '' as unknown })),
        );
        for (const { status, body } of await Promise.all(faultless)) {
          const isWhole = typeof body !== 'string' || !body.startsWith('event') || body.includes('event: completed');
          const key = isWhole ? String(status) : 'cut';
          outcomes[key] = (outcomes[key] ?? 0) + 1;
        }
      }
    };
    const visitors = [1, 2, 3, 4].map(visitor);
    const count = () => Object.values(outcomes).reduce((sum, each) => sum + each, 0);
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(30);
    expect(await relays[0]?.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const before = count();
    await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(before + 60);
    isOver = true;
    await Promise.all(visitors);
    expect(Object.keys(outcomes).sort(), JSON.stringify(outcomes)).toEqual(['200', '201']);
  });
});
