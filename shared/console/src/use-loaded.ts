import { useCallback, useEffect, useState } from '@wordpress/element';
import { type ApiError, asApiError } from './client.ts';

/** What is being loaded: nothing yet, the answer, or why there is none. */
export type Loaded<Answer> = {
  answer?: Answer;
  error?: ApiError;
  isLoading: boolean;
  reload: () => void;
  /** Takes an answer that came another way, such as from saving. */
  set: (answer: Answer) => void;
};

/** Loads when the screen appears and whenever `load` changes; an answer that comes too late for its screen is dropped. */
export function useLoaded<Answer>(load: () => Promise<Answer>): Loaded<Answer> {
  const [state, setState] = useState<{ answer?: Answer; error?: ApiError; isLoading: boolean }>({ isLoading: true });
  const [attempt, setAttempt] = useState(0);
  // Another attempt is a reason to load again.
  useEffect(() => {
    let isCurrent = true;
    setState(({ answer }) => ({ ...(answer !== undefined && { answer }), isLoading: true }));
    load().then(
      answer => isCurrent && setState({ answer, isLoading: false }),
      error =>
        isCurrent &&
        setState(({ answer }) => ({ ...(answer && { answer }), error: asApiError(error), isLoading: false })),
    );
    return () => {
      isCurrent = false;
    };
  }, [load, attempt]);
  const reload = useCallback(() => setAttempt(number => number + 1), []);
  const set = useCallback((answer: Answer) => setState({ answer, isLoading: false }), []);
  return { ...state, reload, set };
}
