import { createContext, useContext } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { Json } from './json.ts';

/** Least first; each may do what those before it may. */
export type Role = 'reader' | 'agent' | 'manager' | 'owner';

/** A refusal of whoever was asked, or of the network on the way; `status` is 0 where there was no answer. */
export type ApiError = {
  code: string;
  /** For the person who reads it. */
  message: string;
  status: number;
  /** What is wrong with single fields. */
  errors?: FieldError[];
  /** With 412: what stands now, and its entity tag. */
  current?: Json;
  etag?: string;
};

export type FieldError = { path: string; message: string };

export type Query = Record<string, string | number | boolean | null | undefined>;

export type RequestOptions = {
  /** Null, undefined and empty values are left out. */
  query?: Query;
  body?: unknown;
  ifMatch?: string;
  signal?: AbortSignal;
};

/** What happened just now: ids only; whoever needs more reads it again. */
export type LiveEvent = {
  /**
   * `connected` whenever the stream begins (again): what came before it may have been missed. `lost` when it broke off and is
   * tried again. `signed_out` is the last one.
   */
  type: string;
  conversationId?: string;
  leadId?: string;
  role?: string;
  /** Whoever writes; `present`: whether the visitor has the chat open. */
  by?: string;
  present?: boolean;
};

/** How the screens of one site ask for its data, wherever they run. */
export type Client = {
  /** `path` is relative to the site, such as "/conversations". Throws an `ApiError`. */
  request: <Answer>(
    method: string,
    path: string,
    options?: RequestOptions,
  ) => Promise<{ answer: Answer; etag: string | null }>;
  /** Where a link downloads from, such as a list as CSV. */
  download: (path: string, query?: Query) => string;
  /** Hears what happens at the site until the returned function is called; missing where nothing tells. */
  events?: (hear: (event: LiveEvent) => void) => () => void;
  /** Whether who is signed in may do what needs this role. What they may not is not offered, and refused anyway. */
  may: (role: Role) => boolean;
  /** Where another screen of this site is, such as `leads` with what it is filtered by. */
  href: (screen: string, query?: Query) => string;
  /** Where the plan of the site's account is, for whoever is told that it includes no more. */
  billing?: string;
  /** Who is signed in at the relay; missing where a plugin speaks for everybody, who then cannot talk with visitors. */
  me?: { userId: string; name: string };
  /** Of the site's widget, for its preview. */
  widgetUrl: string;
};

const ClientContext = createContext<Client | null>(null);

export const ClientProvider = ClientContext.Provider;

/** The data client of the site whose screen this is. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('This screen is not inside a ClientProvider.');
  return client;
}

/** Where the plan is, if that is known where the screen runs. */
export const useBillingAddress = (): string | undefined => useContext(ClientContext)?.billing;

const roles: Role[] = ['reader', 'agent', 'manager', 'owner'];

/** Whether somebody of this role may do what needs that one. */
export const mayAs = (has: Role, needs: Role): boolean => roles.indexOf(has) >= roles.indexOf(needs);

/** Anything that was thrown, as something that can be shown. */
export function asApiError(error: unknown): ApiError {
  const { code, message, status, ...more } = (error instanceof Error ? {} : (error ?? {})) as Partial<ApiError>;
  return {
    ...more,
    code: code ?? 'unknown',
    message: message || __('That did not work, and nothing says why. Please try again.', 'confab'),
    status: status ?? 0,
  };
}

/** `?a=1&b=2`, or nothing. */
export function queryOf(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length > 0 ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
}
