import { z } from 'zod';
import { widgetConfig } from './config.ts';
import { consentRequest, consentResponse } from './consent.ts';
import { conversationSchema } from './conversation.ts';
import { documentsRequest, documentsResponse, documentsStatus, searchQuery, searchResponse } from './documents.ts';
import { locale } from './primitives.ts';
import type { ProblemCode } from './problem.ts';
import { settingsSchema, settingsUpdate } from './settings.ts';
import { siteResponse } from './site.ts';
import { turnRequest } from './turn.ts';

/** One call of the relay, for the OpenAPI document. `answer` is a schema, a media type, or nothing. */
export type Operation = {
  id: string;
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  summary: string;
  credential?: 'conversationHandle' | 'siteSecret';
  query?: z.ZodObject;
  body?: z.ZodType;
  status: number;
  answer?: z.ZodType | 'text/event-stream';
  problems: ProblemCode[];
};

const widget = '/v1/widget/{siteKey}';
const widgetProblems: ProblemCode[] = ['origin_not_allowed', 'site_not_found', 'rate_limited'];
const bodyProblems: ProblemCode[] = ['validation_failed', 'malformed_json', 'body_too_large', 'unsupported_media_type'];
const siteProblems: ProblemCode[] = ['unauthorized', 'rate_limited'];

/** Every call of the relay; `GET /openapi.json` is made from this, and a test compares it with the routes. */
export const operations: Operation[] = [
  {
    id: 'getWidgetConfig',
    method: 'get',
    path: `${widget}/config`,
    summary: 'What the widget shows: texts, appearance, consent notice.',
    query: z.strictObject({ locale: locale.optional() }),
    status: 200,
    answer: widgetConfig,
    problems: ['validation_failed', ...widgetProblems],
  },
  {
    id: 'recordConsent',
    method: 'post',
    path: `${widget}/consents`,
    summary: 'Records a visitor’s decision and returns its receipt.',
    body: consentRequest,
    status: 201,
    answer: consentResponse,
    problems: [...bodyProblems, ...widgetProblems],
  },
  {
    id: 'takeTurn',
    method: 'post',
    path: `${widget}/turns`,
    summary: 'Answers a question as a stream of the events started, delta, citation, suggestion, completed, failed.',
    body: turnRequest,
    status: 200,
    answer: 'text/event-stream',
    problems: [
      ...bodyProblems,
      'consent_required',
      'conversation_not_found',
      'thread_not_sealed',
      'unavailable',
      ...widgetProblems,
    ],
  },
  {
    id: 'readConversation',
    method: 'get',
    path: `${widget}/conversation`,
    summary: 'The stored conversation, as its visitor reads it.',
    credential: 'conversationHandle',
    status: 200,
    answer: conversationSchema,
    problems: ['unauthorized', 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'exportConversation',
    method: 'get',
    path: `${widget}/conversation/export`,
    summary: 'Everything held about the conversation and its visitor.',
    credential: 'conversationHandle',
    status: 200,
    answer: z.looseObject({}),
    problems: ['unauthorized', 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'eraseConversation',
    method: 'delete',
    path: `${widget}/conversation`,
    summary: 'Erases the conversation, its messages and what was derived from them.',
    credential: 'conversationHandle',
    status: 204,
    problems: ['unauthorized', 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'getSite',
    method: 'get',
    path: '/v1/site',
    summary: 'Identity, plan, usage this period and the state of each integration.',
    credential: 'siteSecret',
    status: 200,
    answer: siteResponse,
    problems: siteProblems,
  },
  {
    id: 'getSettings',
    method: 'get',
    path: '/v1/site/settings',
    summary: 'The whole settings document, with its ETag.',
    credential: 'siteSecret',
    status: 200,
    answer: settingsSchema,
    problems: siteProblems,
  },
  {
    id: 'putSettings',
    method: 'put',
    path: '/v1/site/settings',
    summary: 'Replaces the settings whose ETag is given as If-Match.',
    credential: 'siteSecret',
    body: settingsUpdate,
    status: 200,
    answer: settingsSchema,
    problems: [...bodyProblems, 'precondition_failed', 'precondition_required', ...siteProblems],
  },
  {
    id: 'syncDocuments',
    method: 'post',
    path: '/v1/site/documents',
    summary:
      'Takes pages and products into the site’s knowledge, or out of it. The same content again changes nothing.',
    credential: 'siteSecret',
    body: documentsRequest,
    status: 202,
    answer: documentsResponse,
    problems: [...bodyProblems, ...siteProblems],
  },
  {
    id: 'getDocumentsStatus',
    method: 'get',
    path: '/v1/site/documents/status',
    summary: 'How much the knowledge holds.',
    credential: 'siteSecret',
    status: 200,
    answer: documentsStatus,
    problems: siteProblems,
  },
  {
    id: 'searchKnowledge',
    method: 'get',
    path: '/v1/site/search',
    summary: 'The retrieval that answers use.',
    credential: 'siteSecret',
    query: searchQuery,
    status: 200,
    answer: searchResponse,
    problems: ['validation_failed', ...siteProblems],
  },
];
