import type { Settings, SettingsUpdate } from '@confab/contract';
import { type SettingsField, type SettingsFieldKind, settingsSections } from '@confab/contract/settings-fields';
import { canonicalJson } from '../../../../lib/canonical-json.ts';

/** What a form holds: the values of its fields by their paths. */
export type FormValues = Readonly<Record<string, string | boolean>>;

export const settingsFields: readonly SettingsField[] = settingsSections.flatMap(({ fields }) => fields);

/**
 * The settings as they stand, with what the merchant has changed in the form since it was `shown`. Everything else stays
 * as it is, so that nothing is lost that the form does not show, or that somebody else has changed meanwhile. What was
 * typed is taken as it is: the contract's schema says what is wrong with it.
 */
export function changedBy(form: FormValues, shown: FormValues, settings: Settings): SettingsUpdate {
  const changed = settingsFields.filter(field => !isSame(read(field, form), read(field, shown)));
  return changed.reduce<Settings>(
    (update, field) => withValueAt(update, field.path, read(field, form)) as Settings,
    settings,
  );
}

/** A setting that stands otherwise now than when the form was shown, and how, for the merchant to read. */
type Overtaken = { path: string; stands: string };

/** What somebody else has changed since the form was shown. A key is not among it: it is written, and never read. */
export const overtaken = (shown: FormValues, settings: Settings): Overtaken[] =>
  settingsFields
    .filter(field => field.kind !== 'secret')
    .filter(field => !isSame(read(field, shown), valueAt(settings, field.path) ?? null))
    .map(field => ({ path: field.path, stands: standing(field, valueAt(settings, field.path)) }));

/** What is one line in a form. */
const LINES = new Set<SettingsFieldKind>([
  'text',
  'textarea',
  'number',
  'colour',
  'url',
  'locale',
  'timezone',
  'country',
]);

function standing({ kind, options }: SettingsField, value: unknown): string {
  const option = options?.find(each => each.value === value)?.label;
  const said = LINES.has(kind) ? String(value ?? '') || 'nothing' : kind === 'toggle' ? (value ? 'on' : 'off') : option;
  if (kind !== 'select' && said === undefined) return 'Somebody else has changed this meanwhile.';
  return `Somebody else has saved: ${said ?? 'not set'}`;
}

const isSame = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);

const valueAt = (document: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[key], document);

/** Without weekly hours there are no hours at all, so that the other days go with them. */
function withValueAt(document: unknown, path: string, value: unknown): unknown {
  const { hours } = document as Settings;
  if (path === 'hours.weekly') {
    const others = hours ?? { holidays: [], exceptions: [] };
    return { ...(document as Settings), hours: value === null ? null : { ...others, weekly: value } };
  }
  if (path.startsWith('hours.') && hours === null) return document;
  return set(document as Record<string, unknown>, path.split('.'), value);
}

function set(document: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): unknown {
  const inner = document[key] as Record<string, unknown>;
  return { ...document, [key]: rest.length === 0 ? value : set(inner, rest, value) };
}

/** What the form says of one setting, as the settings have it. */
const read = (field: SettingsField, form: FormValues): unknown => kinds[field.kind](field, form);

type Read = (field: SettingsField, form: FormValues) => unknown;

/** Undefined where a form has no such field. */
const textAt: Read = ({ path, nullable }, form) => {
  const value = form[path];
  return value === '' && nullable ? null : value;
};

const trimmedAt: Read = ({ path, nullable }, form) => {
  const value = typeof form[path] === 'string' ? form[path].trim() : form[path];
  return value === '' && nullable ? null : value;
};

const numberAt: Read = ({ path, nullable }, form) => {
  const value = form[path];
  if (value === '' && nullable) return null;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
};

/** A new key, `null` for none, and nothing where the key stays what it is. */
const secretAt: Read = ({ path }, form) => {
  if (form[path]) return form[path];
  return form[`remove:${path}`] === true ? null : undefined;
};

const orderAt: Read = ({ path }, form) =>
  rowsAt(form, path)
    .filter(row => valueAt(row, 'use') === true)
    .map(row => valueAt(row, 'value'));

const manyAt: Read = ({ path }, form) => namedAt(form, path).flatMap(([name, isTicked]) => (isTicked ? [name] : []));

