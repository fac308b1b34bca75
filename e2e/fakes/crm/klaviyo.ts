import { z } from 'zod';
import {
  type CrmAnswer,
  type CrmFake,
  type CrmRecord,
  type CrmRequest,
  type Person,
  RETRY_AFTER_S,
  startCrmFake,
} from './base.ts';

type Attributes = {
  email?: string | null;
  phone_number?: string | null;
  external_id?: string | null;
  first_name?: string | null;
  last_name?: string | null;
  organization?: string | null;
  title?: string | null;
  locale?: string | null;
  properties: Record<string, unknown>;
};
type Stored = { id: string; attributes: Attributes; isPlanted: boolean };

/**
 * A local Klaviyo: profiles of which no two have the same address, number or external id; lists; deletion. The requests
 * that it takes are those of Klaviyo’s published OpenAPI of 2026-07-15, and nothing besides.
 */
export type FakeKlaviyo = CrmFake & {
  profiles: Map<string, Stored>;
  /** The lists, each with the addresses that are subscribed to it. */
  lists: Map<string, Set<string>>;
  /** The next request is not allowed to this key. */
  forbid(): void;
};

const IDENTIFIERS = ['email', 'phone_number', 'external_id'] as const;
const LARGEST = 100_000;

const text = z.string().max(LARGEST).nullable();
const attributes = z.strictObject({
  email: text.optional(),
  phone_number: text.optional(),
  external_id: text.optional(),
  first_name: text.optional(),
  last_name: text.optional(),
  organization: text.optional(),
  title: text.optional(),
  locale: text.optional(),
  properties: z.record(z.string().min(1), z.unknown()).optional(),
});
const simple = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const listOf = z.strictObject({
  list: z.strictObject({ data: z.strictObject({ type: z.literal('list'), id: z.string() }) }),
});
const subscriptionJob = <Type extends string, Consent extends string>(type: Type, consent: Consent) =>
  z.strictObject({
    data: z.strictObject({
      type: z.literal(type),
      attributes: z.strictObject({
        custom_source: z.string().optional(),
        profiles: z.strictObject({
          data: z.tuple([
            z.strictObject({
              type: z.literal('profile'),
              attributes: z.strictObject({
                email: z.email(),
                subscriptions: z.strictObject({
                  email: z.strictObject({ marketing: z.strictObject({ consent: z.literal(consent) }) }),
                }),
              }),
            }),
          ]),
        }),
      }),
      relationships: listOf,
    }),
  });
const bodies = {
  create: z.strictObject({ data: z.strictObject({ type: z.literal('profile'), attributes }) }),
  update: z.strictObject({
    data: z.strictObject({
      type: z.literal('profile'),
      id: z.string(),
      attributes,
      meta: z
        .strictObject({
          patch_properties: z.strictObject({
            append: simple.optional(),
            unappend: simple.optional(),
            unset: z.union([z.string(), z.array(z.string())]).optional(),
          }),
        })
        .optional(),
    }),
  }),
  subscribe: subscriptionJob('profile-subscription-bulk-create-job', 'SUBSCRIBED'),
  unsubscribe: subscriptionJob('profile-subscription-bulk-delete-job', 'UNSUBSCRIBED'),
  remove: z.strictObject({
    data: z.strictObject({
      type: z.literal('data-privacy-deletion-job'),
      attributes: z.strictObject({
        profile: z.strictObject({
          data: z.strictObject({ type: z.literal('profile'), id: z.string(), attributes: z.strictObject({}) }),
        }),
      }),
    }),
  }),
};

const problem = (status: number, code: string, detail: string, pointer = '/data/', meta: object = {}): CrmAnswer => ({
  status,
  headers: { 'content-type': 'application/vnd.api+json' },
  body: {
    errors: [
      {
        id: 'f8c4a9a6-0d8a-4a36-8a5e-7e1a4c5b8f01',
        status,
        code,
        title: status === 409 ? 'Conflict.' : 'Invalid input.',
        detail,
        source: { pointer },
        links: {},
        meta,
      },
    ],
  },
});
const complained = (answer: CrmAnswer, complaint: string): CrmAnswer => ({ ...answer, complaint });

