import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Me } from '@confab/contract';
import { type KeptMail, mailFolder } from '@confab/relay/providers/email/files.ts';
import { vi } from 'vitest';
import { call, type Reply } from './relay.ts';

/** A relay of this process, or one of its own: where it listens, and where its mails are. */
export type ConsoleRelay = { url: string; dataDir: string };

export type Browser = ReturnType<typeof openBrowser>;
export type User = Awaited<ReturnType<typeof signUp>>;

/** Good enough for any user of a test. */
export const PASSWORD = 'seventeen-Blue-harbours';

/** A browser as the relay sees it: it keeps the cookies that it is given, and says which page a request comes from. */
export function openBrowser(url: string) {
  const jar = new Map<string, string>();
  return {
    jar,
    /** What it sends with each request now. */
    get cookie() {
      return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    },
    // biome-ignore lint/suspicious/noExplicitAny: tests look into the answer as they like
    async request<Body = any>(
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Reply<Body>> {
      const reply = await call<Body>(method, `${url}${path}`, {
        body,
        headers: { Origin: new URL(url).origin, ...(jar.size > 0 && { Cookie: this.cookie }), ...headers },
      });
      for (const set of reply.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        if (/;\s*max-age=0\b/i.test(set)) jar.delete(name);
        else jar.set(name, value);
      }
      return reply;
    },
  };
}

/** The mails of the relay to this address, the newest first. */
export async function mailsTo({ dataDir }: Pick<ConsoleRelay, 'dataDir'>, email: string): Promise<KeptMail[]> {
  const folder = mailFolder(join(dataDir, 'mail'));
  const mails = await Promise.all((await folder.list()).map(({ id }) => folder.read(id)));
  return mails.filter(mail => mail?.to === email) as KeptMail[];
}

/** Waits for a mail to this address with a link to this page of the console, such as `verify`, and gives its token. */
export async function tokenFrom(relay: Pick<ConsoleRelay, 'dataDir'>, email: string, page: string): Promise<string> {
  return vi.waitFor(
    async () => {
      for (const { text } of await mailsTo(relay, email)) {
        const token = text.match(new RegExp(`/console/${page}\\?token=([\\w.~-]+)`))?.[1];
        if (token) return token;
      }
      throw new Error(`no mail to ${email} with a link to ${page}`);
    },
    { timeout: 15_000, interval: 50 },
  );
}

/**
 * Somebody who has signed up, confirmed their address by the mail's link, and is signed in: all of it as a browser does.
 * They have an account of their own.
 */
export async function signUp(
  relay: ConsoleRelay,
  {
    email = `${randomUUID()}@people.example`,
    name = 'Ada Owner',
    password = PASSWORD,
    locale = 'en',
  }: { email?: string; name?: string; password?: string; locale?: string } = {},
) {
  const browser = openBrowser(relay.url);
  const asked = await browser.request('POST', '/v1/auth/sign-up', { name, email, password, locale });
  if (asked.status !== 202) throw new Error(`no sign-up: ${asked.status} ${JSON.stringify(asked.body)}`);
  const token = await tokenFrom(relay, email, 'verify');
  const verified = await browser.request<Me>('POST', '/v1/auth/verify', { token });
  if (verified.status !== 200) throw new Error(`no verification: ${verified.status} ${JSON.stringify(verified.body)}`);
  return userOf(browser, { email, password, name });
}

/** The same user in one more browser. */
export async function signIn(
  { url }: Pick<ConsoleRelay, 'url'>,
  user: { email: string; password: string; name?: string },
) {
  const browser = openBrowser(url);
  const { email, password, name = '' } = user;
  const reply = await browser.request('POST', '/v1/auth/sign-in', { email, password });
  if (reply.status !== 200) throw new Error(`no sign-in: ${reply.status} ${JSON.stringify(reply.body)}`);
  return userOf(browser, { email, password, name });
}

function userOf(browser: Browser, who: { email: string; password: string; name: string }) {
  return {
    ...who,
    browser,
    /** The `Cookie` header of this browser now. */
    get cookie() {
      return browser.cookie;
    },
    request: browser.request.bind(browser),
    async me(): Promise<Me> {
      const reply = await browser.request<Me>('GET', '/v1/me');
      if (reply.status !== 200) throw new Error(`not signed in: ${reply.status}`);
      return reply.body;
    },
    /** The sites that they see now, of all their accounts. */
    async siteIds(): Promise<string[]> {
      return (await this.me()).accounts.flatMap(({ sites }) => sites.map(({ siteId }) => siteId));
    },
  };
}

/** The browser of this user as Playwright begins a context with it. */
export function storageOf({ url }: Pick<ConsoleRelay, 'url'>, { browser }: Pick<User, 'browser'>) {
  const cookies = [...browser.jar].map(([name, value]) => ({
    ...{ name, value, domain: new URL(url).hostname, path: '/', expires: -1 },
    ...{ httpOnly: true, secure: false, sameSite: 'Lax' as const },
  }));
  return { cookies, origins: [] };
}
