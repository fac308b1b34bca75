import {
  type CrmAnswer,
  type CrmFake,
  type CrmRecord,
  type CrmRequest,
  type CrmVendor,
  type Person,
  RETRY_AFTER_S,
  startCrmFake,
} from './base.ts';

export type SalesforceOptions = {
  /** Whether somebody has made the field for our keys. */
  hasField?: boolean;
  /** What the org's duplicate rule on leads does where another lead has the same e-mail address. */
  duplicateRule?: 'warns' | 'blocks' | 'none';
  /** What the answer to a login names as the instance; by itself this server. */
  instanceUrl?: string;
};

export type SalesforceFake = CrmFake & {
  credentials: { clientId: string; clientSecret: string; refreshToken: string };
  /** The org's leads, as it keeps them. */
  leads: Lead[];
  /** What stands in its recycle bin. */
  bin: Lead[];
  /** Makes a contact of this lead, as an owner does; then nobody may change it. */
  convert(id: string): void;
};

type Lead = Record<string, string | boolean | null> & { Id: string };

const FIELD = 'Confab_Lead_Id__c';
const VERSION = '/services/data/v62.0';
/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm */
const texts: Record<string, number> = {
  FirstName: 40,
  LastName: 80,
  Company: 255,
  Email: 80,
  Phone: 40,
  Description: 32_000,
  Budget__c: 255,
  Confab_Lead_Id__c: 255,
};
const readOnly = ['Id', 'IsConverted', 'CreatedDate', 'SystemModstamp'];

