import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type CrmAnswer, type CrmFake, type CrmRequest, type Person, RETRY_AFTER_S, startCrmFake } from './base.ts';

type Contact = { value: string; primary?: boolean; label?: string };
type Stored = {
  id: number;
  name: string;
  emails: Contact[];
  phones: Contact[];
  marketing_status: string;
  custom_fields: Record<string, unknown>;
  madeAt: number;
};
type Field = { field_name: string; field_code: string; field_type: string; is_custom_field: boolean };
type Note = { id: number; content: string; person_id: number };
type Entry = { id: string; title: string; person_id: number; origin_id: string | null; add_time: string };

/** A local Pipedrive: nothing in it is unique, and its search is behind what was written. */
export type FakePipedrive = CrmFake & {
  persons: Map<number, Stored>;
  fields: Field[];
  notes: Map<number, Note>;
  /** The inbox of leads, and its archive. */
  inbox: Map<string, Entry>;
  archive: Map<string, Entry>;
};

/** How many requests the search is behind. */
const SEARCH_LAG = 6;
const TEXT_MAX = 255;
const NOTE_BYTES_MAX = 100_000;
/** A custom field that the company has made: its code, as Pipedrive makes them. */
export const BUDGET = 'b0d6e700000000000000000000000000000000ff';

const contacts = z.array(
  z.strictObject({ value: z.string().min(1).max(TEXT_MAX), primary: z.boolean(), label: z.string().optional() }),
);
const person = {
  name: z.string().trim().min(1).max(TEXT_MAX),
  emails: contacts,
  phones: contacts,
  marketing_status: z.enum(['no_consent', 'unsubscribed', 'subscribed', 'archived']),
  custom_fields: z.record(z.string(), z.union([z.string().max(TEXT_MAX), z.number(), z.null()])),
};
const content = z.string().refine(html => Buffer.byteLength(html) <= NOTE_BYTES_MAX && !/<(?!br>)/.test(html));
const bodies = {
  addPerson: z.strictObject({ ...person }).partial({
    emails: true,
    phones: true,
    marketing_status: true,
    custom_fields: true,
  }),
  updatePerson: z
    .strictObject(person)
    .partial()
    .refine(given => Object.keys(given).length > 0),
  addField: z.strictObject({ field_name: z.string().min(1), field_type: z.literal('varchar') }),
  addNote: z.strictObject({ content, person_id: z.int() }),
  updateNote: z.strictObject({ content }),
  addEntry: z.strictObject({ title: z.string().min(1).max(TEXT_MAX), person_id: z.int(), origin_id: z.string() }),
};
const limit = z.coerce.number().int().min(1).max(500);
const queries = {
  persons: z.union([
    z.strictObject({ sort_by: z.literal('id'), sort_direction: z.literal('desc'), limit, custom_fields: z.string() }),
    z.strictObject({ ids: z.string().regex(/^\d+(,\d+){0,99}$/), include_fields: z.literal('marketing_status') }),
  ]),
  person: z.strictObject({ include_fields: z.literal('marketing_status').optional() }),
  search: z.strictObject({
    term: z.string().min(2),
    fields: z.enum(['custom_fields', 'email', 'notes', 'phone', 'name']),
    exact_match: z.enum(['true', 'false']),
    limit,
  }),
  fields: z.strictObject({ limit, cursor: z.string().optional() }),
  ofPerson: z.strictObject({ person_id: z.coerce.number().int(), limit }),
  none: z.strictObject({}),
};

const ok = (data: unknown, status = 200, more: object = {}): CrmAnswer => ({
  status,
  body: { success: true, data, ...more },
});
const refusal = (status: number, error: string, more: object = {}): CrmAnswer => ({
  status,
  body: { success: false, error, error_info: 'Please check developers.pipedrive.com', data: null, ...more },
});
const notFound = refusal(404, 'Entity not found');
const unauthorized = refusal(401, 'unauthorized access', { errorCode: 401 });

