import { LeadsApi, NotesApi, UsersApi, Configuration as V1 } from 'pipedrive/v1';
import { PersonFieldsApi, PersonsApi, Configuration as V2 } from 'pipedrive/v2';
import { z } from 'zod';
import { emailKey, phoneKey } from '../../lib/contacts.ts';
import { type Crm, CrmFault, type CrmFaultKind, type CrmLead, type Mapping } from './crm.ts';
import { type Answer, exchange } from './exchange.ts';
import { cut, mapped, noteMark, noteText, retryAfterS, within, wordsOf } from './lead-text.ts';

/*
 * A lead is a person with a note, and an entry in the inbox of leads. Nothing in this API is unique but ids, nothing can
 * be made "unless it is there", and the search hears of a new person some time after they were made. So:
 *
 * - A person made by us has the lead's key in a field of their own, which is made where it is missing. Somebody found by
 *   their address never gets it: it says who may be erased. The note begins with the key, the entry has it as origin id.
 * - Before anything is made it is looked for: a person in the search and among the newest, which are read from what
 *   stands; a note and an entry among those of the person. So a call after one of unknown end finds what that one made.
 * - After something was made, the same is read again, and of two the older one stays: those who call at once agree, as
 *   the later one sees both.
 *
 * What is left: a request that Pipedrive carries out only after a later call has ended leaves a second person until the
 * lead is erased, which finds both. The outbox makes that rare: it waits for longer than a call may take.
 */

type Options = {
  apiToken: string;
  /** `https://api.pipedrive.com` */
  baseUrl: string;
  mapping: Mapping;
  fetch?: typeof globalThis.fetch | undefined;
  timeoutMs?: number | undefined;
};

const TIMEOUT_MS = 15_000;
const FIELD = 'Confab lead';
/** As long as Pipedrive takes them. */
const TEXT_MAX = 255;
const LONG_TEXT_MAX = 10_000;
const NOTE_BYTES_MAX = 95_000;
/** More than are made while the search is behind; and while two calls for one lead are under way. */
const NEWEST = 500;
const NEWEST_NOW = 100;
const PAGE = 500;

const fieldSchema = z.object({
  field_name: z.string(),
  field_code: z.string(),
  field_type: z.string(),
  is_custom_field: z.boolean(),
  options: z.array(z.object({ id: z.union([z.number(), z.string()]), label: z.string() })).nullish(),
});
type Field = z.infer<typeof fieldSchema>;

const contact = z.array(z.looseObject({ value: z.string(), primary: z.boolean().optional() })).nullish();
const personSchema = z.object({
  id: z.int(),
  name: z.string().nullish(),
  emails: contact,
  phones: contact,
  is_deleted: z.boolean().optional(),
  marketing_status: z.string().nullish(),
  custom_fields: z.record(z.string(), z.unknown()).nullish(),
});
type Person = z.infer<typeof personSchema>;

const noteSchema = z.object({ id: z.int(), content: z.string().nullish() });
const entrySchema = z.object({ id: z.string(), origin_id: z.string().nullish(), add_time: z.string().nullish() });
type Entry = z.infer<typeof entrySchema>;

const withData = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });
/** Lists of v1 are null where there is nothing. */
const all = <Each extends z.ZodType>(each: Each) => withData(z.array(each).nullish());
const found = withData(z.object({ items: z.array(z.object({ item: z.object({ id: z.int() }) })) }));

export function createPipedrive({ apiToken, baseUrl, mapping, fetch, timeoutMs = TIMEOUT_MS }: Options): Crm {
  /** The fields of persons, ours among them: asked once. */
  let known: Promise<{ ours: string; fields: Field[] }> | undefined;

  const call = <T>(signal: AbortSignal, work: (pipedrive: Pipedrive) => Promise<T>) =>
    within(timeoutMs, signal, signal => work(pipedriveOf({ apiToken, baseUrl, fetch, signal })));

  async function fieldsOf(pipedrive: Pipedrive) {
    known ??= pipedrive.ensureField();
    return known.catch(error => {
      known = undefined;
      throw error;
    });
  }

  /** The owner may have taken a field away meanwhile: what was refused is asked anew the next time. */
  function forgetting<T>(work: Promise<T>): Promise<T> {
    return work.catch(error => {
      if (error instanceof CrmFault && error.fault === 'invalid') known = undefined;
      throw error;
    });
  }

  return {
    upsertLead: (lead, recordId, signal) =>
      call(signal, async pipedrive => {
        const { ours, fields } = await fieldsOf(pipedrive);
        const properties = propertiesOf(lead, mapping, fields);
        const person = await forgetting(personOf(pipedrive, lead, { ours, properties, recordId }));
        // Once it was delivered, the entry is the owner's: who has made a deal of it, or thrown it away, wants no second.
        if (recordId === null) await ensureEntry(pipedrive, lead, person);
        await ensureNote(pipedrive, lead, person, mapping);
        return { recordId: String(person.id) };
      }),

    eraseLead: (lead, signal) =>
      call(signal, async pipedrive => {
        const { ours } = await fieldsOf(pipedrive);
        for (const person of await everybodyWith(pipedrive, lead, ours)) {
          await eraseFrom(pipedrive, lead.key, person, ours);
        }
      }),

    check: signal => call(signal, pipedrive => pipedrive.me()),
  };
}

