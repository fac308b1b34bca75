import { PassThrough } from 'node:stream';
import type { Connection, OAuth2 } from '@jsforce/jsforce-node';
import { type Crm, CrmFault, type CrmLead, type Mapping } from './crm.ts';
import { type Answer, exchange, SessionEnded, tokenKeeper, withToken } from './exchange.ts';
import {
  chosenProperties,
  erasePlan,
  type Held,
  marksBegin,
  readMarks,
  type Shape,
  upsertPlan,
} from './lead-record.ts';
import { retryAfterS, within, wordsOf } from './lead-text.ts';

export type SalesforceConfig = {
  /** Of the site, or of the relay where the site has none; an origin, such as `https://example.my.salesforce.com`. */
  loginUrl: string;
  clientId: string;
  clientSecret: string;
  /** None: the client credentials flow, which needs the org's own domain in `loginUrl`. */
  refreshToken?: string | undefined;
  mapping: Mapping;
  fetch?: typeof globalThis.fetch | undefined;
  timeoutMs?: number | undefined;
};

const VERSION = '62.0';
const FIELD = 'Confab_Lead_Id__c';
const MISSING =
  `Create the custom field ${FIELD} on Lead: type Text(255), "Unique" and "External ID" ticked, ` +
  'readable and editable for the user that Confab works as.';
const CONVERTED =
  'The lead was converted, and nobody may change it: give the user that Confab works as the permission ' +
  '"View and Edit Converted Leads", or take what Confab wrote out of its description by hand.';

const shape: Shape = {
  id: 'Id',
  marks: FIELD,
  text: 'Description',
  first: 'FirstName',
  last: 'LastName',
  company: 'Company',
  email: 'Email',
  phone: 'Phone',
  closed: 'IsConverted',
  max: { first: 40, last: 80, company: 255, email: 80, phone: 40, text: 32_000 },
};
const STANDARD = ['Id', FIELD, 'Description', 'FirstName', 'LastName', 'Company', 'Email', 'Phone'];
const SELECTED = [...STANDARD, 'IsConverted'];
/** Somebody else may be at the same record: then it is read again, so often. */
const ROUNDS = 4;
/** Clocks differ; a record that got this lead was changed after the lead came, or a day before. */
const DAY_MS = 24 * 60 * 60 * 1_000;

type Session = { accessToken: string; instanceUrl: string };

/**
 * Leads as records of `Lead`. One that we make is made by its external id, which Salesforce keeps unique: so a lead is one
 * record however often it is told. Whoever is there already is found by e-mail or phone.
 */
