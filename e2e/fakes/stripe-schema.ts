import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { sharedData } from './shared-data.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema as it was published
type Schema = any;

/** What a request says, once it was read. */
export type Params = Record<string, unknown>;

/** Judges a request by what Stripe has published; tells what is wrong with it. */
export type Judge = (method: string, path: string, params: Params) => string | undefined;

/** The document of this version, where it lies beside the repository; else everything is taken. */
export function stripeJudge(): Judge {
  const document = sharedData('fetched/protocol/stripe_2023-08-16_billing.min.json.gz');
  if (!document) return () => undefined;
  const ajv = new Ajv2020({ strict: false, coerceTypes: true, validateFormats: false, allErrors: true, logger: false });
  // A path that names a thing comes before one with a place for any.
  const paths = Object.keys(document.paths).sort((one, other) => one.split('{').length - other.split('{').length);
  const routes = paths.map(path => ({ path, shape: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }));
  const made = new Map<string, ValidateFunction>();

  function validatorOf(method: string, path: string): ValidateFunction | undefined {
    const operation = document.paths[path]?.[method];
    if (!operation) return undefined;
    const key = `${method} ${path}`;
    const known = made.get(key) ?? ajv.compile(schemaOf(operation, method));
    made.set(key, known);
    return known;
  }

  return (method, path, params) => {
    const route = routes.find(({ shape }) => shape.test(path));
    const validate = route && validatorOf(method.toLowerCase(), route.path);
    if (!validate) return `Unrecognized request URL (${method}: ${path}).`;
    // Ajv makes numbers of texts in place.
    if (validate(structuredClone(params))) return undefined;
    return validate.errors
      ?.map(({ instancePath, message, params: of }) => `${instancePath} ${message} ${JSON.stringify(of)}`)
      .join('; ');
  };
}

function schemaOf(operation: Schema, method: string): Schema {
  const body = operation.requestBody?.content?.['application/x-www-form-urlencoded']?.schema;
  if (method === 'post') return prepared(body ?? { type: 'object', properties: {} });
  const query = (operation.parameters ?? []).filter((each: Schema) => each.in === 'query');
  return prepared({
    type: 'object',
    properties: Object.fromEntries(query.map((each: Schema) => [each.name, each.schema])),
    required: query.filter((each: Schema) => each.required).map((each: Schema) => each.name),
  });
}

/** As Ajv takes it; and no parameter that was not published, however deep, as Stripe refuses it. */
function prepared(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map(prepared);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, discriminator: _tag, example: _example, ...rest } = schema;
  for (const name of ['exclusiveMinimum', 'exclusiveMaximum']) if (typeof rest[name] === 'boolean') delete rest[name];
  const out = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, prepared(value)]));
  if (nullable && out.type) out.type = [out.type, 'null'];
  if (out.type === 'object' && out.properties && out.additionalProperties === undefined)
    out.additionalProperties = false;
  return out;
}

/** A form, or a query, with brackets for what is in what. */
export function paramsIn(text: string): Params {
  const found: Params = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const keys = name.split(/\[|\]\[|\]/).filter((key, place) => place === 0 || key !== '');
    const isList = name.endsWith('[]');
    let at = found;
    keys.forEach((key, place) => {
      const isLast = place === keys.length - 1;
      if (isLast && isList) at[key] = { ...(at[key] as Params), [Object.keys(at[key] ?? {}).length]: value };
      else if (isLast) at[key] = value;
      else {
        at[key] ??= {};
        at = at[key] as Params;
      }
    });
  }
  return withLists(found) as Params;
}

/** What is counted from 0 is a list. */
function withLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, withLists(each)] as const);
  const isList = entries.length > 0 && entries.every(([key], place) => key === String(place));
  return isList ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}
