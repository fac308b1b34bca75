import { element } from './element.ts';

/** Any JSON as lists that a person can read. It knows no field, so whatever the relay holds is shown, and all of it. */
export function readable(value: unknown): Node {
  if (Array.isArray(value)) {
    return value.length > 0 ? element('ol', {}, ...value.map(item => element('li', {}, readable(item)))) : dash();
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const fields = entries.flatMap(([name, field]) => [
      element('dt', {}, words(name)),
      element('dd', {}, readable(field)),
    ]);
    return entries.length > 0 ? element('dl', {}, ...fields) : dash();
  }
  return value === null || value === undefined || value === '' ? dash() : document.createTextNode(String(value));
}

const dash = () => document.createTextNode('–');

/** `noticeVersion` as "Notice version". */
function words(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
