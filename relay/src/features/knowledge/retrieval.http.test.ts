import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { DocumentUpsert } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import { knowledgeStore, reindexAtStart } from './index.ts';

const NAUGHTY = new URL('../../../../../shared/data/fetched/security/naughty_strings.json.gz', import.meta.url);

const page = (externalId: string, title: string, text: string, locale?: string): DocumentUpsert => ({
  externalId,
  type: 'page',
  url: `https://shop.example/${externalId}`,
  title,
  text,
  ...(locale && { locale }),
  updatedAt: '2026-01-01T00:00:00Z',
});

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay();
});
afterAll(() => relay.stop());

const found = async (site: TestSite, q: string, locale?: string) => {
  const { status, body } = await site.plugin.search({ q, ...(locale && { locale }) });
  expect(status).toBe(200);
  return body.items.map(({ externalId }) => externalId);
};
const siteOf = async ({ id }: TestSite) => {
  const site = await relay.services.sites.byId(id);
  if (!site) throw new Error('no such site');
  return site;
};

describe('languages', () => {
  const german = page(
    'versand',
    'Versand',
    'Wir liefern Pakete nach Island in neun Tagen. Die Kosten sind gering.',
    'de',
  );
  const french = page('livraison', 'Livraison', 'Nous livrons les colis en Islande en neuf jours.', 'fr');
  const greek = page('apostoli', 'Αποστολή', 'Στέλνουμε τα δέματα στην Ισλανδία σε εννέα ημέρες.', 'el');
  const japanese = page('haisou', '配送', 'アイスランドへの荷物は九日で届きます。', 'ja');
  const thai = page('chatsong', 'การจัดส่ง', 'พัสดุไปไอซ์แลนด์ใช้เวลาเก้าวัน', 'th');
  const korean = page('baesong', '배송', '아이슬란드로 가는 소포는 아흐레가 걸립니다.', 'ko');

  let site: TestSite;
  beforeAll(async () => {
    site = await relay.site({ documents: [...pages, german, french, greek, japanese, thai, korean] });
  });

  it.each([
    ['german', 'Was kosten Pakete nach Island?', undefined, 'versand'],
    ['german, without umlauts and in another form', 'lieferst du ein Paket', undefined, 'versand'],
    ['french', 'vous livrez le colis en combien de jours', undefined, 'livraison'],
    ['greek', 'στέλνετε δέμα;', undefined, 'apostoli'],
    ['japanese', '荷物はいつ届く', undefined, 'haisou'],
    ['thai', 'พัสดุ', undefined, 'chatsong'],
    ['korean', '소포', undefined, 'baesong'],
    ['german, from a browser in English', 'wie lange dauert ein Paket nach Island', 'en', 'versand'],
  ])('a page in %s is found in a shop whose language is English', async (_, q, locale, expected) => {
    expect((await found(site, q, locale))[0]).toBe(expected);
  });

  it('a page that does not say its language is read in the one it is in', async () => {
    const { locale: _, ...silent } = german;
    const site = await relay.site({ documents: [...pages, silent, { ...german, externalId: 'wrong', locale: 'en' }] });
    const dictionaries = (await relay.rows('Document', site)).map(row => [row.externalId, row.dictionary]);
    expect(Object.fromEntries(dictionaries)).toMatchObject({ versand: 'german_stem', shipping: 'english_stem' });
  });

  it('of the same page in two languages the one in the question’s comes first', async () => {
    const twice = [
      page('en', 'Vegan', 'Vegan: candle, backpack.', 'en'),
      page('fr', 'Vegan', 'Vegan : bougie, sacoche.', 'fr'),
    ];
    const site = await relay.site({ documents: [...pages, ...twice] });
    expect((await found(site, 'qu’est-ce qui est vegan chez vous', 'fr'))[0]).toBe('fr');
    expect((await found(site, 'what is vegan here', 'en'))[0]).toBe('en');
  });
});

