/**
 * What the stub writes in a token's text: when it was sent, and in an answer's first token also how long it was held
 * back on purpose, in microseconds. In letters, as most of an answer is: what has figures or points in it may be held
 * back by a relay that looks for numbers and addresses. It survives every JSON and every relay unchanged.
 */
export const tokenMark = (sentUs: number, heldUs?: number): string =>
  `~${lettersOf(sentUs)}${heldUs === undefined ? '' : `~${lettersOf(heldUs)}`} `;

/** All the marks of an event: a relay may put into one what arrived together. */
export function readTokenMarks(event: string): { sentUs: number; heldUs: number | undefined }[] {
  const marks = [];
  for (let at = event.indexOf('~'); at !== -1; ) {
    const { mark, end } = readMark(event, at);
    marks.push(mark);
    at = event.indexOf('~', end);
  }
  return marks;
}

function readMark(event: string, at: number) {
  const end = event.indexOf(' ', at);
  const [sent = '', held] = event.slice(at + 1, end).split('~');
  return { mark: { sentUs: numberOf(sent), heldUs: held === undefined ? undefined : numberOf(held) }, end };
}

/** Base 16, its digits as the first sixteen letters. */
const lettersOf = (value: number): string =>
  value.toString(16).replace(/./g, digit => String.fromCharCode(97 + Number.parseInt(digit, 16)));

const numberOf = (letters: string): number => {
  let value = 0;
  for (let at = 0; at < letters.length; at += 1) value = value * 16 + letters.charCodeAt(at) - 97;
  return value;
};
