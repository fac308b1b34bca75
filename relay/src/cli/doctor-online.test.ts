import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFakeOpenai } from '../../../e2e/fakes/openai.ts';
import { everything, leaksIn, scrubbed } from '../../../e2e/fakes/sentinels.ts';
import { readConfig } from '../config.ts';
import { checkOnline } from './doctor-online.ts';

const KEY = scrubbed.find(each => /^[\w-]{20,}$/.test(each)) ?? 'sk-zanzibarine-quixolotl';
const WEBHOOK = `whsec_${'A'.repeat(32)}`;

async function serve(answer: RequestListener): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** A vendor that says no may repeat all that it was sent. */
const says = (status: number, body = everything) => serve((_, response) => response.writeHead(status).end(body));
/** Where nobody listens. Of some ports `fetch` would not even try. */
async function gone(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function examine(env: NodeJS.ProcessEnv) {
  const findings = await checkOnline(readConfig({ CONFAB_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'), ...env }));
  expect(leaksIn(JSON.stringify(findings))).toEqual([]);
  expect(JSON.stringify(findings)).not.toContain(KEY);
  return findings.map(({ check, state, says: words }) => `${check}: ${state}: ${words.replace(/127[\d.:]*/, 'HOST')}`);
}

describe('whom the relay works with', () => {
  it('is asked only where it is configured', async () => {
    expect(await examine({})).toEqual([]);
  });

  it('is a provider that is asked for a word, by its own key and model', async () => {
    const vendor = await startFakeOpenai({ script: { pieces: ['ok'] } });
    onTestFinished(() => vendor.close());
    const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: vendor.url, OPENAI_MODEL: 'gpt-x' };
    expect(await examine(env)).toEqual([
      expect.stringMatching(/^openai: ok: gpt-x answers; the first word took \d+ ms$/),
    ]);
    const refused = await says(401);
    expect(await examine({ ...env, OPENAI_BASE_URL: refused.url })).toEqual([
      'openai: problem: gpt-x does not answer (refused, HTTP 401).',
    ]);
    expect(await examine({ ...env, OPENAI_BASE_URL: await gone() })).toEqual([
      'openai: problem: gpt-x does not answer (unreachable).',
    ]);
  });

  it('is Resend and Stripe, whether they take the key', async () => {
    const both = (url: string) => ({
      RESEND_API_KEY: KEY,
      CONFAB_EMAIL_FROM: 'chat@relay.example',
      RESEND_BASE_URL: url,
      STRIPE_SECRET_KEY: KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK,
      STRIPE_BASE_URL: url,
    });
    const good = await says(200, '{}');
    expect(await examine(both(good.url))).toEqual(['Resend: ok: takes the key', 'Stripe: ok: takes the key']);
    expect(good.seen.toSorted()).toEqual([`GET /domains Bearer ${KEY}`, `GET /v1/prices?limit=1 Bearer ${KEY}`]);
    const wrong = 'problem: It does not take the key (HTTP 401).';
    expect(await examine(both((await says(401)).url))).toEqual([`Resend: ${wrong}`, `Stripe: ${wrong}`]);
    // A key that may only send mails is one.
    const restricted = await says(401, '{"name":"restricted_api_key"}');
    expect(await examine(both(restricted.url))).toContain('Resend: ok: takes the key');
    expect(await examine(both((await says(500)).url))).toContain('Stripe: problem: It answers with HTTP 500.');
    expect(await examine(both(await gone()))).toContain('Resend: problem: HOST does not answer (ECONNREFUSED).');
  });

  it('is our own public address, whether a relay is behind it', async () => {
    const relay = await says(200, '{"status":"alive"}');
    expect(await examine({ CONFAB_PUBLIC_URL: relay.url })).toEqual(['public address: ok: a relay answers at HOST']);
    const other = await says(200, '<html>');
    expect(await examine({ CONFAB_PUBLIC_URL: other.url })).toEqual([
      'public address: problem: HOST answers, but no relay does (HTTP 200).',
    ]);
    expect(await examine({ CONFAB_PUBLIC_URL: await gone() })).toEqual([
      'public address: problem: HOST does not answer (ECONNREFUSED).',
    ]);
  });

  it('is Sentry, to which no fault is reported that is none', async () => {
    const sink = await says(404);
    const dsn = (url: string) => ({ SENTRY_DSN: `${url.replace('//', '//key@')}/1` });
    expect(await examine(dsn(sink.url))).toEqual(['fault reports: ok: HOST answers']);
    expect(sink.seen).toEqual(['GET / ']);
    expect(await examine(dsn(await gone()))).toEqual(['fault reports: problem: HOST does not answer (ECONNREFUSED).']);
  });

  it('is Redis, by its own words', async () => {
    let answer = '+OK\r\n+PONG\r\n';
    const heard: string[] = [];
    const server = net.createServer(socket => {
      socket
        .on('error', () => {})
        .on('data', data => {
          heard.push(String(data));
          socket.write(answer);
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const DATABASE_URL = 'postgresql://127.0.0.1/confab';
    const REDIS_URL = `redis://user:${KEY}@127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await examine({ DATABASE_URL, REDIS_URL })).toEqual(['Redis: ok: HOST answers']);
    expect(heard[0]).toBe(`*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$${KEY.length}\r\n${KEY}\r\n*1\r\n$4\r\nPING\r\n`);
    answer = '-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n';
    expect(await examine({ DATABASE_URL, REDIS_URL })).toEqual(['Redis: problem: HOST refuses us.']);
    expect(await examine({ DATABASE_URL, REDIS_URL: 'redis://127.0.0.1:1' })).toEqual([
      'Redis: problem: HOST does not answer (ECONNREFUSED).',
    ]);
  });
});