describe('codes and sizes', () => {
  let shop: TestSite;
  beforeAll(async () => {
    const documents = [
      page('code', 'Mug', 'Our mug MG-1204/B is blue.'),
      page('code-a', 'Mug', 'Our mug MG-1207/C is green.'),
      page('sku', 'Bowl', 'The bowl is SKU 00123 here.'),
      page('sku-b', 'Bowl', 'The bowl is SKU 00124 here.'),
      page('shoes', 'Boots', 'There are sizes 41, 42, 42½ and 43.'),
      page('frame', 'Frame', 'For pictures of 10×15 cm.'),
      page('shirt', 'T-Shirt', 'There are S, M and 2XL.'),
    ];
    shop = await relay.site({ documents });
  });

  it.each([
    ['MG-1204/B', 'code'],
    ['mg1204b', 'code'],
    ['mg 1204 b', 'code'],
    ['MG 1204', 'code'],
    ['00123', 'sku'],
    ['sku00123', 'sku'],
    ['do you have size 42 1/2', 'shoes'],
    ['frames 10 x 15', 'frame'],
    ['something in XXL', 'shirt'],
    ['tshirt', 'shirt'],
  ])('are found however they are written: %s', async (q, expected) => {
    expect((await found(shop, q))[0]).toBe(expected);
  });
});

describe('what stands on several pages', () => {
  const footer =
    'Questions? Write to us, or call on weekdays between nine and five, and a person of the shop will answer.';

  it('is given once, and from the page that is meant', async () => {
    const documents = ['one', 'two', 'three'].map(name => page(name, name, `About ${name}.\n# Contact\n${footer}`));
    const site = await relay.site({ documents: [...documents, page('contact', 'Contact us', footer.toUpperCase())] });
    const { passages } = await relay.services.knowledge.search(await siteOf(site), 'whom can I call on weekdays', {
      limit: 8,
    });
    expect(passages.filter(({ text }) => /weekdays/i.test(text)).length).toBe(1);
  });

  it('is kept where it is short, as it may be of different things', async () => {
    const documents = ['mug', 'bowl'].map(name => page(name, name, 'Sizes S, M, L.'));
    const site = await relay.site({ documents });
    expect(new Set(await found(site, 'sizes'))).toEqual(new Set(['mug', 'bowl']));
  });
});

describe('questions that are none', () => {
  it.each([
    'a',
    'S',
    '?',
    '😀😀😀',
    'the',
    'to be or not to be',
    'wool'.repeat(1_000),
    'wool '.repeat(800),
    Array.from({ length: 700 }, (_, at) => `w${at.toString(36)}`).join(' '),
    '毛'.repeat(4_000),
    'ШЕРСТЬ wool 羊毛 صوف',
  ])('are answered with what there is: %#', async q => {
    const site = await siteOf(await relay.site({ documents: pages }));
    await expect(relay.services.knowledge.search(site, q, { limit: 5 })).resolves.toBeDefined();
  });

  it.runIf(existsSync(NAUGHTY))('are naughty strings, one after the other', async () => {
    const site = await relay.site({ documents: pages });
    const strings: string[] = JSON.parse(gunzipSync(readFileSync(NAUGHTY)).toString('utf8'));
    const storable = strings.filter(text => text !== '' && text.isWellFormed() && !text.includes('\0'));
    const texts = storable.join(' ').match(/.{1,3999}/gsu) ?? [];
    for (const text of texts) await relay.services.knowledge.search(await siteOf(site), text, { limit: 3 });
    expect(storable.length).toBeGreaterThan(400);
  });
});

