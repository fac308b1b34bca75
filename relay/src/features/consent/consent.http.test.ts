import { createHash, createHmac, randomUUID } from 'node:crypto';
import { type ConsentRequest, consentResponse, type Purpose, type Receipt, widgetConfig } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

/** RFC 8785 by its own rules and not by our code: members sorted, no white space. */
function rfc8785(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    member && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function hashOf({ hash: _, ...rest }: Receipt): string {
  return createHash('sha256').update(rfc8785(rest)).digest('hex');
}

/** As a browser's cache asks; Node's `fetch` would say "no-cache" with it, which wants the whole answer. */
const revalidating = (entityTag: string) => ({ 'If-None-Match': entityTag, 'Cache-Control': 'max-age=0' });

describe.each(databases)('consent on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const consentRows = async () => (await relay.rows('ConsentRecord')).length;

  describe('the config', () => {
    it('tells everything that the panel shows, as the contract says', async () => {
      const { status, headers, body } = await site.widget.config();
      expect(status).toBe(200);
      expect(widgetConfig.strict().parse(body)).toEqual(body);
      expect(body).toMatchObject({ locale: 'en', consent: { required: true, acceptLabel: 'Accept' } });
      expect(headers.get('Cache-Control')).toBe('public, max-age=60');
    });

    it('is not sent again to who has it', async () => {
      const first = await site.widget.config();
      const entityTag = first.headers.get('ETag') ?? '';
      expect(entityTag).toMatch(/^"[^"]+"$/);
      const again = await site.widget.config('', revalidating(entityTag));
      expect(again).toMatchObject({ status: 304, body: '' });
      expect(again.headers.get('ETag')).toBe(entityTag);
    });

    it('speaks the visitor’s language where the owner wrote it', async () => {
      const own = await relay.site();
      const german = { title: 'Dürfen wir?', body: 'Wir speichern.', acceptLabel: 'Ja', declineLabel: 'Nein' };
      const english = { title: 'May we?', body: 'We store.', acceptLabel: 'Yes', declineLabel: 'No' };
      await own.plugin.change(settings => ({
        ...settings,
        texts: { de: { send: 'Senden' } },
        consent: { policyUrl: null, notices: { de: german, en: english } },
      }));
      const config = async (query: string) => (await own.widget.config(query)).body;
      expect(await config('?locale=de-AT')).toMatchObject({ locale: 'de', consent: german, texts: { send: 'Senden' } });
      expect(await config('?locale=fr')).toMatchObject({ locale: 'en', consent: english, texts: { send: 'Send' } });
      expect(await config('')).toMatchObject({ locale: 'en', consent: english });
    });

    it('has a new notice version and a new tag when the owner changes a comma of the notice', async () => {
      const own = await relay.site();
      const before = await own.widget.config();
      const notice = { title: 'May we?', body: 'We store.', acceptLabel: 'Yes', declineLabel: 'No' };
      const versions = [before.body.consent.noticeVersion];
      for (const body of ['We store.', 'We, store.']) {
        await own.plugin.change(settings => ({
          ...settings,
          consent: { policyUrl: null, notices: { en: { ...notice, body } } },
        }));
        versions.push((await own.widget.config()).body.consent.noticeVersion);
      }
      expect(new Set(versions).size).toBe(3);
      const entityTag = before.headers.get('ETag') ?? '';
      expect((await own.widget.config('', revalidating(entityTag))).status).toBe(200);
    });

    it.each(['?locale=', '?locale=en_US', '?locale=en&locale=de', '?colour=red'])('refuses %s', async query => {
      expect(await site.widget.config(query)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    });
  });

  describe('a decision', () => {
    it.each(['granted', 'declined', 'withdrawn'] as const)('%s is answered with its receipt', async decision => {
      const before = Date.now();
      const { status, body } = await site.widget.decide(decision, { source: 'settings', locale: 'de-AT' });
      expect(status).toBe(201);
      expect(consentResponse.strict().parse(body)).toEqual(body);
      const { receipt, consentToken } = body;
      expect(receipt).toMatchObject({
        siteKey: site.key,
        decision,
        purposes: ['storage'],
        source: 'settings',
        locale: 'de-AT',
      });
      expect(Date.parse(receipt.recordedAt)).toBeGreaterThanOrEqual(before);
      expect(receipt.hash).toBe(hashOf(receipt));
      expect(consentToken === undefined).toBe(decision !== 'granted');
    });

    it('to be counted but not stored gives no token', async () => {
      const { body } = await site.widget.decide('granted', { purposes: ['analytics'] });
      expect(body.receipt.purposes).toEqual(['analytics']);
      expect(body.consentToken).toBeUndefined();
      expect(body.receipt.hash).toBe(hashOf(body.receipt));
    });

    it('is kept with the words that were shown', async () => {
      const { receipt } = (await site.widget.decide('granted')).body;
      const { title, body } = (await site.widget.config()).body.consent;
      const notice = (await relay.rows('Notice', site)).find(({ hash }) => hash === receipt.noticeHash);
      expect(notice).toMatchObject({ version: receipt.noticeVersion, wording: { title, body } });
    });

    it('on a notice that is no longer shown still counts, once somebody has decided on it', async () => {
      const own = await relay.site();
      const { receipt } = (await own.widget.decide('granted')).body;
      await own.plugin.change(settings => ({
        ...settings,
        consent: { ...settings.consent, policyUrl: 'https://a.example/p' },
      }));
      const { noticeVersion, noticeHash } = receipt;
      const late = await own.widget.decide('declined', { noticeVersion });
      expect(late).toMatchObject({ status: 201, body: { receipt: { noticeVersion, noticeHash, sequence: 2 } } });
    });

    it('on a notice that nobody was shown is refused, and nothing is kept', async () => {
      const before = await consentRows();
      const answer = await site.widget.decide('granted', { noticeVersion: 'made-up' });
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'validation_failed', errors: [{ path: 'noticeVersion' }] },
      });
      expect(await consentRows()).toBe(before);
    });

    it('to withdraw erases the conversation', async () => {
      const handle = await site.widget.begin('Is the jumper warm?');
      expect((await site.widget.conversation(handle)).status).toBe(200);
      const answer = await site.widget.decide('withdrawn', { conversationId: handle });
      expect(answer).toMatchObject({ status: 201, body: { receipt: { decision: 'withdrawn' } } });
      expect((await site.widget.conversation(handle)).status).toBe(404);
    });

    it('to withdraw does not reach another site’s conversation', async () => {
      const other = await relay.site();
      const handle = await other.widget.begin('Is the jumper warm?');
      expect((await site.widget.decide('withdrawn', { conversationId: handle })).status).toBe(201);
      expect((await other.widget.conversation(handle)).status).toBe(200);
    });

    it('with a handle but no withdrawal erases nothing', async () => {
      const handle = await site.widget.begin('Is the jumper warm?');
      await site.widget.decide('declined', { conversationId: handle });
      expect((await site.widget.conversation(handle)).status).toBe(200);
    });
  });

  describe('the subject of a record', () => {
    const conversationOf = async (handle: string) => {
      const handleHash = createHash('sha256').update(handle).digest('hex');
      return (await relay.rows('Conversation', site)).find(row => row.handleHash === handleHash);
    };
    const decided = async (...how: Parameters<typeof site.widget.decide>) =>
      (await site.widget.decide(...how)).body.receipt;

    it('is the same for all decisions of one visitor, and another for another', async () => {
      const begin = async () => {
        const { receipt, consentToken } = (await site.widget.decide('granted')).body;
        const { started } = await site.widget.turn(question('Is it wool?', { consentToken }));
        return { receipt, handle: started?.conversationId ?? '' };
      };
      const [one, other] = [await begin(), await begin()];
      const { subject } = one.receipt;
      expect(subject).toMatch(/^[0-9a-f]{64}$/);
      expect(other.receipt.subject).not.toBe(subject);
      const conversationId = one.handle;
      const later = [
        await decided('granted', { purposes: ['analytics'], conversationId, source: 'settings' }),
        await decided('declined', { purposes: ['analytics'], conversationId, source: 'settings' }),
        await decided('withdrawn', { conversationId, source: 'settings' }),
      ];
      for (const receipt of later) {
        expect(receipt.subject).toBe(subject);
        expect(receipt.hash).toBe(hashOf(receipt));
      }
    });

    it('can be opened by who has the conversation’s key, and is unlinkable when that is erased', async () => {
      const handle = await site.widget.begin('Is it wool?');
      const { subjectKey, handleHash, consentSequence } = await conversationOf(handle);
      const key = subjectKey.replace('\\x', '');
      const record = (await relay.rows('ConsentRecord', site)).find(({ sequence }) => sequence === consentSequence);
      const opened = createHmac('sha256', Buffer.from(key, 'hex')).update(`confab subject ${handleHash}`).digest('hex');
      expect(record.subject).toBe(opened);
      expect(await relay.tablesWith(key)).toEqual(['public."Conversation"']);
      await site.widget.erase(handle);
      expect(await relay.tablesWith(key)).toEqual([]);
      expect(await relay.tablesWith(handleHash)).toEqual([]);
      expect(await relay.tablesWith(opened)).toEqual(['public."ConsentRecord"']);
    });

    it.each([
      ['who declines', () => decided('declined')],
      ['who may be counted only', () => decided('granted', { purposes: ['analytics'] })],
      ['whose conversation is not there', () => decided('withdrawn', { conversationId: randomUUID() })],
      [
        'who names a conversation of another site',
        async () => decided('declined', { conversationId: await (await relay.site()).widget.begin('Is it wool?') }),
      ],
    ])('is not there for a visitor %s', async (_, decide) => {
      const receipt = await decide();
      expect(receipt).not.toHaveProperty('subject');
      expect(receipt.hash).toBe(hashOf(receipt));
    });

    it('is that of the conversation that is named, also where a token for a new one is given', async () => {
      const old = await site.widget.begin('Is it wool?');
      const { subject } = await decided('declined', { conversationId: old, purposes: ['analytics'] });
      const { receipt, consentToken } = (
        await site.widget.decide('granted', { conversationId: old, purposes: ['storage', 'analytics'] })
      ).body;
      expect(receipt.subject).toBe(subject);
      const { started } = await site.widget.turn(question('Is it warm?', { consentToken }));
      const { consent } = relay.services;
      for (const handle of [old, started?.conversationId ?? '']) {
        const conversation = await relay.services.conversations.find(await ownSite(), handle);
        const receipts = await consent.receiptsOf(relay.db, await ownSite(), conversation);
        expect(receipts.at(-1)?.receipt).toEqual(receipt);
        expect(await consent.allows(relay.db, await ownSite(), conversation, 'analytics')).toBe(true);
      }
    });
  });

  const ownSite = () => relay.services.sites.byKey(site.key);

  it('knows every decision of a visitor, in order, with the words, and nobody else’s', async () => {
    const conversationId = await site.widget.begin('Is it wool?');
    await site.widget.begin('Is it warm?');
    await site.widget.decide('declined', { conversationId, purposes: ['analytics'], source: 'gpc' });
    const conversation = await relay.services.conversations.find(await ownSite(), conversationId);
    const own = await ownSite();
    const receipts = () => relay.services.consent.receiptsOf(relay.db, own, conversation);
    const { title } = (await site.widget.config()).body.consent;
    expect(await receipts()).toMatchObject([
      { receipt: { decision: 'granted', siteKey: site.key }, notice: { title } },
      { receipt: { decision: 'declined', source: 'gpc' }, notice: { title } },
    ]);
    for (const { receipt } of await receipts()) expect(receipt.hash).toBe(hashOf(receipt));

    // A conversation of an earlier version has no key: it knows the record that began it.
    const keyless = { ...conversation, subjectKey: null };
    expect(await relay.services.consent.receiptsOf(relay.db, own, keyless)).toEqual((await receipts()).slice(0, 1));
  });

  it('allows a purpose by the newest decision that names it', async () => {
    const conversationId = await site.widget.begin('Is it wool?');
    const conversation = await relay.services.conversations.find(await ownSite(), conversationId);
    const allows = async (purpose: Purpose) =>
      relay.services.consent.allows(relay.db, await ownSite(), conversation, purpose);
    const decide = (decision: 'granted' | 'declined', ...purposes: ConsentRequest['purposes']) =>
      site.widget.decide(decision, { purposes, conversationId, source: 'settings' });
    const seen = [await allows('analytics')];
    for (const step of [
      () => decide('granted', 'analytics'),
      () => decide('declined', 'storage'),
      () => decide('declined', 'analytics'),
      () => decide('granted', 'storage', 'analytics'),
      () => decide('declined', 'storage', 'analytics'),
    ]) {
      await step();
      seen.push(await allows('analytics'));
    }
    expect(seen).toEqual([false, true, true, false, true, false]);
    expect(await allows('storage')).toBe(false);
    await site.widget.decide('granted', { purposes: ['analytics'] });
    expect(await allows('analytics')).toBe(false);
  });

  it('keeps one unbroken chain under 200 decisions at once', async () => {
    const own = await relay.site();
    const decisions = ['granted', 'declined', 'withdrawn'] as const;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => own.widget.decide(decisions[at % 3] ?? 'granted')),
    );
    const receipts = answers.map(({ body }) => body.receipt).sort((a, b) => a.sequence - b.sequence);
    expect(receipts.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    expect(receipts.map(({ hash }) => hash)).toEqual(receipts.map(hashOf));
    const previous = ['0'.repeat(64), ...receipts.map(({ hash }) => hash)].slice(0, 200);
    expect(receipts.map(({ previousHash }) => previousHash)).toEqual(previous);

    const stored = (await relay.rows('ConsentRecord', own)).sort((a, b) => a.sequence - b.sequence);
    expect(stored.map(({ hash }) => hash)).toEqual(receipts.map(({ hash }) => hash));
  });

  it('keeps the chains of two sites apart', async () => {
    const sites = await Promise.all([relay.site(), relay.site()]);
    const receipts = await Promise.all(sites.map(async each => (await each.widget.decide('granted')).body.receipt));
    for (const receipt of receipts) expect(receipt).toMatchObject({ sequence: 1, previousHash: '0'.repeat(64) });
  });

  it('forgets the tokens that nobody used in a day', async () => {
    const own = await relay.site();
    const consentToken = await own.widget.token();
    const tokens = async () => (await relay.rows('ConsentToken', own)).length;
    expect(await tokens()).toBe(1);
    relay.clock.setAhead(25 * 60 * 60 * 1_000);
    try {
      const late = await own.widget.turn(question('Is the jumper warm?', { consentToken }));
      expect(late).toMatchObject({ status: 403, problem: { code: 'consent_required' } });
      await own.widget.decide('declined');
      expect(await tokens()).toBe(0);
    } finally {
      relay.clock.setAhead(0);
    }
  });

  it('sets no cookie, whatever is asked', async () => {
    const handle = await site.widget.begin('Is the jumper warm?');
    const replies = [
      await site.widget.config(),
      await site.widget.decide('granted'),
      await site.widget.decide('granted', { noticeVersion: 'made-up' }),
      await site.widget.turn(question('Is it wool?', { conversationId: handle })),
      await site.widget.turn(question('Is it wool?', { thread: [] })),
      await site.widget.turn(question('Is it wool?', { conversationId: randomUUID() })),
      await site.widget.conversation(handle),
      await site.widget.export(handle),
      await site.widget.erase(handle),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 201, 400, 200, 200, 404, 200, 200, 204]);
    for (const { headers } of replies) expect(headers.getSetCookie()).toEqual([]);
  });
});
