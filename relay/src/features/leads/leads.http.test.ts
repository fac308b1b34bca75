import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import {
  databaseEnvironment,
  databases,
  oneDatabase,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';
import { isOneLine } from '../../lib/one-line.ts';
import { textLines, verifyLog } from '../consent/index.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
/** A time that a visitor may wish to be called at, to the second. */
const inDays = (days: number) => new Date(Math.floor((Date.now() + days * DAY_MS) / 1_000) * 1_000).toISOString();
const forms = sharedData('own/security/form_inputs.json');

describe.each(oneDatabase)('leads on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const rows = (of: TestSite = site) => relay.rows('Lead', of);
  const rowOf = async (leadId: string, of?: TestSite) => (await rows(of)).find(({ id }) => id === leadId);
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
      const wished = inDays(3);
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
        callbackAt: wished.replace('Z', '+00:00'),
        timezone: 'Europe/Dublin',
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
          callbackAt: expect.stringMatching(`^${wished.slice(0, 19)}`),
          timezone: 'Europe/Dublin',
          revision: 1,
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
      for (const [own, marketing] of [
        [boxed, true],
        [boxed, false],
        [plain, true],
      ] as const) {
        const fields = { email: `box-${marketing}@example.com` };
        const { body } = await own.widget.lead({ fields, marketing });
        const { items } = (await own.plugin.leads()).body;
        expect(items.find(({ id }) => id === body.leadId)?.marketing).toBe(own === boxed && marketing);
      }
      const unasked = await boxed.widget.lead({ fields: { email: 'unasked@example.com' } });
      expect(await rows(boxed)).toContainEqual(expect.objectContaining({ id: unasked.body.leadId, marketingAt: null }));
      const refused = await boxed.widget.lead({ fields: { email: 'box@example.com' }, marketing: 'yes' });
      expect(refused.status).toBe(400);
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
        const { status, body } = await site.widget.lead({ fields: { email: 'csv@example.com', name } });
        if (isOneLine(name)) expect((await rowOf(body.leadId)).name).toBe(name);
        else expect(status).toBe(400);
      }
    });

    const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
    it.skipIf(strings.length === 0)('hold the text of attackers as it is', async () => {
      const own = await relay.site();
      const lines = strings.filter(text => text.trim() !== '' && text.length <= 100 && isOneLine(text));
      expect(lines.length).toBeGreaterThan(400);
      for (let at = 0; at < lines.length; at += 15) {
        const some = lines.slice(at, at + 15).filter(text => !['name', 'email', 'phone', 'message'].includes(text));
        const fields = Object.fromEntries(some.map(text => [text, text]));
        const said = {
          name: some[0],
          message: strings
            .slice(at, at + 15)
            .join('\n')
            .slice(0, 4_000)
            .toWellFormed(),
        };
        const email = `naughty-${at}@example.com`;
        const { status, body } = await own.widget.lead({ fields: { ...fields, ...said, email } });
        expect({ status, errors: body.errors }, email).toEqual({ status: 201, errors: undefined });
        expect(await rowOf(body.leadId, own)).toMatchObject({ ...said, fields });
      }
    });

    it.each(['name', 'email', 'phone', 'size'])(
      'has one line in its %s, so that nothing gets into a header',
      async field => {
        const good = { name: 'Ann', email: 'line@example.com', phone: '+353850123456', message: 'a\r\nb', size: 'XL' };
        for (const end of ['\r\nBcc: all@example.com', '\n', '\r', '\u2028x', '\u0085', '\u001b[1m', '\t']) {
          const fields = { ...good, [field]: `${good[field as keyof typeof good]}${end}` };
          const { status, body } = await site.widget.lead({ fields });
          expect({ status, errors: body.errors }, JSON.stringify(end)).toEqual({
            status: 400,
            errors: [
              {
                path: `fields.${field}`,
                message: 'has a line break or another control character; write it in one line',
              },
            ],
          });
        }
        const named = await site.widget.lead({ fields: { ...good, 'size\r\nBcc': 'x' } });
        expect(named).toMatchObject({ status: 400, body: { errors: [{ path: 'fields' }] } });
      },
    );

    it('wish to be called in a time to come, within a year', async () => {
      const at = (ms: number) => new Date(Date.now() + ms).toISOString();
      const wish = (callbackAt: string) =>
        site.widget.lead({ kind: 'callback', fields: { email: 'wish@example.com' }, callbackAt });
      for (const good of [at(-4 * 60_000), at(60_000), at(364 * DAY_MS)]) expect((await wish(good)).status).toBe(201);
      for (const [bad, said] of [
        [at(-6 * 60_000), 'is in the past; choose a time to come'],
        ['1970-01-01T00:00:00Z', 'is in the past; choose a time to come'],
        [at(368 * DAY_MS), 'is more than a year ahead; choose an earlier time'],
        ['9999-12-31T23:59:59Z', 'is more than a year ahead; choose an earlier time'],
      ] as const) {
        const { status, body } = await wish(bad);
        expect({ status, errors: body.errors }).toEqual({
          status: 400,
          errors: [{ path: 'callbackAt', message: said }],
        });
      }
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
      expect((await rows(own)).map(({ revision }) => revision)).toEqual([1, 1]);
    });

    it('are one that says all of it, where the second says more of the same person', async () => {
      const own = await withBox();
      const { fields } = lead;
      const [early, late] = [inDays(1), inDays(2)];
      const all: object[] = [
        lead,
        { fields: { email: 'twice@EXAMPLE.com', phone: '+353850123456' }, page: { url: `${SHOP}/jumper` } },
        { kind: 'callback', fields: { phone: '+353 85 012 3456' }, callbackAt: early, timezone: 'Europe/Dublin' },
        { kind: 'callback', fields, callbackAt: late },
        { fields: { ...fields, message: 'Hello!\n\nAre you there?' } },
        { fields: { email: fields.email, name: 'Anna', size: 'L', colour: 'red' }, marketing: true },
        { fields, marketing: false },
      ];
      const ids = new Set<string>();
      for (const each of all) ids.add((await own.widget.lead(each)).body.leadId);
      expect(ids.size).toBe(1);
      const once = await rows(own);
      expect(once).toMatchObject([
        {
          kind: 'callback',
          name: 'Ann',
          email: 'Twice@example.com',
          phone: '+353850123456',
          message: 'Hello\n\nHello!\n\nAre you there?',
          fields: { size: 'XL', colour: 'red' },
          pageUrl: `${SHOP}/jumper`,
          callbackAt: expect.stringMatching(`^${late.slice(0, 19)}`),
          timezone: 'Europe/Dublin',
          marketingAt: expect.any(String),
          revision: 7,
        },
      ]);
      expect((await own.widget.lead({ fields })).body.leadId).toBe(once[0].id);
      expect(await rows(own)).toEqual(once);
      expect((await (await relay.site()).widget.lead(lead)).body.leadId).not.toBe(once[0].id);
    });

    it.each([
      ['another address', { email: 'other@example.com', phone: '+353850123456' }],
      ['another number', { email: 'same@example.com', phone: '+353859999999' }],
      ['the number of a family, and another name', { name: 'Bob', phone: '+353850123456' }],
      ['nothing in common', { name: 'Ann', email: 'third@example.com' }],
    ])('are two where the second has %s', async (_, fields) => {
      const own = await relay.site();
      await own.widget.lead({ fields: { name: 'Ann', email: 'same@example.com', phone: '+353850123456' } });
      const before = await rows(own);
      await own.widget.lead({ fields });
      const after = await rows(own);
      expect(after.map(({ revision }) => revision)).toEqual([1, 1]);
      expect(after).toContainEqual(before[0]);
    });

    it('are one in the same stored conversation, whenever that is', async () => {
      const own = await relay.site();
      const conversationId = await own.widget.begin('Is it wool?');
      const first = await own.widget.lead({ ...lead, conversationId });
      relay.clock.setAhead(3 * DAY_MS);
      const later = { kind: 'callback', fields: { email: 'twice@example.com', message: 'And warm?' } };
      const same = await own.widget.lead({ ...later, conversationId });
      const other = await own.widget.lead(later);
      relay.clock.setAhead(0);
      expect(same.body.leadId).toBe(first.body.leadId);
      expect(other.body.leadId).not.toBe(first.body.leadId);
      expect(await rowOf(first.body.leadId, own)).toMatchObject({ kind: 'callback', message: 'Hello\n\nAnd warm?' });
    });

    it('are two where only one was left in a stored chat: nothing ties what was left without one to it', async () => {
      const own = await relay.site();
      const conversationId = await own.widget.begin('Is it wool?');
      const [stored, without] = [{ ...lead, conversationId }, lead];
      const ids: string[] = [];
      for (const form of [stored, without, stored, without]) ids.push((await own.widget.lead(form)).body.leadId);
      expect(ids).toEqual([ids[0], ids[1], ids[0], ids[1]]);
      expect(ids[0]).not.toBe(ids[1]);
      expect(await rowOf(ids[1] ?? '', own)).toMatchObject({ conversationId: null, revision: 1 });
    });

    it('are two where one could not hold all of it', async () => {
      const own = await relay.site();
      const say = async (at: number) =>
        (await own.widget.lead({ fields: { ...lead.fields, message: `${at}`.repeat(3_900) } })).body.leadId;
      const ids = new Set([await say(1), await say(2), await say(3), await say(4), await say(5)]);
      expect(ids.size).toBe(2);
    });
  });

  describe('whose box for marketing was ticked', () => {
    const fields = { email: 'box@example.com' };
    const records = async (own: TestSite) =>
      (await relay.rows('ConsentRecord', own)).filter(({ purposes }) => purposes.includes('marketing'));

    it('are proven by a record of their own, with the words beside the box in the visitor’s language', async () => {
      const own = await withBox();
      const words = (await own.widget.config('?locale=de')).body.texts.marketing;
      await own.widget.decide('declined');
      await own.widget.lead({ fields, marketing: true, locale: 'de' });
      await own.widget.lead({ fields, marketing: true, locale: 'en' });
      const { items, notices } = (await own.plugin.consents()).body;
      const record = items.find(({ purposes }) => purposes.includes('marketing'));
      expect(items.filter(({ purposes }) => purposes.includes('marketing'))).toEqual([record]);
      expect(record).toMatchObject({
        decision: 'granted',
        purposes: ['marketing'],
        source: 'lead_form',
        locale: 'de',
        subject: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(words).toMatch(/Neuigkeiten|Angebote/);
      expect(notices.find(({ hash }) => hash === record?.noticeHash)?.wording).toEqual({
        ...{ title: '', body: words, acceptLabel: '', declineLabel: '', policyUrl: null },
      });
      const log = await own.plugin.consentLog();
      expect(await verifyLog(textLines(new Blob([log]).stream()))).toMatchObject({ ok: true, records: 2 });
    });

    it('leave a record only where the box is there and ticked, also when it is ticked later', async () => {
      const [boxed, plain] = [await withBox(), await relay.site()];
      await plain.widget.lead({ fields, marketing: true });
      await boxed.widget.lead({ fields, marketing: false });
      await boxed.widget.lead({ fields });
      expect([await records(plain), await records(boxed)]).toEqual([[], []]);
      await boxed.widget.lead({ fields, marketing: true });
      expect(await records(boxed)).toHaveLength(1);
    });

    it('are nobody’s record any more once the lead is erased, and the log still verifies', async () => {
      const own = await withBox();
      await own.widget.lead({ fields, marketing: true });
      const access = await own.plugin.requestData({ type: 'access', subject: fields });
      const [record] = await records(own);
      expect(access.body.result.data.leads).toMatchObject([
        { marketing: true, consents: [{ receipt: { subject: record.subject }, notice: { title: '' } }] },
      ]);
      const [{ subjectKey }] = await rows(own);
      await own.plugin.requestData({ type: 'erasure', subject: fields });
      expect(await records(own)).toEqual([record]);
      expect(await relay.tablesWith(subjectKey.replace('\\x', ''))).toEqual([]);
      const log = await own.plugin.consentLog();
      expect(await verifyLog(textLines(new Blob([log]).stream()))).toMatchObject({ ok: true });
    });

    it('are no decision that a visitor could send, nor words that one could decide on', async () => {
      const own = await withBox();
      await own.widget.lead({ fields, marketing: true });
      const [{ noticeVersion }] = await records(own);
      for (const more of [{ purposes: ['marketing'] }, { source: 'lead_form' }, { noticeVersion }]) {
        // biome-ignore lint/suspicious/noExplicitAny: it is wrong on purpose
        expect(await own.widget.decide('granted', more as any)).toMatchObject({
          status: 400,
          body: { code: 'validation_failed' },
        });
      }
      expect(await records(own)).toHaveLength(1);
    });
  });

  describe('that were answered before the chat', () => {
    const field = (name: string, type: string, more: object = {}) => ({
      ...{ name, type, label: { en: name }, purpose: { en: 'To answer' }, required: false },
      ...more,
    });
    const asking = async () => {
      const own = await relay.site();
      const fields = [
        ...[field('fullName', 'name'), field('mail', 'email'), field('second', 'email'), field('tel', 'phone')],
        ...[field('message', 'text'), field('orderNumber', 'text')],
      ];
      await own.plugin.change(settings => ({
        ...settings,
        country: 'IE',
        prechat: { enabled: true, fields } as never,
      }));
      return own;
    };
    const begin = async (own: TestSite, prechat: object) =>
      own.widget.turn(question('Is it wool?', { consentToken: await own.widget.token(), prechat }));
    const conversationOf = async (own: TestSite) => (await relay.rows('Conversation', own))[0];
    const quiet = () =>
      expect
        .poll(() => relay.db.delivery.count({ where: { target: { startsWith: 'event:' } } }), { timeout: 10_000 })
        .toBe(0);

    it('are there once the stored conversation has begun, with all that was said', async () => {
      const own = await asking();
      await begin(own, {
        ...{ fullName: 'Ann', mail: 'ann@example.com', second: 'b@example.com', tel: '085 012 3456' },
        ...{ message: 'Help', orderNumber: '#7' },
      });
      await quiet();
      const { id, createdAt } = await conversationOf(own);
      expect(await rows(own)).toMatchObject([
        {
          ...{ kind: 'lead', conversationId: id, name: 'Ann', emailKey: 'ann@example.com', phoneKey: '+353850123456' },
          ...{ message: 'Help', fields: { second: 'b@example.com', orderNumber: '#7' }, marketingAt: null, createdAt },
          pageUrl: `${SHOP}/jumper`,
        },
      ]);
    });

    it('are one with the form that comes after, and what was said later wins, whoever hears of it last', async () => {
      const own = await asking();
      const { started } = await begin(own, { fullName: 'An', mail: 'ann@example.com', message: 'Help' });
      await quiet();
      const conversationId = started?.conversationId;
      await own.widget.lead({ conversationId, kind: 'callback', fields: { name: 'Ann', email: 'ann@example.com' } });
      const before = await rows(own);
      expect(before).toMatchObject([{ kind: 'callback', name: 'Ann', message: 'Help', revision: 2 }]);
      const { outbox } = relay.services;
      const { id } = await conversationOf(own);
      await outbox.emit(relay.db, { siteId: own.id, type: 'prechat.answered', subjectId: id });
      outbox.wake();
      await quiet();
      expect(await rows(own)).toEqual(before);
    });

    it('are none without a way to reach anybody, and none of a chat that is not stored', async () => {
      const own = await asking();
      await begin(own, { fullName: 'Ann', message: 'ann@example.com' });
      await begin(own, {});
      await own.widget.turn(question('Is it wool?', { thread: [] }));
      await own.widget.begin('Is it wool?', ['storage', 'analytics']);
      await quiet();
      expect(await rows(own)).toEqual([]);
    });

    it('are none where the conversation was erased or restricted meanwhile', async () => {
      const own = await asking();
      await begin(own, { mail: 'ann@example.com' });
      await quiet();
      const { id } = await conversationOf(own);
      const { outbox } = relay.services;
      await relay.db.lead.deleteMany({ where: { siteId: own.id } });
      await relay.db.conversation.updateMany({ where: { siteId: own.id }, data: { restrictedAt: new Date() } });
      for (const subjectId of [id, randomUUID()]) {
        await outbox.emit(relay.db, { siteId: own.id, type: 'prechat.answered', subjectId });
      }
      outbox.wake();
      await quiet();
      expect(await rows(own)).toEqual([]);
    });

    it('have one line each, but for the free text', async () => {
      const own = await asking();
      for (const name of ['fullName', 'mail', 'tel']) {
        const refused = await begin(own, { mail: 'a@example.com', [name]: 'a@example.com\r\nBcc: x' });
        expect(refused).toMatchObject({ status: 400, problem: { errors: [{ path: `prechat.${name}` }] } });
      }
      expect((await begin(own, { orderNumber: '1\n2' })).status).toBe(200);
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
      const wished = inDays(1);
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
        callbackAt: wished,
        timezone: 'Europe/Dublin',
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
        callbackAt: wished,
        timezone: 'Europe/Dublin',
        marketing: false,
        deliveries: [],
      });
      expect(item?.conversationId).not.toBe(handle);

      await relay.db.lead.updateMany({ where: { id: body.leadId }, data: { restrictedAt: new Date() } });
      const listed = await own.plugin.leads();
      expect(listed.body.items).toMatchObject([
        { id: body.leadId, restricted: true, email: null, callbackAt: null, timezone: null },
      ]);
      expect(JSON.stringify(listed.body)).not.toMatch(/zanzi|353850/i);
      // A new act of the visitor is no use of what is restricted.
      const again = await own.widget.lead({ kind: 'callback', fields, callbackAt: wished });
      expect(again.body.leadId).not.toBe(body.leadId);
    });

    it('are refused for a query that makes no sense', async () => {
      const long = `?cursor=${'x'.repeat(10_000)}`;
      const ofNoYear = `?cursor=${Buffer.from(`-000001-01-01T00:00:00.000Z ${randomUUID()}`).toString('base64url')}`;
      for (const query of [
        '?cursor=x',
        '?cursor=',
        '?limit=0',
        '?limit=201',
        '?limit=x',
        '?colour=1',
        long,
        ofNoYear,
      ]) {
        const refused = await site.plugin.leads(query);
        expect(refused, query).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      }
    });
  });
});