/** A Salesforce org with its login: `Lead` by REST, version 62. */
export async function startSalesforce(options: SalesforceOptions = {}): Promise<SalesforceFake> {
  const { hasField = true, duplicateRule = 'warns' } = options;
  const credentials = {
    clientId: '3MVG9.client',
    clientSecret: 'salesforce-secret-1',
    refreshToken: '5Aep861.refresh',
  };
  const leads: Lead[] = [];
  const bin: Lead[] = [];
  const tokens = new Set<string>();
  let [ids, issued] = [0, 0];

  const fields = () => [...Object.keys(texts).filter(name => hasField || name !== FIELD), 'HasOptedOutOfEmail'];
  const add = (values: Partial<Lead>): Lead => {
    const now = new Date().toISOString();
    const empty = Object.fromEntries(fields().map(name => [name, null]));
    const Id = `00Q${String(++ids).padStart(12, '0')}AAA`;
    const dates = { CreatedDate: now, SystemModstamp: now };
    const lead = { ...empty, HasOptedOutOfEmail: false, IsConverted: false, ...dates, ...values, Id } as Lead;
    leads.push(lead);
    return lead;
  };

  const vendor: CrmVendor = {
    handle(request) {
      if (request.path === '/services/oauth2/token') return token(request);
      if (request.path === '/services/Soap/u/62.0') return emptyBin(request);
      const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (!bearer || !tokens.has(bearer)) return ended();
      if (!request.path.startsWith(`${VERSION}/`)) return refused(404, 'NOT_FOUND', 'no such path', true);
      const [, kind = '', object, ...rest] = request.path.slice(VERSION.length).split('/').map(decodeURIComponent);
      if (kind === 'query' && request.method === 'GET') return query(request.query.get('q') ?? '');
      if (kind !== 'sobjects' || object !== 'Lead') return refused(404, 'NOT_FOUND', 'no such resource', true);
      if (request.method === 'PATCH' && request.headers['content-type'] !== 'application/json') {
        return refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'not JSON', true);
      }
      if (rest.length === 2 && request.method === 'PATCH') return upsert(rest as [string, string], request);
      const lead = leads.find(({ Id }) => Id === rest[0]);
      if (!lead) return refused(404, 'ENTITY_IS_DELETED', 'entity is deleted');
      if (request.method === 'DELETE') {
        bin.push(...leads.splice(leads.indexOf(lead), 1));
        return { status: 204 };
      }
      return request.method === 'PATCH' ? update(lead, request) : refused(405, 'METHOD_NOT_ALLOWED', 'no', true);
    },
    writes: ({ method, path }) => path.includes('/sobjects/') && (method === 'PATCH' || method === 'DELETE'),
    faults: {
      unauthorized_once(request) {
        if (isLogin(request)) return undefined;
        tokens.clear();
        return ended();
      },
      revoked(request) {
        if (!isLogin(request)) return ended();
        const body = { error: 'invalid_grant', error_description: 'expired access/refresh token' };
        return { status: 400, body };
      },
      invalid: request =>
        request.method === 'PATCH'
          ? refused(400, 'INVALID_EMAIL_ADDRESS', `Email: invalid email address:\n${request.body?.Email}`)
          : undefined,
      rate_limited: request =>
        isLogin(request)
          ? undefined
          : {
              ...refused(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
              headers: { 'retry-after': String(RETRY_AFTER_S) },
            },
      server_error: () => ({
        status: 503,
        body: '<html><body>Down for Maintenance</body></html>',
        headers: { 'content-type': 'text/html' },
      }),
      error_in_200: request =>
        isLogin(request) ? undefined : refused(200, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred.'),
      duplicate(request) {
        const [key, field] = request.path.split('/').toReversed();
        if (request.method !== 'PATCH' || field !== FIELD || leads.some(lead => lead[FIELD] === key)) return undefined;
        vendor.plant({ email: request.body.Email, phone: request.body.Phone, name: 'Somebody Else' });
        return vendor.handle(request);
      },
    },
    records: () => leads.map(recordOf),
    plant: ({ email, phone, name }: Person) => {
      const words = name?.split(' ') ?? [];
      const [FirstName, LastName] = [words.slice(0, -1).join(' ') || null, words.at(-1) ?? '—'];
      add({ FirstName, LastName, Company: 'Their own', Email: email ?? null, Phone: phone ?? null });
    },
  };

  const isLogin = ({ path }: CrmRequest) => path === '/services/oauth2/token';

  function token(request: CrmRequest): CrmAnswer {
    const form = new URLSearchParams(request.raw);
    const wrong = (error: string, description: string): CrmAnswer => ({
      status: 400,
      body: { error, error_description: description },
    });
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded') {
      return { ...wrong('invalid_request', 'not a form'), complaint: 'not a form by POST' };
    }
    if (form.get('client_id') !== credentials.clientId) return wrong('invalid_client_id', 'client identifier invalid');
    if (form.get('client_secret') !== credentials.clientSecret)
      return wrong('invalid_client', 'invalid client credentials');
    const grant = form.get('grant_type');
    if (grant === 'refresh_token' && form.get('refresh_token') !== credentials.refreshToken) {
      return wrong('invalid_grant', 'expired access/refresh token');
    }
    if (grant !== 'refresh_token' && grant !== 'client_credentials') {
      return wrong('unsupported_grant_type', 'grant type not supported');
    }
    const access = `00Dxx!session.${++issued}`;
    tokens.add(access);
    const id = `${fake.url}/id/00Dxx0000000001EAA/005xx000001SwiUAAS`;
    const instance = options.instanceUrl ?? fake.url;
    return { status: 200, body: { access_token: access, instance_url: instance, id, token_type: 'Bearer' } };
  }

  function emptyBin({ method, raw }: CrmRequest): CrmAnswer {
    const session = /<sessionId>([^<]+)<\/sessionId>/.exec(raw)?.[1] ?? '';
    const id = /<emptyRecycleBin><ids>(\w{18})<\/ids><\/emptyRecycleBin>/.exec(raw)?.[1];
    if (method !== 'POST' || !id) return { ...soap('<soapenv:Fault/>', 500), complaint: 'not an emptyRecycleBin' };
    if (!tokens.has(session)) {
      const fault =
        '<faultcode>sf:INVALID_SESSION_ID</faultcode><faultstring>INVALID_SESSION_ID: Invalid Session</faultstring>';
      return soap(`<soapenv:Fault>${fault}</soapenv:Fault>`, 500);
    }
    const at = bin.findIndex(lead => lead.Id === id);
    if (at >= 0) bin.splice(at, 1);
    const result = `<result><id>${id}</id><success>${at >= 0}</success></result>`;
    return soap(`<emptyRecycleBinResponse>${result}</emptyRecycleBinResponse>`);
  }

  function query(soql: string): CrmAnswer {
    const [, names, where] = /^SELECT (.+?) FROM Lead WHERE (.+) ORDER BY CreatedDate LIMIT \d+$/s.exec(soql) ?? [];
    if (!names || !where) return refused(400, 'MALFORMED_QUERY', 'unexpected token', true);
    const selected = names.split(', ');
    const known = [...fields(), ...readOnly];
    const asked = [...selected, ...(where.match(/\b\w+(?= (?:=|LIKE|>=) )/g) ?? [])];
    const unknown = asked.find(name => !known.includes(name));
    if (unknown) {
      const message = `\n${soql}\n ^\nERROR at Row:1:Column:8\nNo such column '${unknown}' on entity 'Lead'.`;
      return refused(400, 'INVALID_FIELD', message, unknown !== FIELD);
    }
    const test = condition(where);
    if (!test) return refused(400, 'MALFORMED_QUERY', 'unexpected token', true);
    const records = leads
      .filter(test)
      .map(lead => ({ attributes: { type: 'Lead' }, ...Object.fromEntries(selected.map(name => [name, lead[name]])) }));
    return { status: 200, body: { totalSize: records.length, done: true, records } };
  }

  function upsert([field, key]: [string, string], request: CrmRequest): CrmAnswer {
    if (!hasField || field !== FIELD) {
      const message = `Provided external ID field does not exist or is not accessible: ${field}`;
      return refused(404, 'NOT_FOUND', message, field !== FIELD);
    }
    const there = leads.find(lead => lead[FIELD] === key);
    if (there) {
      const answer = update(there, request);
      return answer.status === 204
        ? { status: 200, body: { id: there.Id, success: true, errors: [], created: false } }
        : answer;
    }
    const wrong = objection(request, undefined);
    if (wrong) return wrong;
    for (const name of ['LastName', 'Company']) {
      if (!request.body[name])
        return refused(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: [${name}]`, true);
    }
    const lead = add({ ...request.body, [FIELD]: key });
    return { status: 201, body: { id: lead.Id, success: true, errors: [], created: true } };
  }

  function update(lead: Lead, request: CrmRequest): CrmAnswer {
    if (lead.IsConverted) return refused(400, 'CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead');
    const wrong = objection(request, lead);
    if (wrong) return wrong;
    Object.assign(lead, request.body, { SystemModstamp: new Date().toISOString() });
    return { status: 204 };
  }

  /** What Salesforce has against these values of a lead. */
  function objection({ body, headers }: CrmRequest, lead: Lead | undefined): CrmAnswer | undefined {
    if (typeof body !== 'object' || body === null) return refused(400, 'JSON_PARSER_ERROR', 'not an object', true);
    for (const [name, value] of Object.entries<unknown>(body)) {
      const max = texts[name];
      if (!fields().includes(name)) {
        return refused(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type Lead`, true);
      }
      if (max === undefined ? typeof value !== 'boolean' : value !== null && typeof value !== 'string') {
        return refused(400, 'JSON_PARSER_ERROR', `${name}: a value of another type`, true);
      }
      if (typeof value !== 'string') continue;
      if (value.length > (max ?? 0)) return refused(400, 'STRING_TOO_LONG', `${name}: data value too large`, true);
      if (!value.isWellFormed()) return refused(400, 'JSON_PARSER_ERROR', `${name}: half a character`, true);
      if (name === 'Email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
        return refused(400, 'INVALID_EMAIL_ADDRESS', `Email: invalid email address: ${value}`);
      }
    }
    const marks = body[FIELD];
    if (marks && leads.some(other => other !== lead && other[FIELD] === marks)) {
      return refused(400, 'DUPLICATE_VALUE', `duplicate value found: ${FIELD}`);
    }
    const like = leads.filter(other => other !== lead && body.Email && isAlike(other.Email, body.Email));
    const isAllowed =
      duplicateRule === 'none' ||
      (duplicateRule === 'warns' && headers['sforce-duplicate-rule-header'] === 'allowSave=true');
    if (like.length === 0 || isAllowed) return undefined;
    const matchRecords = like.map(({ Id }) => ({ matchConfidence: 100, record: { attributes: { type: 'Lead' }, Id } }));
    // The name is misspelt in Salesforce's own answers.
    const duplicateResut = {
      allowSave: duplicateRule === 'warns',
      matchResults: [{ entityType: 'Lead', matchRecords }],
    };
    const error = {
      duplicateResut,
      message: 'Use one of these records?',
      errorCode: 'DUPLICATES_DETECTED',
      fields: [],
    };
    return { status: 400, body: [error] };
  }

  const fake = await startCrmFake(vendor);
  return Object.assign(fake, {
    credentials,
    leads,
    bin,
    convert(id: string) {
      for (const lead of leads) if (lead.Id === id) lead.IsConverted = true;
    },
  });
}

