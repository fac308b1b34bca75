import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const schema = readFileSync(path.join(import.meta.dirname, '../../prisma/schema.prisma'), 'utf8');

type Model = { name: string; body: string };
const models: Model[] = [...schema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => ({
  name,
  body,
}));
/** Whose rows belong to one site, whatever else they say. */
const ofSites = models.filter(({ body }) => /^ {2}siteId\s+String\s/m.test(body));

/** The ways into a site from outside, which are looked up before it is known: they stay on one node. */
const WAYS_IN = ['ShopifyShop.domain'];

const lists = (body: string, attribute: string) =>
  [...body.matchAll(new RegExp(`@@${attribute}\\(\\[([^\\]]*)\\]`, 'g'))].map(([, names = '']) => names.split(', '));

it('reads the schema', () => {
  expect(ofSites.length).toBeGreaterThan(30);
});

// Citus distributes a table by one column, which every unique key of it has to hold (docs/scaling.md).
it.each(ofSites)('can spread $name over several servers: its keys begin with the site', ({ name, body }) => {
  const keys = [...lists(body, 'id'), ...lists(body, 'unique')];
  expect(keys.filter(([first]) => first !== 'siteId')).toEqual([]);
  const single = [...body.matchAll(/^ {2}(\w+)\s.*@(?:id|unique)\b/gm)].map(([, field]) => `${name}.${field}`);
  expect(single.filter(field => !field.endsWith('.siteId') && !WAYS_IN.includes(field))).toEqual([]);
});

it.each(ofSites)('joins $name to rows of the same site only', ({ body }) => {
  for (const fields of [...body.matchAll(/@relation\(fields: \[([^\]]*)\]/g)].map(([, names = '']) => names)) {
    expect(fields.split(', ')[0]).toBe('siteId');
  }
});
