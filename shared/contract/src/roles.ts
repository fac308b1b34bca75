import { z } from 'zod';

/**
 * What a user may do for an account, least first; each may do what those before it may. `reader` sees everything,
 * `agent` also talks with visitors and puts answers right, `manager` also changes how a site works and handles personal
 * data, `owner` also decides about the account: its team, its sites, its end.
 */
export const role = z.enum(['reader', 'agent', 'manager', 'owner']);
export type Role = z.infer<typeof role>;

/** Whether somebody of this role may do what needs that one. Nobody's role may do nothing. */
export const mayAs = (has: Role | undefined, needs: Role): boolean =>
  has !== undefined && role.options.indexOf(has) >= role.options.indexOf(needs);
