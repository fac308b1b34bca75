import type { ZohoRegion } from '@confab/contract';
import { type Crm, CrmFault, type CrmLead, type Mapping } from './crm.ts';
import { type Answer, exchange, SessionEnded, tokenKeeper, withToken } from './exchange.ts';
import { chosenProperties, erasePlan, type Held, readMarks, type Shape, upsertPlan } from './lead-record.ts';
import { retryAfterS, within, wordsOf } from './lead-text.ts';

export type ZohoConfig = {
  region: ZohoRegion;
  /** The relay's own choice instead of the region's hosts: login and API are then both there. */
  baseUrl?: string | undefined;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  mapping: Mapping;
  fetch?: typeof globalThis.fetch | undefined;
  timeoutMs?: number | undefined;
};

const LABEL = 'Confab Lead Id';
/** What Zoho makes of the label. */
const FIELD = 'Confab_Lead_Id';
const MISSING =
  `Create the field "${LABEL}" in the module Leads (Setup › Modules and Fields): single line, 255 characters, ` +
  '"Do not allow duplicate values" ticked; or give the connection the scope ZohoCRM.settings.fields.ALL.';
const SCOPES = 'Connect Zoho anew with the scopes ZohoCRM.modules.leads.ALL, ZohoCRM.coql.READ, ';
const MORE_SCOPES = 'ZohoCRM.settings.fields.ALL and ZohoCRM.settings.recycle_bin.DELETE.';

const shape: Shape = {
  id: 'id',
  marks: FIELD,
  text: 'Description',
  first: 'First_Name',
  last: 'Last_Name',
  company: 'Company',
  email: 'Email',
  phone: 'Phone',
  closed: '$converted',
  max: { first: 40, last: 80, company: 200, email: 100, phone: 30, text: 32_000 },
};
const SELECTED = [FIELD, 'Description', 'First_Name', 'Last_Name', 'Company', 'Email', 'Phone'];
const ROUNDS = 4;

/** https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html */
function zohoHosts(region: ZohoRegion): { login: string; api: string } {
  const api = region === 'zohocloud.ca' ? 'ca' : region;
  const login = region === 'zohocloud.ca' ? region : `zoho.${region}`;
  return { login: `https://accounts.${login}`, api: `https://www.zohoapis.${api}` };
}

/** What Zoho says is wrong, by its own code. */
class Refusal extends Error {
  readonly code: string;
  readonly answer: Answer;
  readonly words: string | undefined;
  readonly details: Record<string, unknown>;

  constructor(said: Record<string, unknown>, answer: Answer) {
    super();
    this.code = String(said.code);
    this.answer = answer;
    this.details = isObject(said.details) ? said.details : {};
    const property = typeof this.details.api_name === 'string' ? `: ${this.details.api_name}` : '';
    this.words = wordsOf(`${said.message ?? said.code}${property}`);
  }
}

type Ask = (
  method: string,
  path: string,
  more?: { query?: Record<string, string>; body?: object },
) => Promise<Held | undefined>;

/**
 * Leads as records of `Leads`. Our key stands in a field that Zoho keeps unique, and a lead is made by a plain insertion:
 * a second one is refused, however often and at once it is told. Not by Zoho's upsert: that takes every unique field of
 * the module for a likeness, and writes over what it finds. What is there is asked for by COQL, since the search API
 * finds new records late.
 */
