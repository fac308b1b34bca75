import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeOpenai } from '../../../e2e/fakes/openai.ts';
import { call, question, startTestRelay, type TestRelay } from '../../../e2e/relay.ts';
import { solve } from '../../../e2e/solve.ts';

/** The proxy in front of the relay says where a call comes from; a test may then come from anywhere. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

describe('rate limits', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ env: { CONFAB_RATE_LIMIT: 'on', CONFAB_TRUST_PROXY: '1' } });
  });
  afterAll(() => relay.stop());

  const ask = (base: string, address: string, how: object = { thread: [] }) =>
    call('POST', `${base}/turns`, { body: question('Hello', how), headers: from(address) });

  it('let one address ask thirty questions a minute, and say how long to wait', async () => {
    const { widget } = await relay.site();
    // Behind the tenth they would have to prove that they are no robot, which is not what is told here.
    for (let turn = 1; turn <= 30; turn += 1) expect((await ask(widget.base, '203.0.113.1')).status).not.toBe(429);
    const refused = await ask(widget.base, '203.0.113.1');
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    const wait = Number(refused.headers.get('Retry-After'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);

    expect((await ask(widget.base, '203.0.113.2')).status).not.toBe(429);
    expect((await ask((await relay.site()).widget.base, '203.0.113.1')).status).toBe(200);
  });

  it('count the addresses of one IPv6 household as one', async () => {
    const { widget } = await relay.site();
    for (let turn = 1; turn <= 30; turn += 1) await ask(widget.base, `2001:db8:1:2::${turn}`);
    expect((await ask(widget.base, '2001:db8:1:2::ffff')).status).toBe(429);
    expect((await ask(widget.base, '2001:db8:1:3::1')).status).not.toBe(429);
  });

  it('do not believe an address that the visitor wrote before the proxy’s', async () => {
    const { widget } = await relay.site();
    for (let turn = 1; turn <= 30; turn += 1) await ask(widget.base, `198.51.100.${turn}, 203.0.113.9`);
    expect((await ask(widget.base, '198.51.100.200, 203.0.113.9')).status).toBe(429);
  });

  it('let one conversation ask twelve questions a minute, from wherever', async () => {
    const { widget } = await relay.site();
    const conversationId = await widget.begin('Hello');
    for (let turn = 1; turn <= 12; turn += 1) {
      expect((await ask(widget.base, `203.0.${turn}.1`, { conversationId })).status).toBe(200);
    }
    expect((await ask(widget.base, '203.0.113.50', { conversationId })).status).toBe(429);
    const other = await widget.begin('Hello');
    expect((await ask(widget.base, '203.0.113.50', { conversationId: other })).status).toBe(200);
  });

  it('stop who guesses secrets, and not who knows one', async () => {
    const { plugin, secret } = await relay.site();
    const guess = (bearer: string) => call('GET', plugin.base, { bearer, headers: from('203.0.113.99') });
    for (let at = 1; at <= 20; at += 1) expect((await guess(`guess-${at}`)).status).toBe(401);
    expect((await guess('guess-21')).status).toBe(429);
    expect((await guess(secret)).status).toBe(200);
  });

  it('keep a refused question out of the conversation', async () => {
    const { widget } = await relay.site();
    const conversationId = await widget.begin('Hello');
    for (let turn = 1; turn <= 14; turn += 1) await ask(widget.base, `203.0.${100 + turn}.60`, { conversationId });
    expect((await widget.conversation(conversationId)).body.messages).toHaveLength(2 * 13);
  });

  it('want a proof that no robot asks long before they refuse, and nothing is stored or asked until it is there', async () => {
    const vendor = await startFakeOpenai();
    const { widget } = await relay.site({ openai: vendor });
    const [consentToken, at] = [await widget.token(), '203.0.114.1'];
    for (let turn = 1; turn <= 10; turn += 1) expect((await ask(widget.base, at)).status).toBe(200);
    // What is counted for a limit, under keyed hashes, is not what anybody asked.
    const stored = async () => {
      const rows = Object.entries(await relay.dump('public'));
      return rows.filter(([table]) => !/SharedCount|DayCount|MinuteCount/.test(table));
    };
    const before = await stored();
    const first = question('Is it wool?', { consentToken });
    const send = (more: object) =>
      call<string>('POST', `${widget.base}/turns`, { body: { ...first, ...more }, headers: from(at) });
    const refused = await send({});
    expect(refused).toMatchObject({ status: 403, body: { code: 'proof_required' } });
    expect((await send({ proof: 'x' })).status).toBe(403);
    expect(await stored()).toEqual(before);
    expect(vendor.requests).toHaveLength(10);

    const proof = solve(refused.body.challenge);
    expect((await send({ proof })).status).toBe(200);
    expect((await send({ proof })).status).toBe(403);
    await vendor.close();
  });
});
