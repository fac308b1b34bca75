import { randomUUID } from 'node:crypto';
import type { AccountDeletion } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mailsTo, PASSWORD, signUp, type User } from '../../../../e2e/console.ts';
import { databases, ownerClient, pages, startTestRelay, type TestRelay, wordsIn } from '../../../../e2e/relay.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(databases)('the end of an account on %s', database => {
  let relay: TestRelay;
  // The embedded one is for what stands in files.
  const onPostgres = (name: string, test: () => Promise<void>) => {
    if (database === 'postgres') it(name, test);
  };
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());

  /** An owner with a connected site that has a chat and a lead. */
  async function customer(word = 'quaxolotl') {
    const user = await signUp(relay, { name: `${word} owner` });
    const { accounts, user: me } = await user.me();
    const accountId = accounts[0]?.accountId as string;
    const home = `https://${randomUUID()}.example`;
    const site = await ownerClient(relay, user).connect(home);
    await site.plugin.sync({ upsert: pages });
    await site.widget.begin(`Is the ${word} wool warm?`);
    await site.widget.lead({ fields: { email: `${word}@people.example` } });
    return { user, userId: me.id, accountId, home, site, address: `/v1/accounts/${accountId}/deletion` };
  }
  const plan = (user: User, address: string) => user.request<AccountDeletion>('POST', address, { password: PASSWORD });
  /** As if the grace were over. */
  const due = (accountId: string) =>
    relay.db.account.update({ where: { id: accountId }, data: { deleteAt: new Date(Date.now() - 1_000) } });
  const run = (accountId: string) => relay.services.deletion.carryOut(accountId, new AbortController().signal);
  const rowsWith = async (text: string) =>
    Object.entries(await relay.dump('public')).flatMap(([table, rows]) =>
      rows.some(row => row.includes(text)) ? table.replace(/public\.|"/g, '') : [],
    );
  const subjectsTo = async (email: string) => (await mailsTo(relay, email)).map(({ subject }) => subject);

  onPostgres(
    'is planned for 14 days from now, by password; until then everything works, and every owner knows',
    async () => {
      const { user, accountId, site, address } = await customer();
      const second = await signUp(relay);
      const grant = { role: 'owner', allSites: true, siteIds: [], createdAt: new Date() };
      await relay.db.member.create({ data: { accountId, userId: (await second.me()).user.id, ...grant } });

      const wrong = await user.request('POST', address, { password: 'not it at all' });
      expect(wrong).toMatchObject({ status: 403, body: { code: 'confirmation_required' } });
      expect((await user.request('GET', address)).body).toEqual({ deleteAt: null, heldSites: [] });

      const planned = await plan(user, address);
      expect(planned.status).toBe(202);
      const left = Date.parse(planned.body.deleteAt as string) - Date.now();
      expect(left / DAY_MS).toBeCloseTo(14, 2);
      expect((await plan(user, address)).body).toEqual(planned.body);
      expect((await user.me()).accounts[0]?.deleteAt).toBe(planned.body.deleteAt);
      expect((await site.widget.config()).status).toBe(200);
      expect((await user.request('POST', `/v1/accounts/${accountId}/exports`)).status).toBe(202);
      for (const { email } of [user, second]) {
        const told = async () => (await mailsTo(relay, email)).filter(({ text }) => text.includes('quaxolotl owner'));
        await vi.waitFor(async () => expect(await told()).toHaveLength(1), { timeout: 10_000 });
      }
      await relay.services.deletion.sweep(async id => expect(id).not.toBe(accountId));
      await run(accountId);
      expect((await site.widget.config()).status).toBe(200);
    },
  );

  onPostgres('is an owner’s to plan and to stop, and no page’s of another site', async () => {
    const { user, accountId, address } = await customer();
    const other = await signUp(relay);
    const key = { accountId, userId: (await other.me()).user.id };
    expect((await plan(other, address)).status).toBe(404);
    for (const role of ['reader', 'agent', 'manager']) {
      const grant = { role, allSites: true, siteIds: [], createdAt: new Date() };
      await relay.db.member.upsert({
        where: { accountId_userId: key },
        create: { ...key, ...grant },
        update: { role },
      });
      expect((await plan(other, address)).status).toBe(403);
      expect((await other.request('DELETE', address)).status).toBe(403);
      // It names sites, of which others than owners may not see each.
      expect((await other.request('GET', address)).status).toBe(403);
    }
    const body = { password: PASSWORD };
    const forged = await user.request('POST', address, body, { Origin: 'https://evil.example' });
    expect(forged).toMatchObject({ status: 403, body: { code: 'cross_site' } });
    expect((await user.request<AccountDeletion>('GET', address)).body.deleteAt).toBeNull();
  });

  onPostgres('is stopped by an owner, who keeps everything', async () => {
    const { user, accountId, site, address } = await customer();
    await plan(user, address);
    expect((await user.request('DELETE', address)).status).toBe(204);
    expect((await user.request('GET', address)).body).toEqual({ deleteAt: null, heldSites: [] });
    await vi.waitFor(async () => expect((await subjectsTo(user.email)).length).toBeGreaterThan(2), { timeout: 10_000 });
    await run(accountId);
    expect((await site.plugin.site()).status).toBe(200);
    const actions = (await relay.rows('AuditEntry')).filter(row => row.accountId === accountId).map(row => row.action);
    expect(actions).toEqual(expect.arrayContaining(['planAccountDeletion', 'stopAccountDeletion']));
  });

  it('takes everything along: sites, team, log, and who belongs nowhere else', async () => {
    const { user, userId, accountId, site, address } = await customer('zanzibarine');
    const guest = await signUp(relay, { name: 'Guest' });
    const guestId = (await guest.me()).user.id;
    const grant = { role: 'reader', allSites: true, siteIds: [], createdAt: new Date() };
    await relay.db.member.create({ data: { accountId, userId: guestId, ...grant } });
    await user.request('POST', `/v1/accounts/${accountId}/invitations`, {
      email: 'zanzibarine.guest@people.example',
      role: 'agent',
      siteIds: null,
    });
    await plan(user, address);
    await due(accountId);

    // From here on nobody sees it, also before it is deleted.
    expect((await user.request('GET', `/v1/accounts/${accountId}`)).status).toBe(404);
    const found: string[] = [];
    await relay.services.deletion.sweep(async id => void found.push(id));
    expect(found).toEqual([accountId]);
    await run(accountId);

    // The last mail says that it is done; what it said is gone with it.
    const unsent = async () => (await relay.rows('AccountMail')).filter(({ ciphertext }) => ciphertext !== null);
    await vi.waitFor(async () => expect(await unsent()).toEqual([]), { timeout: 10_000 });
    const left = Object.values(await relay.dump('public')).flat();
    for (const text of [accountId, userId, site.siteId, 'zanzibarine', user.email]) {
      expect([text, left.filter(row => row.includes(text))]).toEqual([text, []]);
    }
    expect((await user.request('GET', '/v1/me')).status).toBe(401);
    expect((await guest.me()).accounts.map(each => each.accountId)).not.toContain(accountId);
    expect((await site.widget.config()).status).toBe(404);
    if (database === 'embedded') {
      expect(await wordsIn(`${relay.dataDir}/postgres`, ['zanzibarine', user.email])).toEqual([]);
    }
  });

  onPostgres('waits for a legal hold, is seen to wait, and ends when it is released', async () => {
    const { user, accountId, site, address } = await customer();
    const other = await ownerClient(relay, user).connect(`https://${randomUUID()}.example`);
    const { body: hold } = await site.plugin.hold({ reason: 'A dispute', author: 'Ann' });
    const name = (await site.plugin.settings()).body.name;
    await plan(user, address);
    await due(accountId);
    await run(accountId);

    const state = (await user.request<AccountDeletion>('GET', address)).body;
    expect(state).toEqual({ deleteAt: expect.any(String), heldSites: [{ siteId: site.siteId, name }] });
    expect(Date.parse(state.deleteAt as string)).toBeGreaterThan(Date.now());
    // The one that is held keeps what it has, and is silent; the other one has gone.
    expect([(await site.widget.config()).status, (await other.widget.config()).status]).toEqual([404, 404]);
    expect([(await relay.rows('Lead', { id: site.siteId })).length, await rowsWith(other.siteId)]).toEqual([1, []]);

    const released = `/v1/sites/${site.siteId}/legal-holds/${hold.legalHoldId}`;
    expect((await user.request('DELETE', released, { author: 'Ann' })).status).toBe(204);
    await due(accountId);
    await run(accountId);
    expect(await rowsWith(accountId)).toEqual([]);
  });

  onPostgres('is ended by the next run where one was stopped in the middle', async () => {
    const { user, userId, accountId, site, address } = await customer();
    const second = await ownerClient(relay, user).connect(`https://${randomUUID()}.example`);
    await plan(user, address);
    await due(accountId);
    // Stops behind the first site, as a process that is killed there.
    let looks = 0;
    const stops = {
      throwIfAborted() {
        looks += 1;
        if (looks > 1) throw new Error('stopped');
      },
    } as AbortSignal;
    await expect(relay.services.deletion.carryOut(accountId, stops)).rejects.toThrow('stopped');
    const left = (await relay.rows('Site')).map(({ id }) => id).filter(id => [site.siteId, second.siteId].includes(id));
    expect(left).toHaveLength(1);
    await run(accountId);
    for (const id of [accountId, userId]) expect(await rowsWith(id)).toEqual([]);
  });

  onPostgres('comes to nothing where it was stopped after its job was made', async () => {
    const { user, accountId, site, address } = await customer();
    await plan(user, address);
    await due(accountId);
    await relay.services.deletion.stop(accountId);
    await run(accountId);
    expect((await site.plugin.site()).status).toBe(200);
    expect((await user.request('GET', address)).body).toEqual({ deleteAt: null, heldSites: [] });
  });
});
