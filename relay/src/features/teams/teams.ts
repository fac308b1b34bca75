import { randomBytes } from 'node:crypto';
import {
  type Account,
  type AccountOfUser,
  type AccountSite,
  type AccountSitePage,
  type AuditPage,
  type AuditQuery,
  type Invitation,
  type InvitationLook,
  type InvitationPage,
  type InvitationRequest,
  type MemberPage,
  type MemberUpdate,
  mayAs,
  type Role,
  type SiteCreated,
  type SiteRequest,
  uuid,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { afterCommit, inTransaction } from '../../db/transaction.ts';
import type { AuditEntry } from '../../http/authorize.ts';
import type { Actor } from '../../http/request-state.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { escaped } from '../../lib/html.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Live } from '../../live/live.ts';
import type { AccountMails, AccountNews } from '../accounts/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import type { AccountRow, Grant, StoredAccount, StoredEntry, StoredInvitation, TeamStore } from './store.ts';

/** An invitation is good for so long. */
const INVITATION_MS = 7 * 24 * 60 * 60 * 1_000;
/** The audit log keeps this many years, which a year that is being audited and the one before it fit into. */
const AUDIT_YEARS = 2;
/** More accounts of one user are somebody's script. */
const MEMBERSHIPS_MAX = 50;

type Page = { cursor?: string | undefined; limit: number };
type Who = Pick<Actor, 'userId' | 'name'>;

export type Teams = ReturnType<typeof createTeams>;

type Deps = {
  db: Db;
  store: TeamStore;
  sites: Sites;
  usage: Pick<Usage, 'requireSeat'>;
  live: Pick<Live, 'tell'>;
  mails: Pick<AccountMails, 'add' | 'wake'>;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
  /** The key of a site that comes with the relay, and belongs to the first account that is made while it is nobody's. */
  firstSite: string | undefined;
  /** Where browsers reach the relay. */
  relayOrigin: () => string;
  now: () => Date;
};

