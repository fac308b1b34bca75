import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCommand as run } from '@confab/relay/cli/commands.ts';
import { sealedPlaces } from '@confab/relay/cli/sealed.ts';
import { textLines, verifyLog } from '@confab/relay/features/consent/index.ts';
import { createKeyring } from '@confab/relay/lib/keyring.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { totpOf } from './authenticator.ts';
import { openBrowser, signUp, tokenFrom } from './console.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import {
  clientsOf,
  databaseEnvironment,
  listeningIo,
  pages,
  question,
  SECRET_KEY,
  startTestRelay,
  type TestRelay,
} from './relay.ts';

const NEW_KEY = Buffer.alloc(32, 9).toString('base64');
const [oldId, newId] = [SECRET_KEY, NEW_KEY].map(key => createKeyring([Buffer.from(key, 'base64')]).keyIds[0] ?? '');
const schema = readFileSync(join(import.meta.dirname, '../relay/prisma/schema.prisma'), 'utf8');

it('every table with something encrypted is one that is encrypted anew', () => {
  const models = schema.matchAll(/^model (\w+) \{([^}]*)\}/gm);
  const sealed = [...models].filter(([, , body = '']) => /^ {2}ciphertext /m.test(body)).map(([, name]) => name);
  const known = sealedPlaces.map(({ table }) => table);
  expect(known).toEqual(expect.arrayContaining(sealed));
  expect(new Set(known)).toEqual(new Set([...sealed, 'TwoFactor', 'Verification']));
});