type Pipedrive = ReturnType<typeof pipedriveOf>;
type Wanted = { ours: string; properties: Record<string, unknown>; recordId: string | null };
/** `isNew`: made by this call, so that nothing is there yet. */
type Found = { id: number; isNew: boolean };

/** Finds the person of this lead, or makes one; brings them to the lead's state. */
async function personOf(pipedrive: Pipedrive, lead: CrmLead, { ours, properties, recordId }: Wanted): Promise<Found> {
  const there = (recordId !== null && (await pipedrive.person(recordId))) || (await lookFor(pipedrive, lead, ours));
  if (there) {
    const change = changeOf(there, lead, { ours, properties });
    if (Object.keys(change).length > 0) await pipedrive.updatePerson(there.id, change);
    return { id: there.id, isNew: false };
  }
  const made = await pipedrive.addPerson({
    name: nameOf(lead),
    ...(lead.email && { emails: [{ value: lead.email, primary: true, label: 'work' }] }),
    ...(lead.phone && { phones: [{ value: lead.phone, primary: true, label: 'work' }] }),
    ...(lead.marketing && { marketing_status: 'subscribed' }),
    custom_fields: { ...properties, [ours]: lead.key },
  });
  const now = await pipedrive.newest(NEWEST_NOW, ours);
  const sameLead = now.filter(person => keyIn(person, ours) === lead.key);
  const older = oldest(now.filter(({ id, ...person }) => id < made && isSame(person, lead)));
  const stays = Math.min(older?.id ?? made, ...sameLead.map(({ id }) => id));
  for (const { id } of sameLead) if (id !== stays) await pipedrive.deletePerson(id);
  return { id: stays, isNew: stays === made };
}

async function lookFor(pipedrive: Pipedrive, lead: CrmLead, ours: string): Promise<Person | undefined> {
  const newest = await pipedrive.newest(NEWEST, ours);
  const by = async (
    is: (person: Person) => boolean,
    term: string | null,
    field: 'custom_fields' | 'email' | 'phone',
  ) => {
    if (term === null) return undefined;
    const one = oldest(newest.filter(is));
    if (one) return pipedrive.person(one.id);
    return oldest((await pipedrive.search(term, field)).filter(is));
  };
  return (
    (await by(person => keyIn(person, ours) === lead.key, lead.key, 'custom_fields')) ??
    (await by(person => hasEmail(person, lead.email), lead.email, 'email')) ??
    (await by(person => hasPhone(person, lead.phone), lead.phone, 'phone'))
  );
}

/** What has to change for the person to be as the lead says; of somebody who is not ours, only what is empty. */
function changeOf(person: Person, lead: CrmLead, { ours, properties }: Pick<Wanted, 'ours' | 'properties'>) {
  const isOurs = keyIn(person, ours) === lead.key;
  const empty = Object.entries(properties).filter(([code, value]) => {
    const stands = person.custom_fields?.[code] ?? null;
    return isOurs ? JSON.stringify(stands) !== JSON.stringify(value) : stands === null || stands === '';
  });
  const takes = (values: Person['emails']) => isOurs || !values?.length;
  const wasAsked = person.marketing_status === 'subscribed' || person.marketing_status === 'unsubscribed';
  const withdraws = isOurs && !lead.marketing && person.marketing_status === 'subscribed';
  return {
    ...(isOurs && lead.name && person.name !== nameOf(lead) && { name: nameOf(lead) }),
    ...(lead.email &&
      takes(person.emails) &&
      !hasEmail(person, lead.email) && { emails: withFirst(person.emails, lead.email) }),
    ...(lead.phone &&
      takes(person.phones) &&
      !hasPhone(person, lead.phone) && { phones: withFirst(person.phones, lead.phone) }),
    ...(lead.marketing && !wasAsked && { marketing_status: 'subscribed' as const }),
    ...(withdraws && { marketing_status: 'unsubscribed' as const }),
    ...(empty.length > 0 && { custom_fields: Object.fromEntries(empty) }),
  };
}

