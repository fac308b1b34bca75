import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settingsUpdate } from './settings.ts';
import { type SettingsField, settingsSections } from './settings-fields.ts';

const fields = settingsSections.flatMap(section => section.fields);

/** What has keys of its own but is one thing to an owner. */
const oneThing = new Set(['texts', 'consent.notices', 'answers.openai.apiKey', 'answers.anthropic.apiKey']);

describe('the descriptions of the settings', () => {
  it('name every setting once, and nothing else', () => {
    expect(fields.map(({ path }) => path).sort()).toEqual(leavesOf(settingsUpdate).sort());
  });

  it.each(fields.map(field => [field.path, field] as const))('say of %s what the schema says', (path, field) => {
    const { schema, nullable } = settingAt(path);
    expect(bounds(field)).toEqual(boundsOf(schema, isText(field)));
    expect(field.nullable ?? false).toBe(nullable);
  });

  it('have a section’s id and a label once', () => {
    const twice = (names: string[]) => names.filter((name, index) => names.indexOf(name) !== index);
    expect(twice(settingsSections.map(({ id }) => id))).toEqual([]);
    expect(twice(fields.map(({ label }) => label))).toEqual([]);
  });

  it('hide what is of one CRM behind the box of that CRM, and nothing else', () => {
    const boxes = new Map(fields.map(({ path, options = [] }) => [path, options.map(({ value }) => value)]));
    for (const { path, onlyWith } of fields) {
      const crm = /^crm\.(\w+)\./.exec(path)?.[1];
      expect(onlyWith).toEqual(crm && { path: 'crm.connectors', value: crm });
      if (onlyWith) expect(boxes.get(onlyWith.path)).toContain(onlyWith.value);
    }
  });
});

function leavesOf(schema: unknown, path = ''): string[] {
  const { schema: inner } = unwrap(schema);
  if (!(inner instanceof z.ZodObject) || oneThing.has(path)) return [path];
  return Object.entries(inner.shape).flatMap(([key, value]) => leavesOf(value, path ? `${path}.${key}` : key));
}

/** The schema at a path. `hours` is null as a whole, which its weekly hours stand for. */
function settingAt(path: string): { schema: unknown; nullable: boolean } {
  const found = path
    .split('.')
    .reduce<{ schema: unknown; nullable: boolean }>(({ schema }, key) => unwrap((schema as z.ZodObject).shape[key]), {
      schema: settingsUpdate,
      nullable: false,
    });
  return path === 'hours.weekly' ? { ...found, nullable: unwrap(settingsUpdate.shape.hours).nullable } : found;
}

function unwrap(schema: unknown): { schema: unknown; nullable: boolean } {
  if (schema instanceof z.ZodDefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodNullable) return { schema: schema.unwrap(), nullable: true };
  if (schema instanceof z.ZodUnion) {
    return { schema, nullable: schema.options.some(option => option instanceof z.ZodNull) };
  }
  return { schema, nullable: false };
}

/** What other kinds hold has a form of its own. */
const isText = ({ kind }: SettingsField) => kind === 'text' || kind === 'textarea';

const bounds = (field: SettingsField) => ({
  kind: field.kind === 'number' || field.kind === 'toggle' ? field.kind : 'other',
  min: field.min,
  max: field.max,
  maxLength: isText(field) ? field.maxLength : undefined,
  options: field.kind === 'mapping' ? undefined : field.options?.map(({ value }) => value),
});

function boundsOf(schema: unknown, asText: boolean) {
  const known = { kind: 'other', min: undefined, max: undefined, maxLength: undefined, options: undefined };
  if (schema instanceof z.ZodBoolean) return { ...known, kind: 'toggle' };
  if (schema instanceof z.ZodEnum) return { ...known, options: schema.options };
  if (schema instanceof z.ZodNumber) {
    return { ...known, kind: 'number', min: schema.minValue ?? undefined, max: schema.maxValue ?? undefined };
  }
  if (schema instanceof z.ZodArray) {
    const { element } = schema;
    const max = z.toJSONSchema(schema, { unrepresentable: 'any' }).maxItems;
    return { ...known, max, options: element instanceof z.ZodEnum ? element.options : undefined };
  }
  const maxLength = asText && schema instanceof z.ZodString ? schema.maxLength : null;
  return { ...known, maxLength: maxLength ?? undefined };
}
