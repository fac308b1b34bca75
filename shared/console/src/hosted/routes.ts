/** Pages for whoever is not signed in. */
export const authPages = ['sign-in', 'sign-up', 'verify', 'reset', 'reset/new', 'second-factor', 'invitation'] as const;
export type AuthPage = (typeof authPages)[number];

export type Route =
  | { page: AuthPage }
  | { page: 'start' | 'sites' | 'sites/new' | 'team' | 'account' | 'account/billing' | 'account/audit' | 'not-found' }
  | { page: 'site'; siteId: string; screen: string };

const plainPages = ['sites', 'sites/new', 'team', 'account', 'account/billing', 'account/audit', ...authPages] as const;

/** Where the console lives. */
export const BASE = '/console';

/** Where an account's plan is, and what it has used. */
export const BILLING = `${BASE}/account/billing`;

/** What an address of the console shows. */
export function routeOf(pathname: string): Route {
  const path = pathname.replace(/^\/console(?=\/|$)/, '').replace(/^\/+|\/+$/g, '');
  if (path === '') return { page: 'start' };
  const plain = plainPages.find(page => page === path);
  if (plain) return { page: plain };
  const [, siteId, screen = 'home'] = /^sites\/([\da-f-]{36})(?:\/([a-z-]+))?$/.exec(path) ?? [];
  return siteId ? { page: 'site', siteId, screen } : { page: 'not-found' };
}

export const isAuthPage = (route: Route): route is { page: AuthPage } => authPages.some(page => page === route.page);

/** The address of a screen of a site. */
export const siteAddress = (siteId: string, screen: string): string => `${BASE}/sites/${siteId}/${screen}`;
