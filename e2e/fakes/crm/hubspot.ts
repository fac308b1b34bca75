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

type Properties = Record<string, string>;
type Stored = { id: string; properties: Properties; isPlanted?: boolean; madeAt?: number };
type Noted = Stored & { contactId: string };
type Answered = CrmAnswer | undefined;

/**
 * A local HubSpot: contacts with unique addresses and unique properties, and notes on them. The requests that it takes are
 * those of HubSpot’s published OpenAPI (CRM v3 contacts, notes and properties, v4 associations), and nothing besides.
 */
export type FakeHubspot = CrmFake & {
  /** The properties of contacts; whether each must be unique. */
  properties: Map<string, boolean>;
  contacts: Map<string, Stored>;
  notes: Map<string, Noted>;
  /** From now on this token lacks the scopes. */
  withhold(...scopes: string[]): void;
  /** The next request is one too many, in this way. */
  limit(how: { policyName: string; headers?: Record<string, string> }): void;
};

/** How many requests its search is behind what was written. */
const SEARCH_LAG = 5;
const LONGEST = 65_536;

const id = z.string().regex(/^\d+$/);
const propertyValues = z.record(z.string(), z.string());
const association = z.strictObject({
  to: z.strictObject({ id }),
  types: z
    .array(z.strictObject({ associationCategory: z.literal('HUBSPOT_DEFINED'), associationTypeId: z.int() }))
    .min(1),
});
const filter = z.strictObject({
  propertyName: z.string(),
  operator: z.enum(['EQ', 'CONTAINS_TOKEN']),
  value: z.string(),
});
const bodies = {
  createContact: z.strictObject({ properties: propertyValues, associations: z.array(association) }),
  createNote: z.strictObject({
    properties: z.strictObject({ hs_note_body: z.string().max(LONGEST), hs_timestamp: z.iso.datetime() }),
    associations: z.tuple([association]),
  }),
  update: z.strictObject({ properties: propertyValues.refine(given => Object.keys(given).length > 0) }),
  search: z.strictObject({
    filterGroups: z
      .array(z.strictObject({ filters: z.array(filter).min(1).max(6) }))
      .min(1)
      .max(5),
    properties: z.array(z.string()),
    limit: z.int().min(1).max(200),
  }),
  gdprDelete: z.strictObject({ objectId: id, idProperty: z.string().optional() }),
  readContacts: z.strictObject({
    inputs: z.tuple([z.strictObject({ id: z.string().min(1) })]),
    properties: z.array(z.string()),
    propertiesWithHistory: z.array(z.string()),
    idProperty: z.string().optional(),
  }),
  readNotes: z.strictObject({
    inputs: z.array(z.strictObject({ id })).min(1).max(100),
    properties: z.array(z.string()),
    propertiesWithHistory: z.array(z.string()),
  }),
  readProperties: z.strictObject({
    inputs: z
      .array(z.strictObject({ name: z.string() }))
      .min(1)
      .max(100),
    archived: z.boolean(),
  }),
  createProperty: z.strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_]*$/),
    label: z.string().min(1),
    description: z.string(),
    groupName: z.literal('contactinformation'),
    type: z.literal('string'),
    fieldType: z.enum(['text', 'textarea']),
    formField: z.boolean(),
    hasUniqueValue: z.boolean().optional(),
  }),
};

