import sentinels from './sentinels.json' with { type: 'json' };

/** Made-up personal data and secrets of every kind that has a shape of its own. */
export const scrubbed = Object.values(sentinels.must_be_scrubbed).flat();
/** What looks like it and is none. */
export const surviving = sentinels.must_survive;

/** A person's words, which have no shape: only structure keeps them out. */
export const WORDS = 'zanzibarine quixolotl';

/** Everything at once, as a message that repeats what somebody sent. */
export const everything = [...scrubbed, WORDS].join(' , ');

/** Words that stand beside the secret in a sentinel, and are none. */
const HARMLESS = /^(?:example|mailto|postgres|https|password|Bearer|conversation|internal|museum|(?:sub)?mail|AAAA+)$/;

/** What of a sentinel would give it away. */
export function tellingParts(sentinel: string): string[] {
  const words = (sentinel.match(/[\p{L}\p{N}]{5,}/gu) ?? []).filter(word => !HARMLESS.test(word));
  const tail = /\d{2}\W?\d{2,}$/.exec(sentinel)?.[0];
  return [sentinel, JSON.stringify(sentinel).slice(1, -1), ...words, ...(tail ? [sentinel.slice(-8)] : [])];
}

const telling = new Set([...scrubbed.flatMap(tellingParts), ...WORDS.split(' ')]);

/** What of all sentinels stands in the text. */
export const leaksIn = (text: string): string[] => [...telling].filter(part => text.includes(part));
