/**
 * Which of the language tags serves somebody best: for the first wish that any serves, the very tag, or else the
 * language without its region (`de` for `de-AT`).
 */
export function bestTag(tags: string[], wishes: string[]): string | undefined {
  for (const wish of wishes.map(each => each.toLowerCase())) {
    const byTag = (wanted: string) => tags.find(tag => tag.toLowerCase() === wanted);
    const found = byTag(wish) ?? byTag(languageOf(wish));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `pt-BR` → `pt` */
export const languageOf = (tag: string): string => (tag.split('-')[0] as string).toLowerCase();
