import apiFetch from '@wordpress/api-fetch';
import { type ApiError, asApiError } from '../../../shared/console/src/client.ts';

/** Of the plugin's own REST routes. */
export const SPACE = '/confab/v1';

export type SyncStatus = {
  state: 'idle' | 'running' | 'waiting' | 'paused';
  total: number;
  done: number;
  failed: number;
  pending: number;
  lastSyncedAt: string | null;
  message: string;
  errors: { id: number; title: string; code: string; message: string }[];
};

export type Status = {
  state: 'disconnected' | 'connected' | 'moved' | 'revoked';
  relayUrl: string;
  siteId: string;
  siteKey: string;
  homeUrl: string;
  boundTo: string;
  secret: { set: boolean; last4: string; from: 'option' | 'constant' | 'environment' };
  /**
   * `message` says what is wrong, also where the relay is reached and answers with an error. `clockAhead`: by how many
   * seconds the relay's clock is ahead of the site's; null where nobody could compare.
   */
  relay: { reachable: boolean; code: string; message: string; clockAhead: number | null };
  verification: 'pending' | 'verified' | 'unreachable' | 'failed' | null;
  usage: {
    periodStart: string;
    conversations: number;
    answers: number;
    /** Missing where the relay is an older one. */
    modelAnswers?: number;
    answersLimit: number | null;
  } | null;
  integrations: { name: string; state: 'ready' | 'not_configured' | 'failing' }[] | null;
  /** How it stands with each address that notifications go to; null where the relay does not say. */
  notifications: { email: string; state: string }[] | null;
  version: string;
  aiAllowed: boolean;
  sync: SyncStatus;
};

export type Preferences = {
  post_types: string[];
  hide_for_roles: string[];
  hide_on: number[];
  hide_post_types: string[];
  widget: boolean;
};

type Option = { value: string; label: string };
export type Choices = { postTypes: Option[]; roles: Option[]; pages: Option[] };

/** A refusal as WordPress tells it. */
type WordpressError = { code: string; message: string; data?: Partial<ApiError> };

/** Asks the plugin's REST routes; throws an `ApiError` with a message for the owner. */
export async function ask<Answer>(method: string, path: string, data?: unknown, signal?: AbortSignal): Promise<Answer> {
  try {
    return await apiFetch<Answer>({ path: `${SPACE}${path}`, method, data, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    const { code = '', message = '', data: more } = (error ?? {}) as Partial<WordpressError>;
    throw asApiError({ ...more, code: code.replace(/^confab_/, ''), message });
  }
}

/** Every call about WordPress itself and the connection. */
export const api = {
  status: () => ask<Status>('GET', '/status'),
  connect: (relayUrl: string) => ask<{ redirectUrl: string }>('POST', '/connect', { relayUrl }),
  disconnect: (erase: boolean) => ask<{ ok: boolean; message: string }>('POST', '/disconnect', { erase }),
  moved: (answer: 'moved' | 'copy') => ask<Status>('POST', '/moved', { answer }),
  verify: () => ask<Status>('POST', '/verification'),
  preferences: () => ask<Preferences>('GET', '/preferences'),
  savePreferences: (preferences: Partial<Preferences>) => ask<Preferences>('PUT', '/preferences', preferences),
  choices: () => ask<Choices>('GET', '/choices'),
  sync: () => ask<SyncStatus>('GET', '/sync'),
  syncStep: (action: 'start' | 'step') => ask<SyncStatus>('POST', '/sync', { action }),
};
