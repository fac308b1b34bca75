import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { databases, pages, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

describe.each(databases)('an owner’s limit of answers on %s', database => {
  let relay: TestRelay;
  let vendor: FakeModelServer;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  beforeEach(async () => {
    vendor = await startFakeOpenai();
    site = await relay.site({ openai: vendor, documents: pages });
  });
  afterAll(() => relay.stop());

  const limitTo = (answersPerMonth: number | null) =>
    site.plugin.change(settings => ({ ...settings, limits: { ...settings.limits, answersPerMonth } }));
  const answeredBy = async () => (await site.widget.turn(question('Is it wool?', { thread: [] }))).started?.provider;
  const usage = async () => (await site.plugin.site()).body.usage;

  it('is none where none is set', async () => {
    expect(await answeredBy()).toBe('openai');
    expect(await usage()).toMatchObject({ answers: 1, modelAnswers: 1, answersLimit: null });
  });

  it('is kept: beyond it the pages are quoted, and no provider is asked', async () => {
    await limitTo(2);
    expect([await answeredBy(), await answeredBy(), await answeredBy()]).toEqual(['openai', 'openai', 'extractive']);
    const { completed } = await site.widget.turn(question('How long do parcels to Iceland take?', { thread: [] }));
    expect(completed?.text).toContain('nine days');
    expect(vendor.requests).toHaveLength(2);
    expect(await usage()).toMatchObject({ answers: 4, modelAnswers: 2, answersLimit: 2 });
  });

  it('of zero asks no provider ever', async () => {
    await limitTo(0);
    expect(await answeredBy()).toBe('extractive');
    expect(vendor.requests).toEqual([]);
  });

  it('begins anew with the month, and is lifted at once where the owner raises it', async () => {
    await limitTo(1);
    expect([await answeredBy(), await answeredBy()]).toEqual(['openai', 'extractive']);
    relay.clock.setAhead(31 * 24 * 60 * 60 * 1_000);
    expect([await answeredBy(), await answeredBy()]).toEqual(['openai', 'extractive']);
    relay.clock.setAhead(0);
    await limitTo(3);
    expect(await answeredBy()).toBe('openai');
  });

  const buy = (answersPerMonth: number | null) =>
    relay.services.sites.setPlan(site.id, { handle: 'starter', name: 'Starter', answersPerMonth });

  it('does not lift what a plan allows, and a plan does not lift it', async () => {
    await buy(1);
    await limitTo(2);
    expect([await answeredBy(), await answeredBy()]).toEqual(['openai', 'extractive']);
    expect(await usage()).toMatchObject({ answersLimit: 1 });
    await buy(5);
    expect(await usage()).toMatchObject({ modelAnswers: 1, answersLimit: 2 });
    expect([await answeredBy(), await answeredBy()]).toEqual(['openai', 'extractive']);
  });

  it('may be that of the plan alone, and ends with it', async () => {
    await buy(1);
    expect((await site.plugin.site()).body).toMatchObject({ plan: 'starter', usage: { answersLimit: 1 } });
    expect([await answeredBy(), await answeredBy()]).toEqual(['openai', 'extractive']);
    const { completed } = await site.widget.turn(question('How long do parcels to Iceland take?', { thread: [] }));
    expect(completed?.text).toContain('nine days');
    await buy(null);
    expect(await answeredBy()).toBe('openai');
    await relay.services.sites.setPlan(site.id, null);
    expect((await site.plugin.site()).body).toMatchObject({ plan: 'self_hosted', usage: { answersLimit: null } });
  });
});
