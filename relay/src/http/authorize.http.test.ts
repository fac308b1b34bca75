import { randomUUID } from 'node:crypto';
import { mayAs, type Operation, operations, type Problem, type Role, role } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp, tokenFrom, type User } from '../../../e2e/console.ts';
import { startTestRelay, type TestRelay } from '../../../e2e/relay.ts';

// Every call of a signed-in user, as each role at a site of their own account, and at somebody else's.

const ofUsers = operations.filter(({ credential }) => credential === 'session');
const ofSites = ofUsers.filter(({ path }) => path.includes('{siteId}'));
const ofAccounts = ofUsers.filter(({ path }) => path.includes('{accountId}'));
/** What ends the membership of whoever asks, so that nothing can be asked after it. */
const isLast = ({ id }: Operation) => id === 'leaveAccount';

describe('what a user may do', () => {
  let relay: TestRelay;
  let own: { accountId: string; siteId: string };
  let foreign: { accountId: string; siteId: string };
  const users = {} as Record<Role, User>;

  beforeAll(async () => {
    relay = await startTestRelay();
    users.owner = await signUp(relay, { name: 'Olivia Owner' });
    own = await withSite(users.owner);
    for (const each of role.options.filter(name => name !== 'owner')) {
      users[each] = await signUp(relay, { name: `Robin ${each}` });
      await join(users[each], each);
    }
    foreign = await withSite(await signUp(relay, { name: 'Somebody Else' }));
  });
  afterAll(() => relay.stop());

  async function withSite(user: User): Promise<{ accountId: string; siteId: string }> {
    const [account] = (await user.me()).accounts;
    const accountId = account?.accountId ?? '';
    const site = { name: 'A shop', origin: 'https://shop.example' };
    const made = await user.request<{ siteId: string }>('POST', `/v1/accounts/${accountId}/sites`, site);
    return { accountId, siteId: made.body.siteId };
  }

  async function join(user: User, as: Role): Promise<void> {
    const invitation = { email: user.email, role: as, siteIds: null };
    const invited = await users.owner.request('POST', `/v1/accounts/${own.accountId}/invitations`, invitation);
    expect(invited.status).toBe(201);
    const token = await tokenFrom(relay, user.email, 'invitation');
    expect((await user.request('POST', '/v1/invitations/accept', { token })).status).toBe(200);
  }

  /** The call with ids that nothing has, and a body that changes nothing. */
  function call(user: User | undefined, operation: Operation, at: typeof own, headers: Record<string, string> = {}) {
    const path = operation.path
      .replace('{siteId}', at.siteId)
      .replace('{accountId}', at.accountId)
      .replace('{target}', 'hubspot')
      .replace('{name}', 'hubspot')
      .replace(/\{\w+\}/g, () => randomUUID());
    return statusOf(relay.url + path, operation, { Cookie: user?.cookie ?? '', Origin: relay.url, ...headers });
  }

  it('is written down: every call under a site or an account says who may make it', () => {
    expect(ofSites.length).toBeGreaterThan(60);
    expect(ofAccounts.length).toBeGreaterThan(12);
    expect([...ofSites, ...ofAccounts].filter(({ access }) => !access).map(({ id }) => id)).toEqual([]);
  });

  describe.each(role.options)('as %s', as => {
    it('is what the role allows, and nothing else', async () => {
      const wrong = await unlike(
        [...ofSites, ...ofAccounts].filter(operation => !isLast(operation)),
        operation => call(users[as], operation, own),
        ({ access }, { status, code = '' }) =>
          mayAs(as, access as Role) ? status < 500 && !refusals.has(code) : status === 403 && code === 'forbidden',
      );
      expect(wrong).toEqual([]);
    });

    it('is nothing at a site and in an account of somebody else', async () => {
      const wrong = await unlike(
        [...ofSites, ...ofAccounts],
        operation => call(users[as], operation, foreign),
        ({ path }, { status, code }) =>
          status === 404 && code === (path.includes('{siteId}') ? 'site_not_found' : 'account_not_found'),
      );
      expect(wrong).toEqual([]);
    });
  });

  it('is nothing without a session, or with one that nobody has', async () => {
    const stranger = { cookie: 'confab.session_token=made.up' } as User;
    for (const user of [undefined, stranger]) {
      const wrong = await unlike(
        ofUsers,
        operation => call(user, operation, own),
        (_, { status, code }) => status === 401 && code === 'unauthorized',
      );
      expect(wrong).toEqual([]);
    }
  });

  it.each([
    ['another site', { Origin: 'https://evil.example' }],
    ['a page without an origin', { Origin: 'null' }],
    ['nowhere', { Origin: '' }],
    ['a site that is like ours', { Origin: 'http://localhost.evil.example' }],
    ['elsewhere, as the browser says', { Origin: '', 'Sec-Fetch-Site': 'cross-site' }],
  ])('is no change that was asked for from %s', async (_, headers) => {
    const wrong = await unlike(
      ofUsers.filter(({ method }) => method !== 'get'),
      operation => call(users.owner, operation, own, headers),
      (_, { status, code }) => status === 403 && code === 'cross_site',
    );
    expect(wrong).toEqual([]);
  });

  it('ends for a member who leaves, at once', async () => {
    const leaving = users.reader;
    const path = `/v1/sites/${own.siteId}`;
    expect((await leaving.request('GET', path)).status).toBe(200);
    expect((await leaving.request('POST', `/v1/accounts/${own.accountId}/leave`)).status).toBe(204);
    expect((await leaving.request('GET', path)).status).toBe(404);
  });
});

type Answer = { status: number; code?: string };

/** What tells somebody that they may not. */
const refusals = new Set(['unauthorized', 'forbidden', 'cross_site', 'site_not_found', 'account_not_found']);

/** The calls whose answers are not as they should be, with these answers. A few at a time, since they are many. */
async function unlike(
  calls: Operation[],
  ask: (operation: Operation) => Promise<Answer>,
  isRight: (operation: Operation, answer: Answer) => boolean,
): Promise<object[]> {
  const wrong: object[] = [];
  const left = [...calls];
  const asker = async () => {
    for (let operation = left.shift(); operation; operation = left.shift()) {
      const answer = await ask(operation);
      if (!isRight(operation, answer)) wrong.push({ id: operation.id, ...answer });
    }
  };
  await Promise.all(Array.from({ length: 8 }, asker));
  return wrong;
}

/** The status and the code of the answer; a stream is left once it has begun. */
async function statusOf(url: string, { method, file }: Operation, headers: Record<string, string>): Promise<Answer> {
  const stop = new AbortController();
  const hasBody = method !== 'get';
  const response = await fetch(url, {
    method: method.toUpperCase(),
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
      ...(hasBody && { 'Content-Type': file?.[0] ?? 'application/json' }),
    },
    ...(hasBody && { body: '{}' }),
    redirect: 'manual',
    signal: stop.signal,
  });
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json');
  const code = isProblem ? ((await response.json()) as Problem).code : undefined;
  stop.abort();
  return { status: response.status, ...(code && { code }) };
}
