import { laterAnswers, laterSettings, RETENTION_DAYS_DEFAULT } from '@confab/contract';
import type { StoredSettings } from './secrets.ts';

/** What a new site begins with. */
export function defaultSettings(site: { name: string; allowedOrigins: string[] }): StoredSettings {
  return {
    name: site.name,
    locale: 'en',
    allowedOrigins: site.allowedOrigins,
    appearance: { position: 'bottom-right', accent: '#1f6f54', theme: 'auto' },
    texts: {},
    consent: { policyUrl: null, notices: {} },
    answers: {
      providers: ['openai', 'anthropic'],
      instructions: '',
      maxTokens: 800,
      firstTokenMs: 8_000,
      openai: { baseUrl: null, model: null, api: null },
      anthropic: { baseUrl: null, model: null },
      ...laterAnswers,
    },
    timezone: 'UTC',
    country: null,
    retention: {
      conversationDays: RETENTION_DAYS_DEFAULT.conversation,
      leadDays: RETENTION_DAYS_DEFAULT.lead,
      pageViewDays: RETENTION_DAYS_DEFAULT.pageView,
      consentDays: RETENTION_DAYS_DEFAULT.consent,
    },
    ...laterSettings,
  };
}
