import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fakeVector } from '../../../../e2e/fakes/embeddings.ts';
import type { FakeRequest } from '../../../../e2e/fakes/model-server.ts';
import { type EmbeddingsBehaviour, startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { call, pages, SHOP, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';
import type { Handler } from '../../jobs/jobs.ts';
import { openaiEmbeddings } from '../../providers/embeddings/openai.ts';
import { CHANGED, EMBED, handleKnowledgeJobs, vectorStore } from './index.ts';

/** Holds no word of the page that it is about. */
const COURIER = 'Which courier?';

/** A job that comes when another one is about to end waits for its next try. */
const PATIENTLY = { timeout: 25_000, interval: 50 };

const page = (externalId: string, text: string, title = externalId) => ({
  externalId,
  type: 'page' as const,
  url: `${SHOP}/${externalId}`,
  title,
  text,
  updatedAt: '2026-01-01T00:00:00Z',
});

const ids = (reply: { body: { items: { externalId: string }[] } }) => reply.body.items.map(each => each.externalId);

describe('meaning', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    // The embedded database has vectors on every machine; a PostgreSQL may be without pgvector.
    relay = await startTestRelay({ database: 'embedded' });
  });
  afterAll(() => relay.stop());

  /** A site with embeddings by a vendor of its own, which does as `behave` says. */
  async function shop({ documents = pages, embeddings = 'openai' as const, ready = true } = {}) {
    const scripted = { behave: (_: FakeRequest): EmbeddingsBehaviour | undefined => undefined };
    const vendor = await startFakeOpenai({ embeddings: request => scripted.behave(request) });
    onTestFinished(vendor.close);
    const site = await relay.site({ openai: vendor, answers: { embeddings }, documents });
    const isDone = () => expect.poll(async () => (await site.plugin.status()).body, PATIENTLY);
    if (ready) await isDone().toMatchObject({ pending: 0, failed: 0 });
    async function switchTo(change: 'none' | 'openai') {
      await site.plugin.change(settings => ({ ...settings, answers: { ...settings.answers, embeddings: change } }));
      await relay.services.jobs.wake(CHANGED);
    }
    return { site, vendor, scripted, isDone, switchTo, inputs: () => vendor.requests.flatMap(each => each.body.input) };
  }

  const vectorsOf = (site: { id: string }) => relay.rows('Embedding', site);

  it('finds a page by what is meant, in other words or in another language, and first where words agree', async () => {
    const { site } = await shop();
    const first = async (q: string, locale = 'en') => ids(await site.plugin.search({ q, locale }))[0];
    expect(await first(COURIER)).toBe('shipping');
    expect(await first('How long does the delivery take?')).toBe('shipping');
    expect(await first('Wie lange ist die Lieferung unterwegs?', 'de')).toBe('shipping');
    expect(await first('Shetland fleece')).toBe('wool');
    const withoutEmbeddings = await relay.site({ documents: pages });
    expect(ids(await withoutEmbeddings.plugin.search({ q: COURIER }))).toEqual([]);
  });

  it('never shows a passage of another site, however near it is', async () => {
    await shop({ documents: [page('theirs', 'Every parcel, package and delivery of ours goes by courier.')] });
    const { site } = await shop({ documents: [page('wool', 'Wool of Shetland sheep.')] });
    expect(ids(await site.plugin.search({ q: COURIER }))).toEqual(['wool']);
  });

  it.each([
    ['out of money', { status: 429 }],
    ['hanging in the middle', { hang: true, raw: '{"data": [' }],
    ['answering garbage', { raw: '<html>' }],
  ] as const)('leaves a vendor out that is %s: words answer', async (_, behaviour) => {
    const { site, scripted } = await shop();
    scripted.behave = () => behaviour;
    const reply = await site.plugin.search({ q: 'Shetland courier' });
    expect(reply.status).toBe(200);
    expect(ids(reply)).toEqual(['wool']);
  });

  it('does not ask a vendor on and on that fails', async () => {
    const { site, scripted, vendor } = await shop();
    scripted.behave = () => ({ status: 500 });
    const before = vendor.requests.length;
    for (let time = 0; time < 6; time += 1) await site.plugin.search({ q: COURIER });
    expect(vendor.requests.length - before).toBe(3);
  });

  it('keeps questions out of the log and of every table', async () => {
    const { site, scripted } = await shop();
    const asked = 'Which quokka courier?';
    await site.plugin.search({ q: asked });
    scripted.behave = () => ({ status: 400 });
    await site.plugin.search({ q: asked });
    expect(relay.logLines.join('')).toContain('answered by words alone');
    expect(relay.logLines.join('')).not.toContain('quokka');
    expect(await relay.tablesWith('quokka')).toEqual([]);
  });

  it('costs the site what the vendor asks for, and nothing more once its limit is reached', async () => {
    const { site, vendor } = await shop();
    const { micros } = (await relay.rows('Spend', site))[0];
    expect(micros).toBeGreaterThan(0);
    await site.plugin.change(settings => ({
      ...settings,
      limits: { ...settings.limits, spend: { ...settings.limits.spend, perDay: 0 } },
    }));
    const before = vendor.requests.length;
    expect(ids(await site.plugin.search({ q: 'Shetland courier' }))).toEqual(['wool']);
    expect(vendor.requests).toHaveLength(before);
  });

  it('lets go of every vector where the owner switches it off, and makes them again where on', async () => {
    const { site, switchTo, isDone } = await shop();
    expect(await vectorsOf(site)).toHaveLength(pages.length);
    await switchTo('none');
    await expect.poll(() => vectorsOf(site), PATIENTLY).toEqual([]);
    expect((await site.plugin.status()).body).toMatchObject({ pending: 0, failed: 0 });
    expect(ids(await site.plugin.search({ q: COURIER }))).toEqual([]);
    await switchTo('openai');
    await isDone().toMatchObject({ pending: 0, failed: 0 });
    expect(await vectorsOf(site)).toHaveLength(pages.length);
  });

  it('follows a page that changes, and never pays for a text twice', async () => {
    const { site, inputs, isDone } = await shop();
    const [shipping, ...others] = pages;
    const changed = { ...shipping, text: 'We send yarn by balloon.', updatedAt: '2026-02-01T00:00:00Z' };
    const sameText = others.map(each => ({ ...each, updatedAt: '2026-02-01T00:00:00Z' }));
    const before = inputs().length;
    await site.plugin.sync({ upsert: [changed, ...sameText], delete: ['returns'] });
    await isDone().toMatchObject({ documents: 2, pending: 0, failed: 0 });
    await expect.poll(() => vectorsOf(site), PATIENTLY).toHaveLength(2);
    expect(inputs().slice(before)).toEqual(['Shipping\nWe send yarn by balloon.']);
  });

  it('tells what waits for a vector, and what could not have one', async () => {
    const { site, scripted, vendor } = await shop({ documents: [], ready: false });
    const held = Promise.withResolvers<void>();
    scripted.behave = () => {
      held.resolve();
      return { hang: true };
    };
    await site.plugin.sync({ upsert: pages });
    await held.promise;
    expect((await site.plugin.status()).body).toMatchObject({ chunks: 3, pending: 3, failed: 0 });
    // Words find what has no vector yet.
    expect(ids(await site.plugin.search({ q: 'Shetland sheep' }))).toEqual(['wool']);

    await vendor.close();

    const refused = await shop({ documents: [], ready: false });
    refused.scripted.behave = () => ({ status: 401 });
    await refused.site.plugin.sync({ upsert: pages });
    await refused.isDone().toMatchObject({ pending: 0, failed: 3 });
    refused.scripted.behave = () => undefined;
    await refused.site.plugin.sync({ upsert: [page('more', 'Gift cards are valid for three years.')] });
    await refused.isDone().toMatchObject({ pending: 0, failed: 0 });
    expect(await vectorsOf(refused.site)).toHaveLength(4);
  });

  describe('as work in the background', () => {
    /** The work itself, as a job runs it, on a site whose pages are not embedded yet. */
    async function work({ documents = pages } = {}) {
      const scripted = { behave: (_: FakeRequest): EmbeddingsBehaviour | undefined => undefined };
      const vendor = await startFakeOpenai({ embeddings: request => scripted.behave(request) });
      onTestFinished(vendor.close);
      // Without a key of its own the relay's job leaves it alone.
      const site = await relay.site({ answers: { embeddings: 'openai' } });
      for (let at = 0; at < documents.length; at += 100) {
        await site.plugin.sync({ upsert: documents.slice(at, at + 100) });
      }
      const handlers = new Map<string, Handler>();
      const jobs = Object.assign(Object.create(relay.services.jobs), {
        handle: (queue: string, handler: Handler) => handlers.set(queue, handler),
        schedule: () => {},
      });
      const embeddings = openaiEmbeddings({ apiKey: 'key-of-the-test', baseUrl: vendor.url, model: 'm' });
      const embedderOf = () => ({ embeddings, space: 'm', key: 'm' });
      handleKnowledgeJobs(jobs, { ...relay.services, vectors: vectorStore(relay.db), embedderOf });
      const run = (signal = new AbortController().signal, isLast = false) =>
        handlers.get(EMBED)?.({ siteId: site.id }, signal, { isLast });
      return { site, scripted, vendor, run, progress: () => vectorStore(relay.db).progress(site.id, 'm') };
    }

    it('finds passages of the site alone: others neither come with them nor take their place', async () => {
      const same = page('same', 'Parcels go by courier.');
      const [mine, theirs] = [
        await work({ documents: [page('wool', 'Wool of sheep.'), same] }),
        await work({ documents: [same, page('nearer', 'parcel delivery')] }),
      ];
      await Promise.all([mine.run(), theirs.run()]);
      const near = (limit: number) =>
        vectorStore(relay.db).nearest(mine.site.id, 'm', Float32Array.from(fakeVector('parcel delivery')), limit);
      const documents = await relay.rows('Document', mine.site);
      const idOf = (externalId: string) => documents.find(row => row.externalId === externalId)?.id;
      expect((await near(1)).map(({ documentId }) => documentId)).toEqual([idOf('same')]);
      expect((await near(9)).map(({ documentId }) => documentId)).toEqual([idOf('same'), idOf('wool')]);
    });

    it('goes on where it was broken off', async () => {
      const sections = Array.from({ length: 100 }, (_, at) => `<h2>Part ${at}</h2><p>Part number ${at} of many.</p>`);
      const documents = ['One', 'Two', 'Three'].map(title => ({
        ...page(title, '', title),
        text: undefined,
        html: sections.join(''),
      }));
      const { scripted, vendor, run, progress } = await work({ documents });
      const killed = new AbortController();
      scripted.behave = () => {
        if (vendor.requests.length < 2) return undefined;
        killed.abort();
        return { hang: true };
      };
      await expect(run(killed.signal)).rejects.toThrow();
      expect(await progress()).toEqual({ pending: 44, failed: 0 });
      scripted.behave = () => undefined;
      await run();
      expect(await progress()).toEqual({ pending: 0, failed: 0 });
      const [first, , third] = vendor.requests.map(({ body }) => body.input as string[]);
      expect(vendor.requests).toHaveLength(3);
      expect(new Set([...(first ?? []), ...(third ?? [])]).size).toBe(300);
    });

    it('embeds what comes in while it runs, and what two pages say alike once', async () => {
      const { site, scripted, vendor, run, progress } = await work();
      let arrived = false;
      scripted.behave = () => undefined;
      const late = page('late', 'Gift cards are valid for three years.', 'Gifts');
      const running = run();
      await site.plugin.sync({ upsert: [late, { ...late, externalId: 'again' }] }).then(() => {
        arrived = true;
      });
      await running;
      await run();
      expect(arrived).toBe(true);
      expect(await progress()).toEqual({ pending: 0, failed: 0 });
      const texts = vendor.requests.flatMap(({ body }) => body.input as string[]);
      expect(texts.toSorted()).toEqual([...new Set(texts)].toSorted());
      expect(texts).toHaveLength(4);
    });

    it('is tried again where the vendor is down, and gives up at the last try', async () => {
      const { scripted, run, progress } = await work();
      scripted.behave = () => ({ status: 503 });
      await expect(run()).rejects.toMatchObject({ name: 'NotYet' });
      expect(await progress()).toEqual({ pending: 3, failed: 0 });
      await run(undefined, true);
      expect(await progress()).toEqual({ pending: 0, failed: 3 });
      scripted.behave = () => undefined;
      await run();
      expect(await progress()).toEqual({ pending: 0, failed: 0 });
    });

    it('ends with the site', async () => {
      const { site, run } = await work();
      await relay.db.site.delete({ where: { id: site.id } });
      await run();
      expect(await vectorsOf(site)).toEqual([]);
    });
  });
});

describe('a PostgreSQL without pgvector', () => {
  it('answers by words, says so, and takes the setting for later', async () => {
    const relay = await startTestRelay({ database: 'postgres' });
    onTestFinished(() => relay.stop());
    const vendor = await startFakeOpenai();
    onTestFinished(vendor.close);
    const [{ count }] = (await relay.db.$queryRaw`
      SELECT count(*)::int FROM pg_available_extensions WHERE name = 'vector'`) as [{ count: number }];
    if (count > 0) return;
    expect((await call<{ degraded: string[] }>('GET', `${relay.url}/readyz`)).body.degraded).toContainEqual(
      expect.stringContaining('pgvector'),
    );
    expect(relay.logLines.join('')).toContain('pgvector');
    const site = await relay.site({ openai: vendor, answers: { embeddings: 'openai' }, documents: pages });
    expect(ids(await site.plugin.search({ q: 'Shetland sheep' }))[0]).toBe('wool');
    expect((await site.plugin.status()).body).toMatchObject({ documents: 3, pending: 0, failed: 0 });
    expect(vendor.requests).toEqual([]);
  });
});
