/** An address without its query and fragment, which may say more about a visitor than where they are. */
export function pageAddress(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, protocol } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? `${origin}${pathname}`.slice(0, 2_048) : undefined;
}
