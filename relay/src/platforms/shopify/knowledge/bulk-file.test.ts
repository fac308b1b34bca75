import { describe, expect, it } from 'vitest';
import { type Entry, entriesOf, LINE_MAX, linesOf } from './bulk-file.ts';

type Node = { title?: string };
type Child = { id: string };

async function* pieces(text: string | Buffer, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string | Buffer, { size = 64 * 1024, childrenMax = 100, max = LINE_MAX } = {}) =>
  Array.fromAsync(entriesOf<Node, Child>(linesOf(pieces(text, size), max), childrenMax));
const idsOf = (entries: Entry<Node, Child>[]) =>
  entries.map(entry => ('node' in entry ? [entry.node.id, ...entry.children.map(({ id }) => id)] : [entry.unreadable]));

const product = (n: number, more: object = {}) => JSON.stringify({ id: `gid://shopify/Product/${n}`, ...more });
const variant = (n: number, of: number) =>
  JSON.stringify({ id: `gid://shopify/ProductVariant/${n}`, __parentId: `gid://shopify/Product/${of}` });

describe('the file of a bulk operation', () => {
  const file = [product(1, { title: 'Größe 💥' }), variant(11, 1), variant(12, 1), product(2)].join('\n');

  it.each([1, 2, 3, 7, 64, 1_000])('is read alike wherever it is cut: into %i bytes', async size => {
    const entries = await read(`${file}\n`, { size });
    expect(idsOf(entries)).toEqual([
      ['gid://shopify/Product/1', 'gid://shopify/ProductVariant/11', 'gid://shopify/ProductVariant/12'],
      ['gid://shopify/Product/2'],
    ]);
    expect(entries[0]).toMatchObject({ node: { title: 'Größe 💥' } });
  });

  it('may end without a line end, have empty lines, or be empty', async () => {
    expect(await read(file)).toEqual(await read(`\n${file.replaceAll('\n', '\r\n')}\n\n`));
    expect(await read(`\ufeff${file}`)).toEqual(await read(file));
    expect(await read('')).toEqual([]);
  });

  it('gives no more of what hangs on an object than was asked for', async () => {
    const many = [product(1), ...Array.from({ length: 250 }, (_, at) => variant(at, 1))].join('\n');
    expect((await read(many)).map(entry => 'node' in entry && entry.children.length)).toEqual([100]);
  });

  it('hangs nothing on an object that it does not belong to', async () => {
    expect(idsOf(await read([product(1), variant(21, 2), variant(11, 1)].join('\n')))).toEqual([
      ['gid://shopify/Product/1', 'gid://shopify/ProductVariant/11'],
    ]);
  });

  it.each([
    ['no JSON', '{"id":"gid://shopify/Product/7","title":', 'gid://shopify/Product/7'],
    ['no object of Shopify’s', '[1,2]', undefined],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x7b]), undefined],
    ['longer than any product', product(7, { title: 'x'.repeat(5_000) }), 'gid://shopify/Product/7'],
  ])('names a line that is %s, and goes on', async (_, bad, id) => {
    const whole = Buffer.concat(
      [`${product(1)}\n`, bad, `\n${variant(71, 7)}\n${product(2)}\n`].map(each => Buffer.from(each)),
    );
    for (const size of [10, 100_000]) {
      const entries = idsOf(await read(whole, { size, max: 1_000 }));
      expect(entries.toSorted()).toEqual([[id], ['gid://shopify/Product/1'], ['gid://shopify/Product/2']].toSorted());
    }
  });

  it('takes a line of exactly the longest length, and none that is longer', async () => {
    const line = product(1, { title: 'x'.repeat(500) });
    expect(idsOf(await read(line, { max: line.length, size: 100 }))).toEqual([['gid://shopify/Product/1']]);
    expect(await read(line, { max: line.length - 1, size: 100 })).toEqual([{ unreadable: 'gid://shopify/Product/1' }]);
  });

  it.each([
    ['many lines', `${product(1, { title: 'x'.repeat(20_000) })}\n${variant(11, 1)}\n`.repeat(10), 9_000],
    ['one line', product(1, { title: 'x'.repeat(20_000) }).repeat(10), 1],
  ])('of 200 MB goes by in little memory: %s', { timeout: 120_000 }, async (_, text, atLeast) => {
    const block = Buffer.from(text);
    const before = process.memoryUsage().rss;
    let peak = before;
    async function* huge(): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < 200e6 + 1_000_000; sent += block.length) {
        yield Buffer.from(block);
        if (sent % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      }
    }
    let count = 0;
    for await (const _entry of entriesOf(linesOf(huge()), 100)) count += 1;
    peak = Math.max(peak, process.memoryUsage().rss);
    expect(count).toBeGreaterThanOrEqual(atLeast);
    expect(peak - before).toBeLessThan(120e6);
  });
});
