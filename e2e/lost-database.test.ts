import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FakeModelServer } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { watchConversation } from './live.ts';
import { type OwnPostgres, startPostgres } from './postgres.ts';
import { call, makeDataDir, question, type RelayProcess, spawnRelay, within } from './relay.ts';

// Several processes are started, and a database twice.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('relays as processes, on one PostgreSQL', () => {
  let postgres: OwnPostgres;
  let vendor: FakeModelServer;
  let gate = Promise.withResolvers<void>();
  let dataDir = '';
  let env: NodeJS.ProcessEnv;
  let relays: RelayProcess[] = [];
  const spawn = () => spawnRelay({ dataDir, env });

  beforeAll(async () => {
    gate.resolve();
    postgres = await startPostgres({ durable: true });
    dataDir = await makeDataDir({ empty: true });
    vendor = await startFakeOpenai({
      script: { pieces: ['One, ', 'two.'], before: piece => (piece === 1 ? gate.promise : undefined) },
    });
    const DATABASE_URL = await postgres.createDatabase();
    env = {
      DATABASE_URL,
      OPENAI_API_KEY: 'sk-openai',
      OPENAI_BASE_URL: vendor.url,
      CONFAB_PUBLIC_URL: 'http://127.0.0.1:1',
    };
    relays = await Promise.all([spawn(), spawn()]);
  });
  afterAll(async () => {
    gate.resolve();
    await Promise.all(relays.map(relay => relay.stop('SIGKILL')));
    await Promise.all([vendor.close(), postgres.stop()]);
    await rm(dataDir, { recursive: true, force: true });
  });

  const closeGate = () => {
    gate = Promise.withResolvers<void>();
  };
  const messagesOf = async ({ demo }: RelayProcess, handle: string) =>
    (await demo.widget.conversation(handle)).body.messages.map(({ role, text }) => `${role}: ${text}`);

  it.each(['fast', 'immediate'] as const)('outlast a restart of the database (%s)', async mode => {
    const [one, other] = relays as [RelayProcess, RelayProcess];
    const handle = await one.demo.widget.begin('Hello');
    const stream = await watchConversation(other.demo.widget.base, handle);
    await stream.until('takeover');
    closeGate();
    const running = await one.demo.widget.open(question('Is it wool?', { conversationId: handle }));
    await running.until('delta');

    // What is asked while it is away is refused as something that passes, and nothing else.
    const refusals = new Set<string>();
    let isBack = false;
    const asking = Array.from({ length: 6 }, async (_, n) => {
      const { widget } = (n % 2 ? one : other).demo;
      while (!isBack) {
        const body = { decision: 'declined', noticeVersion: 'none', source: 'banner', locale: 'en' };
        const asked = [call('POST', `${widget.base}/consents`, { body }), widget.conversation(handle)];
        for (const { status, body: problem } of await Promise.all(asked)) {
          if (status >= 500) refusals.add(`${status} ${(problem as { code?: string }).code}`);
        }
        await pause(1);
      }
    });
    const restarted = postgres.restart(mode);
    gate.resolve();
    // Its end is kept as soon as there is a database again.
    expect((await within(15_000, running.rest())).at(-1)).toMatchObject({ event: 'completed' });
    await restarted;
    isBack = true;
    await Promise.all(asking);
    expect([...refusals]).toEqual(['503 unavailable']);

    expect((await messagesOf(other, handle)).slice(2)).toEqual(['visitor: Is it wool?', 'assistant: One, two.']);
    await stream.until('missed');
    const next = await one.demo.widget.turn({
      ...question('And?', { conversationId: handle }),
      clientTurnId: randomUUID(),
    });
    expect(next.completed?.text).toBe('One, two.');
    // Jobs run again, and what happens at the one is heard at the other.
    const { status } = await one.demo.widget.erase(handle);
    expect(status).toBe(204);
    await stream.until('ended');
    for (const relay of relays) {
      expect(relay.output()).not.toContain('nobody caught');
      expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
    }
  });

  it('answer a question anew whose process was killed, when it is sent again', async () => {
    const [one, other] = relays as [RelayProcess, RelayProcess];
    const request = question('Is it wool?', { consentToken: await one.demo.widget.token() });
    closeGate();
    const turn = await one.demo.widget.open(request);
    await turn.until('delta');
    await one.stop('SIGKILL');
    gate.resolve();
    const again = await within(10_000, other.demo.widget.turn(request));
    expect(again.completed?.text).toBe('One, two.');
    expect((await other.demo.widget.turn(request)).completed).toEqual(again.completed);
    const handle = again.started?.conversationId ?? '';
    expect(await messagesOf(other, handle)).toEqual(['visitor: Is it wool?', 'assistant: One, two.']);
  });
});