describe.each(databases)('leads that are left at once on %s', database => {
  let relays: TestRelay[];
  beforeAll(async () => {
    // Two processes share what only PostgreSQL can share.
    const env = await databaseEnvironment(database);
    const start = () => startTestRelay({ database, env });
    relays = [await start(), ...(database === 'postgres' ? [await start()] : [])];
  });
  afterAll(async () => {
    for (const relay of relays) await relay.stop();
  });
  const [first, last] = [() => relays[0] as TestRelay, () => relays.at(-1) as TestRelay];
  /** The same site, as each process knows it. */
  const everywhere = async () => {
    const site = await first().site();
    await site.plugin.change(settings => ({ ...settings, country: 'IE' }));
    const base = site.widget.base.replace(first().url, last().url);
    const leave = (at: number, fields: object) =>
      fetch(`${at % 2 ? base : site.widget.base}/leads`, {
        method: 'POST',
        body: JSON.stringify({ kind: 'lead', fields }),
      });
    return { site, leave };
  };
  const all = async (replies: Promise<Response>[]) => {
    const answered = await Promise.all(replies);
    expect(answered.map(({ status }) => status)).toEqual(replies.map(() => 201));
    return new Set(await Promise.all(answered.map(async reply => ((await reply.json()) as { leadId: string }).leadId)))
      .size;
  };

  it('are one, however the address or the number is spelled', async () => {
    const { site, leave } = await everywhere();
    const emails = ['Twice@example.com', 'twice@EXAMPLE.com'];
    expect(await all(Array.from({ length: 8 }, (_, at) => leave(at, { email: emails[at % 2] })))).toBe(1);
    const phones = ['085 012 3456', '+353 85 0123456'];
    expect(await all(Array.from({ length: 8 }, (_, at) => leave(at, { phone: phones[at % 2] })))).toBe(1);
    expect(await first().rows('Lead', site)).toHaveLength(2);
  });

  it('are one that says all of it, and nobody waits for another in a circle', async () => {
    const { site, leave } = await everywhere();
    const person = { email: 'all@example.com', phone: '+353850123456' };
    const crossed = Array.from({ length: 6 }, (_, at) =>
      leave(at, { email: `x${at}@example.com`, phone: '+353850123457' }),
    );
    const said = Array.from({ length: 24 }, (_, at) =>
      leave(at, { ...person, [`field ${at}`]: 'x', message: `m${at}` }),
    );
    await all(crossed);
    expect(await all(said)).toBe(1);
    const lead = (await first().rows('Lead', site)).find(({ phoneKey }) => phoneKey === person.phone);
    expect(Object.keys(lead.fields)).toHaveLength(24);
    expect(lead.message.split('\n\n').sort()).toEqual(Array.from({ length: 24 }, (_, at) => `m${at}`).sort());
    expect(lead.revision).toBe(24);
  });
});

describe('the rate of leads', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ env: { CONFAB_RATE_LIMIT: 'on' } });
  });
  afterAll(() => relay.stop());

  it('lets one address leave thirty in ten minutes at one site', async () => {
    const { widget } = await relay.site();
    const leave = (at: number) => widget.lead({ fields: { email: `ann${at}@example.com` } });
    for (let at = 1; at <= 30; at += 1) expect((await leave(at)).status).toBe(201);
    expect(await leave(31)).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect((await (await relay.site()).widget.lead({ fields: { email: 'ann@example.com' } })).status).toBe(201);
  });
});
