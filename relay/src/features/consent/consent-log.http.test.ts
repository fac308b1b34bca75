import { createHash, createPublicKey, verify } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Checkpoint, PublicKeySet } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, databases, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import { textLines, verifyLog } from './verify-log.ts';

const DAY = 24 * 60 * 60 * 1_000;

const check = (text: string, keys?: string[]) => verifyLog(textLines(Readable.from([Buffer.from(text)])), { keys });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
const typesOf = (text: string) => linesOf(text).map(({ type }) => type);

describe.each(databases)('the consent log on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterEach(() => relay.clock.setAhead(0));
  afterAll(() => relay.stop());

  const decide = async (site: TestSite, times: number) => {
    for (let time = 0; time < times; time += 1) await site.widget.decide(time % 2 ? 'declined' : 'granted');
  };
  const publicKeys = async () => (await call<PublicKeySet>('GET', `${relay.url}/.well-known/jwks.json`)).body.keys;
  /** All pages of a log in a row. */
  const pagesOf = async (site: TestSite, limit: number) => {
    let text = '';
    for (let after: string | null = '0'; after !== null; ) {
      const query: string = `?after=${after}&limit=${limit}`;
      text += await site.plugin.consentLog(query);
      after = (await site.plugin.consents(query)).body.nextCursor;
    }
    return text;
  };

  describe('exported', () => {
    let site: TestSite;
    beforeAll(async () => {
      site = await relay.site();
      await decide(site, 3);
      await site.plugin.change(settings => ({
        ...settings,
        consent: { ...settings.consent, policyUrl: 'https://a.example/p' },
      }));
      await decide(site, 4);
    });

    it('is whole, with each notice before the first record that names it', async () => {
      const text = await site.plugin.consentLog();
      const [first, notice, ...rest] = typesOf(text);
      expect([first, notice, ...rest].join(' ')).toBe(
        'checkpoint notice record record record notice record record record record checkpoint',
      );
      const keys = (await publicKeys()).map(({ kid }) => kid);
      expect(await check(text, keys)).toMatchObject({ ok: true, records: 7, siteKey: site.key, last: { sequence: 7 } });
    });

    it('is signed by the key that the relay publishes', async () => {
      const checkpoint: Checkpoint = linesOf(await site.plugin.consentLog()).at(-1);
      const { signature, ...content } = checkpoint;
      const [key] = await publicKeys();
      expect(checkpoint.keyId).toBe(key?.kid);
      // RFC 8785 by its own rules: members sorted, no white space.
      const text = JSON.stringify(content, (_, value) =>
        typeof value === 'object' && value ? Object.fromEntries(Object.entries(value).sort()) : value,
      );
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key?.x ?? '' }, format: 'jwk' });
      expect(verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
      const x = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: key?.x });
      expect(key?.kid).toBe(createHash('sha256').update(x).digest('base64url'));
    });

    it.each([1, 2, 3, 6, 7, 8])('in pages of %i is whole when they are put in a row', async limit => {
      expect(await check(await pagesOf(site, limit))).toMatchObject({ ok: true, records: 7, first: { sequence: 0 } });
    });

    it('begins where it is asked to, and is empty behind its end', async () => {
      const tail = await site.plugin.consentLog('?after=5');
      expect(await check(tail)).toMatchObject({ ok: true, records: 2, first: { sequence: 5 }, last: { sequence: 7 } });
      for (const after of [7, 8, 2_147_483_647]) {
        const empty = await site.plugin.consentLog(`?after=${after}`);
        expect(typesOf(empty)).toEqual(['checkpoint', 'checkpoint']);
        expect(await check(empty)).toMatchObject({ ok: true, first: { sequence: 7 }, last: { sequence: 7 } });
      }
    });

    it('of a site without any record is two checkpoints at the beginning', async () => {
      const empty = await (await relay.site()).plugin.consentLog();
      expect(await check(empty)).toMatchObject({ ok: true, records: 0, last: { sequence: 0, hash: '0'.repeat(64) } });
    });

    it('is JSON for who prefers it', async () => {
      const { body } = await site.plugin.consents('?after=1&limit=3');
      expect(body.items.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
      expect(new Set(body.items.map(({ noticeHash }) => noticeHash))).toEqual(
        new Set(body.notices.map(({ hash }) => hash)),
      );
      expect(body.nextCursor).toBe('4');
      expect((await site.plugin.consents(`?after=${body.nextCursor}`)).body.nextCursor).toBeNull();
      const types = async (Accept: string) => {
        const headers = { Authorization: `Bearer ${site.secret}`, Accept };
        return (await fetch(`${site.plugin.base}/consents`, { headers })).headers.get('Content-Type');
      };
      expect(await types('*/*')).toBe('application/jsonl');
      expect(await types('application/x-ndjson')).toBe('application/jsonl');
      expect(await types('application/json, */*;q=0.5')).toBe('application/json; charset=utf-8');
    });

    it.each([
      ...['?after=-1', '?after=x', '?after=', '?after=1.5', '?after=2147483648', '?after=1e3', '?after=1&after=2'],
      ...['?limit=0', '?limit=1001', '?limit=-1', '?limit=', '?limit=ten', '?limit=%00', '?colour=red'],
    ])('refuses %s', async query => {
      expect(await site.plugin.consents(query)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    });

    it('is closed to visitors and to other sites', async () => {
      expect(await call('GET', `${site.plugin.base}/consents`)).toMatchObject({ status: 401 });
      expect(await (await relay.site()).plugin.consentLog()).not.toContain(site.key);
    });

    it('stays whole when a conversation is erased, and is bad when a record is taken from the database', async () => {
      const own = await relay.site();
      const handle = await own.widget.begin('Is it wool?');
      await decide(own, 3);
      await own.widget.erase(handle);
      expect(await check(await own.plugin.consentLog())).toMatchObject({ ok: true, records: 4 });
      for (const [sequence, pages] of [
        [4, 100],
        [2, 100],
        [2, 1],
        [1, 3],
      ] as const) {
        const damaged = await relay.site();
        await decide(damaged, 4);
        await relay.db.consentRecord.deleteMany({ where: { siteId: damaged.id, sequence } });
        for (const text of [await damaged.plugin.consentLog(), await pagesOf(damaged, pages)]) {
          expect(await check(text)).toMatchObject({ ok: false, problem: { sequence } });
        }
      }
    });
  });

  describe('pruned', () => {
    const owner = () => {
      const found = relay.services.owners.find(({ name }) => name === 'consents');
      if (!found) throw new Error('nobody owns the consents');
      return found;
    };
    const cutoff = (days: number) => new Date(Date.now() + days * DAY);
    const prune = (site: TestSite, before: Date, limit = 1_000) =>
      relay.db.$transaction(async tx => (await owner().purgeBefore(tx, site.id, before, limit)).consents ?? -1);
    const count = async (site: TestSite, before: Date) =>
      (await owner().countBefore(relay.db, site.id, before)).consents;

    /** Decisions on these days, in this order. */
    async function siteWith(...days: number[]): Promise<TestSite> {
      const site = await relay.site();
      for (const day of days) {
        relay.clock.setAhead(day * DAY);
        await site.widget.decide('declined');
      }
      relay.clock.setAhead(0);
      return site;
    }
    const sequences = async (site: TestSite) =>
      (await site.plugin.consents()).body.items.map(({ sequence }) => sequence);

    it('loses its oldest records, counted before, in batches, and what remains is whole', async () => {
      const site = await siteWith(0, 0, 0, 0, 0, 10, 10, 10);
      expect(await count(site, cutoff(5))).toBe(5);
      expect([await prune(site, cutoff(5), 2), await prune(site, cutoff(5), 2)]).toEqual([2, 2]);
      expect(await check(await site.plugin.consentLog())).toMatchObject({ ok: true, first: { sequence: 4 } });
      expect([await prune(site, cutoff(5), 2), await prune(site, cutoff(5), 2)]).toEqual([1, 0]);
      expect(await count(site, cutoff(5))).toBe(0);
      expect(await sequences(site)).toEqual([6, 7, 8]);
      expect(await check(await pagesOf(site, 2))).toMatchObject({ ok: true, records: 3, first: { sequence: 5 } });

      await decide(site, 2);
      expect(await check(await pagesOf(site, 2))).toMatchObject({ ok: true, records: 5, last: { sequence: 10 } });
      expect(await check(await site.plugin.consentLog('?after=7'))).toMatchObject({ ok: true, first: { sequence: 7 } });
    });

    it('shows the checkpoint that was signed when it was pruned', async () => {
      const site = await siteWith(0, 0, 10);
      relay.clock.setAhead(20 * DAY);
      await prune(site, cutoff(5));
      relay.clock.setAhead(30 * DAY);
      const [first] = linesOf(await site.plugin.consentLog());
      expect(Math.round((Date.parse(first.at) - Date.now()) / DAY)).toBe(20);
      // A checkpoint that somebody wrote into the database shows as well.
      const checkpoint = { ...first, sequence: 3 };
      await relay.db.consentChain.update({ where: { siteId: site.id }, data: { checkpoint } });
      expect(await check(await site.plugin.consentLog())).toMatchObject({ ok: false, problem: { line: 1 } });
    });

    it('loses nothing from its middle, whatever the clock did', async () => {
      const site = await siteWith(0, 10, 0, 0, 10, 0);
      expect(await count(site, cutoff(5))).toBe(1);
      expect([await prune(site, cutoff(5)), await prune(site, cutoff(5))]).toEqual([1, 0]);
      expect(await sequences(site)).toEqual([2, 3, 4, 5, 6]);
      expect(await check(await site.plugin.consentLog())).toMatchObject({ ok: true });
      const young = await siteWith(10, 0, 0);
      expect([await count(young, cutoff(5)), await prune(young, cutoff(5))]).toEqual([0, 0]);
    });

    it('of all its records goes on where it was', async () => {
      const site = await siteWith(0, 0, 0);
      expect(await prune(site, cutoff(5))).toBe(3);
      expect(await relay.rows('Notice', site)).toEqual([]);
      expect(await check(await site.plugin.consentLog())).toMatchObject({
        ok: true,
        first: { sequence: 3 },
        records: 0,
      });
      const { receipt } = (await site.widget.decide('declined')).body;
      expect(receipt.sequence).toBe(4);
      expect(await check(await site.plugin.consentLog())).toMatchObject({ ok: true, records: 1 });
    });

    it('loses the notices that no record names any more, and keeps the others', async () => {
      const site = await siteWith(0);
      await site.plugin.change(settings => ({
        ...settings,
        consent: { ...settings.consent, policyUrl: 'https://a.example/p' },
      }));
      await site.widget.decide('declined');
      relay.clock.setAhead(10 * DAY);
      const { receipt } = (await site.widget.decide('declined')).body;
      await prune(site, cutoff(5));
      expect((await relay.rows('Notice', site)).map(({ hash }) => hash)).toEqual([receipt.noticeHash]);
    });

    it('loses the tokens that nobody can use any more, and no other', async () => {
      const site = await relay.site();
      const old = await site.widget.token();
      const tokens = async () => (await relay.rows('ConsentToken', site)).length;
      relay.clock.setAhead(DAY / 2);
      await prune(site, cutoff(-1));
      expect(await tokens()).toBe(1);
      relay.clock.setAhead(2 * DAY);
      await prune(site, cutoff(-1));
      expect(await tokens()).toBe(0);
      const late = await site.widget.turn(question('Is it wool?', { consentToken: old }));
      expect(late.problem?.code).toBe('consent_required');
    });

    it('does nothing to another site, nor to one that is not there', async () => {
      const [site, other] = [await siteWith(0, 0), await siteWith(0)];
      await prune(site, cutoff(5));
      expect(await sequences(other)).toEqual([1]);
      expect(await prune({ ...site, id: '00000000-0000-4000-8000-000000000000' }, cutoff(5))).toBe(0);
    });

    it('while decisions come in and others read it stays whole, in every reading', async () => {
      const site = await siteWith(...Array(10).fill(0));
      const readings: string[] = [];
      const write = async () => {
        for (let time = 0; time < 15; time += 1) await site.widget.decide('declined');
      };
      const pruneAndRead = async () => {
        for (let time = 0; time < 8; time += 1) {
          await prune(site, cutoff(1), 3);
          readings.push(await site.plugin.consentLog());
        }
      };
      await Promise.all([write(), write(), pruneAndRead(), write(), write(), pruneAndRead()]);
      for (const reading of readings) expect(await check(reading)).toMatchObject({ ok: true });
      const begins = readings.map(reading => linesOf(reading)[0].sequence);
      expect(Math.max(...begins)).toBeGreaterThan(20);
      await prune(site, cutoff(1));
      expect(await check(await site.plugin.consentLog())).toMatchObject({
        ok: true,
        last: { sequence: 70 },
        records: 0,
      });
    });
  });
});
