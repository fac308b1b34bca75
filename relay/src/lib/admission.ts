import { AppError } from './app-error.ts';

/** Who is turned away comes again after one to so many seconds, so that not all of them come at once. */
const RETRY_MAX_S = 5;

export type Admission = ReturnType<typeof createAdmission>;

/**
 * So many may be at something at once, in this process; what gives the place back is what `enter` gives. Throws 503 with
 * the seconds to wait, before anything has happened: those who are in are not touched.
 */
export function createAdmission(most: number, { random = Math.random }: { random?: () => number } = {}) {
  let inside = 0;
  return {
    enter(): () => void {
      if (inside >= most) {
        const retryAfterS = 1 + Math.floor(random() * RETRY_MAX_S);
        throw new AppError('unavailable', `The relay is busy. Please try again in ${retryAfterS} s.`, { retryAfterS });
      }
      inside += 1;
      let isIn = true;
      return () => {
        if (isIn) inside -= 1;
        isIn = false;
      };
    },

    /** How many are in. */
    inside: () => inside,
  };
}
