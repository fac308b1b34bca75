import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { answering, type StubRelay, startStubRelay } from '../test/stub-relay.ts';
import { createClient } from './client.ts';
import { createSession } from './session.ts';

let relay: StubRelay;
beforeAll(async () => {
  relay = await startStubRelay();
});
afterAll(() => relay.close());
beforeEach(() => relay.reset());

/** A visitor whose chat is stored, with one answer in it, and who has the panel open. */
async function watching() {
  const jar = { handle: undefined as string | undefined };
  const session = createSession({
    client: createClient(relay.origin, 'demo'),
    cookie: {
      read: () => jar.handle,
      remember: handle => Object.assign(jar, { handle }),
      forget: () => Object.assign(jar, { handle: undefined }),
    },
    locale: 'en',
    privacySignal: false,
    solve: async () => '',
    page: () => ({ url: 'https://shop.example/mugs' }),
    changed() {},
  });
  const ask = (text: string) => {
    session.type(text);
    return session.send();
  };
  await session.load();
  session.watch(true);
  await session.accept();
  await ask('Is anybody there?');
  const handle = jar.handle ?? '';
  await vi.waitFor(() => expect(relay.followersOf(handle)).toBe(1));
  return { ...session, ask, jar, handle };
}

/** Somebody of the team takes over. */
function takenOver({ handle }: { handle: string }) {
  relay.agents.set(handle, 'Ada');
  relay.tell(handle, { event: 'takeover', data: { by: 'Ada' } });
}

const said = (text: string, id = randomUUID()) => ({
  event: 'message' as const,
  data: { id, role: 'agent' as const, text, author: 'Ada', citations: [] as [], createdAt: '2026-05-01T12:05:00Z' },
});
const texts = ({ state }: Awaited<ReturnType<typeof watching>>) => state.messages.map(({ role, text }) => [role, text]);

it('shows what the team writes, once, with who wrote it and when', async () => {
  const visitor = await watching();
  takenOver(visitor);
  const message = said('I am. How may I help?');
  relay.tell(visitor.handle, message);
  relay.tell(visitor.handle, message);
  relay.tell(visitor.handle, said('Still there?'));
  await vi.waitFor(() => expect(texts(visitor).at(-1)).toEqual(['agent', 'Still there?']));
  expect(texts(visitor).filter(([role]) => role === 'agent')).toHaveLength(2);
  expect(visitor.state.agent).toBe('Ada');
  expect(visitor.state.messages.at(-1)?.said).toMatchObject({ author: 'Ada', at: '2026-05-01T12:05:00Z' });
});

it('waits for a person without an empty answer, and without an offer to ask again', async () => {
  const visitor = await watching();
  takenOver(visitor);
  await vi.waitFor(() => expect(visitor.state.agent).toBe('Ada'));
  relay.scripts.push(({ start, send, response, seen }) => {
    start();
    const data = { turnId: seen.body.clientTurnId, text: '', citations: [], finishReason: 'agent' as const };
    send({ event: 'completed', data });
    response.end();
  });
  await visitor.ask('Do you ship to Malta?');
  expect(texts(visitor).at(-1)).toEqual(['visitor', 'Do you ship to Malta?']);
  expect(visitor.state).toMatchObject({ answering: false, retryable: false });
});

it('says when somebody writes, and tells them when the visitor does', async () => {
  const visitor = await watching();
  visitor.type('not for anybody');
  takenOver(visitor);
  relay.tell(visitor.handle, { event: 'typing', data: { by: 'Ada' } });
  await vi.waitFor(() => expect(visitor.state.agentWrites).toBe(true));
  relay.tell(visitor.handle, said('Here I am'));
  await vi.waitFor(() => expect(visitor.state.agentWrites).toBe(false));
  expect(relay.to('/conversation/typing')).toHaveLength(0);
  visitor.type('H');
  visitor.type('Hello');
  await vi.waitFor(() => expect(relay.to('/conversation/typing')).toHaveLength(1));
});

