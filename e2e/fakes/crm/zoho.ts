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

export type ZohoOptions = {
  /** Whether the field for our keys is there already. */
  hasField?: boolean;
  /** Whether the connection may make fields. */
  mayMakeFields?: boolean;
};

export type ZohoFake = CrmFake & {
  credentials: { clientId: string; clientSecret: string; refreshToken: string };
  /** The leads, as Zoho keeps them, and those in the recycle bin. */
  leads: Lead[];
  bin: Lead[];
};

type Lead = Record<string, unknown> & { id: string };

const FIELD = 'Confab_Lead_Id';
const API = '/crm/v8';
/** https://github.com/zoho/crm-oas, v8.0; the lengths as in Setup › Modules and Fields. */
const texts: Record<string, number> = {
  First_Name: 40,
  Last_Name: 80,
  Company: 200,
  Email: 100,
  Phone: 30,
  Description: 32_000,
  Budget: 255,
};

/** Zoho CRM with its login: the module Leads by REST, version 8. Owners have set "no duplicates" on Email. */
export async function startZoho({ hasField = false, mayMakeFields = true }: ZohoOptions = {}): Promise<ZohoFake> {
  const credentials = { clientId: '1000.CLIENT', clientSecret: 'zoho-secret-1', refreshToken: '1000.refresh.one' };
  const leads: Lead[] = [];
  const bin: Lead[] = [];
  const tokens = new Set<string>();
  let isThere = hasField;
  let [ids, issued] = [1_111_120_000_142_000, 0];

  const add = (values: Record<string, unknown>): Lead => {
    const empty = Object.fromEntries([...Object.keys(texts), FIELD].map(name => [name, null]));
    const lead = { ...empty, Email_Opt_Out: false, $converted: false, ...values, id: String(++ids) };
    leads.push(lead);
    return lead;
  };

  const vendor: CrmVendor = {
    handle(request) {
      const { method, path } = request;
      if (path === '/oauth/v2/token') return token(request);
      const bearer = /^Zoho-oauthtoken (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (!bearer || !tokens.has(bearer)) return ended();
      if (request.raw && request.headers['content-type'] !== 'application/json')
        return refused('INVALID_DATA', 400, true);
      const [place = '', id] = path.startsWith(API) ? path.slice(API.length + 1).split(/\/(?=\d+$)/) : [];
      switch (`${method} ${place}${id ? '/…' : ''}`) {
        case 'POST coql':
          return coql(request);
        case 'POST settings/fields':
          return makeField(request);
        case 'GET Leads':
          return read(request);
        case 'POST Leads':
          return insert(request);
        case 'PUT Leads/…':
          return update(id as string, request);
        case 'DELETE Leads/…':
          return remove(leads, id as string, bin);
        case 'DELETE settings/recycle_bin/…':
          return remove(bin, id as string);
        default:
          return refused('INVALID_URL_PATTERN', 404, true);
      }
    },
    writes: ({ method, path }) =>
      method === 'PUT' || method === 'DELETE' || (method === 'POST' && path === `${API}/Leads`),
    faults: {
      unauthorized_once(request) {
        if (isLogin(request)) return undefined;
        tokens.clear();
        return ended();
      },
      // As Zoho does, with 200.
      revoked: request => (isLogin(request) ? { status: 200, body: { error: 'invalid_code' } } : ended()),
      invalid: request =>
        vendor.writes(request) && request.method !== 'DELETE'
          ? row(400, {
              code: 'INVALID_DATA',
              message: `invalid data:\n${request.body?.data?.[0]?.Email}`,
              ...about('Email'),
            })
          : undefined,
      rate_limited: request =>
        isLogin(request)
          ? undefined
          : {
              status: 429,
              body: { code: 'TOO_MANY_REQUESTS', details: {}, message: 'too many requests', status: 'error' },
              headers: { 'retry-after': String(RETRY_AFTER_S) },
            },
      server_error: () => refused('INTERNAL_ERROR', 500),
      error_in_200: request =>
        isLogin(request)
          ? undefined
          : row(200, { code: 'INVALID_DATA', message: 'invalid data', ...about('Last_Name') }),
      duplicate(request) {
        if (request.method !== 'POST' || request.path !== `${API}/Leads`) return undefined;
        const { Email, Phone } = request.body.data[0];
        vendor.plant({ email: Email, phone: Phone, name: 'Somebody Else' });
        return vendor.handle(request);
      },
    },
    records: () => leads.map(recordOf),
    plant: ({ email, phone, name }: Person) => {
      const words = name?.split(' ') ?? [];
      const names = { First_Name: words.slice(0, -1).join(' ') || null, Last_Name: words.at(-1) ?? '—' };
      add({ ...names, Company: 'Their own', Email: email ?? null, Phone: phone ?? null });
    },
  };

  const isLogin = ({ path }: CrmRequest) => path === '/oauth/v2/token';

  function token(request: CrmRequest): CrmAnswer {
    const form = new URLSearchParams(request.raw);
    if (
      request.method !== 'POST' ||
      !request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    ) {
      return { status: 400, body: { error: 'invalid_request' }, complaint: 'not a form by POST' };
    }
    const no = (error: string): CrmAnswer => ({ status: 200, body: { error } });
    if (form.get('grant_type') !== 'refresh_token') return { ...no('unsupported_grant_type'), complaint: 'grant_type' };
    if (form.get('client_id') !== credentials.clientId) return no('invalid_client');
    if (form.get('client_secret') !== credentials.clientSecret) return no('invalid_client_secret');
    if (form.get('refresh_token') !== credentials.refreshToken) return no('invalid_code');
    const access_token = `1000.access.${++issued}`;
    tokens.add(access_token);
    return { status: 200, body: { access_token, api_domain: fake.url, token_type: 'Bearer', expires_in: 3_600 } };
  }

  function coql({ body }: CrmRequest): CrmAnswer {
    const [, names = '', where = ''] = /^select (.+?) from Leads where (.+) limit \d+$/s.exec(body?.select_query) ?? [];
    const test = conditionOf(where);
    if (!test) return refused('SYNTAX_ERROR', 400, true);
    if (!isThere && body.select_query.includes(FIELD)) {
      const details = { column_name: FIELD };
      return {
        status: 400,
        body: { code: 'INVALID_QUERY', details, message: 'column given seems to be invalid', status: 'error' },
      };
    }
    const found = leads.filter(lead => !lead.$converted && test(lead));
    if (found.length === 0) return { status: 204 };
    const data = found.map(lead => Object.fromEntries(names.split(', ').map(name => [name, lead[name] ?? null])));
    return { status: 200, body: { data, info: { count: data.length, more_records: false } } };
  }

  function makeField({ query, body }: CrmRequest): CrmAnswer {
    if (!mayMakeFields) return refused('OAUTH_SCOPE_MISMATCH', 401);
    const [field, ...more] = body?.fields ?? [];
    const wanted = {
      field_label: 'Confab Lead Id',
      data_type: 'text',
      length: 255,
      unique: { casesensitive: 'false' },
    };
    if (query.get('module') !== 'Leads' || more.length > 0 || JSON.stringify(field) !== JSON.stringify(wanted)) {
      return refused('INVALID_DATA', 400, true);
    }
    if (isThere)
      return {
        status: 400,
        body: { fields: [{ code: 'DUPLICATE_DATA', details: {}, message: 'duplicate data', status: 'error' }] },
      };
    isThere = true;
    return {
      status: 201,
      body: {
        fields: [{ code: 'SUCCESS', details: { id: String(++ids) }, message: 'field created', status: 'success' }],
      },
    };
  }

  function read({ query }: CrmRequest): CrmAnswer {
    const [wanted, fields] = [query.get('ids')?.split(','), query.get('fields')?.split(',')];
    if (!wanted || !fields || fields.length > 50) return refused('REQUIRED_PARAM_MISSING', 400, true);
    const found = leads.filter(
      lead => wanted.includes(lead.id) && (!lead.$converted || query.get('converted') === 'both'),
    );
    if (found.length === 0) return { status: 204 };
    const data = found.map(lead => ({
      ...Object.fromEntries(fields.map(name => [name, lead[name] ?? null])),
      id: lead.id,
      $converted: lead.$converted,
    }));
    return { status: 200, body: { data, info: { count: data.length, more_records: false } } };
  }

  function insert({ body }: CrmRequest): CrmAnswer {
    const wrong = objection(body, undefined);
    if (wrong) return wrong;
    for (const name of ['Last_Name', 'Company']) {
      if (!body.data[0][name]) {
        return row(400, { code: 'MANDATORY_NOT_FOUND', message: 'required field not found', ...about(name) }, true);
      }
    }
    return written(201, add(body.data[0]), 'record added');
  }

  function update(id: string, { body }: CrmRequest): CrmAnswer {
    const lead = leads.find(each => each.id === id);
    if (!lead) return row(400, { code: 'INVALID_DATA', message: 'the id given seems to be invalid', ...about('id') });
    const wrong = objection(body, lead);
    if (wrong) return wrong;
    Object.assign(lead, body.data[0]);
    return written(200, lead, 'record updated');
  }

  function remove(from: Lead[], id: string, to?: Lead[]): CrmAnswer {
    const lead = from.find(each => each.id === id);
    if (!lead) return row(400, { code: 'INVALID_DATA', message: 'the id given seems to be invalid', ...about('id') });
    from.splice(from.indexOf(lead), 1);
    to?.push(lead);
    return row(200, { code: 'SUCCESS', message: 'record deleted', details: { id }, status: 'success' });
  }

  /** What Zoho has against these values of a lead. */
  function objection(body: CrmRequest['body'], lead: Lead | undefined): CrmAnswer | undefined {
    const values = body?.data?.[0];
    const more = Object.keys(body ?? {}).filter(name => name !== 'data' && name !== 'trigger');
    if (typeof values !== 'object' || body.data.length !== 1 || more.length > 0)
      return refused('INVALID_DATA', 400, true);
    const limits: Record<string, number> = { ...texts, ...(isThere && { [FIELD]: 255 }) };
    for (const [name, value] of Object.entries<unknown>(values)) {
      const max = limits[name];
      const fits =
        max === undefined
          ? name === 'Email_Opt_Out' && typeof value === 'boolean'
          : value === null || typeof value === 'string';
      const isLong = typeof value === 'string' && value.length > (max ?? 0);
      const isHalf = typeof value === 'string' && !value.isWellFormed();
      if (!fits || isLong || isHalf) {
        return row(400, { code: 'INVALID_DATA', message: 'invalid data', ...about(name) }, true);
      }
    }
    for (const name of [FIELD, 'Email']) {
      const same = (other: Lead) => String(other[name] ?? '').toLowerCase() === String(values[name]).toLowerCase();
      const other = values[name] && leads.find(each => each !== lead && same(each));
      if (!other) continue;
      const details = {
        api_name: name,
        json_path: `$.data[0].${name}`,
        id: other.id,
        duplicate_record: { id: other.id },
      };
      return row(400, { code: 'DUPLICATE_DATA', message: 'duplicate data', details, status: 'error' });
    }
    return undefined;
  }

  const fake = await startCrmFake(vendor);
  return Object.assign(fake, { credentials, leads, bin });
}

const about = (name: string) => ({ details: { api_name: name, json_path: `$.data[0].${name}` }, status: 'error' });
const row = (status: number, data: object, isOurFault = false): CrmAnswer => ({
  status,
  body: { data: [data] },
  ...(isOurFault && { complaint: JSON.stringify(data) }),
});
const written = (status: number, { id }: Lead, message: string): CrmAnswer =>
  row(status, { code: 'SUCCESS', details: { id }, message, status: 'success' });
const refused = (code: string, status: number, isOurFault = false): CrmAnswer => ({
  status,
  body: { code, details: {}, message: code.toLowerCase().replaceAll('_', ' '), status: 'error' },
  ...(isOurFault && { complaint: code }),
});
const ended = () => refused('INVALID_TOKEN', 401);

function recordOf(lead: Lead): CrmRecord {
  const marks = String(lead[FIELD] ?? '');
  const text = (name: string) => (typeof lead[name] === 'string' ? lead[name] : null);
  return {
    id: lead.id,
    keys: marks.split(' ').filter(word => word !== '' && word !== 'theirs:'),
    email: text('Email'),
    phone: text('Phone'),
    name: [lead.First_Name, lead.Last_Name].filter(Boolean).join(' '),
    note: text('Description') ?? '',
    marketing: (text('Description') ?? '').includes('\nMarketing e-mails: agreed\n'),
    madeByUs: marks !== '' && !marks.startsWith('theirs:'),
    properties: lead,
  };
}

type Test = (lead: Lead) => boolean;

/** The conditions of COQL that are used here: of two, each pair in brackets. */
function conditionOf(where: string): Test | undefined {
  const words = where.match(/'(?:[^'\\]|\\.)*'|[()]|[^\s()']+/g) ?? [];
  let at = 0;

  function one(): Test | undefined {
    if (words[at] === '(') {
      at++;
      const left = one();
      const joins = words[at++] === 'or';
      const right = one();
      return left && right && joins && words[at++] === ')' ? lead => left(lead) || right(lead) : undefined;
    }
    const [name = '', operator, value = ''] = [words[at++], words[at++], words[at++]];
    if (operator === 'is') return value === 'not' && words[at++] === 'null' ? lead => lead[name] !== null : undefined;
    const text = /^'(.*)'$/s.exec(value)?.[1]?.replace(/\\(.)/gs, '$1').toLowerCase();
    const held = (lead: Lead) => String(lead[name] ?? '').toLowerCase();
    if (text === undefined || text === '') return undefined;
    if (operator === '=') return lead => held(lead) === text;
    // It knows "contains", "starts with" and "ends with" only.
    return operator === 'like' && /^%.+%$/s.test(text) ? lead => held(lead).includes(text.slice(1, -1)) : undefined;
  }

  const test = one();
  return at === words.length ? test : undefined;
}
