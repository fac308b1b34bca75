import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { pages, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

let relay: TestRelay;
let vendor: FakeModelServer;
let site: TestSite;
const gate = Promise.withResolvers<void>();
beforeAll(async () => {
  relay = await startTestRelay({ env: { CONFAB_MAX_STREAMS: '1' } });
  vendor = await startFakeOpenai({
    script: { pieces: ['One, ', 'two.'], before: piece => (piece === 1 ? gate.promise : undefined) },
  });
  site = await relay.site({ openai: vendor, documents: pages });
});
afterAll(async () => {
  await relay.stop();
  await vendor.close();
});

it('a relay that is full refuses before anything is spent or stored, and what runs goes on', async () => {
  const { widget } = site;
  const running = await widget.open(question('Is it wool?', { thread: [] }));
  await running.until('delta');
  const consentToken = await widget.token();
  const rows = () => relay.db.message.count();
  const before = await rows();

  const asked = question('Me too?', { consentToken });
  const response = await fetch(`${widget.base}/turns`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(asked),
  });
  expect(response.status).toBe(503);
  expect(response.headers.get('Retry-After')).toMatch(/^[1-5]$/);
  // Another process of the same command may have room.
  expect(response.headers.get('Connection')).toBe('close');
  expect(await response.json()).toMatchObject({ code: 'unavailable' });
  expect(await rows()).toBe(before);
  expect(vendor.requests).toHaveLength(1);

  gate.resolve();
  expect((await running.rest()).at(-1)).toMatchObject({ event: 'completed', data: { text: 'One, two.' } });
  // The same question with the same consent, once there is room.
  expect(await widget.turn(asked)).toMatchObject({ status: 200, completed: { finishReason: 'stop' } });
});
