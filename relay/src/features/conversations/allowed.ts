import { contactsIn } from '../../lib/contacts.ts';
import type { OrderPassage } from '../../providers/commerce/commerce.ts';
import type { ChatMessage } from '../../providers/llm/llm.ts';
import type { Site } from '../sites/index.ts';
import type { Ground } from './ground.ts';
import { type Allowed, digitsIn, numbersIn, phonesIn } from './safe-text.ts';

export type AllowedDeps = {
  site: Site;
  ground: Ground;
  orders: readonly OrderPassage[];
  /** All that was said in this thread, the question included. */
  said: readonly ChatMessage[];
  instructions: string;
};

/**
 * What an answer to this visitor may hold: addresses of the site and of the documents it rests on, and those contact
 * details that stand in these documents, that were said in this thread, or that the owner wrote for it.
 */
export function allowedIn({ site, ground, orders, said, instructions }: AllowedDeps): Allowed {
  const { allowedOrigins, answers } = site.settings;
  // `self` is no address: of the pages that the relay serves, those of the documents are known one by one.
  const hosts = [...allowedOrigins, site.homeUrl ?? ''].flatMap(url => withoutWww(URL.parse(url)?.host ?? '') || []);
  // The owner's own words, and the platform's: no page and no visitor wrote these.
  const given = addressesIn([answers.instructions, ...orders.map(({ text }) => text)].join('\n'));
  const words = [answers.instructions, ...said.map(({ text }) => text)].join('\n');
  let seen = -1;
  let known = {
    addresses: given,
    emails: new Set<string>(),
    phones: new Set<string>(),
    numbers: new Set<string>(),
  };

  /** The ground may have grown since the last look. */
  function now() {
    if (seen === ground.passages.length) return known;
    seen = ground.passages.length;
    const texts = [words, ...ground.passages.map(({ title, text }) => `${title}\n${text}`)];
    known = {
      addresses: new Set([
        ...given,
        ...addressesIn(ground.ownersTexts().join('\n')),
        ...ground.passages.flatMap(({ url }) => hrefOf(url) ?? []),
      ]),
      emails: new Set(texts.flatMap(text => contactsIn(text).emails)),
      phones: new Set(texts.flatMap(text => phonesIn(text).map(digitsIn))),
      numbers: new Set(texts.flatMap(numbersIn)),
    };
    return known;
  }

  /** With `www.` or without, and below it. */
  function isOwn(url: URL): boolean {
    const host = withoutWww(url.host);
    return /^https?:$/.test(url.protocol) && hosts.some(own => host === own || host.endsWith(`.${own}`));
  }

  return {
    addressFor(url) {
      if (now().addresses.has(url.href)) return url.href;
      // Without a query: on some shops a link alone puts things into the basket, or leads on to anywhere.
      return isOwn(url) && !/\/\/|%2f%2f|%5c/i.test(url.pathname) ? url.origin + url.pathname : undefined;
    },
    hasEmail: key => now().emails.has(key),
    hasPhone: digits => [...now().phones].some(phone => isSameNumber(phone, digits)),
    hasNumber: digits => now().numbers.has(digits),
    hasDocument: index => ground.passages.some(passage => passage.index === index),
    instructions,
  };
}

const withoutWww = (host: string): string => host.replace(/^www\./, '');

const addressesIn = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/https?:\/\/[^\s<>"`]+/gi)].flatMap(([found]) => hrefOf(found.replace(/[.,;:!?)]+$/, '')) ?? []),
  );

const hrefOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).href : undefined);

/** With the code of the country or without, but no other number. */
function isSameNumber(one: string, other: string): boolean {
  const [short, long] = [one, other].map(digits => digits.replace(/^0+/, '')).sort((a, b) => a.length - b.length) as [
    string,
    string,
  ];
  return short.length >= 6 && long.endsWith(short) && long.length - short.length <= 3;
}
