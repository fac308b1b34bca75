/** How many guesses are made before the page has its turn again: a few milliseconds on a slow phone. */
const AT_ONCE = 1_000;

/**
 * Finds the number that the relay has in mind, by trying one after the other: a second's work on a slow phone, which costs
 * a person nothing and a robot its speed. Gives what the relay wants to see.
 */
export async function solve(challenge: string): Promise<string> {
  const [salt = '', target = '', most = ''] = challenge.split('.');
  for (let guess = 0; guess < Number(most); guess += 1) {
    if (sha256(`${salt}.${guess}`) === target) return `${challenge}.${guess}`;
    if (guess % AT_ONCE === 0) await pause();
  }
  throw new Error('The challenge has no solution.');
}

/** Not a timer, which browsers slow down in pages that are not looked at. */
const pause = () =>
  new Promise<void>(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

const [ROUNDS, START] = constants();
const words = new Uint32Array(64);

/**
 * SHA-256 of up to 55 ASCII characters, in hexadecimal (FIPS 180-4). Our own, since a browser has it only on encrypted
 * pages, and as a promise for each, which takes longer than the hash.
 */
export function sha256(text: string): string {
  words.fill(0);
  for (let at = 0; at < text.length; at += 1) put(at, text.charCodeAt(at));
  put(text.length, 0x80);
  words[15] = text.length * 8;
  for (let at = 16; at < 64; at += 1) {
    const [a, b] = [w(at - 15), w(at - 2)];
    const [s0, s1] = [turn(a, 7) ^ turn(a, 18) ^ (a >>> 3), turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)];
    words[at] = w(at - 16) + s0 + w(at - 7) + s1;
  }
  let [a, b, c, d, e, f, g, h] = START as unknown as Eight;
  for (let at = 0; at < 64; at += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (ROUNDS[at] ?? 0) + w(at)) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  return [a, b, c, d, e, f, g, h]
    .map((word, at) => ((word + (START[at] ?? 0)) >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

type Eight = [number, number, number, number, number, number, number, number];

const w = (at: number): number => words[at] ?? 0;
const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));
const put = (at: number, byte: number) => {
  words[at >> 2] = w(at >> 2) | (byte << (24 - 8 * (at & 3)));
};

/** The first 32 bits behind the point of the cube roots of the first 64 primes, and of the square roots of eight. */
function constants(): [Uint32Array, Uint32Array] {
  const primes: number[] = [];
  for (let number = 2; primes.length < 64; number += 1) if (primes.every(prime => number % prime)) primes.push(number);
  const behindPoint = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Uint32Array.from(primes, prime => behindPoint(Math.cbrt(prime))),
    Uint32Array.from(primes.slice(0, 8), prime => behindPoint(Math.sqrt(prime))),
  ];
}
