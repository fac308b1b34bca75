import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { linesOf, pdfOf } from '../../../../e2e/fakes/pdf.ts';
import { ExtractError, type ExtractInput, type Extractor } from './extract.ts';
import { createExtractor, rightsOf } from './extractor.ts';

const TIMEOUT_MS = 60_000;

let extractor: Extractor;
const start = (...options: Parameters<typeof createExtractor>) => {
  extractor = createExtractor(...options);
  return extractor;
};
afterEach(() => extractor.close());

const words = 'Parcels to Iceland take nine days and cost 14 euro, whatever is in them.';
const input = (kind: ExtractInput['kind'], bytes: string | Uint8Array): ExtractInput => ({
  kind,
  bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes),
  url: 'https://shop.example/shipping',
  contentType: null,
});
const page = input('html', `<title>Shipping</title><p>${words}</p>`);
/** One of Readability's patterns goes back over this from each of its letters. */
const endless = input('html', `<p>${words}<img srcset="${'a'.repeat(1_000_000)} b"></p>`);
/** Hundreds of megabytes of blanks in a kilobyte. */
const bomb = () => {
  const once = deflateSync(Buffer.alloc(400_000_000, ' '), { level: 1 });
  return input('pdf', pdfOf([deflateSync(once)], { stream: '/Filter [/FlateDecode /FlateDecode]' }));
};

/** The processes that we have started, as Linux tells. */
const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);

describe('the extractor', { timeout: TIMEOUT_MS }, () => {
  it('reads each kind of file', async () => {
    const { extract } = start();
    expect(await extract(page)).toMatchObject({ title: 'Shipping', html: `<p>${words}</p>`, text: null });
    expect(await extract(input('markdown', '# Returns\n\n- free'))).toMatchObject({ title: 'Returns', text: null });
    expect(await extract(input('text', words))).toMatchObject({ title: '', html: null, text: words });
    expect(await extract(input('pdf', pdfOf([linesOf('Price list')])))).toMatchObject({
      html: null,
      text: 'Price list',
    });
  });

  it('gives up a page that takes too long, does not wait with it, and reads the next one', async () => {
    const { extract } = start({ workers: 1, pageMs: 5_000 });
    await extract(page);
    let beats = 0;
    const heart = setInterval(() => beats++, 10);
    const given = extract(endless).catch((error: unknown) => error);
    const next = extract(page);
    expect(await given).toEqual(new ExtractError('timed_out'));
    clearInterval(heart);
    expect(beats).toBeGreaterThan(20);
    expect(await next).toMatchObject({ title: 'Shipping' });
  });

  it('gives up what takes too much memory, inside the heap and outside of it, and reads the next one', async () => {
    const { extract } = start({ workers: 1, memoryMb: 300 });
    await expect(extract(bomb())).rejects.toEqual(new ExtractError('out_of_memory'));
    await expect(extract(input('html', '<i>a</i>'.repeat(900_000)))).rejects.toEqual(new ExtractError('out_of_memory'));
    expect(await extract(page)).toMatchObject({ title: 'Shipping' });
  });

  it('reads a few at once and lets the others wait', async () => {
    const { extract } = start({ workers: 2 });
    const all = Array.from({ length: 9 }, (_, at) => extract({ ...page, url: `https://shop.example/${at}` }));
    expect((await Promise.all(all)).map(({ title }) => title)).toEqual(Array(9).fill('Shipping'));
    expect(children()).toHaveLength(2);
  });

  it('stops when told to, whether it waits or is being read', async () => {
    const { extract } = start({ workers: 1 });
    const [reading, waiting] = [new AbortController(), new AbortController()];
    const first = extract(endless, reading.signal);
    const second = extract(page, waiting.signal);
    waiting.abort(new Error('the second one'));
    await expect(second).rejects.toThrow('the second one');
    reading.abort(new Error('the first one'));
    await expect(first).rejects.toThrow('the first one');
    expect(await extract(page)).toMatchObject({ title: 'Shipping' });
    await expect(extract(page, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it('leaves no process behind when it has had nothing to do for a while, and when it is closed', async () => {
    const { extract } = start({ idleMs: 20 });
    await extract(page);
    await expect.poll(children).toEqual([]);
    const fresh = start();
    const running = fresh.extract(endless).catch((error: unknown) => error);
    await expect.poll(children).toHaveLength(1);
    await fresh.close();
    expect(await running).toEqual(new Error('the extractor is closed'));
    expect(children()).toEqual([]);
    await expect(fresh.extract(page)).rejects.toThrow('the extractor is closed');
  });

  it('gives no page to a worker that is just being ended', async () => {
    const { extract } = start({ workers: 1, idleMs: 1 });
    await extract(page);
    // Runs right behind the timer that ends the worker, before anything tells that it has ended.
    await pause(1);
    expect(await extract(page)).toMatchObject({ title: 'Shipping' });
  });

  it('reads on where an idle worker was killed by somebody else', async () => {
    const { extract } = start({ workers: 1 });
    await extract(page);
    process.kill(Number(children()[0]), 'SIGKILL');
    await expect.poll(children).toEqual([]);
    expect(await extract(page)).toMatchObject({ title: 'Shipping' });
  });

  it('keeps nothing of the pages that it has read', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { extract } = start({ workers: 1 });
    const read = new WeakRef(await extract(page));
    await extract(page);
    collect();
    expect(read.deref()).toBeUndefined();
  });

  it('gives its workers nothing of our environment', async () => {
    const { extract } = start();
    await extract(page);
    const given = readFileSync(`/proc/${children()[0]}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(given.filter(variable => !variable.startsWith('NODE_CHANNEL_'))).toEqual([]);
    const asked = readFileSync(`/proc/${children()[0]}/cmdline`, 'utf8').split('\0');
    expect(asked).toEqual(expect.arrayContaining(rightsOf(512)));
  });

  it('gives its workers the right to read code, and to write, to start and to evaluate nothing', () => {
    const attempts = {
      code: `fs.readFileSync(${JSON.stringify(import.meta.filename)})`,
      data: `fs.readFileSync('/etc/passwd')`,
      settings: `fs.readdirSync(${JSON.stringify(path.join(import.meta.dirname, '../../../..'))})`,
      write: `fs.writeFileSync('/tmp/confab-was-here', '')`,
      start: `require('child_process').execFileSync('true')`,
      evaluate: `new Function('return 1')()`,
    };
    const script = Object.entries(attempts).map(
      ([name, attempt]) => `try { ${attempt}; console.log('${name}') } catch {}`,
    );
    const { stdout } = spawnSync(process.execPath, [...rightsOf(512), '-e', script.join('\n')], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual(['code']);
  });

  it('refuses what is larger than it reads, before anything is started', async () => {
    const { extract } = start();
    const before = children();
    const huge = input('html', Buffer.alloc(9 * 2 ** 20));
    await expect(extract(huge)).rejects.toEqual(new ExtractError('too_large'));
    expect(children()).toEqual(before);
  });
});
