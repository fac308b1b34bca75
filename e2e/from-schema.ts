import fc from 'fast-check';
import { z } from 'zod';
import { hostileText } from './fuzz.ts';

type JsonSchema = {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  format?: string;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
};

/** What a schema of the contract asks for, as far as its JSON Schema tells: often good, and always of the right shape. */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', cycles: 'ref' }) as JsonSchema;
  return arbitraryOf(root, root, 6);
}

const FORMATS: Record<string, () => fc.Arbitrary<unknown>> = {
  uuid: () => fc.uuid(),
  email: () => fc.emailAddress(),
  uri: () => fc.webUrl(),
  'date-time': () => fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
  date: () => fc.date({ noInvalidDate: true }).map(date => date.toISOString().slice(0, 10)),
};

function arbitraryOf(schema: JsonSchema, root: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (depth === 0) return fc.constant(null);
  const inner = (one: JsonSchema) => arbitraryOf(one, root, depth - 1);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) as string;
    return inner(schema.$ref === '#' ? root : (root.$defs?.[name] ?? {}));
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const some = schema.anyOf ?? schema.oneOf;
  if (some) return fc.oneof(...some.map(inner));
  if (schema.allOf) {
    return fc.tuple(...schema.allOf.map(inner)).map(parts => Object.assign({}, ...(parts as object[])));
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') return objectOf(schema, inner);
  if (type === 'array') {
    const { minItems = 0, maxItems = 4 } = schema;
    return fc.array(inner(schema.items ?? {}), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(4, maxItems)),
    });
  }
  if (type === 'integer')
    return fc.integer({ min: Math.max(schema.minimum ?? -5, -1e9), max: Math.min(schema.maximum ?? 1e6, 1e9) });
  if (type === 'number') return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type !== 'string') return fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>;
  const text = hostileText({ max: Math.min(schema.maxLength ?? 300, 300) });
  const formatted = FORMATS[schema.format ?? '']?.();
  return formatted ? fc.oneof({ weight: 5, arbitrary: formatted }, { weight: 1, arbitrary: text }) : text;
}

function objectOf(schema: JsonSchema, inner: (one: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const fields = fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])), {
    requiredKeys: required.filter(name => name in properties) as never[],
  });
  if (typeof additionalProperties !== 'object') return fields;
  const others = fc.dictionary(fc.string({ maxLength: 10 }), inner(additionalProperties), { maxKeys: 3 });
  return fc.tuple(fields, others).map(([mine, more]) => ({ ...more, ...(mine as object) }));
}

/** The value with one place in it made something that nobody asked for. */
export const spoiled = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 0.5, 1e308, '', [], {}, [[]], { $gt: '' }, '__proto__', 'x'.repeat(5_000)),
    hostileText({ max: 400 }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  return fc.tuple(value, fc.nat(), odd, fc.constantFrom('put', 'leave', 'add')).map(([given, at, put, how]) => {
    const copy: unknown = structuredClone(given);
    const places = placesIn(copy);
    const place = places[at % Math.max(1, places.length)];
    if (!place) return put;
    const [holder, key] = place;
    if (how === 'put') holder[key] = put;
    else if (how === 'leave') delete holder[key];
    else
      Object.defineProperty(holder, ['__proto__', 'constructor', 'more', '0'][at % 4] as string, {
        value: put,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return copy;
  });
};

type Holder = Record<string, unknown>;

function placesIn(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(
    ([key, member]) => [[value as Holder, key], ...placesIn(member)] as [Holder, string][],
  );
}
