import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Client } from '@hubspot/api-client';
import { z } from 'zod';
import { type Crm, CrmFault, type CrmLead, type Mapping } from './crm.ts';
import { cut, mapped, noteMark, noteText, retryAfterS, splitName, within, wordsOf } from './lead-text.ts';

/**
 * HubSpot: a contact for each person, found by the e-mail address or else the phone number, and a note on it for each lead.
 *
 * The contact carries the key of the first lead that came of it, in a property with unique values: HubSpot itself makes no
 * second contact of one key. Beside it stands whether we made the contact; only then is it overwritten and deleted. Each
 * note begins with its lead's key. Further leads of one person are found by the id that HubSpot gave, else by the note's
 * text, which HubSpot's search knows some seconds late.
 */
export type HubspotOptions = {
  /** Of a private app with the scopes crm.objects.contacts.* and crm.schemas.contacts.*, read and write. */
  accessToken: string;
  baseUrl: string;
  mapping: Mapping;
  timeoutMs?: number;
};

const KEY = 'confab_lead_id';
const ORIGIN = 'confab_origin';
const MARKETING = 'confab_marketing';
const text = { type: 'string', fieldType: 'text', groupName: 'contactinformation', formField: false };
const ours = [
  { ...text, name: KEY, label: 'Chat: lead', description: 'The lead from the chat.', hasUniqueValue: true },
  { ...text, name: ORIGIN, label: 'Chat: origin', description: 'Whether the chat made this contact.' },
  { ...text, name: MARKETING, label: 'Chat: marketing', description: 'Agreed to marketing e-mails in the chat.' },
];
/** The most that a property or a note holds. */
const LONGEST = 65_536;
const NOTE_TO_CONTACT = 202;
const NOTES_PER_READ = 100;

// What HubSpot answers, so far as we read it: its SDK believes anything.
const contactSchema = z.object({ id: z.string().min(1), properties: z.record(z.string(), z.string().nullish()) });
type Contact = z.infer<typeof contactSchema>;
const listOf = <Item extends z.ZodType>(item: Item) => z.object({ results: z.array(item) });
const contactsSchema = listOf(contactSchema);
const propertySchema = z.object({ name: z.string(), hasUniqueValue: z.boolean().optional() });
const noteSchema = z.object({ id: z.string().min(1), properties: z.object({ hs_note_body: z.string().nullish() }) });
type Note = z.infer<typeof noteSchema>;
const idSchema = z.union([z.string(), z.number()]).transform(String);
const linkedSchema = listOf(z.object({ toObjectId: idSchema })).extend({
  paging: z.object({ next: z.object({ after: z.string() }).nullish() }).nullish(),
});
const problemSchema = z
  .object({
    message: z.string(),
    category: z.string(),
    policyName: z.string(),
    errors: z
      .array(z.object({ context: z.object({ requiredScopes: z.array(z.string()) }).partial() }).partial())
      .catch([]),
  })
  .partial();

