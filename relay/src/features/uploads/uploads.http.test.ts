import { UPLOAD_BYTES_MAX, UPLOADS_PENDING_MAX, type Upload, type UploadPage, uploadPage } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf, pdfOf } from '../../../../e2e/fakes/pdf.ts';
import { call, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';
import { createUploads, uploadStore } from './index.ts';

type Client = { base: string; bearer: string };
type Body = string | Uint8Array<ArrayBuffer>;

async function upload({ base, bearer }: Client, query: string, body: Body, contentType = 'text/plain') {
  const response = await fetch(`${base}/uploads${query}`, {
    method: 'POST',
    body,
    headers: { Authorization: `Bearer ${bearer}`, ...(contentType && { 'Content-Type': contentType }) },
  });
  const answer = (await response.json()) as { uploadId: string; status: string; code?: string };
  return { status: response.status, body: answer };
}

const list = ({ base, bearer }: Client, query = '') => call<UploadPage>('GET', `${base}/uploads${query}`, { bearer });
const remove = ({ base, bearer }: Client, id: string) => call<string>('DELETE', `${base}/uploads/${id}`, { bearer });
const search = ({ base, bearer }: Client, q: string) =>
  call<{ items: { externalId: string; title: string; url: string; excerpt: string }[] }>(
    'GET',
    `${base}/search?${new URLSearchParams({ q })}`,
    { bearer },
  );

/** Waits until the relay is done with an upload. */
async function done(client: Client, id: string): Promise<Upload> {
  const find = async () => (await list(client)).body.items.find(({ uploadId }) => uploadId === id);
  await expect.poll(async () => (await find())?.status, { timeout: 20_000, interval: 50 }).not.toBe('pending');
  return (await find()) as Upload;
}

const pdf = (...pages: string[]) =>
  new Uint8Array(
    pdfOf(
      pages.map(page => linesOf(page)),
      { title: 'Price list' },
    ),
  );

/** Three documents; of few words, so that they are soon indexed. */
const LONG = Array.from({ length: 4_200 }, (_, at) => `Row ${at} ${'wool '.repeat(20)}`).join('\n');

describe('uploads', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  /** One more site. */
  async function client(): Promise<Client & { id: string }> {
    const { id, plugin } = await relay.site();
    const key = (await plugin.site()).body.siteKey;
    return { id, base: plugin.base, bearer: `secret-of-${key}` };
  }
  const held = async (site: { id: string }) => (await relay.rows('Document', site)).map(({ externalId }) => externalId);

  it('are found by questions, cited by where visitors can read them, and kept no longer than they are needed', async () => {
    const site = await client();
    const url = 'https://shop.example/prices.pdf';
    const sent = await upload(
      site,
      `?name=prices.pdf&url=${url}&locale=en`,
      pdf('Welcome', 'Iceland parcels'),
      'application/pdf',
    );
    expect(sent).toEqual({ status: 202, body: { uploadId: expect.any(String), status: 'pending' } });
    expect(await done(site, sent.body.uploadId)).toEqual({
      uploadId: sent.body.uploadId,
      name: 'prices.pdf',
      contentType: 'application/pdf',
      url,
      locale: 'en',
      bytes: pdf('Welcome', 'Iceland parcels').length,
      status: 'ready',
      fault: null,
      documents: 1,
      createdAt: expect.any(String),
      finishedAt: expect.any(String),
    });
    const [found] = (await search(site, 'parcels to Iceland')).body.items;
    expect(found).toMatchObject({ title: 'Price list', url, excerpt: 'Iceland parcels' });
    expect(await relay.rows('UploadPiece', site)).toEqual([]);
  });

  it('of text and Markdown are read by their kind, and cited by name where nobody can open them', async () => {
    const site = await client();
    const text = await upload(
      site,
      '?name=wool.txt',
      'The wool comes from Shetland sheep.',
      'text/plain; charset=utf-8',
    );
    const markdown = await upload(site, '?name=care.md', '# Care\n\nWash it *by hand*.', 'text/markdown');
    await done(site, text.body.uploadId);
    await done(site, markdown.body.uploadId);
    expect((await search(site, 'Shetland sheep')).body.items[0]).toMatchObject({ title: 'wool.txt', url: '' });
    expect((await search(site, 'wash by hand')).body.items[0]).toMatchObject({
      title: 'Care',
      excerpt: 'Wash it by hand.',
    });
  });

  it('that are long become several documents, and go as one', async () => {
    const site = await client();
    const { body } = await upload(site, '?name=parts.txt', LONG);
    const { documents, status } = await done(site, body.uploadId);
    expect([documents, status]).toEqual([3, 'ready']);
    expect(await held(site)).toHaveLength(3);
    expect((await remove(site, body.uploadId)).status).toBe(204);
    expect(await held(site)).toEqual([]);
    expect((await list(site)).body.items).toEqual([]);
    expect((await remove(site, body.uploadId)).status).toBe(404);
    expect((await remove(site, 'nonsense')).body.code).toBe('not_found');
  });

  it('that cannot be read say why, in words for the owner', async () => {
    const site = await client();
    const cases: [Body, string, string][] = [
      [new Uint8Array(pdfOf([new Uint8Array()])), 'application/pdf', 'empty'],
      ['%PDF-1.7 and no more', 'application/pdf', 'broken'],
      [new Uint8Array(64), 'text/plain', 'broken'],
      [' ', 'text/plain', 'empty'],
    ];
    for (const [body, type, code] of cases) {
      const sent = await upload(site, '?name=file', body, type);
      const { status, fault, documents } = await done(site, sent.body.uploadId);
      expect([status, fault?.code, documents]).toEqual(['failed', code, 0]);
      expect(fault?.message).toMatch(/file|PDF/);
    }
    expect(await held(site)).toEqual([]);
    expect(await relay.rows('UploadPiece', site)).toEqual([]);
  });

  it('are refused where they are wrong, before anything is kept', async () => {
    const site = await client();
    const huge = new Uint8Array(UPLOAD_BYTES_MAX + 1);
    const cases: [string, Body, string, number, string][] = [
      ['?name=a', huge, 'text/plain', 413, 'body_too_large'],
      ['?name=a', 'x', 'image/png', 415, 'unsupported_media_type'],
      ['?name=a', '{}', 'application/json', 415, 'unsupported_media_type'],
      ['?name=a', '', 'text/plain', 400, 'validation_failed'],
      ['', 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=%20', 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=%00', 'x', 'text/plain', 400, 'validation_failed'],
      [`?name=${'a'.repeat(201)}`, 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=a&url=javascript:alert(1)', 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=a&locale=klingon!', 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=a&colour=red', 'x', 'text/plain', 400, 'validation_failed'],
      ['?name=a&name=b', 'x', 'text/plain', 400, 'validation_failed'],
    ];
    for (const [query, body, type, status, code] of cases) {
      expect(await upload(site, query, body, type), `${query} ${type}`).toMatchObject({ status, body: { code } });
    }
    expect((await upload({ ...site, bearer: 'wrong' }, '?name=a', 'x')).status).toBe(401);
    expect(await relay.rows('Upload', site)).toEqual([]);
  });

  it('are taken at the size of the limit', async () => {
    const site = await client();
    const { status, body } = await upload(site, '?name=a', 'a b\n'.repeat(UPLOAD_BYTES_MAX / 4));
    expect(status).toBe(202);
    expect((await done(site, body.uploadId)).fault?.code).toBe('too_large');
  });

  it('are each site’s own, and none of the documents that its plugin lists, replaces or deletes', async () => {
    const [site, other] = [await client(), await client()];
    const { body } = await upload(site, '?name=secret.txt', 'The vault opens at nine.');
    await done(site, body.uploadId);
    expect((await list(other)).body.items).toEqual([]);
    expect((await remove(other, body.uploadId)).status).toBe(404);
    expect((await search(other, 'vault')).body.items).toEqual([]);
    const plugin = (method: string, sent?: object) =>
      call<{ items: unknown[]; rejected: unknown[] }>(method, `${site.base}/documents`, {
        bearer: site.bearer,
        body: sent,
      });
    expect((await plugin('GET')).body.items).toEqual([]);
    const externalId = `upload:${body.uploadId}`;
    await plugin('POST', { delete: [externalId] });
    const document = { externalId, type: 'page', url: 'https://shop.example/', title: 'x', text: 'x' };
    const { rejected } = (await plugin('POST', { upsert: [{ ...document, updatedAt: '2030-01-01T00:00:00Z' }] })).body;
    expect(rejected).toEqual([{ externalId, code: 'reserved_id' }]);
    expect((await search(site, 'vault')).body.items[0]?.excerpt).toBe('The vault opens at nine.');
  });

  it('are listed newest first, page by page', async () => {
    const site = await client();
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) ids.unshift((await upload(site, `?name=${name}`, name)).body.uploadId);
    const first = await list(site, '?limit=2');
    expect(uploadPage.strict().parse(first.body)).toEqual(first.body);
    const second = await list(site, `?limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items].map(({ uploadId }) => uploadId)).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
    expect((await list(site, '?cursor=nonsense')).status).toBe(400);
  });

  it('wait their turn: of one site not too many at once', async () => {
    const site = await client();
    const row = { name: 'a', contentType: 'text/plain', size: 1, status: 'pending', createdAt: new Date() };
    await relay.db.upload.createMany({
      data: Array.from({ length: UPLOADS_PENDING_MAX }, () => ({ ...row, siteId: site.id, id: crypto.randomUUID() })),
    });
    expect(await upload(site, '?name=a', 'x')).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  });

  it('that brought the relay down again and again are given up', async () => {
    const site = await client();
    const id = crypto.randomUUID();
    const row = { name: 'a', contentType: 'text/plain', size: 4, status: 'pending', createdAt: new Date() };
    await relay.db.upload.create({ data: { ...row, siteId: site.id, id, attempts: 5 } });
    await relay.services.jobs.enqueue('uploads.changed', { siteId: site.id, uploadId: id });
    expect((await done(site, id)).fault?.code).toBe('internal');
  });

  it('whose reading ended in the middle are read again, and are whole then', async () => {
    const site = await client();
    const death = new AbortController();
    const { knowledge, extractor, sites } = relay.services;
    const mortal = createUploads({
      db: relay.db,
      store: uploadStore(relay.db),
      extractor,
      now: () => new Date(),
      // Nobody else is told of the file yet.
      jobs: { enqueue: async () => {}, wake: async () => {} },
      knowledge: {
        async sync(...change) {
          const answer = await knowledge.sync(...change);
          death.abort(new Error('killed'));
          return answer;
        },
      },
    });
    const owner = await sites.byId(site.id);
    if (!owner) throw new Error('no site');
    const id = await mortal.add(owner, { name: 'parts.txt' }, 'text/plain', Buffer.from(LONG));
    await expect(mortal.process(owner, id, death.signal)).rejects.toThrow('killed');
    expect(await held(site)).toHaveLength(1);
    expect((await list(site)).body.items[0]?.status).toBe('pending');
    await relay.services.jobs.enqueue('uploads.changed', { siteId: site.id, uploadId: id });
    expect(await done(site, id)).toMatchObject({ status: 'ready', documents: 3 });
    expect(await held(site)).toHaveLength(3);
  });

  it('that broke off on their way here are not listed, and are gone after an hour', async () => {
    const site = await client();
    const row = { name: 'a', contentType: 'text/plain', size: 4, status: 'receiving', createdAt: new Date() };
    await relay.db.upload.create({ data: { ...row, siteId: site.id, id: crypto.randomUUID() } });
    expect((await list(site)).body.items).toEqual([]);
    relay.clock.setAhead(61 * 60 * 1_000);
    const { body } = await upload(site, '?name=b', 'Later');
    relay.clock.setAhead(0);
    expect((await relay.rows('Upload', site)).map(({ id }) => id)).toEqual([body.uploadId]);
  });

  it('that are removed while they are read leave nothing, however the two meet', async () => {
    const site = await client();
    const { body } = await upload(site, '?name=a.pdf', pdf('One', 'Two'), 'application/pdf');
    expect((await remove(site, body.uploadId)).status).toBe(204);
    const later = await upload(site, '?name=b.txt', 'Later');
    await done(site, later.body.uploadId);
    await relay.services.jobs.enqueue('uploads.changed', { siteId: site.id, uploadId: body.uploadId });
    await expect.poll(() => held(site)).toEqual([`upload:${later.body.uploadId}`]);
  });
});
