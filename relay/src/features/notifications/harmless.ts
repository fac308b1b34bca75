/** What is not seen, or reorders what is; the joiners that some scripts and emoji need stay. */
const INVISIBLE =
  /(?!\u200c|\u200d|[\t\n])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029\u115f\u1160\u17b4\u17b5\u3164\uffa0]|\u034f|[\ufe00-\ufe0e]/gu;
/** They are none of Latin text, where a browser reads an address as if they were not there. */
const JOINERS = /(?<=[\x20-\x7e])(?:\u200c|\u200d|\ufe0f)+(?=[\x20-\x7e])/g;

/** An address with its scheme, or behind "www.", to the next space. */
const ADDRESS = /(?:[a-z][a-z\d+.-]{1,20}:\/\/|www\s?\.)[^\s<>"]*[^\s<>".,;:!?)\]]/giu;
/**
 * A name that mail programs would make a link of, such as "shop.example/path": letters before the last dot, and at least
 * two behind it. An e-mail address leads nowhere by itself and stays, with the name in it.
 */
const DOT = '[.。．｡﹒․]';
const LABEL = String.raw`[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}_])?`;
const HOST = String.raw`(?:${LABEL}${DOT}){1,8}(?:xn--[a-z\d-]{2,59}|\p{L}{2,24})(?![\p{L}\p{N}])`;
const MAILBOX = String.raw`[\p{L}\p{N}_%+'](?:[\p{L}\p{M}\p{N}._%+'-]{0,62}[\p{L}\p{M}\p{N}_%+'-])?@${HOST}`;
const PATH = String.raw`(?::\d{1,5})?(?:[/?#](?:[^\s<>"]*[^\s<>".,;:!?)\]])?)?`;
const NAME = new RegExp(`(?<mailbox>${MAILBOX})|${HOST}${PATH}`, 'giu');

/** What a visitor wrote, as it may stand in an e-mail: without web addresses and without signs that nobody sees. */
export const withoutLinks = (text: string, instead: string): string =>
  text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, '')
    .replace(JOINERS, '')
    .replace(ADDRESS, instead)
    .replace(NAME, (_, mailbox?: string) => mailbox ?? instead);

/** One line for a header: no control characters, and no longer than a mail program shows. */
export function oneLine(text: string, max = 80): string {
  const line = text
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(/\s+/gu, ' ')
    .trim();
  const signs = [...line];
  return signs.length <= max ? line : `${signs.slice(0, max - 1).join('')}…`;
}
