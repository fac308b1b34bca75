import { createHash, randomUUID } from 'node:crypto';
import type {
  Account,
  AccountSitePage,
  AuditPage,
  Invitation,
  InvitationLook,
  InvitationPage,
  Me,
  Member,
  MemberPage,
  Role,
  SiteCreated,
  SiteSecretResponse,
} from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { mailsTo, openBrowser, PASSWORD, signUp, tokenFrom, type User } from '../../../../e2e/console.ts';
import {
  call,
  clientsOf,
  listeningIo,
  oneDatabase,
  SHOP,
  startTestRelay,
  type TestRelay,
} from '../../../../e2e/relay.ts';
import { runCommand } from '../../cli/commands.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(oneDatabase)('an account on %s', database => {
  let relay: TestRelay;
  let owner: User;
  /** Who may be taken into an account. */
  let guests: User[];
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    owner = await signUp(relay, { name: 'Olivia Owner' });
    guests = await Promise.all(['Gil', 'Gus', 'Gwen'].map(name => signUp(relay, { name: `${name} Guest` })));
  });
  afterEach(() => relay.clock.setAhead(0));
  afterAll(() => relay.stop());

  const userIdOf = async (user: User): Promise<string> => (await user.me()).user.id;

  /** The calls of an account, as whoever makes them. */
  function accountClient(accountId: string) {
    const path = `/v1/accounts/${accountId}`;
    return {
      accountId,
      path,
      invite: (by: User, email: string, role: Role = 'agent', siteIds: string[] | null = null) =>
        by.request<Invitation>('POST', `${path}/invitations`, { email, role, siteIds }),
      invitations: (by: User) => by.request<InvitationPage>('GET', `${path}/invitations`),
      members: (by: User, query = '') => by.request<MemberPage>('GET', `${path}/members${query}`),
      change: (by: User, userId: string, role: Role, siteIds: string[] | null = null) =>
        by.request('PUT', `${path}/members/${userId}`, { role, siteIds }),
      remove: (by: User, userId: string) => by.request('DELETE', `${path}/members/${userId}`),
      leave: (by: User) => by.request('POST', `${path}/leave`),
      transfer: (by: User, userId: string) => by.request('POST', `${path}/transfer`, { userId }),
      createSite: (by: User, site: object = { name: 'A shop', origin: SHOP }) =>
        by.request<SiteCreated>('POST', `${path}/sites`, site),
      adopt: (by: User, siteSecret: string) =>
        by.request<{ siteId: string }>('POST', `${path}/sites/adopt`, { siteSecret }),
      sites: (by: User) => by.request<AccountSitePage>('GET', `${path}/sites`),
      audit: (by: User, query = '') => by.request<AuditPage>('GET', `${path}/audit${query}`),
    };
  }

  const accept = (user: User, token: string) =>
    user.request<{ accountId: string }>('POST', '/v1/invitations/accept', { token });
  const look = (token: string) => call<InvitationLook>('POST', `${relay.url}/v1/invitations/look`, { body: { token } });

  /** A new account of the owner. */
  async function newAccount(by = owner) {
    const { status, body } = await by.request<Account>('POST', '/v1/accounts', { name: 'The Wool Shop' });
    if (status !== 201) throw new Error(`no account: ${JSON.stringify(body)}`);
    return accountClient(body.accountId);
  }

  /** One of the guests, who belongs to the account now. */
  async function memberOf({ accountId }: { accountId: string }, role: Role, siteIds: string[] | null = null) {
    const members = (await relay.db.member.findMany({ where: { accountId } })).map(({ userId }) => userId);
    for (const user of guests) {
      const userId = await userIdOf(user);
      if (members.includes(userId)) continue;
      const grant = { role, allSites: siteIds === null, siteIds: siteIds ?? [] };
      await relay.db.member.create({ data: { accountId, userId, ...grant, createdAt: new Date() } });
      return user;
    }
    throw new Error('all guests belong to it already');
  }

  /** Somebody who signs up by the link of an invitation; what they have then. */
  async function signUpInvited(email: string, invitation: string): Promise<Me> {
    const browser = openBrowser(relay.url);
    const given = { name: 'Ina Invited', email, password: PASSWORD, invitation };
    expect((await browser.request('POST', '/v1/auth/sign-up', given)).status).toBe(201);
    expect((await browser.request('POST', '/v1/invitations/accept', { token: invitation })).status).toBe(200);
    return (await browser.request<Me>('GET', '/v1/me')).body;
  }

  const rolesIn = async (accountId: string): Promise<string[]> =>
    (await relay.db.member.findMany({ where: { accountId } })).map(({ role }) => role).toSorted();

  describe('itself', () => {
    it('is there from the first sign-in on, named after the user, who owns it', async () => {
      const user = await signUp(relay, { name: 'Ava New' });
      expect((await user.me()).accounts).toEqual([
        { accountId: expect.any(String), name: 'Ava New', role: 'owner', deleteAt: null, sites: [] },
      ]);
    });

    it('is made once, however often that is asked for at once', async () => {
      const user = await signUp(relay);
      const userId = await userIdOf(user);
      await relay.db.member.deleteMany({ where: { userId } });
      await Promise.all(Array.from({ length: 5 }, () => relay.services.teams.welcome(userId)));
      expect((await user.me()).accounts).toHaveLength(1);
    });

    it('is renamed by its owner, and one more is made by anybody', async () => {
      const account = await newAccount();
      const renamed = await owner.request<Account>('PUT', account.path, { name: ' The Linen Shop ' });
      expect(renamed).toMatchObject({ status: 200, body: { accountId: account.accountId, name: 'The Linen Shop' } });
      expect(await owner.request('GET', account.path)).toMatchObject({ body: renamed.body });
      const made = await owner.request<Account>('POST', '/v1/accounts', { name: 'The Other Shop' });
      expect(made).toMatchObject({ status: 201, body: { name: 'The Other Shop', deleteAt: null } });
      expect((await owner.me()).accounts.slice(-2).map(({ name, role }) => [name, role])).toEqual([
        ['The Linen Shop', 'owner'],
        ['The Other Shop', 'owner'],
      ]);
    });

    it('is gone for everybody once its end has come, and nobody sees its sites', async () => {
      const account = await newAccount();
      const { siteId } = (await account.createSite(owner)).body;
      const deleteAt = (ms: number) =>
        relay.db.account.update({ where: { id: account.accountId }, data: { deleteAt: new Date(Date.now() + ms) } });
      await deleteAt(60_000);
      expect(await owner.request('GET', account.path)).toMatchObject({ body: { deleteAt: expect.any(String) } });
      await deleteAt(-1);
      expect(await owner.request('GET', account.path)).toMatchObject({
        status: 404,
        body: { code: 'account_not_found' },
      });
      expect(await owner.request('GET', `/v1/sites/${siteId}`)).toMatchObject({ status: 404 });
      const accounts = (await owner.me()).accounts.map(({ accountId }) => accountId);
      expect(accounts).not.toContain(account.accountId);
    });

    it.each(['nobody', randomUUID(), '%00'])('is not there under the id %s', async id => {
      expect(await owner.request('GET', `/v1/accounts/${id}`)).toMatchObject({
        status: 404,
        body: { code: 'account_not_found' },
      });
    });
  });

  describe('its invitations', () => {
    it('come by mail, and are accepted by the user of that address', async () => {
      const account = await newAccount();
      const [guest] = guests as [User];
      const invited = await account.invite(owner, ` ${guest.email.toUpperCase()} `, 'manager');
      expect(invited).toMatchObject({ status: 201, body: { email: guest.email, role: 'manager', siteIds: null } });
      expect(Date.parse(invited.body.expiresAt) - Date.parse(invited.body.createdAt)).toBe(7 * DAY_MS);
      expect((await account.invitations(owner)).body.items).toEqual([invited.body]);
      const token = await tokenFrom(relay, guest.email, 'invitation');
      expect(await look(token)).toMatchObject({
        status: 200,
        body: { accountName: 'The Wool Shop', email: guest.email, role: 'manager', hasUser: true },
      });
      expect(await accept(guest, token)).toMatchObject({ status: 200, body: { accountId: account.accountId } });
      expect((await account.invitations(owner)).body.items).toEqual([]);
      expect((await account.members(owner)).body.items.map(({ name, role }) => [name, role])).toEqual([
        ['Gil Guest', 'manager'],
        ['Olivia Owner', 'owner'],
      ]);
      expect((await guest.me()).accounts).toMatchObject([
        { name: 'Gil Guest', role: 'owner' },
        { name: 'The Wool Shop', role: 'manager' },
      ]);
    });

    it('make a user of somebody new, who has then no account but this one', async () => {
      const account = await newAccount();
      const email = `${randomUUID()}@people.example`;
      await account.invite(owner, email, 'reader');
      const invitation = await tokenFrom(relay, email, 'invitation');
      expect((await look(invitation)).body).toMatchObject({ email, hasUser: false });
      const { accounts } = await signUpInvited(email, invitation);
      expect(accounts).toMatchObject([{ accountId: account.accountId, role: 'reader' }]);
      expect((await look(invitation)).status).toBe(400);
    });

    it('are nobody else’s, and wait for whom they are for', async () => {
      const account = await newAccount();
      const [guest, stranger] = [await signUp(relay), guests[0] as User];
      await account.invite(owner, guest.email);
      const token = await tokenFrom(relay, guest.email, 'invitation');
      expect(await accept(stranger, token)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await stranger.request('GET', account.path)).toMatchObject({ status: 404 });
      expect((await accept(guest, token)).status).toBe(200);
    });

    it('are not for an address that nobody has proven to be theirs', async () => {
      const account = await newAccount();
      const guest = await signUp(relay);
      await account.invite(owner, guest.email);
      const token = await tokenFrom(relay, guest.email, 'invitation');
      const userId = await userIdOf(guest);
      const verified = (emailVerified: boolean) =>
        relay.db.user.update({ where: { id: userId }, data: { emailVerified } });
      await verified(false);
      await expect(relay.services.teams.accept(token, userId)).rejects.toMatchObject({ code: 'forbidden' });
      await verified(true);
      expect((await accept(guest, token)).status).toBe(200);
    });

    it('are good once, also where they are accepted at once', async () => {
      const account = await newAccount();
      const guest = await signUp(relay);
      await account.invite(owner, guest.email);
      const token = await tokenFrom(relay, guest.email, 'invitation');
      const answers = await Promise.all([1, 2, 3].map(() => accept(guest, token)));
      expect(answers.map(({ status, body }) => [status, (body as { code?: string }).code]).toSorted()).toEqual([
        [200, undefined],
        [400, 'link_invalid'],
        [400, 'link_invalid'],
      ]);
    });

    it('are void once there is a newer one, or they are withdrawn', async () => {
      const account = await newAccount();
      const guest = await signUp(relay);
      await account.invite(owner, guest.email, 'reader');
      const first = await tokenFrom(relay, guest.email, 'invitation');
      const second = (await account.invite(owner, guest.email, 'agent')).body;
      expect(await look(first)).toMatchObject({ status: 400, body: { code: 'link_invalid' } });
      const ofGuest = (await account.invitations(owner)).body.items.filter(({ email }) => email === guest.email);
      expect(ofGuest).toEqual([second]);
      const withdraw = () => owner.request('DELETE', `${account.path}/invitations/${second.invitationId}`);
      expect((await withdraw()).status).toBe(204);
      expect(await withdraw()).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect((await relay.rows('Invitation')).filter(({ email }) => email === guest.email)).toEqual([]);
    });

    it('are good for a week, and then forgotten', async () => {
      const account = await newAccount();
      const email = `${randomUUID()}@people.example`;
      await account.invite(owner, email);
      const token = await tokenFrom(relay, email, 'invitation');
      relay.clock.setAhead(7 * DAY_MS - 10_000);
      expect((await look(token)).status).toBe(200);
      relay.clock.setAhead(7 * DAY_MS + 10_000);
      expect((await look(token)).body).toMatchObject({ code: 'link_invalid' });
      await relay.services.teams.forget();
      expect((await relay.rows('Invitation')).filter(row => row.email === email)).toEqual([]);
    });

    it('keep no token', async () => {
      const account = await newAccount();
      const email = `${randomUUID()}@people.example`;
      await account.invite(owner, email);
      const token = await tokenFrom(relay, email, 'invitation');
      expect(await relay.tablesWith(token)).toEqual([]);
      expect(await relay.tablesWith(createHash('sha256').update(token).digest('hex'))).toEqual(['public."Invitation"']);
    });

    it('are refused for who belongs to the account, for sites of others, and for an owner of some sites', async () => {
      const account = await newAccount();
      const { siteId } = (await (await newAccount()).createSite(owner)).body;
      const member = await memberOf(account, 'reader');
      const refused = await Promise.all([
        account.invite(owner, member.email),
        account.invite(owner, 'ann@people.example', 'agent', [siteId]),
        account.invite(owner, 'ann@people.example', 'owner', []),
        account.change(owner, await userIdOf(member), 'agent', [siteId]),
        account.invite(owner, 'no address'),
      ]);
      expect(refused.map(({ status, body }) => [status, body.errors?.[0]?.path])).toEqual([
        [400, 'email'],
        [400, 'siteIds'],
        [400, 'siteIds'],
        [400, 'siteIds'],
        [400, 'email'],
      ]);
      expect(await mailsTo(relay, 'ann@people.example')).toEqual([]);
    });
  });

  describe('its team', () => {
    it('is listed page by page, newest first', async () => {
      const account = await newAccount();
      const members = [await memberOf(account, 'reader'), await memberOf(account, 'agent')];
      const seen: Member[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await account.members(owner, `?limit=1${cursor}`);
        seen.push(...body.items);
        if (body.nextCursor === null) break;
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(seen.map(({ email }) => email)).toEqual([members[1]?.email, members[0]?.email, owner.email]);
      expect(seen[0]).toMatchObject({ role: 'agent', siteIds: null, twoFactor: false });
      expect((await account.members(members[0] as User)).body.items).toHaveLength(3);
    });

    it('has at least one owner', async () => {
      const account = await newAccount();
      const member = await memberOf(account, 'manager');
      const userId = await userIdOf(owner);
      const refused = [
        await account.leave(owner),
        await account.remove(owner, userId),
        await account.change(owner, userId, 'manager'),
      ];
      for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'last_owner']);
      expect((await account.leave(member)).status).toBe(204);
      expect(await rolesIn(account.accountId)).toEqual(['owner']);
    });

    it('has at least one owner also where all of them leave at once', async () => {
      const account = await newAccount();
      const owners = [owner, await memberOf(account, 'owner'), await memberOf(account, 'owner')];
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all(owners.map(each => account.leave(each)));
        expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 204, 409]);
        expect(await rolesIn(account.accountId)).toEqual(['owner']);
        for (const each of owners) {
          const data = { accountId: account.accountId, userId: await userIdOf(each), role: 'owner', allSites: true };
          await relay.db.member.createMany({ data: { ...data, createdAt: new Date() }, skipDuplicates: true });
        }
      }
    });

    it('does not obey an owner who is made less while they ask', async () => {
      const account = await newAccount();
      const other = await memberOf(account, 'owner');
      const [userId, otherId] = [await userIdOf(owner), await userIdOf(other)];
      const { accountId } = account;
      const asked = await relay.db.$transaction(async tx => {
        await tx.$queryRaw`SELECT 1 FROM "Account" WHERE "id" = ${accountId}::uuid FOR UPDATE`;
        const answer = account.change(other, userId, 'reader');
        await vi.waitFor(async () => {
          const waiting = await relay.db.$queryRaw<unknown[]>`
            SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
          expect(waiting).toHaveLength(1);
        });
        await tx.member.updateMany({ where: { accountId, userId: otherId }, data: { role: 'reader' } });
        return { answer };
      });
      expect(await asked.answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await rolesIn(accountId)).toEqual(['owner', 'reader']);
    });

    it('is handed over to a member by its owner, who is a manager then', async () => {
      const account = await newAccount();
      const heir = await memberOf(account, 'reader');
      const [userId, heirId] = [await userIdOf(owner), await userIdOf(heir)];
      expect((await account.transfer(owner, userId)).status).toBe(400);
      expect((await account.transfer(owner, randomUUID())).status).toBe(404);
      expect((await account.transfer(owner, heirId)).status).toBe(204);
      expect((await account.members(heir)).body.items).toMatchObject([
        { userId: heirId, role: 'owner', siteIds: null },
        { userId, role: 'manager', siteIds: null },
      ]);
      expect(await account.transfer(owner, userId)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    });

    it('is without somebody at once: their next call is refused, and what they watch is told', async () => {
      const account = await newAccount();
      const { siteId } = (await account.createSite(owner)).body;
      const member = await memberOf(account, 'manager');
      const userId = await userIdOf(member);
      expect((await member.request('GET', `/v1/sites/${siteId}`)).status).toBe(200);
      const told = new Promise(resolve => relay.services.live.on(`user ${userId}`, resolve));
      expect((await account.remove(owner, userId)).status).toBe(204);
      expect(await member.request('GET', `/v1/sites/${siteId}`)).toMatchObject({ status: 404 });
      expect(await member.request('GET', account.path)).toMatchObject({ status: 404 });
      expect(await member.siteIds()).not.toContain(siteId);
      expect(await told).toEqual({ type: 'access_changed' });
      expect(await account.remove(owner, userId)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    });

    it('has other rights at once where a role changes', async () => {
      const account = await newAccount();
      const { siteId } = (await account.createSite(owner)).body;
      const member = await memberOf(account, 'manager');
      const userId = await userIdOf(member);
      const write = () => member.request('POST', `/v1/sites/${siteId}/entries`, { question: 'Why?', answer: 'So.' });
      expect((await write()).status).toBe(201);
      const told = new Promise(resolve => relay.services.live.on(`user ${userId}`, resolve));
      expect((await account.change(owner, userId, 'reader')).status).toBe(204);
      expect(await write()).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await told).toEqual({ type: 'access_changed' });
    });
  });

  describe('a member of some of its sites', () => {
    it('sees these and no others', async () => {
      const account = await newAccount();
      const [seen, hidden] = [(await account.createSite(owner)).body, (await account.createSite(owner)).body];
      const member = await memberOf(account, 'manager', [seen.siteId]);
      expect((await account.sites(member)).body.items.map(({ siteId }) => siteId)).toEqual([seen.siteId]);
      expect(await member.siteIds()).toContain(seen.siteId);
      expect(await member.siteIds()).not.toContain(hidden.siteId);
      const at = ({ siteId }: SiteCreated) => [
        () => member.request('GET', `/v1/sites/${siteId}`),
        () => member.request('GET', `/v1/sites/${siteId}/conversations`),
        () => member.request('POST', `/v1/sites/${siteId}/entries`, { question: 'Why?', answer: 'So.' }),
        () => member.request('GET', `/v1/sites/${siteId}/snippet`),
      ];
      for (const read of at(seen)) expect((await read()).status).toBeLessThan(300);
      for (const read of at(hidden)) {
        expect(await read()).toMatchObject({ status: 404, body: { code: 'site_not_found' } });
      }
      expect(await relay.rows('Entry', { id: hidden.siteId })).toEqual([]);
    });

    it('sees others when the owner says so, and all of them as an owner', async () => {
      const account = await newAccount();
      const [one, two] = [(await account.createSite(owner)).body, (await account.createSite(owner)).body];
      const member = await memberOf(account, 'agent', [one.siteId]);
      const userId = await userIdOf(member);
      const sees = async () =>
        Promise.all([one, two].map(async ({ siteId }) => (await member.request('GET', `/v1/sites/${siteId}`)).status));
      expect(await sees()).toEqual([200, 404]);
      await account.change(owner, userId, 'agent', [two.siteId]);
      expect(await sees()).toEqual([404, 200]);
      await account.change(owner, userId, 'owner');
      expect(await sees()).toEqual([200, 200]);
      await account.change(owner, userId, 'reader', []);
      expect(await sees()).toEqual([404, 404]);
    });

    it('is shown without the sites that were erased', async () => {
      const account = await newAccount();
      const [kept, erased] = [(await account.createSite(owner)).body, (await account.createSite(owner)).body];
      await memberOf(account, 'agent', [kept.siteId, erased.siteId]);
      await owner.request('DELETE', `/v1/sites/${erased.siteId}/connection`, { erase: true });
      expect((await account.members(owner)).body.items[0]?.siteIds).toEqual([kept.siteId]);
    });
  });

  describe('its sites', () => {
    it('are made by name and origin: the snippet brings the widget to these pages alone, the secret opens the site', async () => {
      const account = await newAccount();
      const made = await account.createSite(owner, { name: 'The “Wool” <shop>', origin: 'https://wool.example' });
      expect(made.status).toBe(201);
      const { siteId, siteKey, siteSecret, snippet } = made.body;
      expect((await owner.me()).accounts.at(-1)?.sites).toEqual([
        { siteId, siteKey, name: 'The “Wool” <shop>', platform: null, homeUrl: null, connected: true },
      ]);
      const [, src = '', key] =
        /^<script src="([^"]+)" defer data-site-key="([^"]+)"[^<>]*><\/script>$/.exec(snippet) ?? [];
      expect(key).toBe(siteKey);
      const loader = await call<string>('GET', src);
      expect(loader).toMatchObject({ status: 200 });
      expect(loader.headers.get('Content-Type')).toMatch(/^text\/javascript/);
      expect(loader.headers.get('Cache-Control')).toBe('no-cache');
      expect(loader.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
      const panel = src.replace('loader', 'panel');
      expect((await call('GET', `${panel}?v=1`)).headers.get('Cache-Control')).toContain('immutable');
      const config = (Origin: string) =>
        call('GET', `${relay.url}/v1/widget/${siteKey}/config`, { headers: { Origin } });
      expect((await config('https://wool.example')).status).toBe(200);
      expect((await config('https://other.example')).status).toBe(403);
      const bySecret = await call('GET', `${relay.url}/v1/site`, { bearer: siteSecret });
      expect(bySecret).toMatchObject({ status: 200, body: { siteId, platform: null } });
      expect((await owner.request('GET', `/v1/sites/${siteId}/snippet`)).body).toEqual({ snippet });
      expect(await relay.tablesWith(siteSecret)).toEqual([]);
    });

    it.each([
      { name: '  ', origin: SHOP },
      { name: 'A shop', origin: 'https://shop.example/path' },
      { name: 'A shop', origin: 'self' },
      { name: 'A shop', origin: 'javascript:alert(1)' },
      { name: 'A shop' },
    ])('are not made of %j', async site => {
      const account = await newAccount();
      expect((await account.createSite(owner, site)).status).toBe(400);
    });

    it('are taken over by who holds the secret, while they are nobody’s', async () => {
      const account = await newAccount();
      const [user] = guests as [User];
      const others = await newAccount(user);
      const orphan = await relay.site();
      expect(await account.adopt(owner, 'wrong')).toMatchObject({ status: 404, body: { code: 'site_not_found' } });
      const both = await Promise.all([account.adopt(owner, orphan.secret), others.adopt(user, orphan.secret)]);
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
      const [winner, loser] = both[0].status === 200 ? [owner, user] : [user, owner];
      expect(await winner.siteIds()).toContain(orphan.id);
      expect(await loser.siteIds()).not.toContain(orphan.id);
      const lost = await (loser === user ? others : account).adopt(loser, orphan.secret);
      expect(lost).toMatchObject({ status: 409, body: { code: 'site_taken' } });
      expect(await (loser === user ? account : others).adopt(winner, orphan.secret)).toMatchObject({
        status: 200,
        body: { siteId: orphan.id },
      });
      expect((await orphan.plugin.site()).status).toBe(200);
    });
  });

  describe('the secret of a site', () => {
    async function rotating() {
      const account = await newAccount();
      const { siteId, siteSecret } = (await account.createSite(owner)).body;
      return {
        siteId,
        first: siteSecret,
        rotate: async () => (await owner.request<SiteSecretResponse>('POST', `/v1/sites/${siteId}/secret`)).body,
        opens: async (secret: string) => (await call('GET', `${relay.url}/v1/site`, { bearer: secret })).status === 200,
      };
    }

    it('is replaced without a gap: the one before is valid for a day more', async () => {
      const { first, rotate, opens } = await rotating();
      const { siteSecret: second, previousUntil } = await rotate();
      const ms = Date.parse(previousUntil ?? '') - Date.now();
      expect(Math.abs(ms - DAY_MS)).toBeLessThan(60_000);
      expect([await opens(first), await opens(second)]).toEqual([true, true]);
      relay.clock.setAhead(DAY_MS - 60_000);
      expect([await opens(first), await opens(second)]).toEqual([true, true]);
      relay.clock.setAhead(DAY_MS + 60_000);
      expect([await opens(first), await opens(second)]).toEqual([false, true]);
    });

    it('is one of two at the most', async () => {
      const { first, rotate, opens } = await rotating();
      const second = (await rotate()).siteSecret;
      const third = (await rotate()).siteSecret;
      expect([await opens(first), await opens(second), await opens(third)]).toEqual([false, true, true]);
    });

    it('is none after the site was disconnected, until there is a new one', async () => {
      const { siteId, first, rotate, opens } = await rotating();
      const second = (await rotate()).siteSecret;
      const gone = await owner.request('DELETE', `/v1/sites/${siteId}/connection`, { erase: false });
      expect(gone.status).toBe(204);
      expect([await opens(first), await opens(second)]).toEqual([false, false]);
      expect(await relay.db.site.findUnique({ where: { id: siteId } })).toMatchObject({
        secretHash: null,
        previousSecretHash: null,
        previousSecretUntil: null,
      });
      const { siteSecret, previousUntil } = await rotate();
      expect(previousUntil).toBeNull();
      expect([await opens(siteSecret), await opens(second)]).toEqual([true, false]);
    });
  });

  describe('its audit log', () => {
    it('has an entry for each change, and no value', async () => {
      const account = await newAccount();
      const words = ['Zanzibar', 'Quetzal', 'Xylophone', 'marzipan.example'];
      await owner.request('PUT', account.path, { name: 'Zanzibar' });
      const { siteId } = (await account.createSite(owner, { name: 'Quetzal', origin: 'https://marzipan.example' }))
        .body;
      const entry = { question: 'Xylophone?', answer: 'Xylophone.' };
      await owner.request('POST', `/v1/sites/${siteId}/entries`, entry);
      const settings = await owner.request('GET', `/v1/sites/${siteId}/settings`);
      const ifMatch = { 'If-Match': settings.headers.get('ETag') ?? '' };
      const renamed = { ...settings.body, name: 'Xylophone' };
      await owner.request('PUT', `/v1/sites/${siteId}/settings`, renamed, ifMatch);
      const member = await signUp(relay, { name: 'Robin Reader' });
      const memberId = await userIdOf(member);
      await account.invite(owner, member.email, 'reader', [siteId]);
      await accept(member, await tokenFrom(relay, member.email, 'invitation'));
      await account.change(owner, memberId, 'agent');
      await account.remove(owner, memberId);
      await account.remove(owner, memberId); // refused, and so not written down
      await owner.request('POST', `/v1/sites/${siteId}/secret`);

      const { items } = (await account.audit(owner)).body;
      const actor = { userId: await userIdOf(owner), name: 'Olivia Owner' };
      const by = (action: string, details: object, of: string | null = null) => ({
        actor,
        action,
        siteId: of,
        details,
      });
      expect(items.map(({ id, at, ...entry }) => entry)).toEqual([
        by('rotateSiteSecret', {}, siteId),
        by('removeMember', { userId: memberId }),
        by('changeMember', { userId: memberId, role: 'agent' }),
        { ...by('acceptInvitation', {}), actor: { userId: memberId, name: 'Robin Reader' } },
        by('invite', { invitationId: expect.any(String), role: 'reader', siteIds: [siteId] }),
        by('putSettings', { changed: ['name'] }, siteId),
        by('addEntry', {}, siteId),
        by('createSite', { siteId }),
        by('renameAccount', {}),
        by('createAccount', {}),
      ]);
      const rows = (await relay.rows('AuditEntry')).filter(({ accountId }) => accountId === account.accountId);
      expect(rows).toHaveLength(items.length);
      for (const word of [...words, member.email, owner.email]) expect(JSON.stringify(rows)).not.toContain(word);
    });

    it('has an entry of whatever takes data along: a list as a file, and all that is known of a visitor', async () => {
      const account = await newAccount();
      const { siteId, siteKey, siteSecret } = (await account.createSite(owner)).body;
      await clientsOf(relay.url, siteKey, siteSecret).widget.begin('Is it wool?');
      const path = `/v1/sites/${siteId}`;
      const [chat] = (await owner.request('GET', `${path}/conversations`)).body.items;
      const reader = await memberOf(account, 'reader');
      await reader.request('GET', `${path}/leads?format=csv`);
      await reader.request('GET', `${path}/conversations/${chat.id}/export`); // refused
      await owner.request('GET', `${path}/conversations/${chat.id}/export`);
      const entries = (await account.audit(owner, '?limit=2')).body.items;
      expect(entries.map(({ actor, action, details }) => [actor.userId, action, details])).toEqual([
        [await userIdOf(owner), 'exportConversationOfSite', { id: chat.id }],
        [await userIdOf(reader), 'downloadList', { list: 'listLeads' }],
      ]);
    });

    it('is filtered and paged, and comes as a table that no spreadsheet runs', async () => {
      const account = await newAccount();
      const member = await memberOf(account, 'owner');
      await member.request('PUT', '/v1/me', { name: '=1+1', locale: 'en' });
      for (const name of ['One', 'Two']) await owner.request('PUT', account.path, { name });
      await member.request('PUT', account.path, { name: 'Three' });
      const actions = async (query: string) =>
        (await account.audit(owner, query)).body.items.map(({ action }) => action);
      const [memberId, all] = [await userIdOf(member), await account.audit(owner)];
      expect(await actions(`?actorId=${memberId}`)).toEqual(['renameAccount']);
      expect(await actions('?action=renameAccount')).toHaveLength(3);
      expect(await actions(`?action=createAccount&actorId=${memberId}`)).toEqual([]);
      const third = all.body.items[2]?.at ?? '';
      expect(await actions(`?from=${third}`)).toHaveLength(3);
      expect(await actions(`?to=${third}`)).toEqual(['createAccount']);
      const page = await account.audit(owner, '?limit=2&action=renameAccount');
      const next = await account.audit(owner, `?limit=2&action=renameAccount&cursor=${page.body.nextCursor}`);
      expect([...page.body.items, ...next.body.items].map(({ id }) => id)).toEqual(
        all.body.items.filter(({ action }) => action === 'renameAccount').map(({ id }) => id),
      );
      expect(next.body.nextCursor).toBeNull();
      const table = await owner.request<string>('GET', `${account.path}/audit?format=csv`);
      expect(table.headers.get('Content-Type')).toMatch(/^text\/csv/);
      expect(table.body.trim().split('\r\n')).toHaveLength(all.body.items.length + 1);
      expect(table.body).toContain(`"'=1+1"`);
      expect((await account.audit(owner, '?action=1')).status).toBe(400);
    });

    it('is kept for two years', async () => {
      const account = await newAccount();
      await owner.request('PUT', account.path, { name: 'Old' });
      const kept = async () => (await relay.rows('AuditEntry')).filter(row => row.accountId === account.accountId);
      relay.clock.setAhead(729 * DAY_MS);
      await relay.services.teams.forget();
      expect(await kept()).toHaveLength(2);
      relay.clock.setAhead(732 * DAY_MS);
      await relay.services.teams.forget();
      expect(await kept()).toEqual([]);
    });
  });

  describe('and its operator', () => {
    const command = async (...argv: string[]) => {
      const { said, io } = listeningIo();
      const code = await runCommand(argv, io, async () => relay.services, new AbortController().signal);
      return { code, ...said };
    };

    it('invites somebody to an account of their own, by a link that is printed and mailed', async () => {
      const email = `${randomUUID()}@people.example`;
      const { code, out } = await command('accounts', 'invite', email.toUpperCase(), '--locale', 'de');
      expect(code).toBe(0);
      const [, token = ''] = new RegExp(`^${relay.url}/console/invitation\\?token=([\\w-]{43})\\n$`).exec(out) ?? [];
      expect((await look(token)).body).toEqual({ accountName: null, email, role: 'owner', hasUser: false });
      expect(await tokenFrom(relay, email, 'invitation')).toBe(token);
      const { accounts } = await signUpInvited(email, token);
      expect(accounts).toMatchObject([{ name: 'Ina Invited', role: 'owner', sites: [] }]);
      expect((await look(token)).status).toBe(400);
    });

    it('lists the accounts', async () => {
      const account = await newAccount();
      await owner.request('PUT', account.path, { name: 'Two\nlines \u001b[31m' });
      const { code, out } = await command('accounts', 'list');
      expect(code).toBe(0);
      const lines = out.trimEnd().split('\n');
      expect(lines).toHaveLength(1 + (await relay.rows('Account')).length);
      expect(lines.find(line => line.startsWith(account.accountId))).toMatch(/ 1 +0 +- +Two lines/);
      expect(out).not.toContain('\u001b');
    });

    it.each([
      [['accounts', 'invite']],
      [['accounts', 'invite', 'ann']],
      [['accounts', 'invite', 'ann@a.example', '--locale', '1']],
    ])('is told what is wrong with %j', async argv => {
      expect(await command(...argv)).toMatchObject({ code: 2, out: '' });
    });
  });
});