describe('a secret key that is rotated', () => {
  let env: NodeJS.ProcessEnv;
  const relays: TestRelay[] = [];
  const start = async (keys: string) => {
    const relay = await startTestRelay({ env: { ...env, CONFAB_SECRET_KEY: keys } });
    relays.push(relay);
    return relay;
  };
  beforeAll(async () => {
    env = await databaseEnvironment('postgres');
  });
  afterAll(() => Promise.all(relays.map(relay => relay.stop().catch(() => {}))));

  async function keys(relay: TestRelay, ...words: string[]) {
    const { said, io } = listeningIo();
    const code = await run(['keys', ...words], io, async () => relay.services, new AbortController().signal);
    return { code, ...said };
  }

  it('leaves nothing behind that a relay without it could not do', async () => {
    const openai = await startFakeOpenai({ script: { pieces: ['Parcels take nine days. [1]'] } });
    const before = await start(SECRET_KEY);
    const site = await before.site({ openai, documents: pages });
    const handle = await site.widget.begin('How long does a parcel take?');
    const thread = await site.widget.carry('How long does a parcel take?');
    const ada = await signUp(before);
    const { uri } = (await ada.request('POST', '/v1/me/totp', { password: ada.password })).body;
    const recovery = (await ada.request('POST', '/v1/me/totp/confirm', { code: totpOf(uri) })).body.recoveryCodes;
    await ada.request('POST', '/v1/auth/reset-request', { email: ada.email });
    const reset = await tokenFrom(before, ada.email, 'reset/new');
    const hook = await fetch(`${site.plugin.base}/webhooks`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${site.secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: 'http://127.0.0.1:9/hook', events: ['lead.created'] }),
    }).then(reply => reply.json());
    const { keyring } = before.services;
    const stays = keyring.hashesOf('bounced@shop.example')[0] as string;
    await before.db.emailSuppression.create({ data: { hash: stays, reason: 'bounced', createdAt: new Date() } });
    const log = await site.plugin.consentLog();
    const thumbprint = keyring.logKeys[0]?.id as string;
    expect(await keys(before)).toMatchObject({
      code: 0,
      out: expect.stringMatching(`^${oldId}  newest .*TwoFactor 2`),
    });
    await before.stop();

    const between = await start(`${NEW_KEY},${SECRET_KEY}`);
    const stillIn = openBrowser(between.url);
    for (const [name, value] of ada.browser.jar) stillIn.jar.set(name, value);
    expect((await stillIn.request('GET', '/v1/me')).status).toBe(200);
    const forged = openBrowser(between.url);
    const [token = ''] = (ada.browser.jar.get('confab.session_token') ?? '').split('.');
    forged.jar.set('confab.session_token', `${token}.${encodeURIComponent(`${'A'.repeat(43)}=`)}`);
    expect((await forged.request('GET', '/v1/me')).status).toBe(401);
    const carried = await clientsOf(between.url, site.key, site.secret).widget.turn(
      question('And to Oslo?', { thread }),
    );
    expect(carried.completed).toBeDefined();
    expect((await keys(between)).out).toMatch(`${oldId}  older   ProviderKey 1`);

    const rotated = await keys(between, 'rotate');
    expect(rotated).toMatchObject({ code: 0, out: expect.stringContaining(`${oldId}  older   encrypts nothing`) });
    expect(rotated.out).toContain('30 days');
    const again = await keys(between, 'rotate');
    expect(again).toMatchObject({ code: 0, err: '' });
    await between.stop();

    const after = await start(NEW_KEY);
    expect(await keys(after)).toMatchObject({
      code: 0,
      out: expect.stringMatching(`^${newId}  newest .*\n${oldId}  retired`),
    });
    const clients = clientsOf(after.url, site.key, site.secret);
    const asked = openai.requests.length;
    const turn = await clients.widget.turn(question('And to Norway?', { conversationId: handle }));
    expect([turn.status, turn.problem]).toEqual([200, undefined]);
    expect(openai.requests.length).toBeGreaterThan(asked);
    const hooks = await after.services.webhooks.list(await after.services.sites.byKey(site.key), { limit: 5 });
    expect(hooks.items.map(({ webhookId }) => webhookId)).toEqual([hook.webhookId]);
    const ring = after.services.keyring;
    const [sealed] = await after.db.webhookSecret.findMany();
    const context = `${site.id}:webhook:${hook.webhookId}`;
    expect(ring.decrypt(sealed as NonNullable<typeof sealed>, context)).toBe(hook.secret);
    expect(ring.hashesOf('bounced@shop.example')).toContain(stays);
    const jwks = await fetch(`${after.url}/.well-known/jwks.json`).then(reply => reply.json());
    expect(jwks.keys.map(({ kid }: { kid: string }) => kid)).toEqual([ring.logKeys[0]?.id, thumbprint]);
    expect(await verifyLog(textLines(Readable.from([Buffer.from(log)])), { keys: [thumbprint] })).toMatchObject({
      ok: true,
    });

    const browser = openBrowser(after.url);
    const who = { email: ada.email, password: ada.password };
    expect((await browser.request('POST', '/v1/auth/sign-in', who)).body.state).toBe('second_factor');
    const code = { code: recovery[0], kind: 'recovery' };
    expect((await browser.request('POST', '/v1/auth/second-factor', code)).body.state).toBe('signed_in');
    const once = { token: reset, password: 'eighteen-Blue-harbours' };
    expect((await openBrowser(after.url).request('POST', '/v1/auth/reset', once)).status).toBe(204);

    // What lies with others, and is said to end.
    const late = await clients.widget.turn(question('And to Oslo?', { thread }));
    expect(late.problem?.status).toBe(422);
    const out = openBrowser(after.url);
    for (const [name, value] of ada.browser.jar) out.jar.set(name, value);
    expect((await out.request('GET', '/v1/me')).status).toBe(401);
    await after.stop();
    await openai.close();
  });

  it('is finished by the next run where one was killed, and by two at once', async () => {
    const relay = await start(`${NEW_KEY},${SECRET_KEY}`);
    const old = createKeyring([Buffer.from(SECRET_KEY, 'base64')]);
    const data = Array.from({ length: 1_500 }, () => {
      const id = randomUUID();
      return { id, kind: 'welcome', createdAt: new Date(), ...old.encrypt(`mail ${id}`, `account-mail:${id}`) };
    });
    await relay.db.accountMail.createMany({ data });
    const left = () => relay.db.accountMail.count({ where: { keyId: oldId as string } });
    const child = spawn(process.execPath, [join(import.meta.dirname, '../relay/src/cli/main.ts'), 'keys', 'rotate'], {
      env: {
        PATH: process.env.PATH,
        ...env,
        CONFAB_DATA_DIR: relay.dataDir,
        CONFAB_SECRET_KEY: `${NEW_KEY},${SECRET_KEY}`,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await vi.waitFor(async () => expect(await left()).toBeLessThan(1_500), { timeout: 15_000, interval: 5 });
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await left()).toBeGreaterThan(0);
    expect(await left()).toBeLessThan(1_500);

    expect(await Promise.all([keys(relay, 'rotate'), keys(relay, 'rotate')])).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await left()).toBe(0);
    const fresh = createKeyring([Buffer.from(NEW_KEY, 'base64')]);
    for (const { id, keyId, ciphertext } of await relay.db.accountMail.findMany({ where: { kind: 'welcome' } })) {
      if (keyId && ciphertext) expect(fresh.decrypt({ keyId, ciphertext }, `account-mail:${id}`)).toBe(`mail ${id}`);
    }
  });

  it('is missed where it is taken away too soon', async () => {
    const relay = await start(`${NEW_KEY}`);
    const id = randomUUID();
    const old = createKeyring([Buffer.from(SECRET_KEY, 'base64')]);
    await relay.db.accountMail.create({
      data: { id, kind: 'welcome', createdAt: new Date(), ...old.encrypt('mail', `account-mail:${id}`) },
    });
    for (const words of [[], ['rotate']]) {
      expect(await keys(relay, ...words)).toMatchObject({
        code: 1,
        out: expect.stringContaining(`${oldId}  MISSING  `),
        err: expect.stringContaining('CONFAB_SECRET_KEY'),
      });
    }
  });
});