describe('documents of the relay’s own', () => {
  const own = (origin: 'crawl' | 'entry' | 'upload') => page(`${origin}:1`, 'Own', 'Jumpers are washed by hand.');

  it.each(['crawl', 'entry', 'upload'] as const)('are found, and out of a plugin’s reach: %s', async origin => {
    const site = await relay.site({ documents: pages });
    const { knowledge } = relay.services;
    const change = { upsert: [own(origin)], delete: [] };
    expect(await knowledge.sync(await siteOf(site), change, { origin })).toMatchObject({ accepted: 1, rejected: [] });
    expect(await found(site, 'are jumpers washed by hand')).toContain(`${origin}:1`);
    expect((await site.plugin.documents()).body.items.length).toBe(pages.length);
    expect((await site.plugin.sync({ delete: [`${origin}:1`] })).body).toMatchObject({ accepted: 0, unchanged: 1 });
    expect((await site.plugin.sync({ upsert: [own(origin)] })).body).toMatchObject({
      accepted: 0,
      rejected: [{ externalId: `${origin}:1`, code: 'reserved_id' }],
    });
    expect(await found(site, 'are jumpers washed by hand')).toContain(`${origin}:1`);
  });

  it('take no id of another', async () => {
    const site = await relay.site();
    const change = { upsert: [own('crawl'), page('plain', 'Plain', 'Text.')], delete: [] };
    const answer = await relay.services.knowledge.sync(await siteOf(site), change, { origin: 'entry' });
    expect(answer.rejected.map(({ code }) => code)).toEqual(['reserved_id', 'reserved_id']);
  });

  it.each([
    ['entry', 'accepted'],
    ['upload', 'accepted'],
    ['crawl', 'rejected'],
  ] as const)('may be on no page: of %s it is %s', async (origin, expected) => {
    const site = await relay.site();
    const change = { upsert: [{ ...own(origin), url: '' }], delete: [] };
    const answer = await relay.services.knowledge.sync(await siteOf(site), change, { origin });
    expect(answer.accepted === 1 ? 'accepted' : 'rejected').toBe(expected);
  });
});

describe('an index of an earlier version', () => {
  /** As the migration leaves it: the passages are there, their words are not. */
  const age = async ({ id }: TestSite) => {
    await relay.db.chunkTerm.deleteMany({ where: { siteId: id } });
    await relay.db.document.updateMany({
      where: { siteId: id },
      data: { indexVersion: 1, chunkCount: 0, length: 0, dictionary: 'simple' },
    });
  };
  const indexOf = async (site: TestSite) => ({
    terms: (await relay.rows('ChunkTerm', site)).map(row => JSON.stringify(row)).sort(),
    documents: (await relay.rows('Document', site)).map(row => JSON.stringify(row)).sort(),
  });

  it('is written anew from the passages, and is as it would be', async () => {
    const german = page('de', 'Versand', 'Pakete nach Island.\n# Kosten\nVierzehn Euro.', 'de');
    const [site, other] = [await relay.site({ documents: [...pages, german] }), await relay.site({ documents: pages })];
    const [before, ofOther] = [await indexOf(site), await indexOf(other)];
    await age(site);
    expect(await found(site, 'Paket Island')).toEqual([]);
    await relay.services.knowledge.indexAnew(new AbortController().signal);
    expect(await indexOf(site)).toEqual(before);
    expect(await indexOf(other)).toEqual(ofOther);
    expect((await found(site, 'Paket Island'))[0]).toBe('de');
  });

  it('is written anew after a start, by itself', async () => {
    const site = await relay.site({ documents: pages });
    const before = await indexOf(site);
    await age(site);
    await reindexAtStart(relay.services.jobs);
    await expect.poll(() => indexOf(site), { timeout: 10_000 }).toEqual(before);
  });

  it('leaves alone what came in meanwhile', async () => {
    const site = await relay.site({ documents: pages });
    await age(site);
    const store = knowledgeStore(relay.db);
    const [outdated] = await store.outdated({ siteId: site.id, id: '00000000-0000-0000-0000-000000000000' }, 1);
    if (!outdated) throw new Error('nothing is outdated');
    const changed = pages.map(each => ({ ...each, title: 'Another title' }));
    await site.plugin.sync({ upsert: changed });
    const before = await indexOf(site);
    await store.indexAnew(outdated, { declared: null, site: 'en' });
    expect(await indexOf(site)).toEqual(before);
  });

  it('ends at a good place when the relay stops', async () => {
    const site = await relay.site({ documents: pages });
    await age(site);
    await expect(relay.services.knowledge.indexAnew(AbortSignal.abort())).rejects.toThrow();
    await relay.services.knowledge.indexAnew(new AbortController().signal);
    expect(await found(site, 'parcels to Iceland')).toContain('shipping');
  });
});