/** The new value in place of the first one; what the owner added beside it stays. */
const withFirst = (values: Person['emails'], value: string) => [
  { value, primary: true, label: 'work' },
  ...(values ?? []).slice(1).map(other => ({ ...other, primary: false })),
];

async function ensureEntry(pipedrive: Pipedrive, lead: CrmLead, { id, isNew }: Found): Promise<void> {
  const isMine = ({ origin_id }: Entry) => origin_id === lead.key;
  if (!isNew && (await pipedrive.entriesOf(id)).some(isMine)) return;
  const title = `${nameOf(lead)}: ${lead.kind === 'callback' ? 'callback wished' : 'lead'} from the chat`;
  await pipedrive.addEntry({ title: cut(title, TEXT_MAX), person_id: id, origin_id: lead.key });
  const [, ...younger] = (await pipedrive.inboxOf(id))
    .filter(isMine)
    .sort((a, b) => (a.add_time ?? '').localeCompare(b.add_time ?? '') || a.id.localeCompare(b.id));
  for (const entry of younger) await pipedrive.deleteEntry(entry.id);
}

async function ensureNote(pipedrive: Pipedrive, lead: CrmLead, { id, isNew }: Found, mapping: Mapping): Promise<void> {
  const content = htmlOf(noteText(lead, mapping));
  const mine = async () =>
    (await pipedrive.notesOf(id)).filter(note => isOf(note, lead.key)).sort((a, b) => a.id - b.id);
  const [there] = isNew ? [] : await mine();
  if (there) {
    if (there.content !== content) await pipedrive.updateNote(there.id, content);
    return;
  }
  await pipedrive.addNote({ content, person_id: id });
  const [, ...younger] = await mine();
  for (const note of younger) await pipedrive.deleteNote(note.id);
}

/** Whoever may have something of this lead. */
async function everybodyWith(
  pipedrive: Pipedrive,
  { key, known }: { key: string; known: string | null },
  ours: string,
): Promise<Person[]> {
  const persons = [
    known === null ? undefined : await pipedrive.person(known),
    ...(await pipedrive.newest(NEWEST, ours)).filter(person => keyIn(person, ours) === key),
    ...(await pipedrive.search(key, 'custom_fields')),
    // A person who was there before has it in a note only.
    ...(known === null ? await pipedrive.search(key, 'notes') : []),
  ].filter(person => person !== undefined);
  return [...new Map(persons.map(person => [person.id, person])).values()];
}

async function eraseFrom(pipedrive: Pipedrive, key: string, person: Person, ours: string): Promise<void> {
  const notes = await pipedrive.notesOf(person.id);
  for (const note of notes) if (isOf(note, key)) await pipedrive.deleteNote(note.id);
  for (const { id, origin_id } of await pipedrive.entriesOf(person.id)) {
    if (origin_id === key) await pipedrive.deleteEntry(id);
  }
  if (keyIn(person, ours) !== key) return;
  // With another lead of theirs the person is needed still, and goes with that one.
  const other = notes.filter(note => !isOf(note, key)).flatMap(({ content }) => keysIn(content))[0];
  if (other === undefined) await pipedrive.deletePerson(person.id);
  else await pipedrive.updatePerson(person.id, { custom_fields: { [ours]: other } });
}

const oldest = <Each extends { id: number }>(all: Each[]): Each | undefined => all.toSorted((a, b) => a.id - b.id)[0];

const keyIn = (person: Omit<Person, 'id'>, ours: string): unknown => person.custom_fields?.[ours] ?? null;

const hasEmail = ({ emails }: Omit<Person, 'id'>, email: string | null): boolean =>
  email !== null && (emails ?? []).some(({ value }) => (emailKey(value) ?? value) === (emailKey(email) ?? email));

const hasPhone = ({ phones }: Omit<Person, 'id'>, phone: string | null): boolean =>
  phone !== null && (phones ?? []).some(({ value }) => value === phone || phoneKey(value, null) === phone);

const isSame = (person: Omit<Person, 'id'>, { email, phone }: CrmLead): boolean =>
  hasEmail(person, email) || hasPhone(person, phone);

const isOf = ({ content }: z.infer<typeof noteSchema>, key: string): boolean =>
  content?.includes(noteMark(key)) ?? false;

/** The keys of leads whose note this is. */
function keysIn(content: string | null | undefined): string[] {
  const [before = '', after = ''] = noteMark('\n').split('\n');
  const at = content?.indexOf(before) ?? -1;
  if (!content || at < 0) return [];
  return [content.slice(at + before.length).split(after)[0] as string];
}