export function createHubspot({ accessToken, baseUrl, mapping, timeoutMs = 15_000 }: HubspotOptions): Crm {
  /** Whether our properties are there, as far as we know. */
  let isPrepared = false;

  /** The work with a client of its own, whose connections end with the work: the SDK hears no signal. */
  const run = <T>(signal: AbortSignal, work: (calls: Calls) => Promise<T>): Promise<T> =>
    within(timeoutMs, signal, async either => {
      const { Client } = await import('@hubspot/api-client');
      const httpAgent = baseUrl.startsWith('https:')
        ? new HttpsAgent({ keepAlive: true })
        : new HttpAgent({ keepAlive: true });
      either.addEventListener('abort', () => httpAgent.destroy(), { once: true });
      either.throwIfAborted();
      const calls = callsOf(new Client({ accessToken, basePath: baseUrl, numberOfApiCallRetries: 0, httpAgent }));
      if (!isPrepared) await prepare(calls);
      isPrepared = true;
      return work(calls).catch(error => {
        // Also what a property says that somebody deleted.
        if (error instanceof CrmFault && error.fault === 'invalid') isPrepared = false;
        throw error;
      });
    });

  return {
    upsertLead: (lead, known, signal) =>
      run(signal, async calls => {
        const contact = (await find(calls, lead, known)) ?? (await make(calls, lead));
        if (!contact.isNew) await bringUp(calls, lead, contact);
        await writeNote(calls, lead, contact);
        return { recordId: contact.id };
      }),

    eraseLead: ({ key, known }, signal) =>
      run(signal, async calls => {
        const contact =
          (await calls.contact(key, KEY)) ??
          (known ? await calls.contact(known) : undefined) ??
          (await noted(calls, key));
        if (!contact) return;
        const notes = await calls.notesOf(contact.id);
        for (const { id } of notes.filter(isOf(key))) await calls.removeNote(id);
        if (contact.properties[KEY] !== key) return;
        const next = notes.map(keyOf).find(other => other !== undefined && other !== key);
        if (next) return calls.update(contact.id, { [KEY]: next });
        if (contact.properties[ORIGIN] === 'made' && !isTaken(contact)) return calls.purge(contact.id);
        await calls.update(contact.id, { [KEY]: '', [ORIGIN]: '', [MARKETING]: '' });
      }),

    check: signal => run(signal, calls => calls.firstContact()),
  };

  function values(lead: CrmLead): Record<string, string> {
    const { first, last } = splitName(lead.name);
    const all = { email: lead.email, phone: lead.phone, firstname: first, lastname: last, ...mapped(lead, mapping) };
    const given = Object.entries(all).filter((each): each is [string, string] => !!each[1]);
    return Object.fromEntries(given.map(([name, value]) => [name, cut(value, LONGEST)]));
  }

  async function find(calls: Calls, lead: CrmLead, known: string | null): Promise<Found | undefined> {
    const told = (await calls.contact(lead.key, KEY)) ?? (known ? await calls.contact(known) : undefined);
    if (told) return told;
    const same = lead.email ? await calls.contact(lead.email, 'email') : undefined;
    if (same || !lead.phone) return same;
    const called = await calls.byPhone(lead.phone);
    // People share telephones; two addresses are two people.
    return called.find(({ properties }) => !properties.email || !lead.email);
  }

  async function make(calls: Calls, lead: CrmLead): Promise<Found> {
    const marks = { [KEY]: lead.key, [ORIGIN]: 'made', ...(lead.marketing && { [MARKETING]: 'yes' }) };
    const given = values(lead);
    // HubSpot wants an address or a name.
    if (!given.email && !given.firstname && !given.lastname && lead.phone) given.lastname = lead.phone;
    const made = await calls.create({ ...given, ...marks });
    if (typeof made !== 'string') return { ...made, isNew: true };
    // Somebody was faster: another process with this lead, or anybody with this address.
    const there = (await find(calls, lead, null)) ?? (made ? await calls.contact(made) : undefined);
    if (!there) throw new CrmFault('unavailable');
    return there;
  }

  /** The contact that we made of this lead gets its values; any other what it lacks, where it has no name a whole one. */
  async function bringUp(calls: Calls, lead: CrmLead, { id, properties: held }: Contact): Promise<void> {
    const isFirst = (held[KEY] || lead.key) === lead.key;
    const isOwn = isFirst && held[ORIGIN] === 'made';
    const isNamed = !!(held.firstname || held.lastname) && held.lastname !== held.phone;
    const isKept = (name: string) => !!held[name] || (isNamed && (name === 'firstname' || name === 'lastname'));
    const now = Object.fromEntries(Object.entries(values(lead)).filter(([name]) => isOwn || !isKept(name)));
    if (isFirst) Object.assign(now, { [KEY]: lead.key, [ORIGIN]: held[ORIGIN] || 'found' });
    if (lead.marketing) now[MARKETING] = 'yes';
    else if (isFirst) now[MARKETING] = '';
    const changed = Object.entries(now).filter(([name, value]) => (held[name] ?? '') !== value);
    if (changed.length > 0) await calls.update(id, Object.fromEntries(changed));
  }

  async function writeNote(calls: Calls, lead: CrmLead, { id, isNew }: Found): Promise<void> {
    const body = asHtml(noteText(lead, mapping));
    const mine = async () =>
      (await calls.notesOf(id)).filter(isOf(lead.key)).toSorted((one, other) => +one.id - +other.id);
    let notes = isNew ? [] : await mine();
    if (notes.length === 0) {
      await calls.createNote(id, body, lead.createdAt);
      notes = await mine();
    }
    // Two processes may each have made one: the elder stays, whoever looks.
    const [first, ...others] = notes;
    for (const other of others) await calls.removeNote(other.id);
    if (first && first.properties.hs_note_body !== body) await calls.updateNote(first.id, body);
  }

  /** The contact whose note has this mark. */
  async function noted(calls: Calls, key: string): Promise<Contact | undefined> {
    const note = (await calls.searchNotes(key)).find(isOf(key));
    const [contactId] = note ? await calls.contactsOf(note.id) : [];
    return contactId ? calls.contact(contactId) : undefined;
  }

  async function prepare(calls: Calls): Promise<void> {
    const there = await calls.properties(ours.map(({ name }) => name));
    if (there.some(({ name, hasUniqueValue }) => name === KEY && !hasUniqueValue)) {
      const words = `The contact property ${KEY} must require unique values: delete it, and it will be made anew.`;
      throw new CrmFault('misconfigured', { words });
    }
    const missing = ours.filter(({ name }) => !there.some(each => each.name === name));
    for (const property of missing) await calls.createProperty(property);
  }

  type Calls = ReturnType<typeof callsOf>;

  /** HubSpot's operations in our terms: each either did it, or throws a fault. */
  function callsOf(client: Client) {
    const { contacts, objects, associations, properties } = client.crm;
    const read = [
      ...new Set([
        'email',
        'phone',
        'firstname',
        'lastname',
        KEY,
        ORIGIN,
        MARKETING,
        'hs_merged_object_ids',
        'hs_calculated_merged_vids',
        'num_associated_deals',
        ...Object.values(mapping),
      ]),
    ];
    // The SDK's enumerations are at home in modules of their own; their values are these texts.
    // biome-ignore lint/suspicious/noExplicitAny: see above
    const asIs = (value: unknown) => value as any;
    const linked = async (from: string, id: string, to: string) => {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await asked(linkedSchema, associations.v4.basicApi.getPage(from, id, to, after, 500));
        ids.push(...page.results.map(({ toObjectId }) => toObjectId));
        after = page.paging?.next?.after;
      } while (after);
      return ids;
    };

    return {
      /** By a batch of one: so that no address of a person stands in the address of a request. */
      contact: async (id: string, idProperty?: string): Promise<Contact | undefined> => {
        const batch = {
          inputs: [{ id }],
          properties: read,
          propertiesWithHistory: [],
          ...(idProperty && { idProperty }),
        };
        return (await asked(contactsSchema, contacts.batchApi.read(batch, false))).results[0];
      },
      firstContact: async () => void (await asked(contactsSchema, contacts.basicApi.getPage(1))),
      byPhone: async (phone: string) => {
        const filterGroups = ['phone', 'mobilephone'].map(propertyName => ({
          filters: [{ propertyName, operator: 'EQ', value: phone }],
        }));
        const search = { filterGroups, properties: read, limit: 10 };
        return (await asked(contactsSchema, contacts.searchApi.doSearch(asIs(search)))).results;
      },
      /** The contact; or, where there is one already, its id as far as HubSpot says it. */
      create: (values: Record<string, string>): Promise<Contact | string> =>
        asked(contactSchema, contacts.basicApi.create({ properties: values, associations: [] })).catch(error => {
          if (!(error instanceof Refusal) || !error.isConflict) throw error;
          return /Existing ID: (\d+)/.exec(error.words ?? '')?.[1] ?? '';
        }),
      update: async (id: string, values: Record<string, string>): Promise<void> => {
        const sent = (properties: Record<string, string>) =>
          asked(contactSchema, contacts.basicApi.update(id, { properties }));
        await sent(values).catch(error => {
          // The new address is another contact's: that stands in the note.
          if (!(error instanceof Refusal) || !error.isConflict || !values.email) throw error;
          const { email: _, ...others } = values;
          return Object.keys(others).length > 0 ? sent(others) : undefined;
        });
      },
      purge: async (id: string) => void (await unless([404], told(contacts.basicApi.purge({ objectId: id })))),
      notesOf: async (id: string): Promise<Note[]> => {
        const ids = await linked('contacts', id, 'notes');
        const notes: Note[] = [];
        for (let at = 0; at < ids.length; at += NOTES_PER_READ) {
          const inputs = ids.slice(at, at + NOTES_PER_READ).map(each => ({ id: each }));
          const batch = { inputs, properties: ['hs_note_body'], propertiesWithHistory: [] };
          notes.push(...(await asked(listOf(noteSchema), objects.notes.batchApi.read(batch))).results);
        }
        return notes;
      },
      contactsOf: (noteId: string) => linked('notes', noteId, 'contacts'),
      searchNotes: async (words: string): Promise<Note[]> => {
        const filters = [{ propertyName: 'hs_note_body', operator: 'CONTAINS_TOKEN', value: words }];
        const search = { filterGroups: [{ filters }], properties: ['hs_note_body'], limit: 10 };
        return (await asked(listOf(noteSchema), objects.notes.searchApi.doSearch(asIs(search)))).results;
      },
      createNote: async (contactId: string, body: string, at: Date) => {
        const types = [{ associationCategory: asIs('HUBSPOT_DEFINED'), associationTypeId: NOTE_TO_CONTACT }];
        const note = { hs_note_body: body, hs_timestamp: at.toISOString() };
        const made = { properties: note, associations: [{ to: { id: contactId }, types }] };
        await asked(noteSchema, objects.notes.basicApi.create(made));
      },
      updateNote: async (id: string, body: string) =>
        void (await asked(noteSchema, objects.notes.basicApi.update(id, { properties: { hs_note_body: body } }))),
      /** Out of the recycle bin it would come back empty. */
      removeNote: async (id: string) => {
        const emptied = asked(noteSchema, objects.notes.basicApi.update(id, { properties: { hs_note_body: '' } }));
        if (await unless([404], emptied)) await unless([404], told(objects.notes.basicApi.archive(id)));
      },
      properties: async (names: string[]) => {
        const batch = { inputs: names.map(name => ({ name })), archived: false };
        return (await asked(listOf(propertySchema), properties.batchApi.read('contacts', asIs(batch)))).results;
      },
      createProperty: async (property: (typeof ours)[number]) => {
        await unless([409], asked(propertySchema, properties.coreApi.create('contacts', asIs(property))));
      },
    };
  }
}

