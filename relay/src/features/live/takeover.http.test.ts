import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConsoleEvent, Message, Role, Takeover, Visitors } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, signIn, signUp } from '../../../../e2e/console.ts';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { type EventStream, watchConversation, watchSite } from '../../../../e2e/live.ts';
import {
  call,
  clientsOf,
  databaseEnvironment,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';
import { createApp } from '../../app.ts';
import { AppError } from '../../lib/app-error.ts';

const MINUTE_MS = 60_000;

describe('a conversation that somebody takes over', () => {
  // The agent is at the one process, the visitor at the other.
  let [here, there]: [TestRelay, TestRelay] = [undefined as never, undefined as never];
  let server: Server;
  let url = '';
  const signedOut = new Set<string>();
  const vendors: FakeModelServer[] = [];
  const streams: { close(): void }[] = [];

  beforeAll(async () => {
    const env = await databaseEnvironment('postgres');
    here = await startTestRelay({ env });
    there = await startTestRelay({ env });
    const app = createApp({
      ...here.services,
      authority: {
        ...here.services.authority,
        async actorOf(ctx) {
          const userId = ctx.get('X-User');
          const user = signedOut.has(userId) ? null : await here.db.user.findUnique({ where: { id: userId } });
          if (!user) throw new AppError('unauthorized', 'Sign in.');
          return { userId, sessionId: userId, name: user.name, email: user.email };
        },
      },
    });
    server = createServer(app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const each of streams.splice(0)) each.close();
    for (const relay of [here, there]) relay.clock.setAhead(0);
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all([here.stop(), there.stop()]);
  });

  /** A site that a model answers for, and the same at the visitor's process. */
  async function shop(script: Script = {}) {
    const vendor = await startFakeOpenai({ script });
    vendors.push(vendor);
    const site = await here.site({ openai: vendor, documents: pages });
    const accountId = randomUUID();
    await here.db.account.create({ data: { id: accountId, name: 'Test shop', createdAt: new Date() } });
    await here.db.site.update({ where: { id: site.id }, data: { accountId } });
    return { site, accountId, vendor, visitor: visitorOf(site) };
  }

  /** The visitor's calls, all at the other process. */
  function visitorOf({ key, secret }: TestSite) {
    const { widget } = clientsOf(there.url, key, secret);
    return {
      begin: widget.begin.bind(widget),
      ask: async (text: string, conversationId: string, clientTurnId = randomUUID()) =>
        (await widget.turn({ ...question(text, { conversationId }), clientTurnId })).events,
      finish: async (text: string, conversationId: string) =>
        (await widget.turn(question(text, { conversationId }))).completed?.finishReason,
      read: async (handle: string) => (await widget.conversation(handle)).body,
      types: (handle: string) => call('POST', `${widget.base}/conversation/typing`, { bearer: handle }),
      watch: async (handle: string) => {
        const stream = await watchConversation(widget.base, handle);
        streams.push(stream);
        return stream;
      },
    };
  }

  async function member({ site, accountId }: { site: TestSite; accountId: string }, role: Role, name = 'Anna') {
    const userId = randomUUID();
    const at = { createdAt: new Date(), updatedAt: new Date() };
    await here.db.user.create({
      data: { id: userId, name, email: `${userId}@team.example`, emailVerified: true, ...at },
    });
    const data = { accountId, userId, role, allSites: true, siteIds: [], createdAt: new Date() };
    await here.db.member.create({ data });
    const headers = { 'X-User': userId, Origin: url };
    const at2 = `${url}/v1/sites/${site.id}`;
    const about = (id: string) => `${at2}/conversations/${id}`;
    return {
      userId,
      takeOver: (id: string, query = '') => call<Takeover>('POST', `${about(id)}/takeover${query}`, { headers }),
      giveBack: (id: string) => call('DELETE', `${about(id)}/takeover`, { headers }),
      write: (id: string, text: string, clientMessageId = randomUUID()) =>
        call<Message>('POST', `${about(id)}/messages`, { headers, body: { text, clientMessageId } }),
      types: (id: string) => call('POST', `${about(id)}/typing`, { headers }),
      // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
      read: async (id: string) => (await call<any>('GET', about(id), { headers })).body,
      visitors: async () => (await call<Visitors>('GET', `${at2}/visitors`, { headers })).body,
      watch: async (): Promise<EventStream<ConsoleEvent>> => {
        const stream = await watchSite(url, site.id, headers);
        streams.push(stream);
        return stream;
      },
    };
  }

  const idOf = async (site: TestSite) =>
    (await here.db.conversation.findFirst({ where: { siteId: site.id }, orderBy: { createdAt: 'desc' } }))?.id ?? '';
  const silent = [
    { event: 'started', data: { turnId: expect.any(String), provider: 'agent', model: '' } },
    { event: 'completed', data: { turnId: expect.any(String), text: '', citations: [], finishReason: 'agent' } },
  ];

  it('is answered by them, whom the visitor sees, while the assistant is silent and costs nothing', async () => {
    const { site, vendor, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    const stream = await visitor.watch(handle);
    expect(await stream.until('takeover')).toEqual({ by: null });

    const taken = await agent.takeOver(id);
    expect(taken).toMatchObject({ status: 200, body: { takenOverBy: { userId: agent.userId, name: 'Anna' } } });
    await stream.until('takeover', ({ by }) => by === 'Anna');
    const spent = await here.rows('Usage', site);
    const asked = vendor.requests.length;
    const turn = { text: 'Which sheep?', clientTurnId: randomUUID() };
    expect(await visitor.ask(turn.text, handle, turn.clientTurnId)).toEqual(silent);
    expect(await visitor.ask(turn.text, handle, turn.clientTurnId)).toEqual(silent);
    expect(vendor.requests).toHaveLength(asked);
    expect(await here.rows('Usage', site)).toEqual(spent);

    const { body: written } = await agent.write(id, 'Those of Shetland.');
    expect(await stream.until('message')).toEqual({
      id: written.id,
      role: 'agent',
      text: 'Those of Shetland.',
      author: 'Anna',
      citations: [],
      createdAt: written.createdAt,
    });
    const read = await visitor.read(handle);
    expect(read.takenOverBy).toBe('Anna');
    expect(read.messages.slice(2)).toMatchObject([
      { role: 'visitor', text: 'Which sheep?', status: 'completed' },
      { role: 'agent', text: 'Those of Shetland.', author: 'Anna' },
    ]);
    expect(read.messages).toHaveLength(4);
    expect(JSON.stringify(read)).not.toContain(agent.userId);
    expect(await agent.read(id)).toMatchObject({
      takenOverBy: { userId: agent.userId, name: 'Anna' },
      takenOverAt: taken.body.takenOverAt,
    });

    expect((await agent.giveBack(id)).status).toBe(204);
    await stream.until('takeover', () => stream.seen.filter(({ event }) => event === 'takeover').length === 3);
    const resumed = await visitor.ask('And how long do parcels to Iceland take?', handle);
    expect(resumed.at(-1)).toMatchObject({ event: 'completed', data: { finishReason: 'stop' } });
    // What the person said is part of the thread, on the shop's side.
    const said = vendor.requests.at(-1)?.body.input as { role: string; content: string }[];
    expect(said).toContainEqual({ role: 'assistant', content: 'Those of Shetland.' });
  });

  it('lets the answer end that was under way', async () => {
    const gate = Promise.withResolvers<void>();
    const { site, visitor, ...of } = await shop({
      pieces: ['One, ', 'two.'],
      before: at => (at === 1 ? gate.promise : undefined),
    });
    const agent = await member({ site, ...of }, 'agent');
    const turn = await site.widget.open(question('Is it wool?', { consentToken: await site.widget.token() }));
    await turn.until('delta');
    expect((await agent.takeOver(await idOf(site))).status).toBe(200);
    gate.resolve();
    expect((await turn.rest()).at(-1)).toMatchObject({ event: 'completed', data: { text: 'One, two.' } });
  });

  it('is one person’s: others are refused, unless they take it by force, and nobody writes without it', async () => {
    const { site, visitor, ...of } = await shop();
    const [anna, ben, reader] = await Promise.all([
      member({ site, ...of }, 'agent', 'Anna'),
      member({ site, ...of }, 'manager', 'Ben'),
      member({ site, ...of }, 'reader', 'Cleo'),
    ]);
    await visitor.begin('Is it wool?');
    const id = await idOf(site);
    expect(await anna.write(id, 'Hello')).toMatchObject({ status: 409, body: { code: 'not_taken_over' } });
    expect(await anna.types(id)).toMatchObject({ status: 409, body: { code: 'not_taken_over' } });
    expect(await reader.takeOver(id)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const at = (await anna.takeOver(id)).body.takenOverAt;
    expect((await anna.takeOver(id)).body.takenOverAt).toBe(at);
    for (const refused of [ben.takeOver(id), ben.write(id, 'Hello'), ben.giveBack(id), ben.types(id)]) {
      expect(await refused).toMatchObject({ status: 409, body: { code: 'taken_over' } });
    }
    expect((await ben.takeOver(id, '?force=true')).body.takenOverBy.name).toBe('Ben');
    expect(await anna.write(id, 'Hello')).toMatchObject({ status: 409, body: { code: 'taken_over' } });
    expect((await ben.write(id, 'Hello')).status).toBe(201);
    const other = await shop();
    expect((await (await member(other, 'owner')).takeOver(id)).body.code).toBe('conversation_not_found');
  });

  it('keeps a message once, however often it is sent', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    const clientMessageId = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => agent.write(id, 'Hello', clientMessageId)));
    await agent.giveBack(id);
    all.push(await agent.write(id, 'Hello', clientMessageId));
    expect(new Set(all.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect((await visitor.read(handle)).messages).toHaveLength(3);
    expect((await agent.write(id, '\u0000')).status).toBe(400);
    expect((await agent.write(id, ' ')).status).toBe(400);
    expect((await agent.write(id, 'ß'.repeat(4_001))).status).toBe(400);
  });

  it('goes back to the assistant half an hour after they wrote last', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    const pass = (minutes: number) => {
      for (const relay of [here, there]) relay.clock.setAhead(minutes * MINUTE_MS);
    };
    pass(20);
    expect((await agent.write(id, 'Hello')).status).toBe(201);
    pass(45);
    expect(await visitor.ask('Hello?', handle)).toEqual(silent);
    pass(51);
    expect(await visitor.finish('Is it wool?', handle)).toBe('stop');
    expect((await visitor.read(handle)).takenOverBy).toBeNull();
    expect(await agent.write(id, 'Hello')).toMatchObject({ status: 409, body: { code: 'not_taken_over' } });

    // Also while nobody asks anything: whoever watches hears of it.
    await agent.takeOver(id);
    const [stream, watched] = [await visitor.watch(handle), await agent.watch()];
    await stream.until('takeover', ({ by }) => by === 'Anna');
    pass(51 + 31);
    await here.services.presence.beat();
    await stream.until('takeover', ({ by }) => by === null);
    await watched.until('conversation', ({ conversationId }) => conversationId === id);
  });

  it('goes back at once when they may not write there any more, and their console hears nothing more', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    const [stream, watched] = [await visitor.watch(handle), await agent.watch()];
    await stream.until('takeover', ({ by }) => by === 'Anna');
    await here.db.member.updateMany({ where: { userId: agent.userId }, data: { role: 'reader' } });
    const begun = performance.now();
    await there.services.live.tell(`user ${agent.userId}`, { type: 'access_changed' });
    await watched.ended;
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(watched.seen.at(-1)).toEqual({ event: 'signed_out', data: {} });
    await stream.until('takeover', ({ by }) => by === null);
    expect(await visitor.finish('Is it wool?', handle)).toBe('stop');
  });

  it.each([
    [
      'the session',
      async (userId: string): Promise<void> => {
        signedOut.add(userId);
      },
      'signed_out',
    ],
    [
      'the membership',
      async (userId: string): Promise<void> => {
        await here.db.member.deleteMany({ where: { userId } });
      },
      'access_changed',
    ],
  ] as const)('a console’s stream ends within a second after %s', async (_, end, type) => {
    const { site, ...of } = await shop();
    const [gone, stays] = [await member({ site, ...of }, 'reader'), await member({ site, ...of }, 'reader')];
    const [watched, other] = [await gone.watch(), await stays.watch()];
    await end(gone.userId);
    for (const { userId } of [gone, stays]) await there.services.live.tell(`user ${userId}`, { type });
    await watched.until('signed_out');
    await watched.ended;
    await site.widget.begin('Is it wool?');
    await other.until('conversation');
    expect(watched.seen).toEqual([{ event: 'signed_out', data: {} }]);
  });

  it('a console’s stream ends with the session, which an open stream does not keep alive', async () => {
    const user = await signUp(here);
    const [account] = (await user.me()).accounts;
    const site = await here.site();
    await user.request('POST', `/v1/accounts/${account?.accountId}/sites/adopt`, { siteSecret: site.secret });
    const browsers = [user, await signIn(here, user)] as const;
    const watched = await Promise.all(browsers.map(({ cookie }) => watchSite(here.url, site.id, { Cookie: cookie })));
    streams.push(...watched);
    expect(watched.map(({ status }) => status)).toEqual([200, 200]);
    const elsewhere = openBrowser(there.url);
    for (const [name, value] of browsers[0].browser.jar) elsewhere.jar.set(name, value);
    expect((await elsewhere.request('POST', '/v1/auth/sign-out')).status).toBe(204);
    await watched[0]?.ended;
    expect(watched.map(({ seen }) => seen)).toEqual([[{ event: 'signed_out', data: {} }], []]);
    here.clock.setAhead(12 * 60 * MINUTE_MS);
    await here.services.presence.beat();
    await there.services.live.tell(`site ${site.id}`, { type: 'visitors' });
    await watched[1]?.until('visitors');
    here.clock.setAhead(25 * 60 * MINUTE_MS);
    await here.services.presence.beat();
    await watched[1]?.until('signed_out');
  });

  it('a console hears what happens at its site, in ids only, and nothing of who declined', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const watched = await agent.watch();
    await site.widget.carry('Is it wool?');
    const handle = await visitor.begin('Is it wool?', ['storage', 'analytics']);
    const conversationId = await idOf(site);
    await watched.until('conversation');
    await watched.until('message', ({ role }) => role === 'assistant');
    await visitor.ask('Which sheep?', handle);
    await watched.until('message', ({ role }) => role === 'visitor');
    await visitor.types(handle);
    await visitor.types(handle);
    await watched.until('typing', ({ role }) => role === 'visitor');
    await site.widget.pageview({ conversationId: handle });
    await watched.until('visitors');
    await agent.takeOver(conversationId);
    await agent.types(conversationId);
    await watched.until('typing', data => data.role === 'agent' && data.by === agent.userId);
    await site.widget.lead({ fields: { email: 'zanzibarine@shop.example' } });
    const { leadId } = await watched.until('lead');
    const of2 = watched.seen.flatMap(({ data }) => ('conversationId' in data ? [data.conversationId] : []));
    expect(new Set(of2)).toEqual(new Set([conversationId]));
    expect(
      watched.seen.filter(({ event, data }) => event === 'typing' && 'role' in data && data.role === 'visitor'),
    ).toHaveLength(1);
    const words = JSON.stringify([watched.seen, here.logLines, there.logLines]);
    for (const secret of [handle, 'wool', 'sheep', 'zanzibarine', 'Anna']) expect(words).not.toContain(secret);
    expect(words).toContain(leadId);
  });

  it('nobody takes over or reads what is restricted, and a restriction ends what they have', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    const stream = await visitor.watch(handle);
    await stream.until('takeover', ({ by }) => by === 'Anna');
    await site.widget.requestData(handle, { type: 'restriction' });
    await stream.until('takeover', ({ by }) => by === null);
    for (const refused of [agent.takeOver(id), agent.takeOver(id, '?force=true'), agent.write(id, 'Hello')]) {
      expect(await refused).toMatchObject({ status: 403, body: { code: 'not_offered' } });
    }
    expect(await agent.read(id)).toMatchObject({ restricted: true, takenOverBy: null, messages: [] });
    expect((await agent.visitors()).active).toEqual([]);
  });

  it.each([
    ['erased', (site: TestSite, handle: string) => site.widget.erase(handle)],
    [
      'withdrawn, though a legal hold keeps it',
      async (site: TestSite, conversationId: string) => {
        await site.plugin.hold({ reason: 'A dispute', author: 'Ann', conversationId: await idOf(site) });
        await site.widget.decide('withdrawn', { conversationId });
      },
    ],
  ] as const)('ends its visitor’s stream when it is %s', async (_, end) => {
    const { site, visitor } = await shop();
    const handle = await visitor.begin('Is it wool?');
    const stream = await visitor.watch(handle);
    await stream.until('takeover');
    await end(site, handle);
    await stream.ended;
    expect(stream.seen.at(-1)).toEqual({ event: 'ended', data: {} });
    expect((await visitor.watch(handle)).problem).toMatchObject({ code: 'conversation_not_found' });
  });

  it('what the team wrote is exported with the name it was shown with, and goes with the rest', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent', 'Quetzal');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    await agent.write(id, 'Yes, halcyonic.');
    const { body } = await site.widget.export(handle);
    const [conversation] = body.data.conversations;
    expect(conversation.messages.at(-1)).toMatchObject({ role: 'agent', author: 'Quetzal', text: 'Yes, halcyonic.' });
    expect(conversation.takenOverBy).toBe('Quetzal');
    expect(JSON.stringify(body)).not.toContain(agent.userId);
    await site.widget.erase(handle);
    expect(await here.tablesWith('halcyonic')).toEqual([]);
  });

  it('visitors are there while they have the chat open, at whichever process, and also when one dies', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'reader');
    const watched = await agent.watch();
    const handle = await visitor.begin('Is it wool?', ['storage', 'analytics']);
    const conversationId = await idOf(site);
    expect((await agent.visitors()).active).toMatchObject([{ conversationId, present: false }]);
    const first = await visitor.watch(handle);
    await watched.until('presence', ({ present }) => present);
    await site.widget.pageview({ conversationId: handle, url: 'https://shop.example/coat?email=ann' });
    expect(await agent.visitors()).toMatchObject({
      active: [{ conversationId, present: true, pageUrl: 'https://shop.example/coat', takenOverBy: null }],
      pages: [{ url: 'https://shop.example/coat', views: 1 }],
    });
    await site.widget.carry('Is it wool?');
    await expect.poll(async () => (await agent.visitors()).counts.turns5m, { timeout: 4_000 }).toBe(2);
    expect((await agent.visitors()).active).toHaveLength(1);
    // To another page: nobody is told that they left.
    first.close();
    await first.ended;
    // The process has seen it by then.
    for (let each = 0; each < 3; each += 1) await visitor.read(handle);
    const second = await visitor.watch(handle);
    await second.until('takeover');
    second.close();
    await watched.until('presence', ({ present }) => !present);
    expect(watched.seen.filter(({ event }) => event === 'presence')).toHaveLength(2);
    expect((await agent.visitors()).active).toMatchObject([{ conversationId, present: false }]);

    // As a process leaves it that was killed.
    const seenAt = new Date(Date.now() - MINUTE_MS);
    const data = { siteId: site.id, conversationId, holder: randomUUID(), since: seenAt, seenAt };
    await here.db.presence.create({ data });
    expect((await agent.visitors()).active).toMatchObject([{ present: false }]);
    await here.services.presence.beat();
    await expect.poll(() => watched.seen.filter(({ event }) => event === 'presence')).toHaveLength(3);
    expect(await here.rows('Presence', site)).toEqual([]);
    for (const relay of [here, there]) relay.clock.setAhead(6 * MINUTE_MS);
    expect((await agent.visitors()).active).toEqual([]);
  });

  it('the visitor sees whether who has taken over is there, and writes', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'agent');
    const handle = await visitor.begin('Is it wool?');
    const id = await idOf(site);
    await agent.takeOver(id);
    const stream = await visitor.watch(handle);
    await stream.until('takeover');
    await agent.types(id);
    expect(await stream.until('typing')).toEqual({ by: 'Anna' });
    there.clock.setAhead(MINUTE_MS);
    await there.services.presence.beat();
    expect(await stream.until('presence')).toEqual({ present: false });
    await agent.watch();
    await here.services.presence.beat();
    await stream.until('presence', ({ present }) => present);
  });

  it('streams are limited for one user and one conversation, and hold up no stop', async () => {
    const { site, visitor, ...of } = await shop();
    const agent = await member({ site, ...of }, 'reader');
    const handle = await visitor.begin('Is it wool?');
    const ofUser = await Promise.all(Array.from({ length: 20 }, agent.watch));
    expect(ofUser.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await agent.watch()).toMatchObject({ status: 429, problem: { code: 'rate_limited' } });
    ofUser[0]?.close();
    await expect.poll(async () => (await agent.watch()).status).toBe(200);
    const ofVisitor = await Promise.all(Array.from({ length: 11 }, () => visitor.watch(handle)));
    expect(ofVisitor.map(({ status }) => status).toSorted()).toEqual([...Array(10).fill(200), 429]);

    const own = await startTestRelay();
    const its = await own.site({ documents: pages });
    const stream = await watchConversation(its.widget.base, await its.widget.begin('Is it wool?'));
    await stream.until('takeover');
    const begun = performance.now();
    await own.stop();
    await stream.ended;
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(stream.seen.map(({ event }) => event)).toEqual(['takeover']);
  });
});