/** Pipedrive has nobody without a name. */
function nameOf({ name, email, phone }: CrmLead): string {
  const plain = name?.replace(/\s+/g, ' ').trim();
  return cut(plain || email?.split('@')[0] || phone || '—', TEXT_MAX);
}

/** Notes are HTML. */
function htmlOf(text: string): string {
  const html = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '<br>');
  if (Buffer.byteLength(html) <= NOTE_BYTES_MAX) return html;
  const whole = new TextDecoder().decode(Buffer.from(html).subarray(0, NOTE_BYTES_MAX), { stream: true });
  return whole.replace(/(&[a-z]{0,5}|<[a-z]{0,2})$/, '');
}

/** What the owner chose fields for, in the form that each takes. */
function propertiesOf(lead: CrmLead, mapping: Mapping, fields: Field[]): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(mapped(lead, mapping))) {
    const field = fields.find(
      ({ field_code, field_name, is_custom_field }) =>
        is_custom_field && (field_code === name || field_name.toLowerCase() === name.toLowerCase()),
    );
    if (!field) {
      const words = `Persons have no custom field "${cut(name, 100)}": add it in Pipedrive, or change the mapping.`;
      throw new CrmFault('misconfigured', { words });
    }
    properties[field.field_code] = valueFor(field, value);
  }
  return properties;
}

function valueFor({ field_type, options }: Field, value: string): unknown {
  if (field_type === 'double') return Number(value);
  if (field_type === 'text') return cut(value, LONG_TEXT_MAX);
  const option = options?.find(({ label }) => label.toLowerCase() === value.trim().toLowerCase());
  if (field_type === 'enum' && option) return option.id;
  if (field_type === 'set' && option) return [option.id];
  return cut(value, TEXT_MAX);
}

/** The calls, by Pipedrive's SDK: v2 where it has them, v1 for the rest. What is not as documented is a fault. */
function pipedriveOf({
  apiToken,
  baseUrl,
  fetch = globalThis.fetch,
  signal,
}: Omit<Options, 'mapping'> & { signal: AbortSignal }) {
  // The SDK throws the body away from its headers, and follows redirects: so the request is made here.
  const baseOptions = { signal, adapter: adapterWith(fetch) };
  const v1 = Object.assign(new V1({ apiKey: apiToken, basePath: `${baseUrl}/api/v1` }), { baseOptions });
  const v2 = Object.assign(new V2({ apiKey: apiToken, basePath: `${baseUrl}/api/v2` }), { baseOptions });
  const persons = new PersonsApi(v2);
  const fields = new PersonFieldsApi(v2);
  const notes = new NotesApi(v1);
  const entries = new LeadsApi(v1);
  const users = new UsersApi(v1);

  const listFields = async () => {
    const list: Field[] = [];
    let cursor: string | undefined;
    do {
      const page = as(
        all(fieldSchema).extend({ additional_data: z.object({ next_cursor: z.string().nullish() }).nullish() }),
        await fields.getPersonFields({ limit: PAGE, ...(cursor && { cursor }) }),
      );
      list.push(...(page.data ?? []));
      cursor = page.additional_data?.next_cursor ?? undefined;
    } while (cursor);
    return list;
  };
  const oursIn = (list: Field[]) =>
    list.find(({ field_name, is_custom_field }) => is_custom_field && field_name === FIELD);

  return {
    async ensureField() {
      const list = await listFields();
      const there = oursIn(list);
      if (there) return { ours: there.field_code, fields: list };
      await fields.addPersonField({ AddPersonFieldRequest: { field_name: FIELD, field_type: 'varchar' } });
      // Of two that were made at once, everybody takes the first.
      const now = await listFields();
      const ours = oursIn(now);
      if (!ours) throw new CrmFault('misconfigured', { words: `Add a text field "${FIELD}" to persons in Pipedrive.` });
      return { ours: ours.field_code, fields: now };
    },

    async newest(limit: number, ours: string): Promise<Person[]> {
      const list = await persons.getPersons({
        sort_by: 'id',
        sort_direction: 'desc',
        limit,
        custom_fields: ours,
      });
      return as(all(personSchema), list).data ?? [];
    },

    async search(term: string, field: 'custom_fields' | 'email' | 'phone' | 'notes'): Promise<Person[]> {
      const isWhole = field !== 'notes';
      const { data } = as(found, await persons.searchPersons({ term, fields: field, exact_match: isWhole, limit: 50 }));
      const ids = data.items.map(({ item }) => item.id);
      if (ids.length === 0) return [];
      const include_fields = 'marketing_status';
      return as(all(personSchema), await persons.getPersons({ ids: ids.join(','), include_fields })).data ?? [];
    },

    /** Nothing where they are gone. */
    async person(id: string | number): Promise<Person | undefined> {
      if (!/^\d{1,15}$/.test(String(id))) return undefined;
      const include_fields = 'marketing_status';
      const answer = await unlessGone(persons.getPerson({ id: Number(id), include_fields } as never));
      const person = answer && as(withData(personSchema), answer).data;
      return person?.is_deleted ? undefined : person;
    },

    async addPerson(AddPersonRequest: object): Promise<number> {
      return as(withData(z.object({ id: z.int() })), await persons.addPerson({ AddPersonRequest })).data.id;
    },
    async updatePerson(id: number, UpdatePersonRequest: object): Promise<void> {
      as(anything, await persons.updatePerson({ id, UpdatePersonRequest }));
    },
    deletePerson: (id: number) => unlessGone(persons.deletePerson({ id })),

    async inboxOf(person_id: number): Promise<Entry[]> {
      return as(all(entrySchema), await entries.getLeads({ person_id, limit: PAGE })).data ?? [];
    },
    /** Of the inbox and of its archive. */
    async entriesOf(person_id: number): Promise<Entry[]> {
      const archived = as(all(entrySchema), await entries.getArchivedLeads({ person_id, limit: PAGE })).data ?? [];
      return [...(await this.inboxOf(person_id)), ...archived];
    },
    async addEntry(AddLeadRequest: { title: string; person_id: number; origin_id: string }): Promise<void> {
      as(anything, await entries.addLead({ AddLeadRequest }));
    },
    deleteEntry: (id: string) => unlessGone(entries.deleteLead({ id })),

    async notesOf(person_id: number) {
      return as(all(noteSchema), await notes.getNotes({ person_id, limit: PAGE })).data ?? [];
    },
    async addNote(AddNoteRequest: { content: string; person_id: number }): Promise<void> {
      as(anything, await notes.addNote({ AddNoteRequest }));
    },
    async updateNote(id: number, content: string): Promise<void> {
      as(anything, await notes.updateNote({ id, NoteRequest: { content } } as never));
    },
    deleteNote: (id: number) => unlessGone(notes.deleteNote({ id })),

    async me(): Promise<void> {
      as(anything, await users.getCurrentUser());
    },
  };
}

