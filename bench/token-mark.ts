/**
 * What the stub writes in a token's text: when it was sent, and in an answer's first token also how long it was held
 * back on purpose. In microseconds, base 36; it survives every JSON and every relay unchanged.
 */
export const tokenMark = (sentUs: number, heldUs?: number): string =>
  `~${sentUs.toString(36)}${heldUs === undefined ? '' : `.${heldUs.toString(36)}`} `;

/** The mark in an event, or nothing where it holds none. */
export function readTokenMark(event: string): { sentUs: number; heldUs: number | undefined } | undefined {
  const at = event.indexOf('~');
  if (at === -1) return undefined;
  const [sent = '', held] = event.slice(at + 1, event.indexOf(' ', at)).split('.');
  return { sentUs: Number.parseInt(sent, 36), heldUs: held === undefined ? undefined : Number.parseInt(held, 36) };
}
