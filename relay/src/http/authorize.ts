import { mayAs, type Operation, operations, type Role } from '@confab/contract';
import type { Context, Middleware } from 'koa';
import { AppError } from '../lib/app-error.ts';
import { clientAddress } from './client-address.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Actor, UserState } from './request-state.ts';

/** Where a user's role comes from, and where it is written down what they did. */
export type Authority = {
  /** Throws 401 where nobody is signed in, and whoever is no longer. A `quiet` look does not keep a session from idling. */
  actorOf: (ctx: Context, how?: { quiet: boolean }) => Promise<Actor>;
  /** What the user may do at the site, and for which account; nothing for somebody else's site. */
  roleAt: (userId: string, siteId: string) => Promise<{ accountId: string; role: Role } | undefined>;
  roleIn: (userId: string, accountId: string) => Promise<Role | undefined>;
  audit: (entry: AuditEntry) => Promise<void>;
};

/** What somebody did; `details` are ids and names of settings, never a value. */
export type AuditEntry = {
  accountId: string;
  siteId: string | null;
  actor: Pick<Actor, 'userId' | 'name'>;
  action: string;
  details: Record<string, unknown>;
};

const byRoute = new Map(
  operations.map(operation => [`${operation.method} ${operation.path.replace(/\{(\w+)\}/g, ':$1')}`, operation]),
);

/** Admits who is signed in, and only from pages of our own: what a cookie opens, no other site may ask for. */
export function admitUsers({
  actorOf,
  rateLimit,
}: Pick<Authority, 'actorOf'> & { rateLimit: RateLimit }): Middleware<UserState> {
  return async (ctx, next) => {
    requireSameOrigin(ctx);
    try {
      ctx.state.actor = await actorOf(ctx);
    } catch (error) {
      await rateLimit('strangersPerIp', clientAddress(ctx));
      throw error;
    }
    await rateLimit('consolePerUser', ctx.state.actor.userId);
    await next();
  };
}

/**
 * The one place that says who may do what: the call's `access` against the user's role at the site or in the account that
 * the path names. What has no `access` nobody may do. What changed something, or took data along, is written to the audit
 * log.
 */
export function authorize({ roleAt, roleIn, audit }: Omit<Authority, 'actorOf'>): Middleware<UserState> {
  return async (ctx, next) => {
    const { actor } = ctx.state;
    const { siteId, accountId } = ctx.params as { siteId?: string; accountId?: string };
    const route = routeAhead(ctx);
    if (!route) return next(); // it is answered by 404 or 405
    const operation = operationOf(route, ctx);
    const found = await grantOf({ siteId, accountId });
    if (!found) throw siteId ? noSite() : noAccount();
    if (!operation?.access || !mayAs(found.role, operation.access)) throw forbidden(operation);
    ctx.state.role = found.role;
    ctx.state.accountId = found.accountId;
    await next();
    const { isAudited = operation.method !== 'get' || isFile(ctx) } = operation;
    if (!isAudited || ctx.status >= 400) return;
    await audit({
      accountId: found.accountId,
      siteId: siteId ?? null,
      actor,
      ...(isFile(ctx) && ctx.query.format === 'csv'
        ? { action: 'downloadList', details: { list: nameOf(operation) } }
        : { action: nameOf(operation), details: { ...idsOf(ctx), ...ctx.state.audited } }),
    });

    async function grantOf(of: { siteId?: string; accountId?: string }) {
      if (of.siteId !== undefined) return roleAt(actor.userId, of.siteId);
      const role = of.accountId === undefined ? undefined : await roleIn(actor.userId, of.accountId);
      return role && { accountId: of.accountId as string, role };
    }
  };
}

/** Throws 403 `cross_site` for a change that no page of ours asked for (OWASP, CSRF prevention: verify the origin). */
export function requireSameOrigin(ctx: Context): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(ctx.method)) return;
  const origin = ctx.get('Origin');
  const isOurs = origin ? URL.parse(origin)?.host === ctx.host : ctx.get('Sec-Fetch-Site') === 'same-origin';
  if (!isOurs) {
    throw new AppError('cross_site', 'Send this from a page of this relay, with its Origin header.');
  }
}

type Layer = { path: unknown; methods: string[] };

/** The route that will take the request, which is the first that matches; nothing where none does. */
function routeAhead(ctx: Context): Layer | undefined {
  // `_matchedRoute`, which the log reads at the end, is that of each middleware in turn while that runs.
  const { matched = [] } = ctx as { matched?: Layer[] };
  return matched.find(({ methods }) => methods.includes(ctx.method));
}

/** The call of the contract that this route is. */
function operationOf({ path }: Layer, ctx: Context): Operation | undefined {
  const method = ctx.method === 'HEAD' ? 'get' : ctx.method.toLowerCase();
  return byRoute.get(`${method} ${path}`);
}

const idsOf = ({ params }: Context): Record<string, string> => {
  const { siteId: _site, accountId: _account, ...ids } = params as Record<string, string>;
  return ids;
};

/** A call goes by one name, whoever makes it. */
const nameOf = ({ id }: Operation): string => id.replace(/AsUser$/, '');

/** Whether the answer is for the disk and not for the screen. */
const isFile = (ctx: Context): boolean => ctx.res.hasHeader('Content-Disposition');

const noSite = () => new AppError('site_not_found', 'There is no such site, or none that you may see.');
const noAccount = () => new AppError('account_not_found', 'There is no such account, or none that you belong to.');
const forbidden = (operation: Operation | undefined) =>
  new AppError(
    'forbidden',
    operation?.access
      ? `This needs the role ${operation.access}. Ask an owner of the account.`
      : 'No user may do this.',
  );