export async function startKlaviyo({ apiKey = 'pk_4711' } = {}): Promise<FakeKlaviyo> {
  const profiles = new Map<string, Stored>();
  const lists = new Map([['LIST01', new Set<string>()]]);
  let lastId = 0;
  let isForbidden = false;

  const shown = ({ id, attributes: held }: Stored) => ({
    type: 'profile',
    id,
    attributes: {
      email: null,
      phone_number: null,
      external_id: null,
      first_name: null,
      last_name: null,
      organization: null,
      title: null,
      locale: null,
      image: null,
      created: '2026-11-22T10:00:00+00:00',
      updated: '2026-11-22T10:00:00+00:00',
      last_event_date: null,
      location: {},
      ...held,
    },
    links: { self: `https://a.klaviyo.com/api/profiles/${id}/` },
  });
  const store = (held: Attributes, isPlanted: boolean): Stored => {
    const stored = { id: `01GDDKASAP8TKDDA2GRZDSV${String(++lastId).padStart(3, '0')}`, attributes: held, isPlanted };
    profiles.set(stored.id, stored);
    return stored;
  };
  const plant = ({ email, phone, name }: Person) => {
    const [first = null, ...rest] = name?.split(' ') ?? [];
    const last = rest.join(' ') || null;
    const known = { ...(email && { email }), ...(phone && { phone_number: phone }) };
    store({ ...known, first_name: first, last_name: last, properties: {} }, true);
  };

  /** What it would not take of these values for this profile. */
  const refused = (given: z.infer<typeof attributes>, own?: string): CrmAnswer | undefined => {
    const { email, phone_number: phone } = given;
    if (email && !z.email().safeParse(email).success) {
      return complained(problem(400, 'invalid', 'Invalid email address', '/data/attributes/email'), email);
    }
    // Numbers that Klaviyo's library knows to be nobody's are refused; here those with 555.
    if (phone && (!/^\+[1-9]\d{6,14}$/.test(phone) || phone.includes('555'))) {
      const words = 'Invalid phone number format (Example of a valid format: +12345678901)';
      return problem(400, 'invalid', words, '/data/attributes/phone_number');
    }
    for (const name of IDENTIFIERS) {
      const value = given[name]?.toLowerCase();
      const other = [...profiles.values()].find(each => each.attributes[name]?.toLowerCase() === value);
      if (!value || !other || other.id === own) continue;
      const words = 'A profile already exists with one of these identifiers.';
      return problem(409, 'duplicate_profile', words, '/data/attributes', { duplicate_profile_id: other.id });
    }
    return undefined;
  };
  const listed = (value: unknown): string[] => [value ?? []].flat() as string[];
  const patch = (held: Attributes, { attributes: given, meta }: z.infer<typeof bodies.update>['data']) => {
    const { properties, ...others } = given;
    Object.assign(held, others);
    Object.assign(held.properties, properties);
    const { append = {}, unappend = {}, unset = [] } = meta?.patch_properties ?? {};
    for (const [name, value] of Object.entries(append)) {
      held.properties[name] = [...listed(held.properties[name]), ...listed(value)];
    }
    for (const [name, value] of Object.entries(unappend)) {
      if (!(name in held.properties)) continue;
      held.properties[name] = listed(held.properties[name]).filter(each => !listed(value).includes(each));
    }
    for (const name of [unset].flat()) delete held.properties[name];
  };
  const inList = (id: string, then: (addresses: Set<string>) => void): CrmAnswer => {
    const list = lists.get(id);
    if (!list)
      return problem(404, 'not_found', `A list with id ${id} does not exist.`, '/data/relationships/list/data/id');
    then(list);
    return { status: 202 };
  };

  function handle(request: CrmRequest): CrmAnswer {
    const { method, path, query, headers } = request;
    if (headers.authorization !== `Klaviyo-API-Key ${apiKey}`) {
      return complained(problem(401, 'not_authenticated', 'Missing or invalid private key.'), 'key');
    }
    if (!/^\d{4}-\d\d-\d\d$/.test(String(headers.revision)))
      return complained(problem(400, 'invalid', 'revision'), 'revision');
    if (isForbidden) {
      isForbidden = false;
      return problem(403, 'permission_denied', 'You do not have permission to perform this action.');
    }
    if (Buffer.byteLength(request.raw) > LARGEST)
      return complained(problem(413, 'too_large', 'too large'), 'too large');
    const own = /^\/api\/profiles\/([^/]+)$/.exec(path)?.[1];
    const profile = own ? profiles.get(decodeURIComponent(own)) : undefined;
    if (own && !profile) return problem(404, 'not_found', `A profile with id ${own} does not exist.`);

    switch (`${method} ${profile ? '/api/profiles/{id}' : path}`) {
      case 'GET /api/profiles': {
        const key = /^equals\(external_id,"([^"\\]*)"\)$/.exec(query.get('filter') ?? '')?.[1];
        if (key === undefined) return complained(problem(400, 'invalid', 'Invalid filter'), String(query));
        const data = [...profiles.values()].filter(each => each.attributes.external_id === key).map(shown);
        return {
          status: 200,
          body: { data, links: { self: 'https://a.klaviyo.com/api/profiles', next: null, prev: null } },
        };
      }
      case 'GET /api/profiles/{id}':
        return { status: 200, body: { data: shown(profile as Stored) } };
      case 'POST /api/profiles':
        return checked(bodies.create, request, ({ data: { attributes: given } }) => {
          if (!IDENTIFIERS.some(name => given[name]))
            return complained(problem(400, 'invalid', 'identifier'), 'identifier');
          const answer = refused(given);
          if (answer) return answer;
          return {
            status: 201,
            body: { data: shown(store({ ...given, properties: { ...given.properties } }, false)) },
          };
        });
      case 'PATCH /api/profiles/{id}':
        return checked(bodies.update, request, ({ data }) => {
          const stored = profile as Stored;
          if (data.id !== stored.id) return complained(problem(400, 'invalid', 'id'), 'id');
          const answer = refused(data.attributes, stored.id);
          if (answer) return answer;
          patch(stored.attributes, data);
          return { status: 200, body: { data: shown(stored) } };
        });
      case 'POST /api/profile-subscription-bulk-create-jobs':
        return checked(bodies.subscribe, request, ({ data: { attributes: given, relationships } }) =>
          inList(relationships.list.data.id, list => list.add(given.profiles.data[0].attributes.email)),
        );
      case 'POST /api/profile-subscription-bulk-delete-jobs':
        return checked(bodies.unsubscribe, request, ({ data: { attributes: given, relationships } }) =>
          inList(relationships.list.data.id, list => list.delete(given.profiles.data[0].attributes.email)),
        );
      case 'POST /api/data-privacy-deletion-jobs':
        return checked(bodies.remove, request, ({ data }) => {
          const { id } = data.attributes.profile.data;
          return profiles.delete(id)
            ? { status: 202 }
            : problem(404, 'not_found', `A profile with id ${id} does not exist.`);
        });
      default:
        return complained(problem(404, 'not_found', 'no such operation'), 'no such operation');
    }
  }

  const isNew = ({ method, path }: CrmRequest) => method === 'POST' && path === '/api/profiles';
  const fake = await startCrmFake({
    handle,
    plant,
    writes: ({ method }) => method !== 'GET',
    records: () => [...profiles.values()].map(recordOf),
    faults: {
      unauthorized_once: () => problem(401, 'not_authenticated', 'Missing or invalid private key.'),
      revoked: () => problem(401, 'not_authenticated', 'Missing or invalid private key.'),
      invalid: request =>
        isNew(request)
          ? problem(400, 'invalid', `${request.body?.data?.attributes?.email} is not valid`, '/data/attributes/email')
          : undefined,
      rate_limited: () => ({
        ...problem(429, 'throttled', `Request was throttled. Expected available in ${RETRY_AFTER_S} seconds.`),
        headers: { 'retry-after': String(RETRY_AFTER_S) },
      }),
      server_error: () => problem(503, 'service_unavailable', 'The service is temporarily unavailable.'),
      error_in_200: () => ({ ...problem(500, 'error', 'A server error occurred.'), status: 200 }),
      duplicate: request => {
        if (!isNew(request)) return undefined;
        const { email, phone_number: phone } = request.body.data.attributes;
        plant({ email, phone, name: 'Some Body' });
        return handle(request);
      },
    },
  });

  function recordOf({ id, attributes: held, isPlanted }: Stored): CrmRecord {
    const texts = listed(held.properties.confab_leads);
    const noted = texts.flatMap(each => /^\[confab:([^\]]+)\]/.exec(each)?.[1] ?? []);
    const key = held.external_id;
    return {
      id,
      keys: key && !noted.includes(key) ? [key, ...noted] : noted,
      email: held.email ?? null,
      phone: held.phone_number ?? null,
      name: [held.first_name, held.last_name].filter(Boolean).join(' ') || null,
      note: texts.join('\n\n'),
      marketing: !!held.email && [...lists.values()].some(list => list.has(held.email as string)),
      madeByUs: !isPlanted,
      properties: structuredClone({ ...held, ...held.properties }),
    };
  }

  return Object.assign(fake, {
    profiles,
    lists,
    forbid() {
      isForbidden = true;
    },
  });
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  { body }: CrmRequest,
  then: (body: z.infer<Schema>) => CrmAnswer,
): CrmAnswer {
  const read = schema.safeParse(body);
  if (read.success) return then(read.data);
  const words = z.prettifyError(read.error);
  return complained(problem(400, 'invalid', words), words);
}
