import {
  type AccountSite,
  type AuditEntry,
  accountRequest,
  adoptRequest,
  auditQuery,
  type Invitation,
  invitationRequest,
  invitationToken,
  listQuery,
  type Member,
  memberUpdate,
  type Role,
  siteRequest,
  transferRequest,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import { readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { RequestState, SiteState, UserState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Teams } from './teams.ts';

type Deps = { teams: Teams; rateLimit: RateLimit };

const NO_MEMBER = 'Nobody like that belongs to this account (any more).';
const NO_INVITATION = 'There is no such invitation (any more).';

const sitesOf = (siteIds: string[] | null) => siteIds?.join(' ') ?? 'all';
const membersTable: Table<Member> = {
  name: 'team',
  columns: {
    name: ({ name }) => name,
    email: ({ email }) => email,
    role: ({ role }) => role,
    sites: ({ siteIds }) => sitesOf(siteIds),
    twoFactor: ({ twoFactor }) => twoFactor,
    since: ({ createdAt }) => createdAt,
  },
};
const invitationsTable: Table<Invitation> = {
  name: 'invitations',
  columns: {
    email: ({ email }) => email,
    role: ({ role }) => role,
    sites: ({ siteIds }) => sitesOf(siteIds),
    createdAt: ({ createdAt }) => createdAt,
    expiresAt: ({ expiresAt }) => expiresAt,
  },
};
const sitesTable: Table<AccountSite> = {
  name: 'sites',
  columns: {
    name: ({ name }) => name,
    siteId: ({ siteId }) => siteId,
    siteKey: ({ siteKey }) => siteKey,
    platform: ({ platform }) => platform,
    homeUrl: ({ homeUrl }) => homeUrl,
    connected: ({ connected }) => connected,
  },
};
const auditTable: Table<AuditEntry> = {
  name: 'audit-log',
  columns: {
    at: ({ at }) => at,
    who: ({ actor }) => actor.name,
    userId: ({ actor }) => actor.userId,
    action: ({ action }) => action,
    siteId: ({ siteId }) => siteId,
    details: ({ details }) => details,
  },
};

/** What somebody who is signed in does about accounts that they do not belong to yet. */
export function joiningRoutes(router: Router<UserState>, { teams, rateLimit }: Deps): void {
  router.post('/v1/accounts', async ctx => {
    const { name } = await bodyOf(ctx, accountRequest);
    const { actor } = ctx.state;
    const account = await teams.create(actor.userId, name.trim());
    await teams.audit({ accountId: account.accountId, siteId: null, actor, action: 'createAccount', details: {} });
    ctx.body = account;
    ctx.status = 201;
  });

  router.post('/v1/invitations/accept', async ctx => {
    const { token } = await bodyOf(ctx, invitationToken);
    const { actor } = ctx.state;
    const joined = await teams.accept(token, actor.userId).catch(countingTries(ctx, rateLimit));
    await teams.audit({ ...joined, siteId: null, actor, action: 'acceptInvitation', details: {} });
    ctx.body = joined;
  });
}

/** What the link of an invitation shows, to whoever has it. */
export function invitationRoutes(router: Router<RequestState>, { teams, rateLimit }: Deps): void {
  router.post('/v1/invitations/look', async ctx => {
    const { token } = await bodyOf(ctx, invitationToken);
    ctx.body = await teams.look(token).catch(countingTries(ctx, rateLimit));
  });
}

/** An account, as far as the role of who is signed in goes. */
export function accountRoutes(router: Router<UserState>, { teams, rateLimit }: Deps): void {
  router.get('/', async ctx => {
    ctx.body = await teams.account(accountOf(ctx));
  });

  router.put('/', async ctx => {
    const { name } = await bodyOf(ctx, accountRequest);
    await teams.rename(accountOf(ctx), name.trim());
    ctx.body = await teams.account(accountOf(ctx));
  });

  router.get('/members', ctx =>
    answerList(ctx, listQuery, asked => teams.members(accountOf(ctx), asked), membersTable),
  );

  router.put('/members/:userId', async ctx => {
    const grant = await bodyOf(ctx, memberUpdate);
    ctx.state.audited = audited(grant);
    await teams.changeMember(accountOf(ctx), idOf(ctx.params.userId, NO_MEMBER), grant, ctx.state.actor);
    ctx.status = 204;
  });

  router.delete('/members/:userId', async ctx => {
    await teams.removeMember(accountOf(ctx), idOf(ctx.params.userId, NO_MEMBER), ctx.state.actor);
    ctx.status = 204;
  });

  router.post('/leave', async ctx => {
    await teams.leave(accountOf(ctx), ctx.state.actor.userId);
    ctx.status = 204;
  });

  router.post('/transfer', async ctx => {
    const { userId } = await bodyOf(ctx, transferRequest);
    ctx.state.audited = { userId: userId.toLowerCase() };
    await teams.transfer(accountOf(ctx), userId.toLowerCase(), ctx.state.actor);
    ctx.status = 204;
  });

  router.get('/invitations', ctx =>
    answerList(ctx, listQuery, asked => teams.invitations(accountOf(ctx), asked), invitationsTable),
  );

  router.post('/invitations', async ctx => {
    const request = await bodyOf(ctx, invitationRequest);
    await rateLimit('accountMailsPerIp', clientAddress(ctx));
    await rateLimit('accountMailsPerEmail', sha256(request.email));
    const made = await teams.invite(accountOf(ctx), request, ctx.state.actor);
    ctx.state.audited = { invitationId: made.invitationId, ...audited(request) };
    ctx.body = made;
    ctx.status = 201;
  });

  router.delete('/invitations/:id', async ctx => {
    if (!(await teams.withdraw(accountOf(ctx), idOf(ctx.params.id, NO_INVITATION)))) {
      throw new AppError('not_found', NO_INVITATION);
    }
    ctx.status = 204;
  });

  router.get('/sites', ctx =>
    answerList(ctx, listQuery, asked => teams.sitesFor(accountOf(ctx), ctx.state.actor.userId, asked), sitesTable),
  );

  router.post('/sites', async ctx => {
    const made = await teams.createSite(accountOf(ctx), await bodyOf(ctx, siteRequest), ctx.state.actor);
    ctx.state.audited = { siteId: made.siteId };
    ctx.body = made;
    ctx.status = 201;
  });

  router.post('/sites/adopt', async ctx => {
    const { siteSecret } = await bodyOf(ctx, adoptRequest);
    const adopted = await teams.adopt(accountOf(ctx), siteSecret, ctx.state.actor).catch(countingTries(ctx, rateLimit));
    ctx.state.audited = adopted;
    ctx.body = adopted;
  });

  router.get('/audit', ctx => answerList(ctx, auditQuery, asked => teams.entries(accountOf(ctx), asked), auditTable));
}

/** What of a site only a user of its account asks for. */
export function siteTeamRoutes(router: Router<SiteState>, { teams }: Pick<Deps, 'teams'>): void {
  router.get('/snippet', ctx => {
    ctx.body = { snippet: teams.snippetOf(ctx.state.site) };
  });
}

async function bodyOf<Schema extends z.ZodType>(ctx: Context, schema: Schema): Promise<z.output<Schema>> {
  return validate(schema, await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX }));
}

/** The account that the middleware has found the user's role in. */
const accountOf = ({ state }: { state: UserState }): string => state.accountId as string;

const audited = ({ role, siteIds }: { role: Role; siteIds: string[] | null }) => ({
  role,
  ...(siteIds !== null && { siteIds }),
});

/** Whoever guesses at secrets is stopped. */
const countingTries =
  (ctx: Context, rateLimit: RateLimit) =>
  async (error: unknown): Promise<never> => {
    await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
    throw error;
  };
