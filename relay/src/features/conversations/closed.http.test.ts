import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { pages, question, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const known = 'How long do parcels to Iceland take?';
const unknown = 'Which quantum chromodynamics telescope is blooming?';

// A Monday.
const OPEN = '2030-01-07T15:59:00Z';
const CLOSED = '2030-01-07T16:01:00Z';
const hours = { weekly: [{ day: 'monday' as const, opens: '08:00', closes: '17:00' }], holidays: [], exceptions: [] };

describe('outside opening hours', () => {
  let relay: TestRelay;
  const vendors: FakeModelServer[] = [];
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => relay.stop());

  const clockShows = (moment: string) => relay.clock.setAhead(Date.parse(moment) - Date.now());

  async function siteWith(features: { leads?: boolean; callback?: boolean }, script?: Script) {
    const vendor = script && (await startFakeOpenai({ script }));
    if (vendor) vendors.push(vendor);
    const site = await relay.site({ ...(vendor && { openai: vendor }), documents: pages });
    await site.plugin.change(settings => ({
      ...settings,
      hours,
      timezone: 'Europe/Berlin',
      features: { ...settings.features, ...features },
    }));
    return {
      vendor,
      async ask(text: string) {
        const { completed, events } = await site.widget.turn(question(text, { thread: [] }));
        return {
          text: completed?.text,
          offered: events.flatMap(each => (each.event === 'suggestion' ? [each.data] : [])),
        };
      },
    };
  }

  it.each([
    ['both forms', { leads: true, callback: true }, 'lead', 'callback'],
    ['callbacks alone', { callback: true }, 'callback', 'callback'],
    ['contact details alone', { leads: true }, 'lead', 'lead'],
  ] as const)('a question without an answer has the form offered that fits: %s', async (_, features, open, closed) => {
    const { ask } = await siteWith(features);
    clockShows(OPEN);
    expect((await ask(unknown)).offered).toEqual([{ kind: open, reason: 'unanswered' }]);
    expect((await ask('Can I speak to a person?')).offered).toEqual([{ kind: open, reason: 'asked_for' }]);
    clockShows(CLOSED);
    const reason = (asked: string) => (closed === 'callback' ? 'closed' : asked);
    expect((await ask(unknown)).offered).toEqual([{ kind: closed, reason: reason('unanswered') }]);
    expect((await ask('Can I speak to a person?')).offered).toEqual([{ kind: closed, reason: reason('asked_for') }]);
  });

  it('the assistant answers as ever, and offers nothing with an answer', async () => {
    const { ask } = await siteWith({ leads: true, callback: true });
    clockShows(CLOSED);
    const { text, offered } = await ask(known);
    expect(text).toContain('Iceland');
    expect(offered).toEqual([]);
  });

  it('a site with neither form offers none', async () => {
    const { ask } = await siteWith({});
    clockShows(CLOSED);
    expect((await ask(unknown)).offered).toEqual([]);
  });

  it('a model is told not to promise a person, and what form it offers becomes a callback', async () => {
    const asks: Script = ({ body }) =>
      JSON.stringify(body).includes('The form is offered')
        ? { pieces: ['You can leave your number below.'] }
        : { calls: [{ id: 'a', name: 'leave_contact_details', json: '{}' }] };
    const { ask, vendor } = await siteWith({ leads: true, callback: true }, asks);
    clockShows(CLOSED);
    expect((await ask('Can you write to me about a discount?')).offered).toEqual([
      { kind: 'callback', reason: 'closed' },
    ]);
    const told = JSON.stringify(vendor?.requests[0]?.body);
    expect(told).toContain('Promise no answer by a person before that');
    expect(told).toContain('suggest to be called back');
  });

  it('the same form is offered when the turn is asked for again', async () => {
    const site = await relay.site({ documents: pages });
    await site.plugin.change(settings => ({
      ...settings,
      hours,
      timezone: 'Europe/Berlin',
      features: { ...settings.features, callback: true },
    }));
    clockShows(CLOSED);
    const request = question(unknown, { consentToken: await site.widget.token() });
    const turns = [await site.widget.turn(request), await site.widget.turn(request)];
    for (const { events } of turns) {
      expect(events).toContainEqual({ event: 'suggestion', data: { kind: 'callback', reason: 'closed' } });
    }
  });
});
