import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, pages, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';
import { createHeldIndexes, type HeldIndexes } from './held-index.ts';
import { type KnowledgeStore, knowledgeStore } from './store.ts';

const words =
  'wool merino sock size returns shipping days week price blue red boots care wash cold order gift card'.split(' ');
const asked = [
  'How long does delivery take?',
  'Wie lange dauert die Lieferung nach Österreich?',
  'Combien coûte la livraison ?',
  'the and is',
  'XXL',
  'merino socks 42-45',
  ...Array.from(
    { length: 60 },
    (_, at) => `${words[at % 18]} ${words[(at * 7) % 18]} and the ${words[(at * 5 + 3) % 18]}`,
  ),
];

describe.each(databases)('the index of a site in memory, %s', database => {
  let relay: TestRelay;
  let siteId: string;
  let held: HeldIndexes;
  let stored: KnowledgeStore;
  let holding: KnowledgeStore;
  beforeAll(async () => {
    relay = await startTestRelay({ database, demo: true });
    siteId = (await relay.services.sites.byKey('demo')).id;
    held = createHeldIndexes({ db: relay.db, live: relay.services.live });
    stored = knowledgeStore(relay.db);
    holding = knowledgeStore(relay.db, held);
  });
  afterAll(() => relay.stop());

  const how = { languages: ['en'], limit: 50 };
  const isHeld = () => expect.poll(() => held.of(siteId) !== undefined, { timeout: 8_000 }).toBe(true);

  it('finds what the database finds, in the same order', async () => {
    await isHeld();
    for (const question of asked) {
      const [one, other] = await Promise.all([
        stored.rankByWords(siteId, question, how),
        holding.rankByWords(siteId, question, how),
      ]);
      const about = (each: typeof one) => ({
        ...each,
        ranked: each.ranked.map(({ score, coverage, share, ...place }) => ({
          ...place,
          score: expect.closeTo(score, 9),
          coverage: expect.closeTo(coverage, 9),
          share: expect.closeTo(share, 9),
        })),
      });
      expect(other, question).toEqual(about(one));
      const texts = await holding.passages(siteId, other.ranked);
      for (const [key, text] of await stored.passages(siteId, one.ranked)) expect(texts.get(key)).toEqual(text);
    }
    expect((await stored.rankByWords(siteId, asked[0] as string, how)).ranked.length).toBeGreaterThan(3);
  });

  it('lets a site go as soon as its pages change, also by another process', async () => {
    await isHeld();
    const site = await relay.services.sites.byKey('demo');
    const document = { ...(pages[0] as (typeof pages)[number]), externalId: 'page-new', title: 'Zebrafinch' };
    // The relay's own knowledge tells; the one held here hears as another process would.
    await relay.services.knowledge.sync(site, { upsert: [document], delete: [] });
    const found = async () => (await holding.rankByWords(siteId, 'zebrafinch', how)).ranked.length;
    await expect.poll(found, { timeout: 2_000 }).toBe(1);
    await isHeld();
    expect(await found()).toBe(1);
    await relay.services.knowledge.sync(site, { upsert: [], delete: ['page-new'] });
    await expect.poll(found, { timeout: 2_000 }).toBe(0);
  });
});
