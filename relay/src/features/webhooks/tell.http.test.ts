import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plantConversation } from '../../../../e2e/plant.ts';
import { call, databases, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import { BATCH } from './tell.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const live = new AbortController().signal;

describe.each(databases)('what endpoints are told of on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    // Here nobody sends anything, and nobody else looks for what has ended.
    await Promise.all([relay.services.jobs.stop(), relay.services.outbox.stop()]);
  });
  beforeEach(async () => {
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const add = (events: string[]) =>
    call<{ webhookId: string }>('POST', `${site.plugin.base}/webhooks`, {
      bearer: site.secret,
      body: { url: 'https://shop.example/hook', events },
    });

  async function endpoint(events: string[], endedUntil = ago(10 * DAY_MS)): Promise<string> {
    const { body } = await add(events);
    await relay.db.webhookEndpoint.updateMany({ where: { id: body.webhookId }, data: { endedUntil } });
    return body.webhookId;
  }

  const ago = (ms: number) => new Date(Date.now() - ms);
  const hear = (subjectId = site.id) =>
    relay.services.webhooks.hear({ siteId: site.id, type: 'lead.created', subjectId });
  const sweep = () => relay.services.webhooks.sweep(live);
  const plant = (...at: Date[]) => plantConversation(relay.db, site.id, at[0] as Date, at);
  const messages = () => relay.rows('WebhookMessage', site);
  const deliveries = async () =>
    (await relay.rows('Delivery', site)).filter(({ target }) => target.startsWith('webhook:'));

  it('is told once, however often and by how many at once it is heard', async () => {
    const [one, two] = [await endpoint(['lead.created']), await endpoint(['lead.created', 'conversation.ended'])];
    await endpoint(['purge.completed']);
    await Promise.all(Array.from({ length: 8 }, () => hear()));
    await relay.db.delivery.updateMany({ where: { siteId: site.id }, data: { state: 'delivered', nextAt: null } });
    await hear();
    expect(await messages()).toHaveLength(1);
    const rows = await deliveries();
    expect(rows.map(({ target }) => target).toSorted()).toEqual([`webhook:${one}`, `webhook:${two}`].toSorted());
    expect(rows.every(({ state, revision }) => state === 'delivered' && revision === 1)).toBe(true);
  });

  it('goes to twenty endpoints at most, also where more are added at once', async () => {
    const added = await Promise.all(Array.from({ length: 23 }, async () => (await add(['lead.created'])).status));
    expect(added.toSorted()).toEqual([...Array(20).fill(201), ...Array(3).fill(400)]);
  });

  it('is nothing of a site that has nobody told, or is gone', async () => {
    await hear();
    await relay.db.site.delete({ where: { id: site.id } });
    await hear();
    expect(await messages()).toEqual([]);
  });

  it('is each end of a conversation once, also after days without a relay, and by several that look at once', async () => {
    await endpoint(['conversation.ended'], ago(3 * DAY_MS));
    const before = await plant(ago(4 * DAY_MS));
    const open = await plant(ago(2 * DAY_MS), ago(29 * MINUTE_MS));
    const moment = ago(DAY_MS);
    // More than one transaction takes, and many that ended in one moment, at its edge too.
    const ended = await Promise.all(
      Array.from({ length: BATCH + 60 }, (_, at) =>
        plant(ago(2 * DAY_MS), at < BATCH - 20 ? ago(2 * DAY_MS - at * MINUTE_MS) : moment),
      ),
    );
    await Promise.all([sweep(), sweep(), sweep()]);
    await sweep();
    const subjects = (await messages()).map(({ subjectId }) => subjectId);
    expect(subjects.toSorted()).toEqual(ended.toSorted());
    expect(subjects).not.toContain(before);
    expect(subjects).not.toContain(open);
    const rows = await deliveries();
    expect(rows).toHaveLength(ended.length);
    expect(rows.every(({ revision }) => revision === 1)).toBe(true);
  });

  it('is what each endpoint has not been told of yet', async () => {
    const early = await endpoint(['conversation.ended'], ago(3 * DAY_MS));
    const late = await endpoint(['conversation.ended'], ago(DAY_MS));
    await plant(ago(2 * DAY_MS));
    await plant(ago(60 * MINUTE_MS));
    await sweep();
    const count = async (id: string) => (await deliveries()).filter(({ target }) => target === `webhook:${id}`).length;
    expect([await count(early), await count(late)]).toEqual([2, 1]);
    expect(await messages()).toHaveLength(2);
  });

  it('ends again where a conversation goes on, as another message', async () => {
    await endpoint(['conversation.ended']);
    const id = await plant(ago(5 * DAY_MS));
    await sweep();
    const { createdAt: _, ...last } = await relay.db.message.findFirstOrThrow({ where: { conversationId: id } });
    const next = { id: crypto.randomUUID(), clientTurnId: crypto.randomUUID(), citations: [], products: undefined };
    await relay.db.message.create({
      data: { ...last, ...next, passages: undefined, createdAt: ago(-MINUTE_MS) } as never,
    });
    relay.clock.setAhead(DAY_MS);
    await Promise.all([sweep(), sweep()]);
    relay.clock.setAhead(0);
    const ids = (await messages()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });
});
