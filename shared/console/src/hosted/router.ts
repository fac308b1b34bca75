import { useSyncExternalStore } from '@wordpress/element';
import { BASE } from './routes.ts';

const followers = new Set<() => void>();
let isHeld = false;

// Registered before any screen has a listener of its own.
addEventListener('popstate', event => {
  for (const tell of followers) tell();
  if (isHeld) event.stopImmediatePropagation();
});

/** Keeps the screens from hearing that the address changes, as long as they only wait for somebody to sign in again. */
export function holdScreens(held: boolean): void {
  isHeld = held;
}

/** Goes to another address of the console; whoever shows something by the address hears of it as of the back button. */
export function go(address: string, { replace = false }: { replace?: boolean } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
}

/** The path of the address, as it is now. */
export const usePathname = (): string => useSyncExternalStore(follow, () => location.pathname);

function follow(tell: () => void): () => void {
  followers.add(tell);
  return () => followers.delete(tell);
}

/** Takes clicks on links within the console, so that following one loads no page. A new tab stays a new tab. */
export function takeLinks(): void {
  document.addEventListener('click', event => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[href]');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return;
    // A place on the same page is the browser's own affair.
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    if (link.href !== location.href) go(link.href);
  });
}
