/** A JSON document, read without knowing its shape. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type JsonObject = { [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether both say the same, whatever the order of their keys. */
export function isEqual(one: Json | undefined, other: Json | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => isEqual(value, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every(key => isEqual(one[key], other[key]));
  }
  return one === other;
}

/** What stands at a path such as `appearance.accent`; undefined where the way there ends early. */
export function valueAt(document: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), document);
}

/** The document with another value at a path, and objects on the way where there are none; undefined takes the key out. */
export function withValueAt(document: Json | undefined, path: string, value: Json | undefined): JsonObject {
  const [key = '', ...rest] = path.split('.');
  const object = isObject(document) ? document : {};
  const inner = rest.length > 0 ? withValueAt(object[key], rest.join('.'), value) : value;
  if (inner !== undefined) return { ...object, [key]: inner };
  const { [key]: _, ...others } = object;
  return others;
}
