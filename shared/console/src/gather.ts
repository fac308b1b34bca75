/**
 * Makes one call of many that come close together: the first one soon, and the next not before `everyMs` has passed. A busy
 * shop would otherwise have its list read again for each word that is said there.
 */
export function gathered(work: () => void, everyMs: number): { ask: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return {
    ask() {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          last = Date.now();
          work();
        },
        Math.max(0, last + everyMs - Date.now()),
      );
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
