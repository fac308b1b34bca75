/** A longer line is no product that anybody wrote. */
export const LINE_MAX = 5 * 1024 * 1024;

/** Enough of a line that is too long to see whose it is: every object begins with its id. */
const HEAD = 256;

const NEWLINE = 0x0a;

/** One line; where it is too long, only its beginning. */
export type Line = { text: string; isWhole: boolean };

/**
 * An object of the file with the objects that hang on it; or one that nobody can read, and its id where that much is
 * clear.
 */
export type Entry<Node = unknown, Child = unknown> =
  | { node: Node & { id: string }; children: Child[] }
  | { unreadable: string | undefined };

/** The lines of a file as it comes in. Holds one line at a time, however long the file or a line of it is. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>, max = LINE_MAX): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array) => {
    const wasWhole = length <= max;
    length += part.length;
    if (length <= max) parts.push(part);
    else if (wasWhole) parts = [Buffer.concat([...parts, part.subarray(0, HEAD)]).subarray(0, HEAD)];
  };
  const take = (): Line => {
    const line = { text: Buffer.concat(parts).toString('utf8'), isWhole: length <= max };
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield take();
}

/**
 * The objects of a bulk operation's file (JSON Lines, grouped): each with at most `childrenMax` of those that hang on it,
 * which come right behind it.
 */
export async function* entriesOf<Node, Child>(
  lines: AsyncIterable<Line>,
  childrenMax: number,
): AsyncGenerator<Entry<Node, Child>> {
  let open: { node: Node & { id: string }; children: Child[] } | undefined;
  for await (const line of lines) {
    if (line.text.trim() === '') continue;
    const object = line.isWhole ? objectIn(line.text) : undefined;
    if (!object) {
      yield { unreadable: /"id":\s*"(gid:\/\/shopify\/\w+\/\d+)"/.exec(line.text.slice(0, HEAD))?.[1] };
    } else if (object.__parentId === undefined) {
      if (open) yield open;
      open = { node: object as Node & { id: string }, children: [] };
    } else if (open && object.__parentId === open.node.id && open.children.length < childrenMax) {
      open.children.push(object as Child);
    }
  }
  if (open) yield open;
}

type Parsed = { id: string; __parentId?: string };

function objectIn(text: string): Parsed | undefined {
  try {
    // A byte order mark is none of JSON's.
    const value = JSON.parse(text.trim());
    return typeof value?.id === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
