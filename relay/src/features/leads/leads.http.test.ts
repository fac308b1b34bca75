import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { databases, SHOP, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const HOUR_MS = 60 * 60 * 1_000;
const forms = sharedData('own/security/form_inputs.json');

describe.each(databases)('leads on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const rows = (of: TestSite = site) => relay.rows('Lead', of);
  const rowOf = async (leadId: string) => (await rows()).find(({ id }) => id === leadId);
  const inIreland = async () => {
    const own = await relay.site();
    await own.plugin.change(settings => ({ ...settings, country: 'IE' }));
    return own;
  };

  const withBox = async () => {
    const own = await relay.site();
    await own.plugin.change(settings => ({ ...settings, features: { ...settings.features, marketing: true } }));
    return own;
  };

  describe('that a visitor leaves', () => {
    it('are kept as typed, with the normal forms that a person is found by', async () => {
      const own = await inIreland();
      const { status, body } = await own.widget.lead({
        kind: 'callback',
        fields: {
          name: ' Ann Ó Murchú ',
          email: ' Ann+shop@EXAMPLE.com',
          phone: '085 012 3456',
          message: 'Is it wool?\n\nThanks',
          Größe: 'XL',
        },
        page: { url: `${SHOP}/jumper?ann=1#x`, title: 'Jumper', referrer: 'https://search.example/' },
        callbackAt: '2026-12-01T10:00:00+01:00',
      });
      expect({ status, body }).toEqual({ status: 201, body: { leadId: expect.any(String) } });
      expect(await rows(own)).toMatchObject([
        {
          id: body.leadId,
          kind: 'callback',
          conversationId: null,
          name: ' Ann Ó Murchú ',
          email: ' Ann+shop@EXAMPLE.com',
          emailKey: 'ann+shop@example.com',
          phone: '085 012 3456',
          phoneKey: '+353850123456',
          message: 'Is it wool?\n\nThanks',
          fields: { Größe: 'XL' },
          pageUrl: `${SHOP}/jumper`,
          callbackAt: expect.stringMatching(/^2026-12-01T09:00:00/),
          restrictedAt: null,
        },
      ]);
    });

    it('need no consent, and no cookie is set', async () => {
      const own = await relay.site();
      await own.widget.decide('declined');
      const left = await own.widget.lead({ fields: { phone: '+353 85 012 3456' } });
      expect([left.status, left.headers.getSetCookie()]).toEqual([201, []]);
      expect(await relay.rows('Conversation', own)).toEqual([]);
    });

    it('are taken as text/plain, which needs no preflight, and their preflight is answered too', async () => {
      const url = `${site.widget.base}/leads`;
      const body = JSON.stringify({ kind: 'lead', fields: { email: 'plain@example.com' } });
      expect((await fetch(url, { method: 'POST', body, headers: { Origin: SHOP } })).status).toBe(201);
      const asked = { Origin: SHOP, 'Access-Control-Request-Method': 'POST' };
      const preflight = await fetch(url, { method: 'OPTIONS', headers: asked });
      expect([preflight.status, preflight.headers.get('Access-Control-Allow-Origin')]).toEqual([204, SHOP]);
    });

    it.each([
      [{}, [['fields', 'needs an e-mail address or a phone number, so that somebody can answer']]],
      [{ name: 'Ann', email: ' ', phone: '' }, [['fields', expect.stringContaining('e-mail address or a phone')]]],
      [{ email: 'ann' }, [['fields.email', 'is not an e-mail address such as name@example.com']]],
      [{ phone: '085 012 3456' }, [['fields.phone', 'is not a phone number; begin it with + and the country code']]],
      [{ email: 'ann@example.com', phone: 'call me' }, [['fields.phone', expect.stringContaining('phone number')]]],
      [
        { email: 'ann@', phone: '1' },
        [
          ['fields.email', expect.any(String)],
          ['fields.phone', expect.any(String)],
        ],
      ],
    ])('must reach the person: %j is refused in words, field by field', async (fields, errors) => {
      const before = await rows();
      const { status, body } = await site.widget.lead({ fields });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_failed' });
      expect(body.errors).toEqual(errors.map(([path, message]) => ({ path, message })));
      expect(JSON.stringify({ ...body, requestId: '' })).not.toMatch(/ann@|085|call me/);
      expect(await rows()).toEqual(before);
    });

    it('agree to marketing e-mails by a box of its own, and by nothing where the site has no such box', async () => {
      const [boxed, plain] = [await withBox(), await relay.site()];
      const fields = { email: 'box@example.com' };
      for (const [own, marketing] of [
        [boxed, true],
        [boxed, false],
        [plain, true],
      ] as const) {
        const { body } = await own.widget.lead({ fields, marketing });
        const { items } = (await own.plugin.leads()).body;
        expect(items.find(({ id }) => id === body.leadId)?.marketing).toBe(own === boxed && marketing);
      }
      const unasked = await boxed.widget.lead({ fields: { email: 'unasked@example.com' } });
      expect(await rows(boxed)).toContainEqual(expect.objectContaining({ id: unasked.body.leadId, marketing: false }));
      expect((await boxed.widget.lead({ fields, marketing: 'yes' })).status).toBe(400);
    });

    it('leave a blank field out', async () => {
      const { body } = await site.widget.lead({
        fields: { name: ' ', email: 'blank@example.com', phone: '', size: '\n' },
      });
      expect(await rowOf(body.leadId)).toMatchObject({ name: null, phone: null, phoneKey: null, fields: {} });
    });

    it('of bad input are refused, and nothing of them is kept or logged', async () => {
      const fields = { email: 'ann@example.com' };
      const many = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, at) => [`field ${at}`, 'x']));
      const before = await rows();
      const bad: object[] = [
        { fields, kind: 'sale' },
        { fields, colour: 'zanzibarine' },
        { fields, conversationId: 'zanzibarine' },
        { fields, page: { url: 'javascript:zanzibarine' } },
        { fields, page: { url: SHOP, colour: 'red' } },
        { fields, callbackAt: 'tomorrow' },
        { fields, callbackAt: '2026-13-01T00:00:00Z' },
        { fields, callbackAt: '2026-12-01' },
        { fields, callbackAt: '0000-01-01T00:00:00Z' },
        { fields: { ...fields, message: 'a\u0000b' } },
        { fields: { ...fields, message: '\ud800' } },
        { fields: { ...fields, 'a\u0000b': 'x' } },
        { fields: { ...fields, ' ': 'x' } },
        { fields: { ...fields, ['x'.repeat(101)]: 'x' } },
        { fields: { ...fields, more: { deep: 1 } } },
        { fields: { ...fields, name: null } },
        { fields: { ...fields, ...many(20) } },
        ...['name', 'email', 'phone', 'message', 'other'].map(name => ({
          fields: { ...fields, [name]: 'ß'.repeat(10_000) },
        })),
        { fields: [] },
        { fields: 'zanzibarine@example.com' },
      ];
      for (const each of bad) {
        const { status, body } = await site.widget.lead(each);
        expect({ status, code: body.code }, JSON.stringify(each).slice(0, 80)).toEqual({
          status: 400,
          code: 'validation_failed',
        });
        expect(JSON.stringify(body)).not.toContain('zanzibarine');
      }
      expect(await rows()).toEqual(before);
      expect(relay.logLines.filter(line => line.includes('zanzibarine'))).toEqual([]);
      expect((await site.widget.lead({ fields: { ...fields, ...many(19) } })).status).toBe(201);
    });

    it('cannot reach the prototype of anything', async () => {
      const body = '{"kind":"lead","fields":{"email":"proto@example.com","__proto__":"x","constructor":"y"}}';
      const sent = await fetch(`${site.widget.base}/leads`, { method: 'POST', body });
      expect([201, 400]).toContain(sent.status);
      expect({}).not.toHaveProperty('email');
    });

    it.skipIf(!forms)('have the address that a form must accept, and none that it must refuse', async () => {
      for (const email of forms.accept) expect((await site.widget.lead({ fields: { email } })).status, email).toBe(201);
      for (const email of forms.refuse) expect((await site.widget.lead({ fields: { email } })).status, email).toBe(400);
      for (const email of forms.either_but_never_crash) {
        expect([201, 400], email).toContain((await site.widget.lead({ fields: { email } })).status);
      }
      for (const name of forms.csv_formula) {
        const { body } = await site.widget.lead({ fields: { email: 'csv@example.com', name } });
        expect((await rowOf(body.leadId)).name).toBe(name);
      }
    });

    const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
    it.skipIf(strings.length === 0)('hold the text of attackers as it is', async () => {
      for (const text of strings.slice(0, 250)) {
        const { status, body } = await site.widget.lead({ fields: { email: 'naughty@example.com', message: text } });
        if (status !== 201) expect(status, text).toBe(400);
        else expect((await rowOf(body.leadId)).message ?? '').toBe(text.trim() === '' ? '' : text);
        for (const name of ['email', 'phone']) {
          expect([201, 400], text).toContain((await site.widget.lead({ fields: { [name]: text } })).status);
        }
      }
      expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
    });

    it('stand in no log line', async () => {
      const fields = { name: 'Quetz Coatl', email: 'quetz@example.com', phone: '+353850999888', message: 'quetzal' };
      await site.widget.lead({ fields, page: { url: `${SHOP}/quetzal` } });
      await site.plugin.leads();
      expect(await relay.tablesWith('quetzal')).toEqual(['public."Lead"']);
      expect(relay.logLines.filter(line => /quetz|353850999888/i.test(line))).toEqual([]);
    });
  });

  describe('with a conversation', () => {
    it('are tied to it by its own id, and never by the handle', async () => {
      const handle = await site.widget.begin('Is it wool?');
      const { status, body } = await site.widget.lead({
        fields: { email: 'tied@example.com' },
        conversationId: handle,
      });
      expect(status).toBe(201);
      const conversation = await relay.services.conversations.look(await relay.services.sites.byKey(site.key), handle);
      expect((await rowOf(body.leadId)).conversationId).toBe(conversation?.id);
      expect(await relay.tablesWith(handle)).toEqual([]);
    });

    it('that is not there, or another site’s, are refused', async () => {
      const other = await relay.site();
      const foreign = await other.widget.begin('Is it wool?');
      const before = await rows();
      for (const conversationId of [randomUUID(), foreign]) {
        const refused = await site.widget.lead({ fields: { email: 'tied@example.com' }, conversationId });
        expect(refused).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
      }
      expect(await rows()).toEqual(before);
    });
  });

  describe('sent twice', () => {
    const lead = { fields: { name: 'Ann', email: 'Twice@example.com', message: 'Hello', size: 'XL' } };

    it('within an hour are one, however the address is spelled and however often at once', async () => {
      const own = await inIreland();
      const spelled = { ...lead, fields: { ...lead.fields, email: 'twice@EXAMPLE.com' } };
      const replies = await Promise.all(
        Array.from({ length: 12 }, (_, at) => own.widget.lead(at % 2 ? lead : spelled)),
      );
      expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(201));
      expect(new Set(replies.map(({ body }) => body.leadId)).size).toBe(1);
      expect(await rows(own)).toHaveLength(1);

      const phones = ['085 012 3456', '+353 85 0123456'].map(phone => own.widget.lead({ fields: { phone } }));
      const [one, two] = await Promise.all(phones);
      expect(one?.body.leadId).toBe(two?.body.leadId);
    });

    it('an hour later are two', async () => {
      const own = await relay.site();
      const ids = [];
      for (const ahead of [0, HOUR_MS - 60_000, HOUR_MS + 60_000]) {
        relay.clock.setAhead(ahead);
        ids.push((await own.widget.lead(lead)).body.leadId);
      }
      relay.clock.setAhead(0);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    it('are two where anything that the visitor wrote is another', async () => {
      const own = await withBox();
      const { fields } = lead;
      const all: object[] = [
        lead,
        { ...lead, kind: 'callback' },
        { ...lead, kind: 'callback', callbackAt: '2026-12-01T10:00:00Z' },
        { ...lead, kind: 'callback', callbackAt: '2026-12-01T11:00:00Z' },
        { fields: { ...fields, message: 'Hello!' } },
        { fields: { ...fields, message: '' } },
        { fields: { ...fields, email: 'twice+2@example.com' } },
        { fields: { ...fields, phone: '+353850123456' } },
        { fields: { ...fields, name: 'Anna' } },
        { fields: { ...fields, size: 'L' } },
        { ...lead, marketing: true },
      ];
      const ids = new Set<string>();
      for (const each of [...all, ...all]) ids.add((await own.widget.lead(each)).body.leadId);
      expect(ids.size).toBe(all.length);
      expect((await (await relay.site()).widget.lead(lead)).body.leadId).not.toBeOneOf([...ids]);
    });
  });

  describe('in the list of the plugin', () => {
    it('come newest first, page by page, each once, and the site’s own only', async () => {
      const own = await relay.site();
      const ids: string[] = [];
      for (let at = 0; at < 7; at += 1) {
        // Three of them in the same millisecond, as a list by time alone would lose some.
        relay.clock.setAhead(at < 3 ? 1_000 : at * 1_000);
        ids.push((await own.widget.lead({ fields: { email: `ann${at}@example.com` } })).body.leadId);
      }
      relay.clock.setAhead(0);
      await relay.db.lead.updateMany({ where: { id: { in: ids.slice(0, 3) } }, data: { createdAt: new Date() } });
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await own.plugin.leads(`?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        expect(page.status).toBe(200);
        expect(page.body.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.body.items.map(({ id }) => id));
        cursor = page.body.nextCursor;
      }
      expect(seen.slice(0, 4)).toEqual(ids.slice(3).reverse());
      expect(seen.slice(4).sort()).toEqual(ids.slice(0, 3).sort());
      expect((await site.plugin.leads('?limit=200')).body.items.filter(({ id }) => ids.includes(id))).toEqual([]);
    });

    it('tell everything that the visitor wrote, and nothing of it while they are restricted', async () => {
      const own = await relay.site();
      const handle = await own.widget.begin('Is it wool?');
      const fields = {
        name: 'Ann Zanzi',
        email: 'zanzi@example.com',
        phone: '+353850123456',
        message: 'zanzi',
        size: 'zanzi',
      };
      const { body } = await own.widget.lead({
        kind: 'callback',
        fields,
        conversationId: handle,
        page: { url: `${SHOP}/zanzi` },
        callbackAt: '2026-12-01T10:00:00Z',
      });
      const { size, ...named } = fields;
      const [item] = (await own.plugin.leads()).body.items;
      expect(item).toEqual({
        ...named,
        id: body.leadId,
        kind: 'callback',
        createdAt: expect.any(String),
        restricted: false,
        conversationId: expect.any(String),
        fields: { size },
        pageUrl: `${SHOP}/zanzi`,
        callbackAt: '2026-12-01T10:00:00.000Z',
        marketing: false,
        delivery: { deliveredAt: null, fault: null },
      });
      expect(item?.conversationId).not.toBe(handle);

      await relay.db.lead.updateMany({ where: { id: body.leadId }, data: { restrictedAt: new Date() } });
      const listed = await own.plugin.leads();
      expect(listed.body.items).toMatchObject([{ id: body.leadId, restricted: true, email: null, callbackAt: null }]);
      expect(JSON.stringify(listed.body)).not.toMatch(/zanzi|353850/i);
      // A new act of the visitor is no use of what is restricted.
      const again = await own.widget.lead({ kind: 'callback', fields, callbackAt: '2026-12-01T10:00:00Z' });
      expect(again.body.leadId).not.toBe(body.leadId);
    });

    it('are refused for a query that makes no sense', async () => {
      const long = `?cursor=${'x'.repeat(10_000)}`;
      for (const query of ['?cursor=x', '?cursor=', '?limit=0', '?limit=201', '?limit=x', '?colour=1', long]) {
        const refused = await site.plugin.leads(query);
        expect(refused, query).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      }
    });
  });
});

describe('the rate of leads', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ env: { CONFAB_RATE_LIMIT: 'on' } });
  });
  afterAll(() => relay.stop());

  it('lets one address leave ten in ten minutes at one site', async () => {
    const { widget } = await relay.site();
    const leave = (at: number) => widget.lead({ fields: { email: `ann${at}@example.com` } });
    for (let at = 1; at <= 10; at += 1) expect((await leave(at)).status).toBe(201);
    expect(await leave(11)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect((await (await relay.site()).widget.lead({ fields: { email: 'ann@example.com' } })).status).toBe(201);
  });
});
