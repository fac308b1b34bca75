import { useEffect, useRef, useState } from '@wordpress/element';
import { type LiveEvent, useClient } from './client.ts';

/** How a screen learns what happens: told at once, no longer for the moment, by looking now and then, or not any more. */
export type LiveState = 'live' | 'lost' | 'looking' | 'signed_out';

const LOOK_AGAIN_MS = 20_000;

/** Events after which anything may be other than it is shown. */
const UNSURE = ['connected', 'missed'];

/**
 * Hears what happens at the site as long as the screen is there. `again` is called, too, when something may have been missed;
 * where nothing tells, every 20 seconds while the page is looked at.
 */
export function useLive({ hear, again }: { hear: (event: LiveEvent) => void; again: () => void }): LiveState {
  const { events } = useClient();
  const [state, setState] = useState<LiveState>(events ? 'live' : 'looking');
  const current = useRef({ hear, again });
  current.current = { hear, again };
  useEffect(() => {
    if (!events) return whileLookedAt(() => current.current.again());
    return events(event => {
      if (event.type === 'signed_out') setState('signed_out');
      else if (event.type === 'lost') setState('lost');
      else if (UNSURE.includes(event.type)) {
        setState('live');
        current.current.again();
      } else current.current.hear(event);
    });
  }, [events]);
  return state;
}

/** Calls it now and then, but not for a page that nobody sees; at once when it is seen again. */
function whileLookedAt(look: () => void): () => void {
  const timer = setInterval(() => document.visibilityState === 'visible' && look(), LOOK_AGAIN_MS);
  const seen = () => document.visibilityState === 'visible' && look();
  document.addEventListener('visibilitychange', seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
