/** Numbers and names that the widget and the relay agree on. No import here: the widget bundles this file. */

/** The one cookie of Confab, set by the widget after consent; it holds the conversation handle and nothing else. */
export const COOKIE_NAME = 'cf_conversation';

/** Longest text of one visitor message, in Unicode code points. */
export const TEXT_MAX = 4_000;

/** Longest carried thread, counted in visitor messages; each may have its answer behind it. */
export const THREAD_TURNS_MAX = 40;

/** Longest carried thread in all, in UTF-16 code units of its texts. */
export const THREAD_TEXT_MAX = 120_000;

/** Largest request body on the visitor surface, in bytes. */
export const WIDGET_BODY_MAX = 512 * 1024;

/** Largest request body on the plugin surface, in bytes. */
export const SITE_BODY_MAX = 16 * 1024 * 1024;

/** Most documents in one call of `POST /v1/site/documents`, upserts and deletes each. */
export const DOCUMENTS_MAX = 100;

/** Largest html or text of one document, in UTF-16 code units; a larger one is rejected as `too_large`. */
export const DOCUMENT_TEXT_MAX = 2 * 1024 * 1024;

/** How long each class of data is kept where the site says nothing else, in days. */
export const RETENTION_DAYS_DEFAULT = { conversation: 365, lead: 365, pageView: 90, consent: 1_095 };

/** By when a data request must be done, in days: a month, as GDPR Art. 12(3) has it. */
export const DATA_REQUEST_DAYS = 30;