type Found = Contact & { isNew?: boolean };

/** Whether the owner has merged it with another or made a deal with it: it is not ours alone then. */
const isTaken = ({ properties }: Contact): boolean =>
  !!properties.hs_merged_object_ids ||
  !!properties.hs_calculated_merged_vids ||
  Number(properties.num_associated_deals ?? 0) > 0;

const keyOf = ({ properties }: Note): string | undefined =>
  /\[confab:([^\]]+)\]/.exec(properties.hs_note_body ?? '')?.[1];
const isOf = (key: string) => (note: Note) => (note.properties.hs_note_body ?? '').includes(noteMark(key));

/** Plain text as the HTML of a note, cut so that it fits. */
function asHtml(plain: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '<br>' };
  let html = '';
  for (const character of plain) {
    const piece = entities[character] ?? character;
    if (html.length + piece.length > LONGEST) break;
    html += piece;
  }
  return html;
}

/** A fault that HubSpot answered, with what tells one from another. */
class Refusal extends CrmFault {
  readonly status: number;
  readonly isConflict: boolean;

  constructor(status: number, isConflict: boolean, fault: CrmFault) {
    super(fault.fault, fault);
    this.status = status;
    this.isConflict = isConflict;
  }
}

async function unless<T>(statuses: number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refusal && statuses.includes(error.status)) return undefined;
    throw error;
  }
}

