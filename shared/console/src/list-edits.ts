/** The list with one entry replaced. */
export const replaced = <Each>(list: readonly Each[], index: number, value: Each): Each[] =>
  list.map((each, i) => (i === index ? value : each));

/** The list without one entry. */
export const without = <Each>(list: readonly Each[], index: number): Each[] => list.filter((_, i) => i !== index);

/** The list with one entry one place further up or down; at an end it stays. */
export function shifted<Each>(list: readonly Each[], index: number, by: -1 | 1): Each[] {
  const result = [...list];
  const [entry] = result.splice(index, 1);
  if (entry === undefined) return result;
  result.splice(Math.min(Math.max(index + by, 0), result.length), 0, entry);
  return result;
}
