import { createHash } from 'node:crypto';

/**
 * Words that mean the same to the fake, in the languages of the tests; the first names the concept. Small on purpose: it
 * only has to be told apart from a search by words.
 */
const SAME = [
  'shipping parcel parcels package delivery deliver delivered courier post versand paket pakete lieferung sendung',
  'return returns refund exchange rückgabe zurückgeben umtausch',
  'wool fleece yarn wolle garn',
  'long duration takes take days lange dauert tage',
  'jumper jumpers sweater pullover',
].map(line => line.split(' '));

const SILENT = new Set(
  `a an and are by can cost costs do does for from get how i in is it my of on our send the to what when which with you
  back die der das den ein eine ich ihr ist kann mein meine wie wo und von zu bis`.split(/\s+/),
);

const DIMENSIONS = 512;

/**
 * A vector of length 1 for a text: each concept in it points somewhere of its own, always the same way. Texts with no
 * concept in common are nearly at right angles.
 */
export function fakeVector(text: string): number[] {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const concepts = words
    .filter(word => !SILENT.has(word))
    .map(word => SAME.find(all => all.includes(word))?.[0] ?? word);
  const sum = new Array<number>(DIMENSIONS).fill(0);
  for (const concept of concepts.length > 0 ? concepts : [text]) {
    directionOf(concept).forEach((number, at) => {
      sum[at] = (sum[at] as number) + number;
    });
  }
  const length = Math.hypot(...sum);
  return sum.map(number => number / length);
}

function directionOf(concept: string): Int8Array {
  const bytes = createHash('shake256', { outputLength: DIMENSIONS }).update(concept).digest();
  return new Int8Array(bytes.buffer, bytes.byteOffset, DIMENSIONS);
}
