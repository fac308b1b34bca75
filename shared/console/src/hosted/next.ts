/**
 * Where to go after signing in: a path of this relay and nothing else, as nobody may be led away by a link to our own
 * page. A browser reads "//host" and "/\host" as another host, and leaves out tabs and line breaks before it reads.
 */
export function nextOf(search: string): string | null {
  const next = new URLSearchParams(search).get('next');
  return next !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) && !next.includes('\\') ? next : null;
}

/** The query of a page that leads back to where somebody is. */
export const withNext = (path: string, next: string | null): string =>
  next ? `${path}?${new URLSearchParams({ next })}` : path;
