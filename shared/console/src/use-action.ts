import { useCallback, useState } from '@wordpress/element';
import { type ApiError, asApiError } from './client.ts';

/** Something that is done at a press: whether it is under way, and what came of it. */
export type Action = {
  isBusy: boolean;
  error?: ApiError;
  /** What was done, to be read out. */
  said: string;
  /** Does the work and says that it is done; true where it went well. */
  act: (work: () => Promise<unknown>, done?: string) => Promise<boolean>;
  clear: () => void;
};

/** Does one thing at a time, and keeps how it went. */
export function useAction(): Action {
  const [state, setState] = useState<{ isBusy: boolean; error?: ApiError; said: string }>({ isBusy: false, said: '' });
  const act = useCallback(async (work: () => Promise<unknown>, done = '') => {
    setState({ isBusy: true, said: '' });
    try {
      await work();
      setState({ isBusy: false, said: done });
      return true;
    } catch (problem) {
      setState({ isBusy: false, said: '', error: asApiError(problem) });
      return false;
    }
  }, []);
  const clear = useCallback(() => setState({ isBusy: false, said: '' }), []);
  return { ...state, act, clear };
}
