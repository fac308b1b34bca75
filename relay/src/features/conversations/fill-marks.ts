import type { LlmPart } from '../../providers/llm/llm.ts';

/** A place in an answer that code fills in: of which document, and of which of its variants. */
export type ProductMark = { fact: 'price' | 'availability'; document: number; variant: number | undefined };
export type Mark = ProductMark | { fact: 'hours' };

/** `{{price 2}}`, or `{{price 2.3}}` for the third variant of the second document; or `{{hours}}`. */
export function markOf(mark: Mark): string {
  if (mark.fact === 'hours') return '{{hours}}';
  const { fact, document, variant } = mark;
  return `{{${fact} ${document}${variant === undefined ? '' : `.${variant}`}}}`;
}

/** What a mark may look like from its braces on, as far as it has come. */
const BODY = String.raw`\{{2,}[^{}\n]{0,60}`;
const WHOLE = new RegExp(`^${BODY}\\}\\}`);
const GROWING = new RegExp(`^${BODY}\\}?$`);
const BROKEN = new RegExp(`^${BODY}\\}?`);
const KNOWN = /^\{+ *(price|availability) +(\d{1,3})(?:\.(\d{1,3}))? *\}+$/i;
const HOURS = /^\{+ *hours *\}+$/i;

/** Text of a page or a visitor in which no mark can stand. */
export const withoutMarks = (text: string): string => text.replace(/\{(?=\{)/g, '{ ');

const NUMBER = String.raw`\d(?:[\d.,’'\s]*\d)?`;
const CURRENCY = String.raw`(?:[A-Z]{0,3}\p{Sc}[A-Z]{0,2}|(?<!\p{L})(?:[A-Z]{3}|kr\.?|zł|Kč|Ft|lei)(?!\p{L}))`;
const AMOUNT = new RegExp(`${CURRENCY}\\s?${NUMBER}|${NUMBER}\\s?${CURRENCY}`, 'gu');

/** What was said before, without its sums of money: a price of then is none of now, and nobody can repeat what is not there. */
export const withoutAmounts = (text: string): string => text.replace(AMOUNT, '…');

/**
 * The same answer with its marks filled in. Held back is only what may be the beginning of a mark; what turns out to be
 * none, or is one that `fill` does not know, is left out.
 */
export async function* withMarksFilled(
  parts: AsyncIterable<LlmPart>,
  fill: (mark: Mark) => Promise<string>,
): AsyncGenerator<LlmPart> {
  let held = '';
  for await (const part of parts) {
    if (part.type === 'text') {
      held = yield* filled(held + part.text, fill);
    } else {
      // One brace at the end is a brace.
      if (held === '{') yield { type: 'text', text: held };
      yield part;
    }
  }
}

/** Tells the text, and gives what of it may be the beginning of a mark. */
async function* filled(given: string, fill: (mark: Mark) => Promise<string>): AsyncGenerator<LlmPart, string> {
  let text = '';
  let rest = given;
  for (;;) {
    const at = rest.indexOf('{{');
    text += at < 0 ? rest.slice(0, rest.endsWith('{') ? -1 : rest.length) : rest.slice(0, at);
    rest = at < 0 ? (rest.endsWith('{') ? '{' : '') : rest.slice(at);
    const [whole] = WHOLE.exec(rest) ?? [];
    if (whole !== undefined) {
      const mark = markIn(whole);
      if (mark) {
        // A fact may be long in coming: what was said before it is told meanwhile.
        if (text) yield { type: 'text', text };
        text = await fill(mark);
      }
      rest = rest.slice(whole.length);
    } else if (at < 0 || GROWING.test(rest)) {
      if (text) yield { type: 'text', text };
      return rest;
    } else {
      rest = rest.slice((BROKEN.exec(rest) as RegExpExecArray)[0].length);
    }
  }
}

function markIn(whole: string): Mark | undefined {
  if (HOURS.test(whole)) return { fact: 'hours' };
  const [, fact, document, variant] = KNOWN.exec(whole) ?? [];
  if (fact === undefined) return undefined;
  return {
    fact: fact.toLowerCase() as ProductMark['fact'],
    document: Number(document),
    variant: variant === undefined ? undefined : Number(variant),
  };
}
