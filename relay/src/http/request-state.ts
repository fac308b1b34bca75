import type { ParameterizedContext } from 'koa';
import type { Site } from '../features/sites/index.ts';

/** What the middleware knows of a request before a route sees it. */
export type RequestState = { requestId: string };

/** A request for one site: its site key was found, or its secret was right. */
export type SiteState = RequestState & { site: Site };

export type SiteContext = ParameterizedContext<SiteState, { params: Record<string, string> }>;
