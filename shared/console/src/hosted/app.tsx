import type { Me } from '@confab/contract';
import { CacheProvider } from '@emotion/react';
import { createPortal, lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from '@wordpress/element';

import { type ApiError, asApiError } from '../client.ts';
import { Problem, Waiting } from '../parts.tsx';
import { askOnce, onSessionEnd } from './api.ts';
import { Boundary } from './boundary.tsx';
import { languageOf, speak } from './languages.ts';
import { nextOf, withNext } from './next.ts';
import { go, holdScreens, usePathname } from './router.ts';
import { type AuthPage, BASE, isAuthPage, type Route, routeOf } from './routes.ts';
import { emotionCache } from './style-nonce.ts';

const Auth = lazy(() => import(/* webpackChunkName: "auth" */ './auth/auth.tsx'));
const Shell = lazy(() => import(/* webpackChunkName: "shell" */ './shell.tsx'));

/** What these do, somebody who is signed in may want, too. */
const OPEN_PAGES: AuthPage[] = ['verify', 'reset/new', 'invitation'];

/** The hosted console: who somebody is comes first, then what they see. */
export function App() {
  return (
    <CacheProvider value={emotionCache}>
      <Boundary>
        <Suspense fallback={<Waiting />}>
          <Console />
        </Suspense>
      </Boundary>
    </CacheProvider>
  );
}

function Console() {
  const route = routeOf(usePathname());
  const { me, error, isEnded, load, check, signedIn } = useMe();
  const shown = useRef<Route>(route);
  if (!isEnded) shown.current = route;

  const isOpen = isAuthPage(route) && OPEN_PAGES.includes(route.page);
  const isInside = me && !isAuthPage(route);
  useEffect(() => {
    document.documentElement.classList.toggle('is-signed-out', isEnded);
    if (isEnded) return;
    if (me === null && !isAuthPage(route)) {
      go(withNext(`${BASE}/sign-in`, addressOf(location)), { replace: true });
    }
    if (me && isAuthPage(route) && !isOpen) leaveTo(nextOf(location.search));
  });

  if (error) return <Problem error={error} retry={load} />;
  if (me === undefined) return <Waiting />;
  const auth = isAuthPage(route) ? route.page : undefined;
  return (
    <>
      {me && (isEnded || isInside) && (
        // What somebody was writing stays there, unseen, until they are back.
        <div hidden={isEnded}>
          <Shell route={shown.current} me={me} check={check} isEnded={isEnded} />
        </div>
      )}
      {isEnded && me
        ? createPortal(<Auth page={auth ?? 'sign-in'} signedIn={signedIn} waitsFor={me.user.email} />, outside())
        : isAuthPage(route) && (!me || isOpen) && <Auth page={route.page} me={me ?? undefined} signedIn={signedIn} />}
    </>
  );
}

/** Where a dialog that is open hides nothing from a screen reader, as it does with all that was there before it. */
function outside(): HTMLElement {
  const id = 'console-outside';
  const known = document.getElementById(id);
  if (known) return known;
  const made = document.body.appendChild(document.createElement('div'));
  made.id = id;
  return made;
}

const addressOf = ({ pathname, search }: Location): string => `${pathname}${search}`;

/** Within the console no page is loaded; the rest of the relay is a page of its own. */
function leaveTo(next: string | null): void {
  const address = next ?? `${BASE}/`;
  if (address === BASE || address.startsWith(`${BASE}/`)) go(address, { replace: true });
  else location.assign(address);
}

/** Asks who is signed in, and speaks their language from then on. */
async function whoAmI(): Promise<Me> {
  const { answer } = await askOnce<Me>('GET', '/v1/me');
  await speak(languageOf([answer.user.locale, ...navigator.languages]));
  return answer;
}

/** Who is signed in: nobody known yet, somebody, or nobody (null); and whether their session has ended since. */
function useMe() {
  const [state, setState] = useState<{ me?: Me | null; error?: ApiError }>({});
  const [isEnded, setEnded] = useState(false);
  const current = useRef<Me | null>(null);
  const waiting = useRef<PromiseWithResolvers<void>>(undefined);
  current.current = state.me ?? null;

  const end = useCallback((): Promise<void> => {
    if (!waiting.current) {
      waiting.current = Promise.withResolvers();
      holdScreens(true);
      go(withNext(`${BASE}/sign-in`, addressOf(location)));
      setEnded(true);
    }
    return waiting.current.promise;
  }, []);

  const load = useCallback(async () => {
    try {
      const answer = await whoAmI();
      setState({ me: answer });
    } catch (problem) {
      const error = asApiError(problem);
      setState(error.code === 'unauthorized' ? { me: null } : { error });
    }
  }, []);
  useEffect(() => {
    void load();
  }, [load]);

  /** Whether they still are who they were; what they may see is taken from the answer. */
  const check = useCallback(async () => {
    try {
      const { answer } = await askOnce<Me>('GET', '/v1/me');
      setState({ me: answer });
    } catch (problem) {
      if (asApiError(problem).code === 'unauthorized') void end();
    }
  }, [end]);

  const signedIn = useCallback(async (next: string | null) => {
    const answer = await whoAmI();
    const before = current.current;
    const held = waiting.current;
    if (held && before && before.user.id !== answer.user.id) return location.assign(next ?? `${BASE}/`);
    setState({ me: answer });
    if (held) {
      history.replaceState(null, '', next ?? `${BASE}/`);
      waiting.current = undefined;
      holdScreens(false);
      setEnded(false);
      held.resolve();
    } else leaveTo(next);
  }, []);

  useEffect(() => {
    if (state.me) onSessionEnd(end);
  }, [state.me, end]);
  return useMemo(() => ({ ...state, isEnded, load, check, signedIn }), [state, isEnded, load, check, signedIn]);
}