const anything = z.object({ success: z.literal(true) });

function as<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new CrmFault('garbled', wordsIn(answer));
  return parsed.data;
}

class Gone extends CrmFault {}

const unlessGone = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch(error => {
    if (error instanceof Gone) return undefined;
    throw error;
  });

/** What of a request of axios is ours to send. */
type Request = {
  url: string;
  method: string;
  headers: { toJSON(): Record<string, string> };
  data?: string;
  signal: AbortSignal;
};

const adapterWith = (fetch: typeof globalThis.fetch) => async (config: Request) => {
  const { url, method, headers, data: body = null, signal } = config;
  const answer = await exchange(fetch, url, {
    method: method.toUpperCase(),
    headers: headers.toJSON(),
    body,
    signal,
  });
  const data = jsonIn(answer.text);
  if (answer.status < 200 || answer.status >= 300) throw faultOf(answer, data);
  if (typeof data !== 'object' || data === null) throw new CrmFault('garbled');
  return { data, status: answer.status, statusText: '', headers: {}, config };
};

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultOf({ status, headers }: Answer, body: unknown): CrmFault {
  const words = wordsIn(body);
  if (status === 404 || status === 410) return new Gone('invalid', words);
  if (status === 429) {
    const wait = headers.get('Retry-After') ?? headers.get('x-ratelimit-reset');
    return new CrmFault('rate_limited', { ...words, retryAfterS: retryAfterS(wait) });
  }
  return new CrmFault(kinds[status] ?? (status >= 500 ? 'unavailable' : status >= 400 ? 'invalid' : 'garbled'), words);
}

const kinds: Record<number, CrmFaultKind> = {
  401: 'unauthorized',
  /** The company's subscription has ended. */
  402: 'misconfigured',
  /** The user whose token it is may not do this. */
  403: 'misconfigured',
  408: 'unavailable',
};

const errorSchema = z.object({ error: z.string(), error_info: z.string().nullish() });

function wordsIn(body: unknown): { words?: string } {
  const { data } = errorSchema.safeParse(body);
  const words = wordsOf(data && [data.error, data.error_info].filter(Boolean).join(' '));
  return words ? { words } : {};
}
