import type { Role } from '@confab/contract';
import type { ParameterizedContext } from 'koa';
import type { Site } from '../features/sites/index.ts';

/** What the middleware knows of a request before a route sees it. */
export type RequestState = {
  requestId: string;
  /** When it arrived, as `performance.now()` tells it. */
  begun: number;
  /** Counts an open stream, until what comes back is called. */
  streamBegins: () => () => void;
};

/** A request for one site: its site key was found, or its secret was right. */
export type SiteState = RequestState & { site: Site };

export type SiteContext = ParameterizedContext<SiteState, { params: Record<string, string> }>;

/** Who is signed in, in this request. */
export type Actor = { userId: string; sessionId: string; name: string; email: string };

/** A request of somebody who is signed in. Once authorized it has the role and the account it holds in. */
export type UserState = RequestState & {
  actor: Actor;
  role?: Role;
  accountId?: string;
  /** What the audit log should know beside the ids of the path; ids and names of settings, never a value. */
  audited?: Record<string, unknown>;
};
