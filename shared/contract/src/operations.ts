import { z } from 'zod';
import { widgetConfig } from './config.ts';
import { connectTokenRequest, connectTokenResponse, disconnectRequest, verificationResponse } from './connect.ts';
import { consentRequest, consentResponse, consentsPage, consentsQuery, publicKeySet } from './consent.ts';
import { conversationPage, conversationSchema, ownedConversation } from './conversation.ts';
import {
  dataRequest,
  dataRequestPage,
  dataRequestResponse,
  personalDataDocument,
  visitorDataRequest,
} from './data-request.ts';
import {
  documentPage,
  documentsRequest,
  documentsResponse,
  documentsStatus,
  searchQuery,
  searchResponse,
} from './documents.ts';
import { leadPage, leadRequest, leadResponse } from './lead.ts';
import { pageQuery } from './page.ts';
import { pageviewRequest } from './pageview.ts';
import { locale } from './primitives.ts';
import type { ProblemCode } from './problem.ts';
import {
  legalHold,
  legalHoldRelease,
  legalHoldRequest,
  legalHoldsPage,
  purgesPage,
  retentionQuery,
  retentionResponse,
} from './retention.ts';
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
  answer?: z.ZodType | 'text/event-stream' | 'text/plain';
  /** Another form of the answer, and the one that is sent unless JSON is asked for. */
  answerAs?: 'application/jsonl' | 'text/html';
  problems: ProblemCode[];
};

const widget = '/v1/widget/{siteKey}';
const widgetProblems: ProblemCode[] = ['origin_not_allowed', 'site_not_found', 'rate_limited'];
const bodyProblems: ProblemCode[] = ['validation_failed', 'malformed_json', 'body_too_large', 'unsupported_media_type'];
const siteProblems: ProblemCode[] = ['unauthorized', 'rate_limited'];

