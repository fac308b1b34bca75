import { locale } from '@confab/contract';
import { getDocumentProxy } from 'unpdf';
import { storable, tidy } from './dom.ts';
import { ExtractError, type Extracted } from './extract.ts';
import { bare, TEXT_MAX } from './read-text.ts';

const PAGES_MAX = 2_000;

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;

/**
 * Reads the words of a PDF, page by page: each begins with its number as a heading, such as "# 3 / 12". Throws
 * `ExtractError`: `encrypted` where it wants a password, `empty` where it holds pictures only.
 */
export async function readPdf(bytes: Uint8Array): Promise<Extracted> {
  const document = await open(bytes);
  const { numPages } = document;
  if (numPages > PAGES_MAX) throw new ExtractError('too_large');
  const pages: string[] = [];
  let length = 0;
  for (let number = 1; number <= numPages; number += 1) {
    const words = await wordsOf(document, number);
    length += words.length;
    if (length > TEXT_MAX) throw new ExtractError('too_large');
    if (words.trim() !== '') pages.push(numPages === 1 ? words : `# ${number} / ${numPages}\n${words}`);
  }
  if (pages.length === 0) throw new ExtractError('empty');
  return { ...bare, ...(await aboutOf(document)), html: null, text: pages.join('\n\n') };
}

async function open(bytes: Uint8Array): Promise<Document> {
  try {
    // A Buffer, though it is one, is refused.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0, maxImageSize: 1_000_000, enableXfa: false });
  } catch (error) {
    throw new ExtractError((error as Error).name === 'PasswordException' ? 'encrypted' : 'broken');
  }
}

/** A page that is broken by itself is left out; the others are read. */
async function wordsOf(document: Document, number: number): Promise<string> {
  try {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    const text = items.map(item => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : '')).join('');
    // A word that was divided at the end of a line is one word.
    return storable(text).replace(/(\p{L})[-\u00ad]\n(\p{Ll})/gu, '$1$2');
  } catch {
    return '';
  }
}

async function aboutOf(document: Document) {
  const info: Record<string, unknown> = await document.getMetadata().then(
    read => ({ ...(read.info as object) }),
    () => ({}),
  );
  const title = typeof info.Title === 'string' ? tidy(info.Title, 500) : '';
  const language = locale.safeParse(info.Language);
  return {
    // What programs write there by themselves says nothing.
    title: /^(untitled|microsoft word - .*|.*\.(docx?|indd|pdf|odt|pptx?))$/i.test(title) ? '' : title,
    locale: language.success ? language.data : null,
    modifiedAt: dateOf(info.ModDate),
  };
}

/** As in "D:20260131142500+01'00'". */
function dateOf(value: unknown): Date | null {
  const parts = typeof value === 'string' ? /^D:(\d{4})(\d\d)?(\d\d)?/.exec(value) : null;
  const date = parts && new Date(`${parts[1]}-${parts[2] ?? '01'}-${parts[3] ?? '01'}T00:00:00Z`);
  return date && !Number.isNaN(date.getTime()) && date.getUTCFullYear() >= 1990 ? date : null;
}
