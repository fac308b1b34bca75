type Asked<Item> = { item: Item; done: PromiseWithResolvers<void> };

/**
 * Does in one go what is asked of the same key while an earlier one is under way: what many have to write into one row of
 * the database, where each would wait for the lock of the one before. Resolves when its own is done; a failure is that
 * of all who went together.
 */
export function together<Item>(run: (items: Item[]) => Promise<void>): (key: string, item: Item) => Promise<void> {
  const waiting = new Map<string, Asked<Item>[]>();

  async function work(key: string): Promise<void> {
    for (let batch = waiting.get(key) ?? []; batch.length > 0; batch = waiting.get(key) ?? []) {
      waiting.set(key, []);
      const ran = run(batch.map(({ item }) => item));
      // Each is told by itself, and what it does about it is its own.
      for (const { done } of batch) ran.then(done.resolve, done.reject);
      await ran.catch(() => {});
    }
    waiting.delete(key);
  }

  return (key, item) => {
    const done = Promise.withResolvers<void>();
    const others = waiting.get(key);
    if (others) others.push({ item, done });
    else {
      waiting.set(key, [{ item, done }]);
      void work(key);
    }
    return done.promise;
  };
}
