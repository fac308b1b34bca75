/** What RFC 9309 asks to be parsed at least. */
export const ROBOTS_BYTES_MAX = 500 * 1024;

export type Robots = {
  /** Whether this path with its query may be crawled. */
  allows(pathAndQuery: string): boolean;
  /** In seconds, where the file says. */
  crawlDelay: number | undefined;
  sitemaps: string[];
};

type Rule = { allow: boolean; pattern: string };
type Group = { rules: Rule[]; crawlDelay: number | undefined };

/** Longer than any address that is crawled. */
const PATTERN_MAX = 2_048;

/** Reads a robots.txt as RFC 9309 has it, for this user agent. Any text is one: lines that say nothing are passed over. */
export function parseRobots(text: string, agent: string): Robots {
  const ours = productOf(agent);
  const groups = new Map<string, Group>();
  const sitemaps: string[] = [];
  let current = new Set<Group>();
  let namesAgents = false;
  for (const [name, value] of linesOf(text)) {
    if (name === 'sitemap') {
      sitemaps.push(value);
    } else if (name === 'user-agent') {
      if (!namesAgents) current = new Set();
      namesAgents = true;
      const key = productOf(value);
      // Nobody else's rules are kept: thousands of agents before thousands of rules would be millions.
      if (key !== ours && key !== '*') continue;
      const group = groups.get(key) ?? { rules: [], crawlDelay: undefined };
      groups.set(key, group);
      current.add(group);
    } else if (name === 'allow' || name === 'disallow') {
      namesAgents = false;
      if (value === '' || value.length > PATTERN_MAX) continue;
      for (const { rules } of current) rules.push({ allow: name === 'allow', pattern: comparable(value) });
    } else if (name === 'crawl-delay') {
      const seconds = Number(value);
      if (seconds >= 0) for (const group of current) group.crawlDelay = seconds;
    }
  }
  const group = groups.get(ours) ?? groups.get('*');
  const rules = group?.rules ?? [];
  return {
    allows(pathAndQuery) {
      if (pathAndQuery === '/robots.txt') return true;
      const path = comparable(pathAndQuery);
      let strongest: Rule | undefined;
      for (const rule of rules) {
        const isWeaker = strongest && rule.pattern.length < strongest.pattern.length;
        const losesTie = strongest && rule.pattern.length === strongest.pattern.length && !rule.allow;
        if (!isWeaker && !losesTie && matches(rule.pattern, path)) strongest = rule;
      }
      return strongest?.allow ?? true;
    },
    crawlDelay: group?.crawlDelay,
    sitemaps,
  };
}

function* linesOf(text: string): Generator<[name: string, value: string]> {
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const said = line.split('#', 1)[0] as string;
    const colon = said.indexOf(':');
    if (colon > 0) yield [said.slice(0, colon).trim().toLowerCase(), said.slice(colon + 1).trim()];
  }
}

/** The product's name is all that counts of a user agent, such as `confabbot` of `ConfabBot/1.0`. */
const productOf = (agent: string): string =>
  agent === '*' ? '*' : (/^[A-Za-z_-]*/.exec(agent)?.[0] ?? '').toLowerCase();

/** One spelling for the same path: what needs no escape has none, everything else has one in capitals. */
function comparable(path: string): string {
  const ascii = path.replace(/[^\x21-\x7e]/gu, character => encodeURIComponent(character.toWellFormed()));
  return ascii.replace(/%([\da-f]{2})/gi, (escaped, hex) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z\d\-._~]/.test(character) ? character : escaped.toUpperCase();
  });
}

/**
 * `*` is any text, `$` at the end the end of the path. Each piece between stars is looked for behind the one before it, so
 * that the time is that of reading the path, whatever the pattern.
 */
function matches(pattern: string, path: string): boolean {
  const isAnchored = pattern.endsWith('$');
  const pieces = (isAnchored ? pattern.slice(0, -1) : pattern).split('*');
  const [first = '', ...rest] = pieces;
  if (!path.startsWith(first)) return false;
  if (rest.length === 0) return !isAnchored || path.length === first.length;
  const last = isAnchored ? (rest.pop() as string) : '';
  let at = first.length;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return !isAnchored || (path.endsWith(last) && path.length - last.length >= at);
}
