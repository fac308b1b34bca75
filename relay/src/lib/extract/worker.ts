import { Worker } from 'node:worker_threads';
import { textOf } from './charset.ts';
import { ExtractError, type ExtractErrorCode, type Extracted, type ExtractInput } from './extract.ts';

/** What a worker answers; `rss` is the memory that it holds then, in bytes. */
export type Answer = { extracted: Extracted; rss: number } | { code: ExtractErrorCode; rss: number };

/** The process that reads pages, one at a time: extractor.ts starts it, and ends it when it takes too long. */
const [memoryMb = '512'] = process.argv.slice(2);
new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: { memoryMb: Number(memoryMb) } }).unref();

process.on('message', async (input: ExtractInput) => {
  const answer = await read(input).then(
    extracted => ({ extracted }),
    (error: unknown) => ({ code: error instanceof ExtractError ? error.code : ('broken' as const) }),
  );
  process.send?.({ ...answer, rss: process.memoryUsage.rss() } satisfies Answer);
});
process.on('disconnect', () => process.exit());

/** What a kind needs is loaded when it first comes. */
async function read({ kind, bytes, url, contentType }: ExtractInput): Promise<Extracted> {
  if (kind === 'pdf') return (await import('./read-pdf.ts')).readPdf(bytes);
  if (kind === 'html') return (await import('./read-html.ts')).readHtml(textOf(bytes, contentType), url);
  const { readMarkdown, readText } = await import('./read-text.ts');
  if (kind === 'markdown') return readMarkdown(bytes, contentType);
  if (kind === 'text') return readText(bytes, contentType);
  throw new ExtractError('unsupported');
}