/** Accounts: who belongs to them, what they may do there, and what they did. */
export function createTeams({
  db,
  store,
  sites,
  usage,
  live,
  mails,
  forgetDeleted,
  firstSite,
  relayOrigin,
  now,
}: Deps) {
  return {
    /** What the user may do at the site, and for which account; nothing for somebody else's site. */
    roleAt: async (userId: string, siteId: string): Promise<{ accountId: string; role: Role } | undefined> =>
      isId(siteId) ? store.roleAt(userId, siteId, now()) : undefined,

    roleIn: async (userId: string, accountId: string): Promise<Role | undefined> =>
      isId(accountId) ? (await store.grantIn(userId, accountId, now()))?.role : undefined,

    /** The accounts of the user, oldest first, each with the sites that they see there. */
    async accountsOf(userId: string): Promise<AccountOfUser[]> {
      const byAccount = Map.groupBy(await store.accountsOf(userId, now()), ({ accountId }) => accountId);
      return [...byAccount.values()].map(rows => {
        const { accountId, name, role, deleteAt } = rows[0] as AccountRow;
        const itsSites = rows.filter(({ siteId }) => siteId !== null).map(siteOfRow);
        return { accountId, name, role, deleteAt: timeOf(deleteAt), sites: itsSites };
      });
    },

    /** Writes down what somebody did. */
    async audit({ accountId, siteId, actor, action, details }: AuditEntry): Promise<void> {
      const entry = { id: uuidv7(), siteId, actorId: actor.userId, actorName: actor.name, action, details };
      await store.addEntry(accountId, { ...entry, createdAt: now() });
    },

    /** What was done, newest first. Throws 400 for a wrong cursor. */
    async entries(accountId: string, { cursor, limit, ...filter }: Omit<AuditQuery, 'format'>): Promise<AuditPage> {
      const rows = await store.entries(accountId, filter, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(readableEntry), nextCursor };
    },

    /** Makes an account of the user's own. Throws 400 for somebody who belongs to as many as there may be. */
    async create(userId: string, name: string): Promise<Account> {
      return readableAccount(await inTransaction(db, tx => makeAccount(tx, userId, () => name)));
    },

    /** The first account of somebody whose address is proven, named after them. Nothing for who belongs to one already. */
    async welcome(userId: string): Promise<void> {
      await inTransaction(db, async tx => {
        await store.lockUser(tx, userId);
        if ((await store.membershipsOf(tx, userId)) === 0) await makeAccount(tx, userId, user => user.name);
      });
    },

    /** The address that may accept the invitation; nothing where that is wrong, used or too old. */
    invitedAs: async (token: string): Promise<string | undefined> =>
      (await store.invitationBy(sha256(token), now()))?.email,

    async account(accountId: string): Promise<Account> {
      const account = await store.account(accountId);
      if (!account) throw noAccount();
      return readableAccount(account);
    },

    rename: store.rename,

    /** Every account of the relay, newest first. Throws 400 for a wrong cursor. */
    async accounts({ cursor, limit }: Page) {
      const rows = await store.accounts(placeOf(cursor), limit + 1);
      return pageOf(rows, limit, ({ createdAt }) => createdAt);
    },

    /** Who belongs to the account, newest first. Throws 400 for a wrong cursor. */
    async members(accountId: string, { cursor, limit }: Page): Promise<MemberPage> {
      const rows = await store.members(accountId, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      const shown = await withSitesOf(accountId, page);
      return {
        items: shown.map(({ id, createdAt, ...member }) => ({
          userId: id,
          ...member,
          createdAt: createdAt.toISOString(),
        })),
        nextCursor,
      };
    },

    /** Throws 404 for somebody who is none, 409 `last_owner`, and 400 for a site that is not the account's. */
    async changeMember(accountId: string, userId: string, grant: MemberUpdate, by: Who): Promise<void> {
      await asOwner(accountId, by, async tx => {
        const wanted = await checked(tx, accountId, grant);
        if (!(await store.changeMember(tx, accountId, userId, wanted))) throw noMember();
        await keepsAnOwner(tx, accountId);
        await tellOf(tx, userId);
      });
    },

    /** Who is out is refused from then on, and what they watch ends. Throws 404, and 409 `last_owner`. */
    removeMember: (accountId: string, userId: string, by: Who): Promise<void> =>
      asOwner(accountId, by, tx => takeOut(tx, accountId, userId)),

    /** Throws 409 `last_owner`. */
    leave: (accountId: string, userId: string): Promise<void> =>
      locked(accountId, tx => takeOut(tx, accountId, userId)),

    /** The member becomes an owner, and who gave it to them a manager. Throws 404, and 400 for oneself. */
    async transfer(accountId: string, to: string, by: Who): Promise<void> {
      if (to === by.userId) throw new AppError('validation_failed', 'You own this account. Choose another member.');
      await asOwner(accountId, by, async tx => {
        if (!(await store.changeMember(tx, accountId, to, OWNER))) throw noMember();
        await store.changeMember(tx, accountId, by.userId, { role: 'manager', siteIds: null });
        for (const userId of [to, by.userId]) await tellOf(tx, userId);
      });
    },

    /** Those that may still be accepted, newest first. Throws 400 for a wrong cursor. */
    async invitations(accountId: string, { cursor, limit }: Page): Promise<InvitationPage> {
      const rows = await store.invitations(accountId, now(), placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: (await withSitesOf(accountId, page)).map(readableInvitation), nextCursor };
    },

    /**
     * Mails a link by which this address alone may join the account, once and within a week. One that it got before is
     * void. Throws 400 for somebody who belongs to it, and for a site that is not the account's; 403 `plan_limit_reached` where
     * its plan has no more seats.
     */
    async invite(accountId: string, { email, ...grant }: InvitationRequest, by: Who): Promise<Invitation> {
      const { name: accountName } = await this.account(accountId);
      const locale = await store.localeFor(email, by.userId);
      const made = await asOwner(accountId, by, async tx => {
        const wanted = await checked(tx, accountId, grant);
        if (await store.isMember(tx, accountId, email)) {
          throw new AppError('validation_failed', 'Whoever has this address belongs to the account already.', {
            errors: [{ path: 'email', message: 'belongs to the account already' }],
          });
        }
        const { invitation, token } = newInvitation(accountId, email, wanted);
        await store.invite(tx, { ...invitation, tokenHash: sha256(token) });
        await usage.requireSeat(tx, accountId);
        await mails.add(tx, { kind: 'invitation', to: email, locale, accountName, inviter: by.name, token });
        return readableInvitation(invitation);
      });
      await mails.wake();
      return made;
    },

    /** The operator's: mails and gives what lets this address alone sign up, with an account of its own. */
    async inviteToRelay(email: string, locale: string): Promise<{ token: string; expiresAt: Date }> {
      const { invitation, token } = newInvitation(null, email, OWNER);
      await inTransaction(db, async tx => {
        await store.invite(tx, { ...invitation, tokenHash: sha256(token) });
        await mails.add(tx, { kind: 'invitation', to: email, locale, accountName: null, inviter: null, token });
      });
      await mails.wake();
      return { token, expiresAt: invitation.expiresAt };
    },

    /** False where there is no such invitation. */
    withdraw: store.withdraw,

    /** What the link of an invitation leads to. Throws 400 `link_invalid`. */
    async look(token: string): Promise<InvitationLook> {
      const found = await store.invitationBy(sha256(token), now());
      if (!found) throw invalid();
      const { accountName, email, role } = found;
      return { accountName, email, role, hasUser: await store.hasUser(email) };
    },

    /**
     * The user joins the account of the invitation, or gets one of their own. Throws 400 `link_invalid`, and 403 for anybody
     * but the user of the address that was invited, who can then still accept it.
     */
    async accept(token: string, userId: string): Promise<{ accountId: string }> {
      const accountId = await inTransaction(db, async tx => {
        const user = await store.lockUser(tx, userId);
        const invitation = await store.takeInvitation(tx, sha256(token), now());
        if (!invitation) throw invalid();
        if (!user?.isVerified || user.email !== invitation.email) throw foreign();
        if (invitation.accountId === null) return (await makeAccount(tx, userId, ({ name }) => name)).id;
        if (!(await store.lock(tx, invitation.accountId, now()))) throw invalid();
        const { role, siteIds } = invitation;
        await store.addMember(tx, invitation.accountId, userId, { role, siteIds }, now());
        await tellOf(tx, userId);
        return invitation.accountId;
      });
      return { accountId };
    },

    /** The sites of the account that the user sees, newest first. Throws 400 for a wrong cursor. */
    async sitesFor(accountId: string, userId: string, { cursor, limit }: Page): Promise<AccountSitePage> {
      const grant = await store.grantIn(userId, accountId, now());
      if (!grant) throw noAccount();
      const siteIds = mayAs(grant.role, 'owner') ? null : grant.siteIds;
      const rows = await sites.ofAccount(accountId, { siteIds, after: placeOf(cursor), limit: limit + 1 });
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(readableSite), nextCursor };
    },

    /**
     * Makes a site whose pages carry the widget by a snippet. Throws 400 where the account has as many as there may be, 403
     * `plan_limit_reached` where its plan has no more.
     */
    async createSite(accountId: string, { name, origin }: SiteRequest, by: Who): Promise<SiteCreated> {
      const made = await asOwner(accountId, by, tx => sites.create(tx, { accountId, name, origin }));
      const { siteId, siteKey, secret: siteSecret } = made;
      const site = (await sites.byId(siteId)) as Site;
      return { siteId, siteKey, siteSecret, snippet: this.snippetOf(site) };
    },

    /**
     * Takes a site of no account over, for whoever holds its secret. Throws 404 for no valid secret, 409 `site_taken` for a
     * site of another account, 403 `plan_limit_reached` where the plan has no more, and 400 where the account has not.
     */
    async adopt(accountId: string, siteSecret: string, by: Who): Promise<{ siteId: string }> {
      const site = await sites.bySecret(siteSecret).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'unauthorized') throw noSite();
        throw error;
      });
      if (site.accountId === accountId) return { siteId: site.id };
      const isTheirs = await asOwner(accountId, by, async tx => {
        const isGiven = await sites.giveTo(tx, { id: site.id }, accountId);
        if (isGiven) await sites.requireFew(tx, accountId);
        return isGiven;
      });
      if (!isTheirs) {
        throw new AppError('site_taken', 'This site belongs to another account. One of its owners can invite you.');
      }
      sites.forgetCached();
      return { siteId: site.id };
    },

    /** The HTML that brings the widget to a page of the site. */
    snippetOf({ key, settings: { appearance } }: Site): string {
      const { position, accent, theme } = appearance;
      const data = { 'site-key': key, accent, position, theme };
      const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${escaped(value)}"`);
      return `<script src="${escaped(relayOrigin())}/widget/confab-loader.js" defer${attributes.join('')}></script>`;
    },

    /** A mail to every owner of the account, sent once `tx` commits; nothing where it is gone. */
    async tellOwners(tx: Tx, accountId: string, newsFor: (accountName: string) => AccountNews): Promise<void> {
      for (const { accountName, email, locale } of await store.ownersToTell(tx, accountId)) {
        await mails.add(tx, { ...newsFor(accountName), to: email, locale: locale ?? 'en' });
      }
    },

    /** Deletes invitations that are too old to accept, and what the audit logs no longer keep. */
    async forget(): Promise<void> {
      const entriesBefore = now();
      entriesBefore.setUTCFullYear(entriesBefore.getUTCFullYear() - AUDIT_YEARS);
      await store.forget({ now: now(), entriesBefore });
      await forgetDeleted();
    },
  };

  /** Runs the work while nobody else changes who belongs to the account. Throws 404 where that is gone. */
  function locked<Result>(accountId: string, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return inTransaction(db, async tx => {
      if (!(await store.lock(tx, accountId, now()))) throw noAccount();
      return work(tx);
    });
  }

  /** The same for who is still an owner then: they may have been made less a moment before. */
  function asOwner<Result>(accountId: string, by: Who, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return locked(accountId, async tx => {
      const grant = await store.grantIn(by.userId, accountId, now(), tx);
      if (!grant) throw noAccount();
      if (!mayAs(grant.role, 'owner'))
        throw new AppError('forbidden', 'You are not an owner of this account any more.');
      return work(tx);
    });
  }

  async function takeOut(tx: Tx, accountId: string, userId: string): Promise<void> {
    if (!(await store.removeMember(tx, accountId, userId))) throw noMember();
    await keepsAnOwner(tx, accountId);
    await tellOf(tx, userId);
  }

  async function keepsAnOwner(tx: Tx, accountId: string): Promise<void> {
    if ((await store.ownersOf(tx, accountId)) > 0) return;
    throw new AppError(
      'last_owner',
      'Nobody else owns this account. Make another member an owner first, or delete it.',
    );
  }

  /** Whatever the user watches is looked at again. */
  function tellOf(tx: Tx, userId: string): Promise<void> {
    return live.tell(`user ${userId}`, { type: 'access_changed' }, tx);
  }

  async function makeAccount(tx: Tx, userId: string, nameFor: (user: { name: string }) => string) {
    const user = await store.lockUser(tx, userId);
    if (!user) throw new AppError('unauthorized', 'Sign in.');
    if ((await store.membershipsOf(tx, userId)) >= MEMBERSHIPS_MAX) {
      throw new AppError(
        'validation_failed',
        `Nobody belongs to more than ${MEMBERSHIPS_MAX} accounts. Leave one first.`,
      );
    }
    const account = { id: uuidv7(), name: nameFor(user), createdAt: now() };
    await store.addAccount(tx, account);
    await store.addMember(tx, account.id, userId, OWNER, account.createdAt);
    if (firstSite !== undefined && (await sites.giveTo(tx, { key: firstSite }, account.id))) {
      afterCommit(tx, () => sites.forgetCached());
    }
    return { ...account, deleteAt: null };
  }

  /** The grant, of which every site is the account's. */
  async function checked(tx: Tx, accountId: string, { role, siteIds }: MemberUpdate): Promise<Grant> {
    if (siteIds === null) return { role, siteIds };
    const ids = [...new Set(siteIds.map(id => id.toLowerCase()))];
    const known = await store.sitesAmong(accountId, ids, tx);
    if (known.size < ids.length) {
      throw new AppError('validation_failed', 'Choose among the sites of this account.', {
        errors: [{ path: 'siteIds', message: 'has a site that is not of this account' }],
      });
    }
    return { role, siteIds: ids };
  }

  /** Without the sites that were erased since. */
  async function withSitesOf<Row extends Grant>(accountId: string, rows: Row[]): Promise<Row[]> {
    const named = rows.flatMap(({ siteIds }) => siteIds ?? []);
    if (named.length === 0) return rows;
    const known = await store.sitesAmong(accountId, named);
    return rows.map(row => ({ ...row, siteIds: row.siteIds?.filter(id => known.has(id)) ?? null }));
  }

  function newInvitation(accountId: string | null, email: string, { role, siteIds }: Grant) {
    const createdAt = now();
    const expiresAt = new Date(createdAt.getTime() + INVITATION_MS);
    const invitation = { id: uuidv7(), accountId, email, role, siteIds, createdAt, expiresAt };
    return { invitation, token: randomBytes(32).toString('base64url') };
  }
}