export function createSalesforce(config: SalesforceConfig): Crm {
  const {
    loginUrl,
    clientId,
    clientSecret,
    refreshToken,
    mapping,
    fetch = globalThis.fetch,
    timeoutMs = 15_000,
  } = config;

  const tokens = tokenKeeper<Session>(() =>
    within(timeoutMs, new AbortController().signal, async signal => {
      const { OAuth2 } = await import('@jsforce/jsforce-node');
      const oauth = new OAuth2({ loginUrl, clientId, clientSecret });
      const transport = transportOf(fetch, signal);
      oauth._transport = transport.transport;
      const answer: unknown = await (refreshToken
        ? oauth.refreshToken(refreshToken)
        : oauth.requestToken({ grant_type: 'client_credentials' })
      ).catch(error => {
        throw tokenFault(error, transport.last());
      });
      return sessionOf(answer, loginUrl);
    }),
  );

  /** Works with a session, and once more with a new one where Salesforce says that it has ended. */
  function call<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    return within(timeoutMs, signal, async either => {
      const { Connection } = await import('@jsforce/jsforce-node');
      return await withToken(tokens, async ({ accessToken, instanceUrl }) => {
        const { transport, last } = transportOf(fetch, either);
        // Without a way to refresh: jsforce would ask for new tokens for as long as Salesforce refuses them.
        const connection = new Connection({ accessToken, instanceUrl, version: VERSION, logLevel: 'NONE' });
        connection._transport = transport;
        return await work(connection).catch(error => {
          throw faultOf(error, last());
        });
      });
    });
  }

  /** The records that have this lead or its person, this lead's first. */
  async function find(connection: Connection, lead: CrmLead, known: string | null): Promise<Held[]> {
    const properties = [...new Set([...SELECTED, ...chosenProperties(shape, lead, mapping)])];
    const since = new Date(lead.createdAt.getTime() - DAY_MS).toISOString();
    // Each of these has an index; a key that came second on a record is looked for among the late changes only.
    const conditions = [
      ...begins(lead.key),
      `(${FIELD} LIKE '% ${like(lead.key)}%' AND SystemModstamp >= ${since})`,
      ...(isId(known) ? [`Id = '${known}'`] : []),
      ...(lead.email ? [`Email = '${escaped(lead.email)}'`] : []),
    ];
    const found = await query(connection, properties, conditions.join(' OR '));
    const rank = (record: Held) => {
      if (readMarks(record[FIELD]).keys.includes(lead.key)) return 0;
      return record.Id === known ? 1 : 2;
    };
    if (found.length > 0 || !lead.phone) return found.toSorted((a, b) => rank(a) - rank(b));
    const byPhone = await query(connection, properties, `Phone = '${escaped(lead.phone)}'`);
    // A number may be that of a house: somebody there with another address is somebody else.
    return byPhone.filter(record => !lead.email || !record.Email);
  }

  return {
    upsertLead: (lead, known, signal) =>
      call(signal, async connection => {
        let allowSave = false;
        for (let round = 1; ; round++) {
          const plan = upsertPlan(shape, lead, mapping, await find(connection, lead, known));
          if (plan.is === 'done') return { recordId: plan.id };
          if (plan.is === 'update') {
            await update(connection, plan.id, plan.values);
            if (!plan.joins || round === ROUNDS) return { recordId: plan.id };
            continue;
          }
          try {
            return { recordId: await create(connection, plan.values, allowSave) };
          } catch (error) {
            // Somebody was faster, or the owner's rule sees a likeness: looked at again, and then made all the same, since
            // such a rule warns of a likeness and must not lose a lead.
            const isLike: boolean = codeOf(error) === 'DUPLICATES_DETECTED' && !allowSave;
            if (round === ROUNDS || !(isLike || isMadeAlready(error))) throw error;
            allowSave ||= isLike;
          }
        }
      }),

    eraseLead: ({ key, known }, signal) =>
      call(signal, async connection => {
        const elsewhere = isId(known) ? `Id = '${known}'` : `${FIELD} LIKE '% ${like(key)}%'`;
        const conditions = [...begins(key), elsewhere].join(' OR ');
        for (const record of await query(connection, ['Id', FIELD, 'Description', 'IsConverted'], conditions)) {
          const plan = erasePlan(shape, key, record);
          const id = String(record.Id);
          if (plan?.is === 'delete') await remove(connection, id);
          else if (plan) await update(connection, id, plan.values);
        }
      }),

    check: signal =>
      call(signal, async connection => {
        await query(connection, SELECTED, "Id = '00Q000000000000AAA'");
      }),
  };
}

async function query(connection: Connection, properties: readonly string[], where: string): Promise<Held[]> {
  const soql = `SELECT ${properties.join(', ')} FROM Lead WHERE ${where} ORDER BY CreatedDate LIMIT 200`;
  const { records } = said(await connection.requestGet<unknown>(`/query?q=${encodeURIComponent(soql)}`));
  if (!Array.isArray(records)) throw new CrmFault('garbled');
  return records;
}

async function create(connection: Connection, values: Held, allowSave: boolean): Promise<string> {
  const headers = { 'Sforce-Duplicate-Rule-Header': `allowSave=${allowSave}` };
  const { id } = said(await connection.sobject('Lead').upsert(values, FIELD, { headers }));
  if (!isId(id)) throw new CrmFault('garbled');
  return id;
}

