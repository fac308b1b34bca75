import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import type { ConversationItem } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sharedData } from '../../../e2e/fakes/shared-data.ts';
import {
  call,
  databases,
  pages,
  question,
  type Reply,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../e2e/relay.ts';

type Page<Item> = { items: Item[]; nextCursor: string | null };

const DAY_MS = 24 * 60 * 60 * 1_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);

describe.each(databases)('the lists of a site on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site({ documents: pages });
  });
  afterAll(() => relay.stop());

  const list = <Item>(path: string, of = site) =>
    call<Page<Item>>('GET', `${of.plugin.base}${path}`, { bearer: of.secret });
  const idsOf = async (path: string, of = site) =>
    (await list<{ id: string }>(path, of)).body.items.map(({ id }) => id);
  /** A conversation, begun by a visitor, with this question; its id and its handle. */
  async function chat(text: string, of = site) {
    const handle = await of.widget.begin(text);
    const { items } = (await list<ConversationItem>('/conversations?limit=1', of)).body;
    return { id: items[0]?.id ?? '', handle };
  }

  describe('conversations', () => {
    it('are found by a word of any script, its capitals apart, and by the beginning of the last one', async () => {
      const own = await relay.site({ documents: pages });
      const { id } = await chat('Kommt die GRÖSSE Übergröße auch in Grün? Das “Ωμέγα” 送料はいくらですか', own);
      await chat('Nothing of it', own);
      for (const q of ['übergröße', 'grösse grün', 'ÜBERGR', 'ωμέγα', '送料', 'いくら', '料', 'auch in gr']) {
        expect([q, await idsOf(`/conversations?q=${encodeURIComponent(q)}`, own)]).toEqual([q, [id]]);
      }
      for (const q of ['bergröße', 'übergr grün', '料送', '!!!', "'", "a' | 'nothing", 'auch -nichts']) {
        expect([q, await idsOf(`/conversations?q=${encodeURIComponent(q)}`, own)]).toEqual([q, []]);
      }
    });

    it('are found by what was answered, too', async () => {
      const own = await relay.site({ documents: pages });
      const { id } = await chat('How long do parcels to Iceland take?', own);
      expect(await idsOf('/conversations?q=nine%20days', own)).toEqual([id]);
    });

    it('are not found by their words while they are restricted, nor once these were put right or erased', async () => {
      const own = await relay.site({ documents: pages });
      const { id, handle } = await chat('I am ann@shop.example, called Zanzibar', own);
      const find = () => idsOf('/conversations?q=zanzibar', own);
      expect(await find()).toEqual([id]);
      await own.widget.requestData(handle, { type: 'restriction' });
      expect(await find()).toEqual([]);
      expect(await idsOf('/conversations', own)).toEqual([id]);
      await own.widget.requestData(handle, { type: 'restriction', changes: { restricted: false } });
      expect(await find()).toEqual([id]);
      const subject = { email: 'ann@shop.example' };
      const changes = { email: 'eve@new.example' };
      const changed = await own.plugin.requestData({ type: 'rectification', subject, changes });
      expect(changed.body).toMatchObject({ status: 'completed', result: { counts: { messages: 1 } } });
      expect(await idsOf('/conversations?q=ann%20shop', own)).toEqual([]);
      expect(await idsOf('/conversations?q=eve%20new', own)).toEqual([id]);
      await own.widget.erase(handle);
      expect(await find()).toEqual([]);
    });

    it('are not found by a neighbour, whatever the site is called', async () => {
      const other = await relay.site({ documents: pages });
      await chat('A Bandersnatch', other);
      expect(await idsOf('/conversations?q=bandersnatch')).toEqual([]);
      expect((await idsOf('/conversations?q=bandersnatch', other)).length).toBe(1);
    });

    it('are those of the filter and no others, and say why', async () => {
      const own = await relay.site({ documents: pages });
      await own.plugin.change(settings => ({ ...settings, features: { ...settings.features, leads: true } }));
      const answered = await chat('Where does the wool come from?', own);
      const open = await chat('Who won the chess championship?', own);
      const lead = await chat('Is it wool?', own);
      await own.widget.lead({ fields: { email: 'ann@shop.example' }, conversationId: lead.handle });
      const old = await chat('Where does the wool come from?', own);
      const where = (id: string) => ({ siteId_id: { siteId: own.id, id } });
      await relay.db.conversation.update({
        where: where(old.id),
        data: { createdAt: daysAgo(10), locale: 'de-AT', takenOverBy: randomUUID(), takenOverName: 'Ann' },
      });
      const all = await list<ConversationItem>('/conversations', own);
      const said = Object.fromEntries(all.body.items.map(item => [item.id, item]));
      expect(said[answered.id]).toMatchObject({ answered: 1, unanswered: 0, waiting: false, lastRole: 'assistant' });
      expect(said[open.id]).toMatchObject({ answered: 0, unanswered: 1, waiting: true, hasLead: false });
      expect(said[lead.id]).toMatchObject({ hasLead: true, takenOver: false });
      expect(said[old.id]).toMatchObject({ takenOver: true, messages: 2 });

      const { items } = all.body;
      const ids = (which: (item: ConversationItem) => boolean) => items.filter(which).map(({ id }) => id);
      const expected: [string, string[]][] = [
        ['outcome=answered', ids(item => item.answered > 0 && item.unanswered === 0)],
        ['outcome=unanswered', [open.id]],
        ['state=waiting', [open.id]],
        ['state=taken_over', [old.id]],
        ['state=open', ids(({ waiting, takenOver }) => !waiting && !takenOver)],
        ['lead=true', [lead.id]],
        ['lead=false', ids(({ id }) => id !== lead.id)],
        ['locale=de', [old.id]],
        ['locale=fr', []],
        [`to=${daysAgo(5).toISOString()}`, [old.id]],
        [`from=${daysAgo(5).toISOString()}`, ids(({ id }) => id !== old.id)],
        [`q=wool&state=taken_over`, [old.id]],
        [`q=chess&outcome=answered`, []],
      ];
      for (const [filter, wanted] of expected) {
        expect([filter, await idsOf(`/conversations?${filter}`, own)]).toEqual([filter, wanted]);
      }
    });

    it('wait for a person until somebody has dealt with the question, or it is answered', async () => {
      const own = await relay.site({ documents: pages });
      const { handle } = await chat('Who won the chess championship?', own);
      const waiting = async () => (await idsOf('/conversations?state=waiting', own)).length;
      expect(await waiting()).toBe(1);
      await own.widget.turn(question('Where does the wool come from?', { conversationId: handle }));
      expect(await waiting()).toBe(0);
      await own.widget.turn(question('Who won the chess championship?', { conversationId: handle }));
      expect(await waiting()).toBe(1);
      const { items } = (await list<{ messageId: string }>('/unanswered', own)).body;
      const handled = (messageId: string | undefined) =>
        call('POST', `${own.plugin.base}/unanswered/${messageId}`, { bearer: own.secret });
      await handled(items[1]?.messageId);
      expect(await waiting()).toBe(1);
      await handled(items[0]?.messageId);
      expect(await waiting()).toBe(0);
    });

    it('are walked page by page without a gap and without a repetition, with many matches and with few', async () => {
      const own = await relay.site();
      await fill(own, 2_300);
      for (const filter of ['q=common', 'q=scarce', 'outcome=answered', 'outcome=unanswered', 'lead=false']) {
        const seen: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page: Reply<Page<ConversationItem>> = await list(`/conversations?${filter}&limit=200${cursor}`, own);
          seen.push(...page.body.items.map(({ id }) => id));
          cursor = page.body.nextCursor && `&cursor=${page.body.nextCursor}`;
        }
        const wanted = { 'q=scarce': 230, 'outcome=unanswered': 230, 'outcome=answered': 2_070 }[filter] ?? 2_300;
        expect([filter, seen.length, new Set(seen).size]).toEqual([filter, wanted, wanted]);
      }
    });

    /** So many conversations of one answer each: a word of all of them, and one of every tenth. Three of each moment. */
    async function fill(own: TestSite, count: number): Promise<void> {
      const [common, scarce] = ['common', 'scarce'].map(word => `${own.id.slice(-4)}${word}`);
      await relay.db.$executeRaw`
        WITH "made" AS (
          INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "pageUrl", "createdAt")
          SELECT ${own.id}::uuid, gen_random_uuid(), at::text, at, '', now() - at / 3 * interval '1 second'
          FROM generate_series(1, ${count}::int) at RETURNING "id", "consentSequence" AS at
        )
        INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations",
          "status", "outcome", "words", "createdAt")
        SELECT ${own.id}::uuid, "id", gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'assistant', '', '[]',
          'completed', CASE WHEN at % 10 = 0 THEN 'unanswered' ELSE 'answered' END,
          array_to_tsvector(CASE WHEN at % 10 = 0 THEN ARRAY[${common}, ${scarce}] ELSE ARRAY[${common}] END), now()
        FROM "made"`;
    }
  });

  describe('leads', () => {
    it('are found by name, address and number, and not while they are restricted', async () => {
      const own = await relay.site();
      const fields = { name: 'Jürgen Straße', email: 'j.strasse@shop.example', phone: '+49 170 1234567' };
      const { leadId } = (await own.widget.lead({ fields })).body;
      await own.widget.lead({ fields: { email: 'other@shop.example' } });
      for (const q of ['jürgen', 'STRASSE', 'j.strasse@shop.ex', '+49 170 1234567', '+491701234567', '491701']) {
        expect([q, await idsOf(`/leads?q=${encodeURIComponent(q)}`, own)]).toEqual([q, [leadId]]);
      }
      expect(await idsOf('/leads?q=urgen', own)).toEqual([]);
      expect((await idsOf('/leads?q=shop', own)).length).toBe(2);
      const email = 'j.strasse@shop.example';
      const changes = { name: 'Jo' };
      const changed = await own.plugin.requestData({ type: 'rectification', subject: { email }, changes });
      expect(changed.body).toMatchObject({ status: 'completed', result: { counts: { leads: 1 } } });
      expect([await idsOf('/leads?q=jürgen', own), await idsOf('/leads?q=jo', own)]).toEqual([[], [leadId]]);
      await own.plugin.requestData({ type: 'restriction', subject: { email } });
      expect(await idsOf('/leads?q=jo', own)).toEqual([]);
      expect((await idsOf('/leads', own)).length).toBe(2);
    });

    it('are those of the filter and no others', async () => {
      const own = await relay.site();
      const left = async (kind: string) =>
        (await own.widget.lead({ kind, fields: { phone: '+353850123456', email: `${randomUUID()}@shop.example` } }))
          .body.leadId;
      const [message, callback] = [await left('lead'), await left('callback')];
      await relay.db.delivery.create({
        data: { siteId: own.id, target: 'hubspot', subjectId: callback, state: 'failed', log: [], since: new Date() },
      });
      await relay.db.lead.updateMany({ where: { id: message }, data: { createdAt: daysAgo(3) } });
      for (const [filter, wanted] of [
        ['kind=callback', [callback]],
        ['delivery=failed', [callback]],
        ['delivery=delivered', []],
        [`to=${daysAgo(1).toISOString()}`, [message]],
      ] as const) {
        expect([filter, await idsOf(`/leads?${filter}`, own)]).toEqual([filter, wanted]);
      }
      expect(await idsOf('/deliveries?target=nobody', own)).toEqual([]);
    });
  });

  it('keep each to its period', async () => {
    const own = await relay.site({ documents: pages });
    await chat('Who won the chess championship?', own);
    await call('POST', `${own.plugin.base}/entries`, { bearer: own.secret, body: { question: 'A?', answer: 'B' } });
    await own.plugin.requestData({ type: 'access', subject: { email: 'ann@shop.example' } });
    await relay.services.retention.purgeSite(own.id, { trigger: 'manual' });
    const headers = { Accept: 'application/json' };
    for (const path of ['unanswered', 'documents', 'entries', 'data-requests', 'purges', 'consents', 'deliveries']) {
      const count = async (query: string) => {
        const address = `${own.plugin.base}/${path}?${query}`;
        const { status, body } = await call<Page<object>>('GET', address, { bearer: own.secret, headers });
        return [path, status, body.items?.length > 0];
      };
      const isThere = path !== 'deliveries';
      expect(await count(`from=${daysAgo(1).toISOString()}`)).toEqual([path, 200, isThere]);
      expect(await count(`to=${daysAgo(1).toISOString()}`)).toEqual([path, 200, false]);
    }
  });

  it('refuse a cursor with other filters than it was given with', async () => {
    const own = await relay.site();
    for (let at = 0; at < 3; at += 1) await own.widget.lead({ fields: { email: `${at}@shop.example` } });
    const next = async (query: string) => (await list('/leads?limit=1&'.concat(query), own)).body.nextCursor;
    const [plain, filtered] = [await next(''), await next('kind=lead')];
    const refused = { status: 400, body: { code: 'validation_failed', errors: [{ path: 'cursor' }] } };
    expect(await list(`/leads?kind=lead&cursor=${plain}`, own)).toMatchObject(refused);
    expect(await list(`/leads?cursor=${filtered}`, own)).toMatchObject(refused);
    expect(await list(`/leads?kind=callback&cursor=${filtered}`, own)).toMatchObject(refused);
    expect((await list(`/leads?kind=lead&limit=2&cursor=${filtered}`, own)).body.items).toHaveLength(2);
  });

  it.each([
    ['conversations', 'state=asleep'],
    ['conversations', 'q='],
    ['conversations', `q=${'x'.repeat(201)}`],
    ['conversations', 'q=%00'],
    ['conversations', 'from=yesterday'],
    ['conversations', 'lead=maybe'],
    ['conversations', 'format=xlsx'],
    ['leads', 'delivery=lost'],
    ['stats', 'days=8'],
    ['stats', 'days=999999999'],
  ])('refuse /%s?%s', async (path, query) => {
    expect(await list(`/${path}?${query}`)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });
});