export function createZoho(config: ZohoConfig): Crm {
  const { clientId, clientSecret, refreshToken, mapping, fetch = globalThis.fetch, timeoutMs = 15_000 } = config;
  const { login, api } = config.baseUrl ? { login: config.baseUrl, api: config.baseUrl } : zohoHosts(config.region);

  const tokens = tokenKeeper<string>(() =>
    within(timeoutMs, new AbortController().signal, async signal => {
      const form = { refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret };
      const body = new URLSearchParams({ ...form, grant_type: 'refresh_token' });
      return tokenOf(await exchange(fetch, `${login}/oauth/v2/token`, { method: 'POST', body, signal }));
    }),
  );

  function call<T>(signal: AbortSignal, work: (ask: Ask) => Promise<T>): Promise<T> {
    return within(timeoutMs, signal, either =>
      withToken(tokens, token =>
        work(async (method, path, { query = {}, body } = {}) => {
          const search = new URLSearchParams(query).toString();
          const answer = await exchange(fetch, `${api}/crm/v8${path}${search && `?${search}`}`, {
            method,
            headers: {
              authorization: `Zoho-oauthtoken ${token}`,
              ...(body && { 'content-type': 'application/json' }),
            },
            ...(body && { body: JSON.stringify(body) }),
            signal: either,
          });
          return said(answer);
        }).catch(error => {
          throw error instanceof Refusal ? faultOf(error) : error;
        }),
      ),
    );
  }

  /** The ids of the records that fit, the oldest first; where Zoho does not know our field yet, it is made. */
  async function idsOf(ask: Ask, conditions: string[]): Promise<Held[]> {
    // COQL wants each pair in brackets of its own.
    const where = conditions.reduce((all, one) => `(${all} or ${one})`);
    const body = { select_query: `select id, ${FIELD}, Email from Leads where ${where} limit 200` };
    for (let round = 1; ; round++) {
      try {
        return listOf(await ask('POST', '/coql', { body }));
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'INVALID_QUERY') throw error;
        if (round === ROUNDS) throw new CrmFault('misconfigured', { words: MISSING });
        await makeField(ask);
      }
    }
  }

  async function records(ask: Ask, lead: CrmLead | undefined, ids: string[]): Promise<Held[]> {
    if (ids.length === 0) return [];
    const fields = new Set([...SELECTED, ...(lead ? chosenProperties(shape, lead, mapping) : [])]);
    const query = { ids: ids.slice(0, 100).join(','), fields: [...fields].join(','), converted: 'both' };
    const found = listOf(await ask('GET', '/Leads', { query }));
    return ids.flatMap(id => found.filter(record => record.id === id));
  }

  /** The records that have this lead or its person, this lead's first. */
  async function find(ask: Ask, lead: CrmLead, others: (string | null)[]): Promise<Held[]> {
    const found = await idsOf(ask, [
      `${FIELD} like '%${escaped(lead.key)}%'`,
      ...(lead.email ? [`Email = '${escaped(lead.email)}'`] : []),
      ...(lead.phone ? [`Phone = '${escaped(lead.phone)}'`] : []),
    ]);
    const isSame = (record: Held) => String(record.Email ?? '').toLowerCase() === lead.email?.toLowerCase();
    const mine = found.filter(record => readMarks(record[FIELD]).keys.includes(lead.key));
    const byEmail = found.filter(isSame);
    // A number may be that of a house: somebody there with another address is somebody else.
    const byPhone = found.filter(record => !isSame(record) && (!lead.email || !record.Email));
    const ids = [...mine.map(idOf), ...others.filter(isId), ...byEmail.map(idOf), ...byPhone.map(idOf)];
    return await records(ask, lead, [...new Set(ids)]);
  }

  return {
    upsertLead: (lead, known, signal) =>
      call(signal, async ask => {
        const others = [known];
        for (let round = 1; ; round++) {
          const plan = upsertPlan(shape, lead, mapping, await find(ask, lead, others));
          if (plan.is === 'done') return { recordId: plan.id };
          if (plan.is === 'update') {
            writtenOf(await ask('PUT', `/Leads/${plan.id}`, { body: { data: [plan.values] } }));
            if (!plan.joins || round === ROUNDS) return { recordId: plan.id };
            continue;
          }
          try {
            return { recordId: writtenOf(await ask('POST', '/Leads', { body: { data: [plan.values] } })) };
          } catch (error) {
            // Somebody was faster, or the owner keeps another field unique: then that is the record of this person.
            if (round === ROUNDS || !(error instanceof Refusal) || error.code !== 'DUPLICATE_DATA') throw error;
            const { duplicate_record: duplicate, id } = error.details;
            const other = isObject(duplicate) ? duplicate.id : id;
            if (isId(other)) others.push(other);
          }
        }
      }),

    eraseLead: ({ key, known }, signal) =>
      call(signal, async ask => {
        const found = await idsOf(ask, [`${FIELD} like '%${escaped(key)}%'`]);
        const ids = new Set([...found.map(idOf), ...[known].filter(isId)]);
        for (const record of await records(ask, undefined, [...ids])) {
          const plan = erasePlan(shape, key, record);
          if (plan?.is === 'delete') await remove(ask, idOf(record));
          else if (plan) {
            const body = { data: [plan.values], trigger: [] };
            writtenOf(await ask('PUT', `/Leads/${idOf(record)}`, { body }));
          }
        }
      }),

    check: signal =>
      call(signal, async ask => {
        const body = { select_query: 'select id from Leads where id is not null limit 1' };
        listOf(await ask('POST', '/coql', { body }));
      }),
  };
}

async function makeField(ask: Ask): Promise<void> {
  const field = { field_label: LABEL, data_type: 'text', length: 255, unique: { casesensitive: 'false' } };
  try {
    await ask('POST', '/settings/fields', { query: { module: 'Leads' }, body: { fields: [field] } });
  } catch (error) {
    // Somebody made it at the same time.
    if (!(error instanceof Refusal) || error.code === 'DUPLICATE_DATA') return;
    const fault = faultOf(error);
    const passes = ['rate_limited', 'unavailable', 'garbled'].includes(fault.fault) || fault instanceof SessionEnded;
    throw passes ? error : new CrmFault('misconfigured', { words: MISSING });
  }
}