/** By the names as they are: one of them may have a dot in it. */
const mappingAt: Read = ({ path }, form) =>
  Object.fromEntries(
    namedAt(form, path).map(([name, property]) => [name, typeof property === 'string' ? property.trim() : property]),
  );

const namedAt = (form: FormValues, path: string) =>
  Object.entries(form).flatMap(([name, value]) =>
    name.startsWith(`${path}.`) ? [[name.slice(path.length + 1), value] as const] : [],
  );

const linesAt: Read = ({ path }, form) =>
  rowsAt(form, path)
    .map(row => (typeof row === 'string' ? row.trim() : row))
    .filter(row => row !== '');

/** A text that was emptied is not said differently any more. */
const textsAt: Read = ({ path }, form) => {
  const entries = Object.entries(treeAt(form, path)).map(([locale, texts]) => {
    return [locale, isTree(texts) ? withoutEmpty(texts) : {}] as const;
  });
  return Object.fromEntries(
    entries.filter(([locale, texts]) => Object.keys(texts).length > 0 || form[`${path}.${locale}`] === ''),
  );
};

const prechatAt: Read = ({ path }, form) =>
  rowsAt(form, path).map(row => {
    if (!isTree(row)) return row;
    const { label, purpose, options, ...rest } = row;
    const said = { label: withoutEmpty(label), purpose: withoutEmpty(purpose) };
    if (rest.type !== 'choice') return { ...rest, ...said };
    const choices = rowsOf(options).map(choice => {
      return isTree(choice) ? { ...choice, label: withoutEmpty(choice.label) } : choice;
    });
    return { ...rest, ...said, options: choices };
  });

const weeklyHoursAt: Read = ({ path }, form) =>
  form['hours.always'] === true ? null : rowsAt(form, path).map(withTimes);

const withTimes = (row: unknown): unknown =>
  isTree(row) ? { ...row, opens: timeOf(row.opens), closes: timeOf(row.closes) } : row;

/** People write 9:30 as well. */
const timeOf = (text: unknown): unknown =>
  typeof text === 'string' ? text.trim().replace(/^(\d)(?=:\d\d$)/, '0$1') : text;

const holidaysAt: Read = ({ path }, form) => (form['hours.always'] === true ? null : rowsAt(form, path));

const exceptionsAt: Read = ({ path }, form) =>
  form['hours.always'] === true
    ? null
    : rowsAt(form, path).map(row => (isTree(row) ? { ...row, spans: rowsOf(row.spans).map(withTimes) } : row));

const kinds: Record<SettingsFieldKind, Read> = {
  text: textAt,
  textarea: textAt,
  number: numberAt,
  colour: trimmedAt,
  select: textAt,
  toggle: ({ path }, form) => form[path],
  secret: secretAt,
  url: trimmedAt,
  order: orderAt,
  many: manyAt,
  locale: textAt,
  timezone: textAt,
  country: textAt,
  origins: linesAt,
  emails: linesAt,
  mapping: mappingAt,
  textsByLocale: textsAt,
  noticesByLocale: ({ path }, form) => treeAt(form, path),
  prechatFields: prechatAt,
  weeklyHours: weeklyHoursAt,
  holidays: holidaysAt,
  exceptions: exceptionsAt,
};

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** What stands behind a path, as deep as the paths go. It has no prototype, so that no key of a form reaches one. */
function treeAt(form: FormValues, path: string): Tree {
  const tree: Tree = Object.create(null);
  for (const [name, value] of Object.entries(form)) {
    if (!name.startsWith(`${path}.`)) continue;
    const keys = name.slice(path.length + 1).split('.');
    const last = keys.pop() as string;
    const place = keys.reduce<Tree>((inner, key) => {
      const next = isTree(inner[key]) ? inner[key] : Object.create(null);
      inner[key] = next;
      return next;
    }, tree);
    if (!isTree(place[last])) place[last] = value;
  }
  return tree;
}

/** The rows of a list, in their order: an object has its keys that are numbers in theirs. */
const rowsAt = (form: FormValues, path: string): unknown[] => rowsOf(treeAt(form, path));

const rowsOf = (tree: unknown): unknown[] => (isTree(tree) ? Object.values(tree) : []);

const withoutEmpty = (texts: unknown): Tree =>
  isTree(texts) ? Object.fromEntries(Object.entries(texts).filter(([, said]) => said !== '')) : {};