describe('the lists of a site as CSV', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  const csv = (path: string, of: TestSite) =>
    fetch(`${of.plugin.base}${path}${path.includes('?') ? '&' : '?'}format=csv`, {
      headers: { Authorization: `Bearer ${of.secret}` },
    });
  const leave = (own: TestSite, count: number, length: number) => relay.db.$executeRaw`
    INSERT INTO "Lead" ("siteId", "id", "kind", "name", "fields", "createdAt")
    SELECT ${own.id}::uuid, gen_random_uuid(), 'lead', repeat('x', ${length}::int), '{}', now() - at * interval '1 second'
    FROM generate_series(1, ${count}::int) at`;

  it('are a file of our name with every row, whatever the page', async () => {
    const own = await relay.site();
    for (let at = 0; at < 4; at += 1) await own.widget.lead({ fields: { email: `${at}@shop.example` } });
    const response = await csv('/leads?limit=1', own);
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toMatch(
      /^attachment; filename="confab-leads-\d{4}-\d\d-\d\d\.csv"$/,
    );
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const [head = [], ...rows] = parsed(new TextDecoder().decode(bytes));
    expect(rows.map(row => row[head.indexOf('E-mail')])).toEqual([3, 2, 1, 0].map(at => `${at}@shop.example`));
    expect(rows[0]?.[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('are there of every list', async () => {
    const own = await relay.site({ documents: pages });
    const lists = [
      ...['conversations', 'leads', 'unanswered', 'deliveries', 'documents', 'entries', 'eval-cases', 'sources'],
      ...['uploads', 'purges', 'legal-holds', 'data-requests', 'webhooks', 'consents'],
    ];
    for (const path of lists) {
      const response = await csv(`/${path}`, own);
      expect([path, response.status, response.headers.get('Content-Type')]).toEqual([
        path,
        200,
        'text/csv; charset=utf-8',
      ]);
      expect(parsed(await response.text())[0]?.length).toBeGreaterThan(3);
    }
  });

  it('say nothing of what is restricted', async () => {
    const own = await relay.site();
    const handle = await own.widget.begin('A Jabberwock');
    await own.widget.lead({ fields: { name: 'Jabberwock', email: 'j@shop.example' }, conversationId: handle });
    await own.widget.requestData(handle, { type: 'restriction' });
    for (const path of ['/conversations', '/conversations?q=jabberwock', '/leads']) {
      const text = await (await csv(path, own)).text();
      expect(text).not.toMatch(/jabberwock|j@shop|jumper/i);
    }
  });

  it('end where the first page cannot be read, as any other answer', async () => {
    const refused = await csv('/leads?cursor=nonsense', await relay.site());
    expect([refused.status, refused.headers.get('Content-Disposition')]).toEqual([400, null]);
  });

  const naughty: string[] | undefined = sharedData('fetched/security/naughty_strings.json.gz');
  it.skipIf(!naughty)('bring every text back as it was, and none as a formula', async () => {
    const own = await relay.site();
    const texts = [...(naughty ?? []), '=cmd|calc', '+1', '-1', '@x', '\t=1', '\r=1', 'a";=1']
      .map(text => text.replaceAll('\0', '').toWellFormed())
      .filter(text => text !== '');
    await relay.db.lead.createMany({
      data: texts.map((name, at) => ({
        ...{ siteId: own.id, id: uuidv7(), kind: 'lead', name, fields: {} },
        createdAt: new Date(Date.now() - at * 1_000),
      })),
    });
    const [head = [], ...rows] = parsed(await (await csv('/leads', own)).text());
    const back = rows.map(row => row[head.indexOf('Name')] ?? '');
    expect(back.map(text => text.replace(/^'(?=[=+\-@\t\r\n＝＋－＠])/, ''))).toEqual(texts);
    expect(back.filter(text => /^[=+\-@\t\r\n]/.test(text))).toEqual([]);
  });

  it('are read no further once the reader has left', async () => {
    const own = await relay.site();
    await leave(own, 12_000, 2_000);
    const pagesRead = vi.spyOn(relay.services.leads, 'list');
    const request = get(`${own.plugin.base}/leads?format=csv`, {
      headers: { Authorization: `Bearer ${own.secret}` },
    });
    const [response] = await once(request, 'response');
    // Nothing is taken: what the sockets and two pages hold is all that is read.
    await vi.waitFor(() => expect(pagesRead.mock.calls.length).toBeGreaterThan(1));
    let before = -1;
    await vi.waitFor(
      () => {
        const now = pagesRead.mock.calls.length;
        const isStill = now === before;
        before = now;
        expect(isStill).toBe(true);
      },
      { interval: 300, timeout: 5_000 },
    );
    expect(before).toBeLessThan(24);
    response.destroy();
    await vi.waitFor(() => expect(request.destroyed).toBe(true));
    expect((await own.plugin.leads('?limit=1')).body.items).toHaveLength(1);
    expect(pagesRead.mock.calls.length).toBeLessThanOrEqual(before + 2);
    pagesRead.mockRestore();
  });
});

/** The cells of a CSV file (RFC 4180). */
function parsed(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  const content = text.replace(/^\u{feff}/u, '');
  while (cell.lastIndex < content.length) {
    const match = cell.exec(content);
    if (!match) throw new Error('this is no CSV');
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') rows.push(row.splice(0));
  }
  row = [];
  return rows;
}
