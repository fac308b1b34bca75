import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORGETTING } from '@confab/relay/db/embedded.ts';
import { VECTOR_TABLE } from '@confab/relay/db/vectors.ts';
import { dataMap, impersonal, ofUsers } from '@confab/relay/features/privacy/index.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestRelay, type TestRelay } from './relay.ts';

const root = join(import.meta.dirname, '..');
const schema = readFileSync(join(root, 'relay/prisma/schema.prisma'), 'utf8');
// The one table that is no model.
const models = [...schema.matchAll(/^model (\w+) \{/gm)].map(([, name]) => name as string).concat(VECTOR_TABLE);

/** How often each table is claimed: by an owner of personal data, as of users, or as holding none. */
function claims(owners: readonly { tables: object }[]): Record<string, number> {
  const all = [...owners.flatMap(({ tables }) => Object.keys(tables)), ...Object.keys({ ...ofUsers, ...impersonal })];
  return Object.fromEntries([...new Set([...all, ...models])].map(name => [name, all.filter(n => n === name).length]));
}

describe('the registry of personal data', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  it('has one owner for every table of the schema, and names no other', () => {
    expect(models.length).toBeGreaterThan(12);
    const once = Object.fromEntries(models.map(name => [name, 1]));
    expect(claims(relay.services.owners)).toEqual(once);
  });

  it('would miss a table without an owner, and see one with two', () => {
    const [first, ...rest] = relay.services.owners;
    const lost = Object.keys(first?.tables ?? {})[0] as string;
    expect(claims(rest)[lost]).toBe(0);
    expect(claims([...relay.services.owners, ...(first ? [first] : [])])[lost]).toBe(2);
  });

  it('is what docs/data-map.md says', () => {
    const written = readFileSync(join(root, 'docs/data-map.md'), 'utf8');
    expect(written, 'run: npm run -s confab -- data-map --output docs/data-map.md').toBe(
      dataMap(relay.services.owners),
    );
  });

  it('has no table that the embedded database does not forget from', () => {
    const owned = relay.services.owners.flatMap(({ tables }) => Object.keys(tables));
    expect(FORGETTING.toSorted()).toEqual([...owned, ...Object.keys(ofUsers), 'Site'].toSorted());
  });

  it('counts, exports and purges under names that no two owners share', () => {
    const names = relay.services.owners.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
