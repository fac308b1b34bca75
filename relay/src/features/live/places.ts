import { AppError } from '../../lib/app-error.ts';

const RETRY_AFTER_S = 20;

export type Places = ReturnType<typeof createPlaces>;

/** How many streams somebody holds open at this process. */
export function createPlaces() {
  const taken = new Map<string, number>();
  return {
    /** Takes a place under each name, until what this gives is called. Throws 429 where one has none left. */
    take(wanted: { name: string; most: number }[]): () => void {
      if (wanted.some(({ name, most }) => (taken.get(name) ?? 0) >= most)) {
        throw new AppError('rate_limited', 'Too many of these are open at once. Close one and try again.', {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      for (const { name } of wanted) taken.set(name, (taken.get(name) ?? 0) + 1);
      return () => {
        for (const { name } of wanted) {
          const left = (taken.get(name) ?? 1) - 1;
          if (left > 0) taken.set(name, left);
          else taken.delete(name);
        }
      };
    },
  };
}