/** Every call of the relay; `GET /openapi.json` is made from this, and a test compares it with the routes. */
export const operations: Operation[] = [
  {
    id: 'getMetrics',
    method: 'get',
    path: '/metrics',
    summary: 'What an operator watches, as Prometheus reads it; of no site and no person.',
    status: 200,
    answer: 'text/plain',
    problems: ['internal', 'unavailable'],
  },
  {
    id: 'getPublicKeys',
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that check the signatures of consent logs.',
    status: 200,
    answer: publicKeySet,
    problems: [],
  },
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
    summary:
      'Answers a question as a stream of the events started, delta, citation, product, suggestion, completed, failed.',
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
    summary: 'Everything held about the conversation and its visitor; as a page to read where HTML is accepted.',
    credential: 'conversationHandle',
    status: 200,
    answer: personalDataDocument,
    answerAs: 'text/html',
    problems: ['unauthorized', 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'eraseConversation',
    method: 'delete',
    path: `${widget}/conversation`,
    summary: 'Erases the conversation, its messages and what was derived from them.',
    credential: 'conversationHandle',
    status: 204,
    problems: ['unauthorized', 'conversation_not_found', 'legal_hold', ...widgetProblems],
  },
  {
    id: 'requestOwnData',
    method: 'post',
    path: `${widget}/data-requests`,
    summary: 'A visitor’s request about the data of their own conversation.',
    credential: 'conversationHandle',
    body: visitorDataRequest,
    status: 200,
    answer: dataRequestResponse,
    problems: [...bodyProblems, 'unauthorized', 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'leaveLead',
    method: 'post',
    path: `${widget}/leads`,
    summary: 'Keeps the contact details that a visitor leaves. The same once more within an hour is the same lead.',
    body: leadRequest,
    status: 201,
    answer: leadResponse,
    problems: [...bodyProblems, 'conversation_not_found', ...widgetProblems],
  },
  {
    id: 'recordPageview',
    method: 'post',
    path: `${widget}/pageviews`,
    summary: 'Keeps that the visitor of a conversation saw a page, while analytics is granted.',
    body: pageviewRequest,
    status: 204,
    problems: [...bodyProblems, 'consent_required', 'conversation_not_found', ...widgetProblems],
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
    id: 'exchangeConnectCode',
    method: 'post',
    path: '/v1/connect/token',
    summary: 'Gives a plugin its site and a new secret for the code that the owner’s approval at /connect ended with.',
    body: connectTokenRequest,
    status: 200,
    answer: connectTokenResponse,
    problems: [...bodyProblems, 'connect_code_invalid', 'rate_limited'],
  },
  {
    id: 'checkConnection',
    method: 'post',
    path: '/v1/site/verification',
    summary: 'Has the relay check again whether it reaches the plugin; `GET /v1/site` tells what came of it.',
    credential: 'siteSecret',
    status: 202,
    answer: verificationResponse,
    problems: siteProblems,
  },
  {
    id: 'disconnectSite',
    method: 'delete',
    path: '/v1/site/connection',
    summary:
      'Ends the connection: the secret is void, the widget answers no more. Keeps or erases everything of the site.',
    credential: 'siteSecret',
    body: disconnectRequest,
    status: 204,
    problems: [...bodyProblems, 'legal_hold', ...siteProblems],
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
    id: 'requestData',
    method: 'post',
    path: '/v1/site/data-requests',
    summary:
      'Does what a person asks for about their data. Somebody unknown gives zero counts. Access and portability answer as a page to read where HTML is accepted.',
    credential: 'siteSecret',
    body: dataRequest,
    status: 200,
    answer: dataRequestResponse,
    answerAs: 'text/html',
    problems: [...bodyProblems, 'subject_ambiguous', 'site_not_found', 'unavailable', ...siteProblems],
  },
  {
    id: 'listDataRequests',
    method: 'get',
    path: '/v1/site/data-requests',
    summary: 'The requests about people’s data, newest first, with what was done and nothing about whom.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: dataRequestPage,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'listConversations',
    method: 'get',
    path: '/v1/site/conversations',
    summary: 'The stored conversations, newest first, without a word of what was said.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: conversationPage,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'readConversationOfSite',
    method: 'get',
    path: '/v1/site/conversations/{id}',
    summary: 'One stored conversation, as the site’s owner reads it; nothing of what is restricted.',
    credential: 'siteSecret',
    status: 200,
    answer: ownedConversation,
    problems: ['conversation_not_found', ...siteProblems],
  },
  {
    id: 'listLeads',
    method: 'get',
    path: '/v1/site/leads',
    summary: 'The contact details that visitors left, newest first; nothing of what is restricted.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: leadPage,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'listDocuments',
    method: 'get',
    path: '/v1/site/documents',
    summary: 'What the knowledge holds, newest first, each with the hash of what was sent.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: documentPage,
    problems: ['validation_failed', ...siteProblems],
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
  {
    id: 'listPurges',
    method: 'get',
    path: '/v1/site/purges',
    summary: 'The certificates of the purges, newest first: what went, counted, each chained to the one before.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: purgesPage,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'getRetention',
    method: 'get',
    path: '/v1/site/retention',
    summary: 'What a purge would delete now, with the site’s windows or with those that are given; deletes nothing.',
    credential: 'siteSecret',
    query: retentionQuery,
    status: 200,
    answer: retentionResponse,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'listLegalHolds',
    method: 'get',
    path: '/v1/site/legal-holds',
    summary: 'The legal holds, newest first, also those that were ended.',
    credential: 'siteSecret',
    query: pageQuery,
    status: 200,
    answer: legalHoldsPage,
    problems: ['validation_failed', ...siteProblems],
  },
  {
    id: 'placeLegalHold',
    method: 'post',
    path: '/v1/site/legal-holds',
    summary: 'Keeps one conversation, or everything of the site, from being deleted.',
    credential: 'siteSecret',
    body: legalHoldRequest,
    status: 201,
    answer: legalHold,
    problems: [...bodyProblems, 'conversation_not_found', ...siteProblems],
  },
  {
    id: 'endLegalHold',
    method: 'delete',
    path: '/v1/site/legal-holds/{id}',
    summary: 'Ends a legal hold; the body says who does.',
    credential: 'siteSecret',
    body: legalHoldRelease,
    status: 204,
    problems: [...bodyProblems, 'not_found', ...siteProblems],
  },
  {
    id: 'exportConsents',
    method: 'get',
    path: '/v1/site/consents',
    summary: 'The consent log in order: JSON Lines between signed checkpoints, to be verified, or plain JSON.',
    credential: 'siteSecret',
    query: consentsQuery,
    status: 200,
    answer: consentsPage,
    answerAs: 'application/jsonl',
    problems: ['validation_failed', ...siteProblems],
  },
];