async function asked<Schema extends z.ZodType>(schema: Schema, call: Promise<unknown>): Promise<z.infer<Schema>> {
  const answer = schema.safeParse(await told(call));
  if (!answer.success) throw new CrmFault('garbled');
  return answer.data;
}

async function told<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw faultOf(error);
  }
}

// The SDK has one class of exceptions for each of its parts; they look alike.
const exceptionSchema = z.object({
  code: z.number(),
  body: z.unknown(),
  headers: z.record(z.string(), z.string()).catch({}),
});

function faultOf(error: unknown): CrmFault {
  const exception = exceptionSchema.safeParse(error);
  // What is no answer at all; the rest could not be read as one.
  if (!exception.success) return new CrmFault(error instanceof Error && 'code' in error ? 'unavailable' : 'garbled');
  const { code, body, headers } = exception.data;
  const { message, category, policyName, errors = [] } = problemSchema.safeParse(body).data ?? {};
  const scopes = errors.flatMap(({ context }) => context?.requiredScopes ?? []);
  const words = wordsOf([message, scopes.join(', ')].filter(Boolean).join(' '));
  const more = words ? { words } : {};
  const isConflict = code === 409 || (code === 400 && /CONFLICTING_UNIQUE_VALUE/.test(message ?? ''));
  const because = (fault: CrmFault) => new Refusal(code, isConflict, fault);
  if (code === 401) return because(new CrmFault('unauthorized', more));
  if (code === 403)
    return because(new CrmFault(category === 'MISSING_SCOPES' ? 'misconfigured' : 'unauthorized', more));
  if (code === 429) {
    const wait = retryAfterS(headers['retry-after']) ?? (policyName === 'DAILY' ? 3_600 : intervalS(headers));
    return because(new CrmFault('rate_limited', { ...more, retryAfterS: wait }));
  }
  if (code >= 500) return because(new CrmFault('unavailable', more));
  if (code >= 400) return because(new CrmFault('invalid', more));
  return new CrmFault('garbled', more);
}

const intervalS = (headers: Record<string, string>): number | undefined => {
  const ms = Number(headers['x-hubspot-ratelimit-interval-milliseconds']);
  return ms > 0 ? Math.ceil(ms / 1_000) : undefined;
};