const OWNER: Grant = { role: 'owner', siteIds: null };

const isId = (id: string): boolean => uuid.safeParse(id).success;
const timeOf = (time: Date | null): string | null => time?.toISOString() ?? null;

const noAccount = () => new AppError('account_not_found', 'There is no such account, or none that you belong to.');
const noMember = () => new AppError('not_found', 'Nobody like that belongs to this account (any more).');
const noSite = () =>
  new AppError('site_not_found', 'No site has this secret. Copy it once more from where it is used.');
const invalid = () =>
  new AppError('link_invalid', 'This invitation was used, withdrawn, or is older than a week. Ask for a new one.');
const foreign = () =>
  new AppError('forbidden', 'This invitation is for another e-mail address. Sign in with that one.');

const readableAccount = ({ id, name, createdAt, deleteAt }: StoredAccount): Account => ({
  accountId: id,
  name,
  createdAt: createdAt.toISOString(),
  deleteAt: timeOf(deleteAt),
});

const readableSite = ({ id, key, settings, platform, homeUrl, isConnected }: Site): AccountSite => ({
  siteId: id,
  siteKey: key,
  name: settings.name,
  platform,
  homeUrl,
  connected: isConnected,
});

const siteOfRow = ({ siteId, siteKey, siteName, platform, homeUrl, connected }: AccountRow): AccountSite => ({
  siteId: siteId as string,
  siteKey,
  name: siteName,
  platform: platform as AccountSite['platform'],
  homeUrl,
  connected,
});

const readableInvitation = ({ id, email, role, siteIds, createdAt, expiresAt }: StoredInvitation): Invitation => ({
  invitationId: id,
  email,
  role,
  siteIds,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});

const readableEntry = ({ id, createdAt, actorId, actorName, action, siteId, details }: StoredEntry) => ({
  id,
  at: createdAt.toISOString(),
  actor: { userId: actorId, name: actorName },
  action,
  siteId,
  details,
});
