import { CrmFault, type CrmLead, type Mapping } from './crm.ts';
import { mapped, noteMark, noteText, splitName } from './lead-text.ts';

/**
 * Leads in a CRM whose records have one text field for our keys and one for long text, as at Salesforce and Zoho. The keys
 * of all leads of a person stand in the first, so that a record can be found by each; each lead's note is a block of its
 * own in the second.
 */

/** The CRM's own names of the properties that are ours to use, and how much they hold. */
export type Shape = {
  id: string;
  /** Unique: no second record can be made with the same. */
  marks: string;
  text: string;
  first: string;
  last: string;
  company: string;
  email: string;
  phone: string;
  /** True of a record that nobody can change any more. */
  closed: string;
  max: { first: number; last: number; company: number; email: number; phone: number; text: number };
};

/** A record as the CRM gives it. */
export type Held = Record<string, unknown>;

/** What is to be done so that the lead stands in the CRM. */
export type Plan =
  | { is: 'done'; id: string }
  /** `joins`: the record was not this lead's before; somebody else may have changed it at the same time. */
  | { is: 'update'; id: string; values: Held; joins: boolean }
  | { is: 'create'; values: Held };

/** Where the name is not known and must be. */
const NAMELESS = '—';
const MARKS_MAX = 255;
/** An owner may have chosen a short property for a field without a limit; the whole then stands in the note too. */
const MAPPED_MAX = 255;
const THEIRS = 'theirs: ';
const END = '[confab:end]';

/** The keys on a record, and whether it was there before us. */
export function readMarks(marks: unknown): { theirs: boolean; keys: string[] } {
  const text = typeof marks === 'string' ? marks : '';
  const theirs = text.startsWith(THEIRS);
  return {
    theirs,
    keys: text
      .slice(theirs ? THEIRS.length : 0)
      .split(' ')
      .filter(Boolean),
  };
}

/** What a record's marks begin with whose first key is this one: by that a CRM finds it fast. */
export const marksBegin = (key: string): string[] => [key, `${THEIRS}${key}`];

function marksOf({ theirs, keys }: { theirs: boolean; keys: string[] }): string | null {
  return keys.length > 0 ? `${theirs ? THEIRS : ''}${keys.join(' ')}` : null;
}

/** The properties that an owner may have chosen for what this lead has; the rest of the mapping does not matter to it. */
export function chosenProperties(shape: Shape, lead: CrmLead, mapping: Mapping): string[] {
  return Object.keys(mapped(lead, usable(shape, mapping)));
}

/** What to do about a lead, given the records that are its or its person's, the best first. */
export function upsertPlan(shape: Shape, lead: CrmLead, mapping: Mapping, found: readonly Held[]): Plan {
  const keysOf = (record: Held) => readMarks(record[shape.marks]).keys;
  const hasRoom = (record: Held) => `${record[shape.marks] ?? THEIRS} ${lead.key}`.length <= MARKS_MAX;
  const mine = found.find(record => keysOf(record).includes(lead.key));
  const target = mine ?? found.find(record => !record[shape.closed] && hasRoom(record));

  const chosen = usable(shape, mapping);
  const extra = mapped(lead, chosen);
  const cutShort = (field: string, property: string) => (fieldOf(lead, field) ?? '').length > MAPPED_MAX && property;
  const outOfNote = Object.fromEntries(Object.entries(chosen).filter(entry => !cutShort(...entry)));
  const note = blockOf(lead.key, noteText(lead, outOfNote));
  const values: Held = {
    ...contactOf(shape, lead),
    ...Object.fromEntries(Object.entries(extra).map(([name, value]) => [name, cutUnits(clean(value), MAPPED_MAX)])),
  };
  const name = nameOf(shape, lead);

  if (!target) {
    return {
      is: 'create',
      values: {
        [shape.last]: nameless(lead),
        [shape.company]: oneLine(lead.name ?? NAMELESS, shape.max.company) || NAMELESS,
        ...name,
        ...values,
        [shape.text]: withBlock('', lead.key, note, shape.max.text),
        [shape.marks]: lead.key,
      },
    };
  }

  const id = String(target[shape.id]);
  if (target[shape.closed]) return { is: 'done', id };
  const before = readMarks(target[shape.marks]);
  const marks = mine ? before : { theirs: before.theirs || before.keys.length === 0, keys: [...before.keys, lead.key] };
  // The first lead of a record that we made says what stands there; any other one only adds what is missing.
  const rules = !marks.theirs && marks.keys[0] === lead.key;
  const isUnnamed = isEmpty(target[shape.first]) && [NAMELESS, nameless(lead)].includes(String(target[shape.last]));
  const wanted: Held = {
    ...(rules || isUnnamed ? name : {}),
    ...Object.fromEntries(Object.entries(values).filter(([property]) => rules || isEmpty(target[property]))),
    [shape.text]: withBlock(target[shape.text], lead.key, note, shape.max.text),
    [shape.marks]: marksOf(marks),
  };
  const changes = Object.fromEntries(
    Object.entries(wanted).filter(([property, value]) => !same(target[property], value)),
  );
  if (Object.keys(changes).length === 0) return { is: 'done', id };
  return { is: 'update', id, values: changes, joins: !mine };
}

