/**
 * A list that was read again while somebody may be about to press something in it: what is shown stays where it is and says
 * what it says now, what is new waits, and what is gone stays until then. `waiting` is how many would come.
 */
export function calmly<Item>(
  shown: readonly Item[],
  fresh: readonly Item[],
  idOf: (item: Item) => string,
): { items: Item[]; waiting: number } {
  const now = new Map(fresh.map(item => [idOf(item), item]));
  const known = new Set(shown.map(idOf));
  return {
    items: shown.map(item => now.get(idOf(item)) ?? item),
    waiting: fresh.filter(item => !known.has(idOf(item))).length,
  };
}