async function update(connection: Connection, id: string, values: Held): Promise<void> {
  // What the owner's rules find alike is there already.
  const headers = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' };
  const { success } = said(await connection.sobject('Lead').update({ Id: id, ...values }, { headers }));
  if (success !== true) throw new CrmFault('garbled');
}

/** Out of the recycle bin too, where it would stay for 15 days; only SOAP reaches that. */
async function remove(connection: Connection, id: string): Promise<void> {
  try {
    const { success } = said(await connection.sobject('Lead').destroy(id));
    if (success !== true) throw new CrmFault('garbled');
  } catch (error) {
    if (!['ENTITY_IS_DELETED', 'NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
  }
  try {
    said(await connection.soap.emptyRecycleBin([id]));
  } catch (error) {
    // Orgs with tokens of another kind (JWT) have no SOAP, says jsforce itself; there it stays in the bin.
    if (error instanceof CrmFault || codeOf(error) !== undefined) throw error;
  }
}

/** What Salesforce says, as an object; where it says an error with a 200, that is thrown as any other. */
function said(answer: unknown): Record<string, unknown> {
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (typeof first !== 'object' || first === null) throw new CrmFault('garbled');
  if ('errorCode' in first) throw Object.assign(new Error(), { errorCode: first.errorCode, message: messageOf(first) });
  return first as Record<string, unknown>;
}

/**
 * jsforce's own transport repeats requests, follows redirects with the token and takes proxies from the environment; it
 * cannot be stopped. This one does none of that.
 */
function transportOf(fetch: typeof globalThis.fetch, signal: AbortSignal) {
  let last: Answer | undefined;
  const ask = async ({
    url,
    method,
    headers,
    body,
  }: {
    url: string;
    method: string;
    headers?: object;
    body?: unknown;
  }) => {
    const init = { method, headers: { ...headers }, signal, ...(body ? { body: String(body) } : {}) };
    const answer = await exchange(fetch, url, init);
    last = answer;
    if (answer.status >= 300 && answer.status < 400 && answer.status !== 300) throw new SessionEnded('unavailable');
    return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: answer.text };
  };
  const httpRequest = (request: Parameters<typeof ask>[0]) => Object.assign(ask(request), { stream: noStream });
  return { transport: { httpRequest } as unknown as OAuth2['_transport'], last: () => last };
}

const noStream = () => new PassThrough();

/** A token goes to Salesforce alone: the answer to a login may not name any other host. */
function sessionOf(answer: unknown, loginUrl: string): Session {
  const { access_token: accessToken, instance_url: instance } = (answer ?? {}) as Record<string, unknown>;
  const url = typeof instance === 'string' ? URL.parse(instance) : null;
  if (typeof accessToken !== 'string' || !accessToken || !url) throw new CrmFault('garbled');
  const login = new URL(loginUrl);
  // A login elsewhere is the relay's own configuration; then all of it is there.
  if (isSalesforce(login) ? !isSalesforce(url) : url.origin !== login.origin) throw new CrmFault('garbled');
  return { accessToken, instanceUrl: url.origin };
}

const isSalesforce = ({ protocol, hostname, port }: URL): boolean =>
  protocol === 'https:' &&
  port === '' &&
  /\.(salesforce|force)\.com$/.test(hostname) &&
  !hostname.includes('.lightning.');

const isId = (id: unknown): id is string => typeof id === 'string' && /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(id);

/** As the inside of a text in SOQL; jsforce's own way leaves backslashes, and so a way out of the text. */
const escaped = (text: string): string => text.replace(/\p{Cc}/gu, '').replace(/[\\']/g, '\\$&');
const like = (text: string): string => escaped(text).replace(/[%_]/g, '\\$&');
const begins = (key: string): string[] =>
  marksBegin(key).flatMap(marks => [`${FIELD} = '${escaped(marks)}'`, `${FIELD} LIKE '${like(marks)} %'`]);

const PASSING = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'QUERY_TIMEOUT',
  'UNKNOWN_EXCEPTION',
  'ENTITY_IS_DELETED',
]);
const SET_UP = new Set([
  'INVALID_FIELD',
  'INVALID_FIELD_FOR_INSERT_UPDATE',
  'INVALID_TYPE',
  'NOT_FOUND',
  'API_DISABLED_FOR_ORG',
  'API_CURRENTLY_DISABLED',
  'FUNCTIONALITY_NOT_ENABLED',
  'INSUFFICIENT_ACCESS',
  'INSUFFICIENT_ACCESS_OR_READONLY',
  'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
  'STORAGE_LIMIT_EXCEEDED',
  'MULTIPLE_CHOICES',
]);

function codeOf(error: unknown): string | undefined {
  const { errorCode, data } = (error ?? {}) as { errorCode?: unknown; data?: unknown };
  const first: unknown = errorCode === 'MULTIPLE_API_ERRORS' && Array.isArray(data) ? data[0]?.errorCode : errorCode;
  return typeof first === 'string' ? first : undefined;
}

/** Of our key: another field that the owner keeps unique is a matter of the lead. */
const isMadeAlready = (error: unknown): boolean =>
  codeOf(error) === 'DUPLICATE_VALUE' && messageOf(error).includes(FIELD);

function messageOf(error: unknown): string {
  const { message, data } = (error ?? {}) as { message?: unknown; data?: unknown };
  const all = Array.isArray(data) && data.length > 1 ? data.map(each => each?.message) : [message];
  // Salesforce repeats the whole query, with the person in it, before it says what is wrong with it.
  return all.map(each => String(each ?? '').replace(/^[\s\S]*ERROR at Row:\d+:Column:\d+/, '')).join(' ');
}

/** A failure in our words, by what Salesforce calls it. What is no answer of Salesforce is thrown as it is. */
function faultOf(error: unknown, last: Answer | undefined): unknown {
  const code = codeOf(error);
  if (error instanceof CrmFault || code === undefined || !last) return error;
  const words = wordsOf(messageOf(error));
  const more = words ? { words } : {};
  if (last.status === 401 || code === 'INVALID_SESSION_ID') return new SessionEnded('unauthorized', more);
  if (last.status === 429 || code === 'REQUEST_LIMIT_EXCEEDED') {
    return new CrmFault('rate_limited', { ...more, retryAfterS: retryAfterS(last.headers.get('retry-after')) });
  }
  if (last.status >= 500 || PASSING.has(code) || isMadeAlready(error)) return new CrmFault('unavailable', more);
  if (code.startsWith('ERROR_HTTP_')) return new CrmFault(last.status === 403 ? 'misconfigured' : 'garbled');
  if (code === 'MULTIPLE_CHOICES' || (SET_UP.has(code) && words?.includes(FIELD))) {
    return new CrmFault('misconfigured', { words: MISSING });
  }
  if (code === 'CANNOT_UPDATE_CONVERTED_LEAD') return new CrmFault('misconfigured', { words: CONVERTED });
  return new CrmFault(SET_UP.has(code) ? 'misconfigured' : 'invalid', more);
}

/** https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm */
function tokenFault(error: unknown, last: Answer | undefined): unknown {
  if (error instanceof CrmFault || !(error instanceof Error) || !last) return error;
  const isHtml = error.name.startsWith('ERROR_HTTP_');
  const words = isHtml ? undefined : wordsOf(error.message || error.name);
  const more = words ? { words } : {};
  if (last.status === 429 || /(rate|limit)[ _-]?(limit|exceeded)/i.test(`${error.name} ${words}`)) {
    return new CrmFault('rate_limited', { ...more, retryAfterS: retryAfterS(last.headers.get('retry-after')) });
  }
  if (last.status >= 500) return new CrmFault('unavailable', more);
  return new CrmFault(isHtml ? 'garbled' : 'unauthorized', more);
}
