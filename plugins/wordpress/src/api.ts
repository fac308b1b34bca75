import apiFetch from '@wordpress/api-fetch';
import { __ } from '@wordpress/i18n';
import type { Json } from './json.ts';

/** A refusal of the plugin's own REST routes, or of the network on the way to them. */
export type ApiError = {
  code: string;
  message: string;
  data?: { status?: number; errors?: FieldError[]; current?: Json; etag?: string };
};

/** What the relay found wrong with one setting. */
export type FieldError = { path: string; message: string };

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
  usage: { periodStart: string; conversations: number; answers: number } | null;
  integrations: { name: string; state: 'ready' | 'not_configured' | 'failing' }[] | null;
  /** How it stands with each address that notifications go to; null where the relay does not say. */
  notifications: { email: string; state: string }[] | null;
  version: string;
  aiAllowed: boolean;
  sync: SyncStatus;
};

export type SettingsAnswer = { settings: Json; etag: string };

export type Preferences = {
  post_types: string[];
  hide_for_roles: string[];
  hide_on: number[];
  hide_post_types: string[];
  widget: boolean;
};

type Option = { value: string; label: string };
export type Choices = { postTypes: Option[]; roles: Option[]; pages: Option[] };

export type RetentionWindows = {
  conversationDays: number;
  leadDays: number;
  pageViewDays: number;
  consentDays: number;
};

export type Retention = {
  windows: RetentionWindows;
  expired: Record<string, Record<string, number>>;
  held: boolean;
  nextRunAt: string;
};

export type ListPage<Item> = { items: Item[]; nextCursor: string | null };

export type ListName =
  | 'conversations'
  | 'leads'
  | 'consents'
  | 'data-requests'
  | 'purges'
  | 'documents'
  | 'entries'
  | 'unanswered';

/** How a lead stands with one receiver. */
export type Delivery = {
  target: string;
  operation: 'deliver' | 'erase';
  state: 'waiting' | 'delivered' | 'failed' | 'held';
  log: { at: string; outcome: string; fault?: string; words?: string }[];
  nextAt: string | null;
  deliveredAt: string | null;
};

/** What came of a test lead; `words` are the CRM's own. */
export type CrmTest = { ok: boolean; fault?: string; words?: string };

/** What the owner wrote for the knowledge. */
export type Entry = {
  entryId: string;
  question: string;
  answer: string;
  links: EntryLink[];
  locale: string | null;
  updatedAt: string;
};

type EntryLink = { title: string; url: string };

/** The same while it is written; `messageId` is the answer that it puts right. */
export type EntryDraft = {
  question: string;
  answer: string;
  links: EntryLink[];
  locale?: string | null;
  messageId?: string;
};

/** A question of a visitor that stayed without an answer. */
export type Unanswered = {
  messageId: string;
  conversationId: string;
  question: string;
  locale: string | null;
  createdAt: string;
};

/** What a document said on which an answer rests. */
export type Passage = { index: number; title: string; url: string; heading: string; text: string };

export type ReadConversation = {
  id: string;
  createdAt: string;
  restricted: boolean;
  locale: string | null;
  pageUrl: string | null;
  prechat: Record<string, string> | null;
  messages: {
    id: string;
    role: 'visitor' | 'assistant' | 'agent';
    text: string;
    citations: { index: number; title: string; url: string }[];
    /** Of an answer: what it rests on, and whether it answered. */
    passages?: Passage[];
    outcome?: string;
    costUsd?: number;
    status: string;
    createdAt: string;
  }[];
};

/** Asks the plugin's REST routes; throws an `ApiError` with a message for the owner. */
async function ask<Answer>(method: string, path: string, data?: unknown, signal?: AbortSignal): Promise<Answer> {
  try {
    return await apiFetch<Answer>({ path: `/confab/v1${path}`, method, data, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw asApiError(error);
  }
}

/** Anything that was thrown, as something that can be shown. */
export function asApiError(error: unknown): ApiError {
  const { code, message, data } = (error ?? {}) as Partial<ApiError>;
  return {
    code: code ?? 'confab_unknown',
    message: message || __('That did not work, and nothing says why. Please try again.', 'confab'),
    ...(data && { data }),
  };
}

const queryOf = (query: Record<string, string | number | null>) => {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== '');
  return given.length > 0 ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : '';
};

/** Every call that the admin screens make. */
export const api = {
  status: () => ask<Status>('GET', '/status'),
  connect: (relayUrl: string) => ask<{ redirectUrl: string }>('POST', '/connect', { relayUrl }),
  disconnect: (erase: boolean) => ask<{ ok: boolean; message: string }>('POST', '/disconnect', { erase }),
  moved: (answer: 'moved' | 'copy') => ask<Status>('POST', '/moved', { answer }),
  verify: () => ask<Status>('POST', '/verification'),
  settings: () => ask<SettingsAnswer>('GET', '/settings'),
  saveSettings: (settings: Json, etag: string) => ask<SettingsAnswer>('PUT', '/settings', { settings, etag }),
  retention: (windows: Partial<RetentionWindows>, signal?: AbortSignal) =>
    ask<Retention>('GET', `/retention${queryOf(windows)}`, undefined, signal),
  list: <Item>(name: ListName, cursor: string | null, limit: number) =>
    ask<ListPage<Item>>('GET', `/lists/${name}${queryOf({ cursor, limit })}`),
  conversation: (id: string) => ask<ReadConversation>('GET', `/conversations/${encodeURIComponent(id)}`),
  addEntry: (entry: EntryDraft) => ask<Entry>('POST', '/entries', entry),
  changeEntry: (id: string, entry: EntryDraft) => ask<Entry>('PUT', `/entries/${encodeURIComponent(id)}`, entry),
  removeEntry: (id: string) => ask<object>('DELETE', `/entries/${encodeURIComponent(id)}`),
  dismiss: (messageId: string) => ask<object>('POST', `/unanswered/${encodeURIComponent(messageId)}`),
  tryDelivery: (leadId: string, target: string) =>
    ask<object>('POST', `/leads/${encodeURIComponent(leadId)}/deliveries/${encodeURIComponent(target)}`),
  testCrm: (name: string) => ask<CrmTest>('POST', `/crm/${encodeURIComponent(name)}/test`),
  preferences: () => ask<Preferences>('GET', '/preferences'),
  savePreferences: (preferences: Partial<Preferences>) => ask<Preferences>('PUT', '/preferences', preferences),
  choices: () => ask<Choices>('GET', '/choices'),
  sync: () => ask<SyncStatus>('GET', '/sync'),
  syncStep: (action: 'start' | 'step') => ask<SyncStatus>('POST', '/sync', { action }),
};
