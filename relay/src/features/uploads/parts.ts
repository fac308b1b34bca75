/**
 * Cuts a long text into parts of at most `max` characters: before a heading, else at the end of a line, else anywhere but
 * inside a character. Nothing is lost.
 */
export function partsOf(text: string, max: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > max) {
    const window = rest.slice(0, max);
    const heading = window.lastIndexOf('\n# ');
    const line = window.lastIndexOf('\n');
    let end = heading > 0 ? heading : line > 0 ? line : max;
    if (/[\ud800-\udbff]/.test(rest.charAt(end - 1))) end -= 1;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...parts, rest].filter(part => part.trim() !== '');
}