const refused = (status: number, errorCode: string, message: string, isOurFault = false): CrmAnswer => ({
  status,
  body: [{ message, errorCode, fields: [] }],
  ...(isOurFault && { complaint: `${errorCode}: ${message}` }),
});
const soap = (body: string, status = 200): CrmAnswer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`,
  headers: { 'content-type': 'text/xml;charset=UTF-8' },
});
const ended = () => refused(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
const isAlike = (a: unknown, b: unknown) => String(a ?? '').toLowerCase() === String(b ?? '').toLowerCase();

function recordOf(lead: Lead): CrmRecord {
  const marks = String(lead[FIELD] ?? '');
  return {
    id: lead.Id,
    keys: marks.split(' ').filter(word => word !== '' && word !== 'theirs:'),
    email: lead.Email as string | null,
    phone: lead.Phone as string | null,
    name: [lead.FirstName, lead.LastName].filter(Boolean).join(' '),
    note: String(lead.Description ?? ''),
    marketing: String(lead.Description ?? '').includes('\nMarketing e-mails: agreed\n'),
    madeByUs: marks !== '' && !marks.startsWith('theirs:'),
    properties: lead,
  };
}

type Test = (lead: Lead) => boolean;

/** The conditions of SOQL that are used here; as there, AND and OR do not stand side by side without brackets. */
function condition(where: string): Test | undefined {
  const words = where.match(/'(?:[^'\\]|\\.)*'|[()]|[^\s()']+/g) ?? [];
  let at = 0;
  const next = () => words[at++] ?? '';

  function one(): Test | undefined {
    if (words[at] === '(') {
      at++;
      const inner = all();
      return next() === ')' ? inner : undefined;
    }
    const [name, operator, value] = [next(), next(), next()];
    if (operator === '>=' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return lead => String(lead[name]) >= value;
    if (!/^'.*'$/s.test(value)) return undefined;
    const pattern = patternOf(value.slice(1, -1), operator === 'LIKE');
    return operator === '=' || operator === 'LIKE' ? lead => pattern.test(String(lead[name] ?? '')) : undefined;
  }

  function all(): Test | undefined {
    let test = one();
    let joined: string | undefined;
    while (test && (words[at] === 'AND' || words[at] === 'OR')) {
      const word = next();
      if (joined && word !== joined) return undefined;
      joined = word;
      const [left, right] = [test, one()];
      test = right && (word === 'AND' ? lead => left(lead) && right(lead) : lead => left(lead) || right(lead));
    }
    return test;
  }

  const test = all();
  return at === words.length ? test : undefined;
}

/** A text of SOQL as a pattern; compared without regard to the case of letters. */
function patternOf(text: string, isLike: boolean): RegExp {
  const parts = text.match(/\\.|[\s\S]/gu) ?? [];
  const source = parts.map(part => {
    if (isLike && part === '%') return '[\\s\\S]*';
    if (isLike && part === '_') return '[\\s\\S]';
    return (part.length > 1 && part.startsWith('\\') ? part.slice(1) : part).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'iu');
}