/** Out of the recycle bin too, where it would stay for 60 days. */
async function remove(ask: Ask, id: string): Promise<void> {
  for (const path of [`/Leads/${id}`, `/settings/recycle_bin/${id}`]) {
    try {
      await ask('DELETE', path);
    } catch (error) {
      if (!(error instanceof Refusal) || !GONE.has(error.code)) throw error;
    }
  }
}

/** It is not there any more. */
const GONE = new Set(['INVALID_DATA', 'RECORD_NOT_FOUND', 'RESOURCE_NOT_FOUND']);

/** Zoho's answer; where it is an error, of the request or of the one record in it, with whatever status, that is thrown. */
function said(answer: Answer): Held | undefined {
  if (answer.status === 204) return undefined;
  const body = parsed(answer.text);
  const [first] = isObject(body) ? ([body.data, body.fields].find(Array.isArray) ?? []) : [];
  for (const part of [body, first]) {
    if (!isObject(part) || part.status !== 'error') continue;
    const errors = part.code === 'MULTIPLE_OR_MULTI_ERRORS' && isObject(part.details) ? part.details.errors : undefined;
    throw new Refusal(Array.isArray(errors) && isObject(errors[0]) ? errors[0] : part, answer);
  }
  if (answer.status === 429) throw new CrmFault('rate_limited', waitOf(answer));
  if (answer.status >= 500) throw new CrmFault('unavailable');
  if (answer.status >= 300 || !isObject(body)) throw new CrmFault('garbled');
  return body;
}

/** Zoho answers most failures of a token with 200. */
function tokenOf(answer: Answer): string {
  const body = parsed(answer.text);
  if (isObject(body) && typeof body.access_token === 'string') return body.access_token;
  const error = isObject(body) ? wordsOf(body.error) : undefined;
  const words = (isObject(body) && wordsOf(body.error_description)) || error;
  if (answer.status === 429 || /too many requests/i.test(words ?? '')) {
    throw new CrmFault('rate_limited', { ...(words && { words }), ...waitOf(answer) });
  }
  if (answer.status >= 500 || error === 'general_error') throw new CrmFault('unavailable');
  throw new CrmFault(error ? 'unauthorized' : 'garbled', words ? { words } : {});
}

const SET_UP = new Set([
  'OAUTH_SCOPE_MISMATCH',
  'NO_PERMISSION',
  'AUTHORIZATION_FAILED',
  'FEATURE_NOT_SUPPORTED',
  'FEATURE_NOT_ENABLED',
  'INVALID_MODULE',
  'INVALID_QUERY',
  'LIMIT_EXCEEDED',
]);

/** https://www.zoho.com/crm/developer/docs/api/v8/status-codes.html */
function faultOf({ code, words, answer, details }: Refusal): CrmFault {
  const more = words ? { words } : {};
  if (code === 'OAUTH_SCOPE_MISMATCH') return new CrmFault('misconfigured', { words: SCOPES + MORE_SCOPES });
  if (answer.status === 401) return new SessionEnded('unauthorized', more);
  if (answer.status === 429 || code === 'TOO_MANY_REQUESTS') {
    return new CrmFault('rate_limited', { ...more, ...waitOf(answer) });
  }
  if (answer.status >= 500 || code === 'INTERNAL_ERROR') return new CrmFault('unavailable', more);
  // The record went between two of our requests.
  if (code === 'INVALID_DATA' && details.api_name === 'id') return new CrmFault('unavailable', more);
  return new CrmFault(SET_UP.has(code) || answer.status === 403 ? 'misconfigured' : 'invalid', more);
}

function waitOf({ headers }: Answer): { retryAfterS: number | undefined } {
  const reset = Number(headers.get('x-ratelimit-reset'));
  const untilReset = reset > 0 ? Math.max(0, Math.ceil((reset - Date.now()) / 1_000)) : undefined;
  return { retryAfterS: retryAfterS(headers.get('retry-after')) ?? untilReset };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isId = (id: unknown): id is string => typeof id === 'string' && /^\d{6,25}$/.test(id);
const idOf = (record: Held): string => String(record.id);
/** As the inside of a text in COQL. */
const escaped = (text: string): string => text.replace(/\p{Cc}/gu, '').replace(/[\\']/g, '\\$&');

/** What an answer lists; nothing where it has no body. */
function listOf(answer: Held | undefined): Held[] {
  if (!answer) return [];
  const { data } = answer;
  if (!Array.isArray(data) || !data.every(isObject)) throw new CrmFault('garbled');
  return data;
}

/** The id of the record that was written. */
function writtenOf(answer: Held | undefined): string {
  const [written] = listOf(answer);
  const id = isObject(written?.details) ? written.details.id : undefined;
  if (written?.status !== 'success' || !isId(id)) throw new CrmFault('garbled');
  return id;
}