const problem = (status: number, category: string, message: string, more: object = {}): CrmAnswer => ({
  status,
  body: { status: 'error', message, correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf', category, ...more },
});
const notFound = problem(404, 'OBJECT_NOT_FOUND', 'resource not found');
const notValid = (name: string, error: string, message: string) =>
  problem(
    400,
    'VALIDATION_ERROR',
    `Property values were not valid: ${JSON.stringify([{ isValid: false, message, error, name, localizedErrorMessage: message }])}`,
  );

export async function startHubspot({ accessToken = 'pat-eu1-4711' } = {}): Promise<FakeHubspot> {
  const standard = [
    'email',
    'phone',
    'mobilephone',
    'firstname',
    'lastname',
    'company',
    'hs_merged_object_ids',
    'num_associated_deals',
  ];
  const properties = new Map(standard.map(name => [name, name === 'email']));
  const contacts = new Map<string, Stored>();
  const notes = new Map<string, Noted>();
  let withheld: string[] = [];
  let limited: { policyName: string; headers?: Record<string, string> } | undefined;
  let lastId = 100;
  let asked = 0;

  const shown = ({ id: own, properties: all }: Stored) => ({
    id: own,
    properties: { hs_object_id: own, createdate: '2026-11-22T10:00:00.000Z', ...all },
    createdAt: '2026-11-22T10:00:00.000Z',
    updatedAt: '2026-11-22T10:00:00.000Z',
    archived: false,
  });
  const store = (given: Properties, isPlanted: boolean): Stored => {
    const stored = { id: String(++lastId), properties: given, isPlanted, madeAt: isPlanted ? -SEARCH_LAG : asked };
    contacts.set(stored.id, stored);
    return stored;
  };
  const plant = ({ email, phone, name }: Person) => {
    const [firstname, ...rest] = (name ?? '').split(' ');
    const all = { email, phone, firstname, lastname: rest.join(' ') };
    store(Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Properties, true);
  };
  const by = (name: string, value: string) =>
    [...contacts.values()].find(each => each.properties[name]?.toLowerCase() === value.toLowerCase());

  /** What it would not take of these values for this contact. */
  const refused = (given: Properties, own?: string): Answered => {
    for (const [name, value] of Object.entries(given)) {
      if (!properties.has(name)) {
        return { ...notValid(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`), complaint: name };
      }
      if ([...value].length > LONGEST) return { ...notValid(name, 'INVALID_TEXT', 'too long'), complaint: name };
      if (name === 'email' && value && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
        return { ...notValid(name, 'INVALID_EMAIL', `Email address ${value} is invalid`), complaint: name };
      }
      const other = value && properties.get(name) ? by(name, value) : undefined;
      if (!other || other.id === own) continue;
      if (name === 'email') return problem(409, 'CONFLICT', `Contact already exists. Existing ID: ${other.id}`);
      const words = `Cannot set PropertyValueCoordinates{propertyName=${name}, value=${value}}. ${other.id} already has that value.`;
      return notValid(name, 'CONFLICTING_UNIQUE_VALUE', words);
    }
    return undefined;
  };
  const put = (stored: Stored, given: Properties) => {
    for (const [name, value] of Object.entries(given)) {
      if (value === '') delete stored.properties[name];
      else stored.properties[name] = value;
    }
    return { status: 200, body: shown(stored) };
  };
  const found = (all: Iterable<Stored>, { filterGroups }: z.infer<typeof bodies.search>): CrmAnswer => {
    const meets = (each: Stored) =>
      filterGroups.some(({ filters }) =>
        filters.every(({ propertyName, operator, value }) => {
          const held = each.properties[propertyName] ?? '';
          return operator === 'EQ' ? held.toLowerCase() === value.toLowerCase() : held.includes(value);
        }),
      );
    const results = [...all].filter(each => asked - (each.madeAt ?? 0) >= SEARCH_LAG && meets(each)).map(shown);
    return { status: 200, body: { total: results.length, results } };
  };

  /** Where the operations are, in the order in which they are looked at. */
  const operations: [string, RegExp, (request: CrmRequest, ...parts: string[]) => CrmAnswer][] = [
    [
      'POST',
      /^\/crm\/v3\/properties\/contacts\/batch\/read$/,
      request =>
        checked(bodies.readProperties, request, ({ inputs }) => {
          const known = inputs.filter(({ name }) => properties.has(name));
          const results = known.map(({ name }) => ({ name, label: name, hasUniqueValue: properties.get(name) }));
          const isWhole = known.length === inputs.length;
          const errors = [{ status: 'error', category: 'OBJECT_NOT_FOUND', message: 'Some properties do not exist' }];
          return {
            status: isWhole ? 200 : 207,
            body: { status: 'COMPLETE', results, ...(!isWhole && { numErrors: 1, errors }) },
          };
        }),
    ],
    [
      'POST',
      /^\/crm\/v3\/properties\/contacts$/,
      request =>
        checked(bodies.createProperty, request, ({ name, hasUniqueValue = false, ...rest }) => {
          if (properties.has(name)) return problem(409, 'CONFLICT', `A property named '${name}' already exists.`);
          properties.set(name, hasUniqueValue);
          return { status: 201, body: { name, hasUniqueValue, ...rest } };
        }),
    ],
    ['GET', /^\/crm\/v3\/objects\/contacts$/, () => ({ status: 200, body: { results: [] } })],
    [
      'POST',
      /^\/crm\/v3\/objects\/contacts$/,
      request =>
        checked(bodies.createContact, request, ({ properties: given }) => {
          if (!given.email && !given.firstname && !given.lastname) {
            return {
              ...notValid('email', 'REQUIRED_FIELD', 'one of email, firstname, lastname'),
              complaint: 'no name',
            };
          }
          return refused(given) ?? { status: 201, body: shown(store({ ...given }, false)) };
        }),
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/contacts\/search$/,
      request => checked(bodies.search, request, search => found(contacts.values(), search)),
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/contacts\/gdpr-delete$/,
      request =>
        checked(bodies.gdprDelete, request, ({ objectId }) => {
          if (!contacts.delete(objectId)) return notFound;
          for (const note of notes.values()) if (note.contactId === objectId) notes.delete(note.id);
          return { status: 204 };
        }),
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/contacts\/batch\/read$/,
      request =>
        checked(bodies.readContacts, request, ({ inputs: [{ id: value }], idProperty }) => {
          if (idProperty && !properties.get(idProperty)) {
            return { ...problem(400, 'VALIDATION_ERROR', idProperty), complaint: idProperty };
          }
          const contact = idProperty ? by(idProperty, value) : contacts.get(value);
          if (contact) return { status: 200, body: { status: 'COMPLETE', results: [shown(contact)] } };
          const words =
            'Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.';
          const errors = [{ status: 'error', category: 'OBJECT_NOT_FOUND', message: words, context: { ids: [value] } }];
          return { status: 207, body: { status: 'COMPLETE', results: [], numErrors: 1, errors } };
        }),
    ],
    [
      'PATCH',
      /^\/crm\/v3\/objects\/contacts\/(\d+)$/,
      (request, own) =>
        checked(bodies.update, request, ({ properties: given }) => {
          const contact = contacts.get(own);
          return contact ? (refused(given, own) ?? put(contact, given)) : notFound;
        }),
    ],
    [
      'GET',
      /^\/crm\/v4\/objects\/(contacts|notes)\/(\d+)\/associations\/(notes|contacts)$/,
      ({ query }, from, own) => {
        const linked =
          from === 'notes'
            ? [notes.get(own)?.contactId]
            : [...notes.values()].filter(({ contactId }) => contactId === own).map(each => each.id);
        const after = Number(query.get('after') ?? 0);
        const limit = Number(query.get('limit') ?? 500);
        if (limit > 500) return { ...problem(400, 'VALIDATION_ERROR', 'limit'), complaint: 'limit' };
        const page = linked.slice(after, after + limit);
        const next = after + limit < linked.length && { paging: { next: { after: String(after + limit) } } };
        const associationTypes = [{ category: 'HUBSPOT_DEFINED', typeId: 201, label: null }];
        return {
          status: 200,
          body: { results: page.map(each => ({ toObjectId: Number(each), associationTypes })), ...next },
        };
      },
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/notes\/batch\/read$/,
      request =>
        checked(bodies.readNotes, request, ({ inputs }) => {
          const results = inputs.flatMap(each => notes.get(each.id) ?? []).map(shown);
          return { status: 200, body: { status: 'COMPLETE', results } };
        }),
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/notes\/search$/,
      request => checked(bodies.search, request, search => found(notes.values(), search)),
    ],
    [
      'POST',
      /^\/crm\/v3\/objects\/notes$/,
      request =>
        checked(bodies.createNote, request, ({ properties: given, associations: [{ to, types }] }) => {
          if (types[0]?.associationTypeId !== 202 || !contacts.has(to.id))
            return problem(400, 'VALIDATION_ERROR', 'association');
          const note = { id: String(++lastId), properties: given, isPlanted: false, madeAt: asked, contactId: to.id };
          notes.set(note.id, note);
          return { status: 201, body: shown(note) };
        }),
    ],
    [
      'PATCH',
      /^\/crm\/v3\/objects\/notes\/(\d+)$/,
      (request, own) =>
        checked(bodies.update, request, ({ properties: given }) => {
          const note = notes.get(own);
          return note ? put(note, given) : notFound;
        }),
    ],
    [
      'DELETE',
      /^\/crm\/v3\/objects\/notes\/(\d+)$/,
      (_, own) => {
        notes.delete(own);
        return { status: 204 };
      },
    ],
  ];

  function handle(request: CrmRequest): CrmAnswer {
    asked++;
    if (request.headers.authorization !== `Bearer ${accessToken}`) {
      return { ...problem(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.'), complaint: 'token' };
    }
    if (limited) {
      const { policyName, headers = {} } = limited;
      limited = undefined;
      return { ...problem(429, 'RATE_LIMITS', 'You have reached your limit.', { policyName }), headers };
    }
    if (withheld.length > 0) {
      const errors = [
        { message: 'One or more of the following scopes are required.', context: { requiredScopes: withheld } },
      ];
      const words = "This app hasn't been granted all required scopes to make this call.";
      return problem(403, 'MISSING_SCOPES', words, { errors });
    }
    for (const [method, path, operation] of operations) {
      const parts = method === request.method ? path.exec(request.path) : null;
      if (parts) return operation(request, ...parts.slice(1).map(decodeURIComponent));
    }
    return { status: 404, body: '<html>Not found</html>', complaint: 'no such operation' };
  }

  const writes = ({ method, path }: CrmRequest) =>
    method === 'PATCH' || method === 'DELETE' || (method === 'POST' && /\/(contacts|notes|gdpr-delete)$/.test(path));
  const isNewContact = ({ method, path }: CrmRequest) => method === 'POST' && path.endsWith('/objects/contacts');

  const fake = await startCrmFake({
    handle,
    writes,
    plant,
    records: () => [...contacts.values()].map(recordOf),
    faults: {
      unauthorized_once: () =>
        problem(401, 'EXPIRED_AUTHENTICATION', 'The OAuth token used to make this call expired 7 second(s) ago.'),
      revoked: () => problem(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found.'),
      invalid: request =>
        isNewContact(request)
          ? notValid('email', 'INVALID_EMAIL', `Email address ${request.body?.properties?.email} is invalid`)
          : undefined,
      rate_limited: () => ({
        ...problem(429, 'RATE_LIMITS', 'You have reached your ten_secondly_rolling limit.', {
          errorType: 'RATE_LIMIT',
          policyName: 'TEN_SECONDLY_ROLLING',
        }),
        headers: { 'retry-after': String(RETRY_AFTER_S), 'x-hubspot-ratelimit-interval-milliseconds': '10000' },
      }),
      server_error: () => problem(500, 'INTERNAL_ERROR', 'internal error'),
      error_in_200: () => ({ ...problem(500, 'INTERNAL_ERROR', 'There was a problem with the request.'), status: 200 }),
      duplicate: request => {
        if (!isNewContact(request)) return undefined;
        plant({ email: request.body.properties.email, phone: request.body.properties.phone, name: 'Some Body' });
        return handle(request);
      },
    },
  });

  function recordOf({ id: own, properties: held, isPlanted }: Stored): CrmRecord {
    const bodiesOfNotes = [...notes.values()]
      .filter(({ contactId }) => contactId === own)
      .map(note => plain(note.properties.hs_note_body ?? ''));
    const noted = bodiesOfNotes.flatMap(body => /\[confab:([^\]]+)\]/.exec(body)?.[1] ?? []);
    const key = held.confab_lead_id;
    return {
      id: own,
      keys: key && !noted.includes(key) ? [key, ...noted] : noted,
      email: held.email ?? null,
      phone: held.phone ?? null,
      name: [held.firstname, held.lastname].filter(Boolean).join(' ') || null,
      note: bodiesOfNotes.join('\n\n'),
      marketing: held.confab_marketing === 'yes',
      madeByUs: !isPlanted,
      properties: { ...held },
    };
  }

  return Object.assign(fake, {
    properties,
    contacts,
    notes,
    withhold(...scopes: string[]) {
      withheld = scopes;
    },
    limit(how: NonNullable<typeof limited>) {
      limited = how;
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
  return { ...problem(400, 'VALIDATION_ERROR', `Invalid input JSON: ${words}`), complaint: words };
}

/** A note as a person sees it. */
const plain = (html: string): string =>
  html
    .replaceAll('<br>', '\n')
    .replaceAll(/<[^>]*>?/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