it('misses nothing that was said while the connection was lost', async () => {
  const visitor = await watching();
  relay.drop(visitor.handle);
  relay.conversations.get(visitor.handle)?.push({
    ...{ id: randomUUID(), role: 'agent', author: 'Ada', citations: [], status: 'completed' },
    text: 'Said into the silence',
  });
  relay.agents.set(visitor.handle, 'Ada');
  await vi.waitFor(() => expect(texts(visitor).at(-1)).toEqual(['agent', 'Said into the silence']), { timeout: 5_000 });
  expect(visitor.state.agent).toBe('Ada');
});

it('says when the assistant answers again, and offers nothing of the team any more', async () => {
  const visitor = await watching();
  takenOver(visitor);
  await vi.waitFor(() => expect(visitor.state.agent).toBe('Ada'));
  relay.agents.delete(visitor.handle);
  relay.tell(visitor.handle, { event: 'takeover', data: { by: null } });
  await vi.waitFor(() => expect(visitor.state).toMatchObject({ agent: undefined, note: 'agentHasLeft' }));
  relay.scripts.push(answering('Yes, to Malta too.'));
  await visitor.ask('Do you ship to Malta?');
  expect(texts(visitor).at(-1)).toEqual(['assistant', 'Yes, to Malta too.']);
});

it('hears nothing any more once the panel is closed or the chat is withdrawn', async () => {
  const visitor = await watching();
  visitor.watch(false);
  await vi.waitFor(() => expect(relay.followersOf(visitor.handle)).toBe(0));
  visitor.watch(true);
  await vi.waitFor(() => expect(relay.followersOf(visitor.handle)).toBe(1));
  await visitor.withdraw();
  await vi.waitFor(() => expect(relay.followersOf(visitor.handle)).toBe(0));
});

it('finds out that the chat was erased elsewhere', async () => {
  const visitor = await watching();
  relay.conversations.delete(visitor.handle);
  relay.drop(visitor.handle);
  await vi.waitFor(() => expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired' }), { timeout: 5_000 });
  expect(visitor.jar.handle).toBeUndefined();
});

it('hears of an erasure while it listens, and asks for consent anew', async () => {
  const visitor = await watching();
  relay.conversations.delete(visitor.handle);
  relay.tell(visitor.handle, { event: 'ended', data: {} });
  await vi.waitFor(() => expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired' }));
});

it('keeps the question of an answer that was being written when the chat was erased elsewhere', async () => {
  const visitor = await watching();
  const erased = Promise.withResolvers<void>();
  relay.scripts.push(async ({ start, send, response }) => {
    start();
    send({ event: 'delta', data: { text: 'Half of' } });
    await erased.promise;
    send({ event: 'failed', data: { code: 'conversation_not_found', retryable: false } });
    response.end();
  });
  const asked = visitor.ask('Is it wool?');
  await vi.waitFor(() => expect(texts(visitor).at(-1)).toEqual(['assistant', 'Half of']));
  relay.conversations.delete(visitor.handle);
  relay.tell(visitor.handle, { event: 'ended', data: {} });
  relay.tell(visitor.handle, { event: 'typing', data: { by: 'Ada' } });
  await vi.waitFor(() => expect(visitor.state.agentWrites).toBe(true)); // so that the event before it was heard
  erased.resolve();
  await asked;
  expect(visitor.state).toMatchObject({ phase: 'asking', draft: 'Is it wool?' });
});

it('says that the person who took over is away, and back', async () => {
  const visitor = await watching();
  takenOver(visitor);
  relay.tell(visitor.handle, { event: 'presence', data: { present: false } });
  await vi.waitFor(() => expect(visitor.state).toMatchObject({ agent: 'Ada', agentAway: true }));
  relay.tell(visitor.handle, { event: 'presence', data: { present: true } });
  await vi.waitFor(() => expect(visitor.state.agentAway).toBe(false));
});

it('is nothing for a visitor who declined', async () => {
  const visitor = await watching();
  await visitor.withdraw();
  const before = relay.to('/conversation/events').length;
  await visitor.ask('Again, and forget it');
  visitor.watch(false);
  visitor.watch(true);
  expect(relay.to('/conversation/events')).toHaveLength(before);
});