/** What to do with a record so that a lead is erased from it; nothing where it has nothing of that lead. */
export function erasePlan(
  shape: Shape,
  key: string,
  record: Held,
): { is: 'delete' } | { is: 'update'; values: Held } | undefined {
  const marks = readMarks(record[shape.marks]);
  const text = String(record[shape.text] ?? '');
  if (!marks.keys.includes(key) && !text.includes(noteMark(key))) return undefined;
  const left = marks.keys.filter(other => other !== key);
  const isOurs = marks.keys.includes(key) && !marks.theirs && !record[shape.closed];
  if (isOurs && left.length === 0) return { is: 'delete' };
  return {
    is: 'update',
    values: {
      [shape.marks]: marksOf({ ...marks, keys: left }),
      [shape.text]: withoutBlock(text, key).trim() || null,
    },
  };
}

/**
 * Only names of properties go into queries; what the note and the marks stand in cannot be chosen, nor what jsforce takes
 * for the kind of the record.
 */
function usable(shape: Shape, mapping: Mapping): Mapping {
  const entries = Object.entries(mapping);
  const odd = entries.find(([, property]) => !/^[A-Za-z]\w{0,99}$/.test(property));
  if (odd) throw new CrmFault('misconfigured', { words: `“${odd[1]}” is not the API name of a field.` });
  return Object.fromEntries(
    entries.filter(([, name]) => ![shape.id, shape.marks, shape.text, 'type', 'attributes'].includes(name)),
  );
}

const fieldOf = (lead: CrmLead, field: string): string | null =>
  Object.values(mapped(lead, { [field]: 'it' }))[0] ?? null;

function contactOf({ company, email, phone, max }: Shape, lead: CrmLead): Held {
  const companyName = oneLine(lead.fields.company ?? '', max.company);
  return {
    ...(companyName && { [company]: companyName }),
    // Half an address is another one: it stands in the note.
    ...(lead.email && lead.email.length <= max.email && { [email]: lead.email }),
    ...(lead.phone && lead.phone.length <= max.phone && { [phone]: lead.phone }),
  };
}

function nameOf({ first, last, max }: Shape, lead: CrmLead): Held {
  const name = splitName(clean(lead.name ?? ''));
  if (name.last === null) return name.first ? { [first]: null, [last]: oneLine(name.first, max.last) } : {};
  return { [first]: oneLine(name.first ?? '', max.first), [last]: oneLine(name.last, max.last) };
}

/** What stands for the family name where nobody told it. */
const nameless = (lead: CrmLead): string => oneLine(lead.email?.split('@')[0] ?? '', 80) || NAMELESS;

/** The note between its mark and an end that no visitor can write: neither may stand within. */
function blockOf(key: string, note: string): string {
  const mark = noteMark(key);
  return `${mark}${clean(note.slice(mark.length)).replaceAll('[confab:', '[confab ')}`;
}

/** The text with this lead's block in place of the one before, cut so that all of it has room. */
export function withBlock(text: unknown, key: string, block: string, max: number): string {
  const rest = withoutBlock(String(text ?? ''), key).trimEnd();
  const before = rest ? `${rest}\n\n` : '';
  const room = max - before.length - END.length - 1;
  if (room < noteMark(key).length) return rest;
  return `${before}${cutUnits(block, room)}\n${END}`;
}

/** The text without this lead's block. Where somebody took the end away, it goes to the next one, or to the end of all. */
export function withoutBlock(text: string, key: string): string {
  const start = text.indexOf(noteMark(key));
  if (start < 0) return text;
  const inside = start + noteMark(key).length;
  const next = text.indexOf('[confab:', inside);
  const after = next < 0 ? text.length : text.startsWith(END, next) ? next + END.length : next;
  return withoutBlock(`${text.slice(0, start).trimEnd()}\n\n${text.slice(after).trimStart()}`.trim(), key);
}

/** The first characters that fit into so many UTF-16 units, which is how these CRMs count. */
export function cutUnits(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 1] ?? '') ? max - 1 : max;
  return text.slice(0, end);
}

/** Without the characters that are for machines; CRMs refuse some of them. */
const clean = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '');
const oneLine = (text: string, max: number): string => cutUnits(clean(text).replace(/\s+/g, ' ').trim(), max).trim();
const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';
/** CRMs write line ends and blanks in their own way. */
const same = (held: unknown, wanted: unknown): boolean =>
  held === wanted || (isEmpty(held) && isEmpty(wanted)) || (typeof held === 'string' && flat(held) === flat(wanted));
const flat = (value: unknown): string =>
  String(value ?? '')
    .replace(/\s+/g, ' ')
    .trim();