export async function startPipedrive({ apiToken = 'a'.repeat(40) } = {}): Promise<FakePipedrive> {
  const persons = new Map<number, Stored>();
  const notes = new Map<number, Note>();
  const inbox = new Map<string, Entry>();
  const archive = new Map<string, Entry>();
  const field = (field_name: string, field_code: string, is_custom_field: boolean): Field => ({
    field_name,
    field_code,
    field_type: 'varchar',
    is_custom_field,
  });
  const fields = [field('Name', 'name', false), field('Email', 'email', false), field('Budget', BUDGET, true)];
  let lastId = 100;
  let asked = 0;

  const ours = () => fields.find(({ field_name }) => field_name === 'Confab lead')?.field_code ?? '';
  const keep = (given: Partial<Stored>, madeAt: number): Stored => {
    const stored = {
      name: '',
      emails: [],
      phones: [],
      marketing_status: 'no_consent',
      custom_fields: {},
      ...given,
      id: ++lastId,
      madeAt,
    };
    persons.set(stored.id, stored);
    return stored;
  };
  const plant = ({ email, phone, name }: Person) => {
    const primary = (value?: string) => (value ? [{ value, primary: true, label: 'work' }] : []);
    keep({ name: name ?? email ?? phone ?? '—', emails: primary(email), phones: primary(phone) }, -SEARCH_LAG);
  };

  const shown = ({ madeAt: _, marketing_status, ...stored }: Stored, query: URLSearchParams) => ({
    ...stored,
    owner_id: 1,
    org_id: null,
    is_deleted: false,
    add_time: '2026-11-22T10:00:00Z',
    ...(query.get('include_fields') === 'marketing_status' && { marketing_status }),
    custom_fields: Object.fromEntries(
      fields
        .filter(({ field_code, is_custom_field }) => is_custom_field && asksFor(query, field_code))
        .map(({ field_code }) => [field_code, stored.custom_fields[field_code] ?? null]),
    ),
  });
  const asksFor = (query: URLSearchParams, code: string) =>
    (query.get('custom_fields') ?? code).split(',').includes(code);

  const texts: Record<string, (stored: Stored) => string[]> = {
    custom_fields: ({ custom_fields }) => Object.values(custom_fields).filter(value => typeof value === 'string'),
    email: ({ emails }) => emails.map(({ value }) => value),
    phone: ({ phones }) => phones.map(({ value }) => value),
    notes: ({ id }) => [...notes.values()].filter(({ person_id }) => person_id === id).map(({ content }) => content),
    name: ({ name }) => [name],
  };
  const search = ({ term, fields: where, exact_match }: z.infer<typeof queries.search>): CrmAnswer => {
    const wanted = term.toLowerCase();
    const meets = (text: string) =>
      exact_match === 'true' ? text.toLowerCase() === wanted : text.toLowerCase().includes(wanted);
    const items = [...persons.values()]
      .filter(stored => stored.madeAt + SEARCH_LAG <= asked && texts[where]?.(stored).some(meets))
      .map(({ id, name }) => ({ result_score: 0.5, item: { id, type: 'person', name } }));
    return ok({ items }, 200, { additional_data: { next_cursor: null } });
  };

  /** What it would not take of these values. */
  const unknownIn = (given: { custom_fields?: Record<string, unknown> | undefined }) =>
    Object.keys(given.custom_fields ?? {}).find(code => !fields.some(({ field_code }) => field_code === code));

  const routes: [method: string, path: RegExp, query: z.ZodType, body: z.ZodType | undefined, answer: Handle][] = [
    ['GET', /^\/api\/v1\/users\/me$/, queries.none, undefined, () => ok({ id: 1, name: 'Owner' })],
    [
      'GET',
      /^\/api\/v2\/personFields$/,
      queries.fields,
      undefined,
      ({ query }) => {
        // In pages, whatever is asked for: a company has more fields than one page.
        const from = Number(query.get('cursor') ?? 0);
        const next = from + 2 < fields.length ? String(from + 2) : null;
        return ok(fields.slice(from, from + 2), 200, { additional_data: { next_cursor: next } });
      },
    ],
    [
      'POST',
      /^\/api\/v2\/personFields$/,
      queries.none,
      bodies.addField,
      ({ body }) => {
        fields.push(field(body.field_name, randomUUID().replaceAll('-', '').padEnd(40, '0'), true));
        return ok(fields.at(-1), 201);
      },
    ],
    [
      'GET',
      /^\/api\/v2\/persons\/search$/,
      queries.search,
      undefined,
      ({ query }) => search(queries.search.parse(Object.fromEntries(query))),
    ],
    [
      'GET',
      /^\/api\/v2\/persons$/,
      queries.persons,
      undefined,
      ({ query }) => {
        const ids = query.get('ids')?.split(',').map(Number);
        const list = [...persons.values()].filter(({ id }) => ids?.includes(id) ?? true).sort((a, b) => b.id - a.id);
        return ok(
          list.slice(0, Number(query.get('limit') ?? 100)).map(stored => shown(stored, query)),
          200,
          { additional_data: { next_cursor: null } },
        );
      },
    ],
    [
      'POST',
      /^\/api\/v2\/persons$/,
      queries.none,
      bodies.addPerson,
      ({ body, query }) => ok(shown(keep(body, asked), query), 201),
    ],
    [
      'GET',
      /^\/api\/v2\/persons\/(\d+)$/,
      queries.person,
      undefined,
      ({ query }, id) => {
        const stored = persons.get(Number(id));
        return stored ? ok(shown(stored, query)) : notFound;
      },
    ],
    [
      'PATCH',
      /^\/api\/v2\/persons\/(\d+)$/,
      queries.none,
      bodies.updatePerson,
      ({ body, query }, id) => {
        const stored = persons.get(Number(id));
        if (!stored) return notFound;
        Object.assign(stored, body, { custom_fields: { ...stored.custom_fields, ...body.custom_fields } });
        return ok(shown(stored, query));
      },
    ],
    [
      'DELETE',
      /^\/api\/v2\/persons\/(\d+)$/,
      queries.none,
      undefined,
      (_, id) => {
        for (const entry of [...inbox.values(), ...archive.values()]) {
          if (entry.person_id === Number(id)) for (const list of [inbox, archive]) list.delete(entry.id);
        }
        return persons.delete(Number(id)) ? ok({ id: Number(id) }) : notFound;
      },
    ],
    ['GET', /^\/api\/v1\/notes$/, queries.ofPerson, undefined, ({ query }) => listed([...notes.values()], query)],
    [
      'POST',
      /^\/api\/v1\/notes$/,
      queries.none,
      bodies.addNote,
      ({ body }) => {
        const note = { ...body, id: ++lastId };
        notes.set(note.id, note);
        return ok(note, 201);
      },
    ],
    [
      'PUT',
      /^\/api\/v1\/notes\/(\d+)$/,
      queries.none,
      bodies.updateNote,
      ({ body }, id) => {
        const note = notes.get(Number(id));
        return note ? ok(Object.assign(note, body)) : notFound;
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/notes\/(\d+)$/,
      queries.none,
      undefined,
      (_, id) => (notes.delete(Number(id)) ? ok(true) : notFound),
    ],
    ['GET', /^\/api\/v1\/leads$/, queries.ofPerson, undefined, ({ query }) => listed([...inbox.values()], query)],
    [
      'GET',
      /^\/api\/v1\/leads\/archived$/,
      queries.ofPerson,
      undefined,
      ({ query }) => listed([...archive.values()], query),
    ],
    [
      'POST',
      /^\/api\/v1\/leads$/,
      queries.none,
      bodies.addEntry,
      ({ body }) => {
        if (!persons.has(body.person_id)) return refusal(404, 'Person not found.');
        const entry = { ...body, id: randomUUID(), add_time: new Date().toISOString() };
        inbox.set(entry.id, entry);
        return ok(entry, 201);
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/leads\/([\da-f-]{36})$/,
      queries.none,
      undefined,
      (_, id = '') => (inbox.delete(id) || archive.delete(id) ? ok({ id }) : notFound),
    ],
  ];

  function handle(request: CrmRequest): CrmAnswer {
    asked += 1;
    if (request.headers['x-api-token'] !== apiToken) return unauthorized;
    for (const [method, path, query, body, answer] of routes) {
      const match = path.exec(request.path);
      if (!match || method !== request.method) continue;
      const complaint = complaintOf(request, query, body);
      if (complaint)
        return { ...refusal(400, 'Validation failed', { code: 'ERR_SCHEMA_VALIDATION_FAILED' }), complaint };
      return answer(request, match[1]);
    }
    return { ...notFound, complaint: 'there is no such path' };
  }

  function complaintOf({ query, body, raw }: CrmRequest, querySchema: z.ZodType, bodySchema: z.ZodType | undefined) {
    const asks = querySchema.safeParse(Object.fromEntries(query));
    if (!asks.success) return z.prettifyError(asks.error);
    if (!bodySchema) return raw === '' ? undefined : 'a body where none belongs';
    const given = bodySchema.safeParse(body);
    if (!given.success) return z.prettifyError(given.error);
    const unknown = unknownIn(body);
    return unknown && `no custom field ${unknown}`;
  }

  const isPersonMade = ({ method, path }: CrmRequest) => /^\/api\/v2\/persons(\/\d+)?$/.test(path) && /^P/.test(method);
  const fake = await startCrmFake({
    handle,
    faults: {
      unauthorized_once: () => unauthorized,
      revoked: () => unauthorized,
      invalid: request =>
        isPersonMade(request)
          ? refusal(400, `Validation failed: emails.0.value: "${request.body?.emails?.[0]?.value}" is not valid.`)
          : undefined,
      rate_limited: () => ({
        ...refusal(429, 'request over limit', { errorCode: 429 }),
        headers: { 'retry-after': String(RETRY_AFTER_S), 'x-ratelimit-remaining': '0' },
      }),
      server_error: () => ({ status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' }),
      error_in_200: () => ({ ...refusal(200, 'Something went wrong') }),
      duplicate: request => {
        if (request.method !== 'POST' || request.path !== '/api/v2/persons') return undefined;
        const { emails, phones } = request.body;
        plant({ email: emails?.[0]?.value, phone: phones?.[0]?.value, name: 'Somebody quicker' });
        return handle(request);
      },
    },
    writes: ({ method }) => method !== 'GET',
    records: () =>
      [...persons.values()].map(stored => {
        const entries = [...inbox.values(), ...archive.values()].filter(({ person_id }) => person_id === stored.id);
        const keys = entries.map(({ origin_id }) => origin_id as string);
        const own = stored.custom_fields[ours()] as string | undefined;
        return {
          id: String(stored.id),
          keys: own && !keys.includes(own) ? [...keys, own] : keys,
          email: stored.emails[0]?.value ?? null,
          phone: stored.phones[0]?.value ?? null,
          name: stored.name,
          note: (texts.notes?.(stored) ?? []).map(plain).join('\n'),
          marketing: stored.marketing_status === 'subscribed',
          madeByUs: Boolean(own),
          properties: stored.custom_fields,
        };
      }),
    plant,
  });
  return { ...fake, persons, fields, notes, inbox, archive };
}

// biome-ignore lint/suspicious/noExplicitAny: the bodies were checked by their schemas
type Handle = (request: CrmRequest & { body: any }, id?: string) => CrmAnswer;

function listed(all: { person_id: number }[], query: URLSearchParams): CrmAnswer {
  const some = all.filter(({ person_id }) => person_id === Number(query.get('person_id')));
  return ok(some.length > 0 ? some : null, 200, {
    additional_data: { pagination: { more_items_in_collection: false } },
  });
}

const plain = (html: string): string =>
  html
    .replaceAll('<br>', '\n')
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
