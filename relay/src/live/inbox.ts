/** More than this nobody lets wait who still reads. */
const WAITING_MAX = 100;

export type Inbox<Item> = ReturnType<typeof createInbox<Item>>;

/** What is put in is taken out in turn. Where too much waits, all of it gives way to `overflow`. */
export function createInbox<Item>(overflow: Item) {
  const waiting: Item[] = [];
  let wake = () => {};
  return {
    put(item: Item): void {
      waiting.push(item);
      if (waiting.length > WAITING_MAX) waiting.splice(0, waiting.length, overflow);
      wake();
    },

    /** Ends with `signal`. */
    async *taken(signal: AbortSignal): AsyncGenerator<Item> {
      const aborted = () => wake();
      signal.addEventListener('abort', aborted);
      try {
        while (!signal.aborted) {
          const item = waiting.shift();
          if (item !== undefined) yield item;
          else {
            await new Promise<void>(resolve => {
              wake = resolve;
              if (signal.aborted || waiting.length > 0) resolve();
            });
          }
        }
      } finally {
        signal.removeEventListener('abort', aborted);
      }
    },
  };
}
