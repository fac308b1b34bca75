import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkedFurther, type Link } from './chain.ts';

const none = { checked: 0 };

/** Records as the relay seals them: the hash is of the JSON with its keys in order. */
function log(count: number, from = 1): Link[] {
  const records: Link[] = [];
  for (let sequence = from; sequence < from + count; sequence += 1) {
    const previousHash = records.at(-1)?.hash ?? '0'.repeat(64);
    const content = { decision: 'granted', locale: 'de-Ä', previousHash, purposes: ['storage'], sequence };
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    records.push({ ...content, hash });
  }
  return records;
}

it('finds a whole log whole, also when it comes in pages', async () => {
  const records = log(5);
  const first = await checkedFurther(none, records.slice(0, 2));
  const all = await checkedFurther(first, records.slice(2));
  expect(all).toEqual({ checked: 5, first: 1, last: { sequence: 5, hash: records[4]?.hash } });
});

it('names the record that was changed, that is missing, or that was put in', async () => {
  const records = log(5);
  const changed = records.map(record => (record.sequence === 3 ? { ...record, decision: 'declined' } : record));
  expect((await checkedFurther(none, changed)).fault).toEqual({ sequence: 3, kind: 'changed' });
  expect(
    (
      await checkedFurther(
        none,
        records.filter(({ sequence }) => sequence !== 3),
      )
    ).fault,
  ).toEqual({
    sequence: 3,
    kind: 'missing',
  });
  const other = log(3, 3);
  expect((await checkedFurther(none, [...records.slice(0, 2), ...other])).fault).toEqual({ sequence: 3, kind: 'torn' });
});

it('takes a log whose oldest records have run out, and none that claims to be its beginning and is not', async () => {
  const records = log(4).slice(2);
  expect(await checkedFurther(none, records)).toMatchObject({ checked: 2, first: 3 });
  expect((await checkedFurther(none, [{ ...(records[0] as Link), sequence: 1 }])).fault?.kind).toBe('torn');
});
