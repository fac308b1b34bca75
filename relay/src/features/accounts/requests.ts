import { ADDRESS_HEADER, COOKIE_PREFIX } from './auth.ts';

/** What of a request says who asks, and from where. */
export type Asking = { cookie: string; userAgent: string | null; ipAddress: string | null };

/** An answer, and the cookies that the browser is given with it. */
export type Answered<Answer> = { answer: Answer; cookies: string[] };

/** Known to the browser for as long as browsers keep a cookie, to tell a new device from one that was there before. */
const DEVICE_DAYS = 400;

const SESSION = new RegExp(`^(?:__Secure-)?${COOKIE_PREFIX}\\.session_token$`);
const PENDING = new RegExp(`^(?:__Secure-)?${COOKIE_PREFIX}\\.two_factor$`);
const DEVICE = new RegExp(`^(?:__Secure-)?${COOKIE_PREFIX}\\.device$`);

const cookiesOf = ({ cookie }: Asking): [name: string, value: string][] =>
  cookie.split(';').flatMap(pair => {
    const at = pair.indexOf('=');
    return at > 0 ? [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as [string, string]] : [];
  });

const cookieOf = (asked: Asking, name: RegExp): string | undefined =>
  cookiesOf(asked).find(each => name.test(each[0]))?.[1];

/**
 * The request as better-auth hears of it. Whoever signs in comes as nobody: a session that is there already must neither be
 * taken over nor stand in for the second factor.
 */
export function headersOf(asked: Asking, { asNobody = false } = {}): Headers {
  const cookies = cookiesOf(asked).filter(([name]) => !asNobody || !SESSION.test(name));
  const headers = new Headers();
  if (cookies.length > 0) headers.set('cookie', cookies.map(pair => pair.join('=')).join('; '));
  if (asked.userAgent) headers.set('user-agent', asked.userAgent);
  if (asked.ipAddress) headers.set(ADDRESS_HEADER, asked.ipAddress);
  return headers;
}

/**
 * The name of the sign-in that waits for its second factor; better-auth still checks that it is of ours. Nothing where
 * there are two: what we write down of one user must not be the sign-in of another.
 */
export function pendingOf(asked: Asking): string | undefined {
  const [one, another] = cookiesOf(asked).filter(([name]) => PENDING.test(name));
  return another ? undefined : decodeURIComponentOrNothing(one?.[1])?.split('.')[0];
}

/** What the browser was given when somebody first signed in there. */
export function deviceOf(asked: Asking): string | undefined {
  const value = cookieOf(asked, DEVICE);
  return value && /^[\w-]{22}$/.test(value) ? value : undefined;
}

export function deviceCookie(device: string, isSecure: boolean): string {
  const name = `${isSecure ? '__Secure-' : ''}${COOKIE_PREFIX}.device`;
  const maxAge = DEVICE_DAYS * 24 * 60 * 60;
  return `${name}=${device}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
}

function decodeURIComponentOrNothing(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
