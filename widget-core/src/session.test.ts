import { THREAD_TURNS_MAX } from '@confab/contract/constants';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answering,
  challenging,
  cuttingOff,
  defaultConfig,
  failing,
  holding,
  losing,
  refusing,
  type StubRelay,
  startStubRelay,
} from '../test/stub-relay.ts';
import { createClient } from './client.ts';
import type { PlatformConsent } from './platform-consent.ts';
import { createSession } from './session.ts';

let relay: StubRelay;
beforeAll(async () => {
  relay = await startStubRelay();
});
afterAll(() => relay.close());
beforeEach(() => relay.reset());

/** A page view: the session as the panel has it, with a cookie jar that a test can look into. */
function visit({
  jar = { handle: undefined as string | undefined, days: 0 },
  privacySignal = false,
  platform = undefined as PlatformConsent | undefined,
  customerToken = undefined as (() => Promise<string | undefined>) | undefined,
  solve = async (challenge: string) => `${challenge}.solved`,
} = {}) {
  const session = createSession({
    client: createClient(relay.origin, 'demo'),
    cookie: {
      read: () => jar.handle,
      remember: (handle, days) => Object.assign(jar, { handle, days }),
      forget: () => Object.assign(jar, { handle: undefined }),
    },
    locale: 'en',
    privacySignal,
    platform,
    customerToken,
    solve,
    page: () => ({ url: 'https://shop.example/mugs' }),
    changed() {},
  });
  const ask = (text: string) => {
    session.type(text);
    return session.send();
  };
  return { ...session, jar, ask };
}

async function declined(options?: Parameters<typeof visit>[0]) {
  const visitor = visit(options);
  await visitor.load();
  await visitor.decline();
  return visitor;
}

async function accepted() {
  const visitor = visit();
  await visitor.load();
  await visitor.accept();
  return visitor;
}

/** Accepted, and has had a first answer: the relay holds a conversation. */
async function begun() {
  const visitor = await accepted();
  await visitor.ask('one');
  return visitor;
}

const dataRequests = () => relay.to('/data-requests').map(({ body }) => body);
const turns = () => relay.to('/turns').map(({ body }) => body);
const consents = () => relay.to('/consents').map(({ body }) => body);

describe('a visitor who declines', () => {
  it('is served although the decision cannot be sent', async () => {
    const visitor = visit();
    await visitor.load();
    relay.refuseOnce('/consents', 503, 'unavailable');
    await visitor.decline();
    await visitor.ask('Hello?');
    expect(visitor.state.messages.at(-1)?.text).toBe('You asked: Hello?');
  });

  it('carries whole exchanges with their seals, and nothing else', async () => {
    const visitor = await declined();
    await visitor.ask('one');
    relay.scripts.push(failing);
    await visitor.ask('two');
    await visitor.ask('three');
    expect(turns().map(({ thread }) => thread.length)).toEqual([0, 2, 2]);
    expect(turns()[2].thread).toEqual([
      { role: 'visitor', text: 'one' },
      { role: 'assistant', text: 'You asked: one', seal: 'seal of 14' },
    ]);
    expect(visitor.jar.handle).toBeUndefined();
  });

  it('begins a fresh thread when this one is as long as the relay takes, and is told', async () => {
    const visitor = await declined();
    for (let i = 0; i < THREAD_TURNS_MAX; i++) await visitor.ask(`question ${i}`);
    expect(visitor.state.note).toBe('threadFull');
    await visitor.ask('one more');
    expect(turns().at(-2).thread).toHaveLength(2 * (THREAD_TURNS_MAX - 1));
    expect(turns().at(-1).thread).toEqual([]);
  });

  it('goes on with a fresh thread when the relay does not know its seal', async () => {
    const visitor = await declined();
    await visitor.ask('one');
    relay.scripts.push(refusing(422, 'thread_not_sealed'));
    await visitor.ask('two');
    expect(visitor.state.draft).toBe('two');
    await visitor.send();
    expect(turns().at(-1)).toMatchObject({ text: 'two', thread: [] });
  });

  it('can change their mind: what is asked from then on is stored, what was said before is not sent', async () => {
    const visitor = await declined();
    await visitor.ask('one');
    await visitor.changeMind();
    await visitor.ask('two');
    expect(consents().at(-1)).toMatchObject({ decision: 'granted', source: 'settings' });
    expect(turns().at(-1)).not.toHaveProperty('thread');
    expect(visitor.jar).toEqual({ handle: [...relay.conversations.keys()][0], days: defaultConfig.retentionDays });
    expect(visitor.state.messages.map(({ text }) => text)).toContain('one');
  });

  it('can see what this page knows', async () => {
    const visitor = await declined();
    await visitor.ask('one');
    expect(await visitor.myData()).toMatchObject({
      document: {
        data: {
          messages: [{ text: 'one' }, { text: 'You asked: one' }],
          consents: [{ receipt: { decision: 'declined' } }],
        },
      },
    });
  });
});

describe('a visitor with Global Privacy Control', () => {
  it('has declined without being asked, and sees the notice before changing that', async () => {
    const visitor = visit({ privacySignal: true });
    await visitor.load();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false });
    expect(consents()).toMatchObject([{ decision: 'declined', source: 'gpc' }]);
    await visitor.changeMind();
    expect(visitor.state.phase).toBe('asking');
    await visitor.accept();
    expect(consents().at(-1)).toMatchObject({ decision: 'granted', source: 'settings' });
  });
});

/** A consent manager of the whole site, which a test answers. */
function manager(answer: boolean | undefined) {
  return {
    said: answer,
    isForbidden: false,
    told: [] as boolean[],
    ready: async () => {},
    allows() {
      return !this.isForbidden;
    },
    answer() {
      return this.said;
    },
    tell(isGranted: boolean) {
      this.told.push(isGranted);
      this.said = isGranted;
    },
    watch() {},
  };
}

describe('a consent manager of the whole site', () => {
  it('that the visitor has agreed to decides without our notice, and so does one that they refused', async () => {
    const agreed = visit({ platform: manager(true) });
    await agreed.load();
    expect(agreed.state).toMatchObject({ phase: 'ready', stored: true });
    const refused = visit({ platform: manager(false) });
    await refused.load();
    expect(refused.state).toMatchObject({ phase: 'ready', stored: false });
    expect(consents()).toMatchObject([
      { decision: 'granted', source: 'platform' },
      { decision: 'declined', source: 'platform' },
    ]);
    await agreed.ask('one');
    await refused.ask('two');
    expect([agreed.jar.handle, refused.jar.handle]).toEqual([[...relay.conversations.keys()][0], undefined]);
  });

  it('without an answer leaves the decision to our notice, until it has one', async () => {
    const platform = manager(undefined);
    const visitor = visit({ platform });
    await visitor.load();
    await visitor.followPlatform();
    expect(visitor.state.phase).toBe('asking');
    platform.said = true;
    await visitor.followPlatform();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: true });
    expect(consents()).toMatchObject([{ decision: 'granted', source: 'platform' }]);
  });

  it('does not outdo Global Privacy Control', async () => {
    const visitor = visit({ platform: manager(true), privacySignal: true });
    await visitor.load();
    expect(consents()).toMatchObject([{ decision: 'declined', source: 'gpc' }]);
  });

  it('at which consent is withdrawn erases the chat, which goes on in memory', async () => {
    const platform = manager(true);
    const visitor = visit({ platform });
    await visitor.load();
    await visitor.ask('one');
    const handle = visitor.jar.handle;
    platform.said = false;
    await Promise.all([visitor.followPlatform(), visitor.followPlatform()]);
    expect(consents().slice(1)).toMatchObject([{ decision: 'withdrawn', source: 'platform', conversationId: handle }]);
    expect(visitor.jar.handle).toBeUndefined();
    expect(relay.conversations.size).toBe(0);
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false, messages: [], note: 'platformWithdrawn' });
    await visitor.ask('two');
    expect(turns().at(-1)).toHaveProperty('thread', []);
  });

  it('at which consent was withdrawn while the chat was closed erases it before anything is read', async () => {
    const before = await begun();
    const visitor = visit({ jar: before.jar, platform: manager(false) });
    await visitor.followPlatform();
    expect(relay.conversations.size).toBe(0);
    expect(visitor.jar.handle).toBeUndefined();
    expect(visitor.state).toMatchObject({ phase: 'ready', note: 'platformWithdrawn' });
    expect(relay.to('/conversation')).toEqual([]);
  });

  it('at which consent is withdrawn while the relay is down: stores no more, and erases when it is back', async () => {
    const before = await begun();
    const platform = manager(true);
    const visitor = visit({ jar: before.jar, platform });
    await visitor.load();
    platform.said = false;
    relay.refuseOnce('/consents', 503, 'unavailable');
    await visitor.followPlatform();
    expect(visitor.state).toMatchObject({ stored: false, messages: [], note: 'withdrawFailed' });
    await visitor.ask('two');
    expect(turns().at(-1)).toHaveProperty('thread', []);
    await visitor.revisit();
    expect(relay.conversations.size).toBe(0);
    expect(visitor.jar.handle).toBeUndefined();
  });

  it('at which consent is withdrawn while it is on its way to the relay has the last word', async () => {
    const platform = manager(undefined);
    const visitor = visit({ platform });
    await visitor.load();
    platform.said = true;
    const agreeing = visitor.followPlatform();
    platform.said = false;
    await visitor.followPlatform();
    await agreeing;
    expect(platform.told).toEqual([]);
    expect(consents()).toMatchObject([{ decision: 'granted' }, { decision: 'withdrawn', source: 'platform' }]);
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false, deciding: false });
  });

  it('hears what the visitor decides otherwise in the chat, so that the next page does not undo it', async () => {
    const refused = manager(false);
    const storing = visit({ platform: refused });
    await storing.load();
    await storing.changeMind();
    await storing.accept();
    expect(storing.state.stored).toBe(true);
    expect(refused.told).toEqual([true]);
    const agreed = manager(true);
    const withdrawing = visit({ platform: agreed });
    await withdrawing.load();
    await withdrawing.ask('one');
    await withdrawing.withdraw();
    expect(agreed.told).toEqual([false]);
  });
});

describe('a consent manager that does not allow storage', () => {
  it('is told in words to who accepts our notice: nothing is stored, and the decision is recorded as a no', async () => {
    const platform = manager(undefined);
    platform.isForbidden = true;
    const visitor = visit({ platform });
    await visitor.load();
    expect(visitor.state.phase).toBe('asking');
    await visitor.accept();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false, note: 'platformForbids' });
    expect(consents()).toMatchObject([{ decision: 'declined', source: 'platform' }]);
    await visitor.ask('one');
    expect(turns().at(-1)).toHaveProperty('thread', []);
    expect([visitor.jar.handle, relay.conversations.size]).toEqual([undefined, 0]);
  });

  it('no longer stands in the way once it allows it, and the visitor asks for it again', async () => {
    const platform = manager(undefined);
    platform.isForbidden = true;
    const visitor = visit({ platform });
    await visitor.load();
    await visitor.accept();
    platform.isForbidden = false;
    await visitor.followPlatform();
    expect(visitor.state.stored).toBe(false); // what it allows is not what the visitor wants
    await visitor.changeMind();
    expect(visitor.state.stored).toBe(true);
    expect(consents().at(-1)).toMatchObject({ decision: 'granted', source: 'settings' });
    expect(platform.told).toEqual([]);
  });

  it('only after our notice was accepted ends the use of the chat, and erases nothing', async () => {
    const platform = manager(undefined);
    const visitor = visit({ platform });
    await visitor.load();
    await visitor.accept();
    await visitor.ask('one');
    const { handle } = visitor.jar;
    platform.isForbidden = true;
    await visitor.followPlatform();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false, messages: [], note: 'platformForbids' });
    await visitor.ask('two');
    expect(turns().at(-1)).toHaveProperty('thread', []);
    expect([visitor.jar.handle, relay.conversations.size]).toEqual([handle, 1]);
    expect(consents()).toHaveLength(1); // nobody has decided anything
  });

  it('while our notice is being accepted lets nothing be stored', async () => {
    const platform = manager(undefined);
    const visitor = visit({ platform });
    await visitor.load();
    const agreeing = visitor.accept();
    platform.isForbidden = true;
    await visitor.followPlatform();
    await agreeing;
    expect(visitor.state).toMatchObject({ stored: false, note: 'platformForbids' });
    await visitor.ask('one');
    expect([visitor.jar.handle, relay.conversations.size]).toEqual([undefined, 0]);
  });

  it('because the visitor said so in another tab, of which this one was not told, has nothing stored here', async () => {
    const platform = manager(undefined);
    const visitor = visit({ platform });
    await visitor.load();
    await visitor.accept();
    platform.said = false;
    platform.isForbidden = true;
    await visitor.ask('one');
    expect(turns()).toMatchObject([{ text: 'one', thread: [] }]);
    expect([visitor.jar.handle, relay.conversations.size]).toEqual([undefined, 0]);
    expect(consents().at(-1)).toMatchObject({ decision: 'withdrawn', source: 'platform' });
    expect(visitor.state.messages.at(-1)?.text).toBe('You asked: one');
  });

  it('leaves a stored chat as it is, unseen and unused, and the chat goes on in memory until it allows it', async () => {
    const before = await begun();
    const platform = manager(undefined);
    platform.isForbidden = true;
    const visitor = visit({ jar: before.jar, platform });
    await visitor.load();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: false, messages: [], note: 'platformForbids' });
    await visitor.ask('two');
    expect(turns().at(-1)).toHaveProperty('thread', []);
    expect(consents()).toHaveLength(1); // nobody has decided anything
    platform.isForbidden = false;
    await visitor.changeMind();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: true, begun: true });
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one', 'You asked: one']);
    expect(relay.conversations.size).toBe(1);
  });
});

describe('a customer who is signed in', () => {
  const features = { ...defaultConfig.features, orders: true };

  it('is proven with each question where orders may be asked about, and nowhere else', async () => {
    const customerToken = async () => 'proof';
    const elsewhere = await declined({ customerToken });
    await elsewhere.ask('one');
    expect(turns().at(-1)).not.toHaveProperty('customerToken');
    relay.configure({ features });
    const visitor = await declined({ customerToken });
    await visitor.ask('two');
    expect(turns().at(-1)).toMatchObject({ customerToken: 'proof' });
  });

  it('that cannot be proven is answered like anybody else', async () => {
    relay.configure({ features });
    const visitor = await declined({ customerToken: async () => undefined });
    await visitor.ask('one');
    expect(turns().at(-1)).not.toHaveProperty('customerToken');
    expect(visitor.state.messages.at(-1)).toMatchObject({ text: 'You asked: one', status: 'completed' });
  });
});

describe('a form before the chat', () => {
  const field = { label: 'x', purpose: 'y' };
  const prechat = {
    enabled: true,
    fields: [
      { ...field, name: 'who', type: 'name' as const, required: true },
      { ...field, name: 'mail', type: 'email' as const, required: false },
    ],
  };

  it('comes after consent, goes with the first question, and with that one only', async () => {
    relay.configure({ prechat });
    const visitor = await accepted();
    expect(visitor.state.phase).toBe('introducing');
    visitor.introduce({ who: 'Jo' });
    expect(visitor.state.phase).toBe('ready');
    await visitor.ask('one');
    await visitor.ask('two');
    expect(turns().map(turn => turn.prechat)).toEqual([{ who: 'Jo' }, undefined]);
  });

  it('is never shown to who declined, nor to who comes back', async () => {
    relay.configure({ prechat });
    expect((await declined()).state.phase).toBe('ready');
    const visitor = await accepted();
    visitor.introduce({ who: 'Jo' });
    await visitor.ask('one');
    const again = visit({ jar: visitor.jar });
    await again.load();
    expect(again.state.phase).toBe('ready');
  });

  it('that was filled in is kept when the question fails', async () => {
    relay.configure({ prechat });
    const visitor = await accepted();
    visitor.introduce({ who: 'Jo' });
    relay.scripts.push(refusing(503, 'unavailable'), refusing(403, 'consent_required'));
    await visitor.ask('one');
    await visitor.retry();
    expect(visitor.state.phase).toBe('asking');
    await visitor.accept();
    expect(visitor.state.phase).toBe('ready');
    await visitor.send();
    expect(turns().map(turn => turn.prechat)).toEqual(Array(3).fill({ who: 'Jo' }));
    expect(visitor.state.messages.at(-1)?.text).toBe('You asked: one');
  });

  it('comes again with what the relay did not take, and the question is kept', async () => {
    relay.configure({ prechat });
    const visitor = await accepted();
    visitor.introduce({ who: 'Jo', mail: 'jo' });
    relay.scripts.push(refusing(400, 'validation_failed', {}, ['prechat.mail']));
    await visitor.ask('one');
    expect(visitor.state).toMatchObject({ phase: 'introducing', wrongFields: ['mail'], draft: 'one', messages: [] });
    visitor.introduce({ who: 'Jo', mail: 'jo@example.com' });
    await visitor.send();
    expect(turns().at(-1).prechat).toEqual({ who: 'Jo', mail: 'jo@example.com' });
    expect(visitor.jar.handle).toBeDefined();
  });

  it('that the owner has taken away meanwhile does not stand in the way', async () => {
    relay.configure({ prechat });
    const visitor = await accepted();
    visitor.introduce({ who: 'Jo' });
    relay.configure({ prechat: { enabled: false, fields: [] } });
    relay.scripts.push(refusing(400, 'validation_failed', {}, ['prechat.who']));
    await visitor.ask('one');
    expect(visitor.state).toMatchObject({ phase: 'ready', draft: 'one' });
    await visitor.send();
    expect(turns().at(-1).prechat).toBeUndefined();
  });
});

describe('contact details', () => {
  const details = { kind: 'lead' as const, fields: { email: 'jo@example.com' } };
  const left = () => relay.to('/leads').map(({ body }) => body);

  it('go with the stored chat, and alone for who declined', async () => {
    const visitor = await begun();
    await visitor.leaveDetails(details);
    await (await declined()).leaveDetails(details);
    expect(left()[0]).toMatchObject({ ...details, conversationId: visitor.jar.handle });
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(left()[1]).toEqual({ ...details, page: { url: 'https://shop.example/mugs' }, locale: 'en', timezone });
  });

  it('say the language of the form, which may be another one than the page asked for', async () => {
    relay.configure({ locale: 'de' });
    await (await declined()).leaveDetails(details);
    expect(left()[0]).toMatchObject({ locale: 'de' });
  });

  it('arrive without the time zone where the relay does not know it, and are refused for everything else', async () => {
    const visitor = await declined();
    relay.refuseOnce('/leads', 400, 'validation_failed', ['timezone']);
    await visitor.leaveDetails(details);
    expect(left()).toHaveLength(2);
    expect(left()[1]).not.toHaveProperty('timezone');
    relay.refuseOnce('/leads', 400, 'validation_failed', ['fields.email']);
    await expect(visitor.leaveDetails(details)).rejects.toMatchObject({ fields: ['fields.email'] });
    expect(left()).toHaveLength(3);
  });

  it('are taken also when the chat was erased elsewhere meanwhile', async () => {
    const visitor = await begun();
    relay.conversations.clear();
    await visitor.leaveDetails(details);
    expect(left()[1]).not.toHaveProperty('conversationId');
    expect(visitor.jar.handle).toBeUndefined();
  });
});

describe('where nobody answers', () => {
  it.each([
    ['the relay says that it failed', failing, 'failed'],
    ['the relay is not there', refusing(503, 'unavailable'), 'unreachable'],
    ['the line is cut', cuttingOff('Half'), 'unreachable'],
    ['something is wrong at the relay', refusing(500, 'internal'), 'failed'],
  ] as const)('a person is offered: %s', async (_, script, problem) => {
    const visitor = await declined();
    relay.scripts.push(script);
    await visitor.ask('one');
    expect(visitor.state.messages.at(-1)).toMatchObject({ problem, offer: 'lead' });
    await visitor.retry();
    expect(visitor.state.messages.at(-1)).not.toHaveProperty('offer');
  });

  it.each([
    ['a pause is all that it takes', refusing(429, 'rate_limited')],
    ['a fresh thread is', refusing(422, 'thread_not_sealed')],
  ] as const)('nobody is offered where %s', async (_, script) => {
    const visitor = await declined();
    relay.scripts.push(script);
    await visitor.ask('one');
    expect(visitor.state.messages.at(-1)).not.toHaveProperty('offer');
  });
});

describe('the chat by e-mail', () => {
  it('is asked for with the handle of the stored chat, and nothing but the address', async () => {
    const visitor = await begun();
    expect(await visitor.sendTranscript('jo@example.com')).toBe(true);
    const [{ body, headers } = {}] = relay.to('/conversation/transcript');
    expect(body).toEqual({ email: 'jo@example.com' });
    expect(headers?.authorization).toBe(`Bearer ${visitor.jar.handle}`);
  });

  it('is none where the chat was erased elsewhere meanwhile', async () => {
    const visitor = await begun();
    relay.conversations.clear();
    expect(await visitor.sendTranscript('jo@example.com')).toBe(false);
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired' });
    expect(visitor.jar.handle).toBeUndefined();
  });
});

describe('a visitor who accepts', () => {
  it('has no cookie before the relay begins to store, and is known by it afterwards', async () => {
    const visitor = await accepted();
    expect(visitor.jar.handle).toBeUndefined();
    await visitor.ask('one');
    await visitor.ask('two');
    expect(turns()[0]).toHaveProperty('consentToken');
    expect(turns()[1]).toMatchObject({ conversationId: visitor.jar.handle });
    expect(turns()[1]).not.toHaveProperty('consentToken');

    const later = visit({ jar: visitor.jar });
    await later.load();
    expect(later.state).toMatchObject({ phase: 'ready', stored: true });
    expect(later.state.messages.map(({ text }) => text)).toEqual(['one', 'You asked: one', 'two', 'You asked: two']);
  });

  it('has the newest receipt after a reload, wherever it stands', async () => {
    const { jar } = await begun();
    const [first, ...others] = relay.receipts.get(jar.handle ?? '') ?? [];
    if (!first) throw new Error('no receipt');
    relay.receipts.set(jar.handle ?? '', [{ ...first, sequence: 2, source: 'settings' }, first, ...others]);
    const later = visit({ jar });
    await later.load();
    expect(await later.myReceipt()).toMatchObject({ decision: 'granted', source: 'settings', sequence: 2 });
  });

  it('sees what the relay holds, as a document and as a page', async () => {
    const visitor = await begun();
    const { document, page } = await visitor.myData();
    expect(document.data).toMatchObject({ conversations: [{ messages: [{ text: 'one' }, {}] }], leads: [] });
    expect(page?.type).toContain('text/html');
    expect(await page?.text()).toContain('You asked: one');
  });

  it('stays at the notice when the decision cannot be sent', async () => {
    const visitor = visit();
    await visitor.load();
    relay.refuseOnce('/consents', 503, 'unavailable');
    await visitor.accept();
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'decisionFailed', stored: false });
    await visitor.accept();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: true });
  });

  it('is asked again when the notice has changed meanwhile', async () => {
    const visitor = visit();
    await visitor.load();
    relay.configure({ consent: { ...defaultConfig.consent, noticeVersion: 'v2', title: 'New words' } });
    await visitor.accept();
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'noticeChanged' });
    expect(visitor.state.config?.consent.title).toBe('New words');
    await visitor.accept();
    expect(consents().at(-1).noticeVersion).toBe('v2');
    expect(visitor.state.phase).toBe('ready');
  });

  it('keeps the cookie until the relay has confirmed the withdrawal', async () => {
    const visitor = await accepted();
    await visitor.ask('one');
    const { handle } = visitor.jar;
    relay.refuseOnce('/consents', 503, 'unavailable');
    expect(await visitor.withdraw()).toBe(false);
    expect(visitor.jar.handle).toBe(handle);
    expect(await visitor.withdraw()).toBe(true);
    expect(consents().at(-1)).toMatchObject({ decision: 'withdrawn', source: 'settings', conversationId: handle });
    expect(visitor.jar.handle).toBeUndefined();
    expect(visitor.state).toMatchObject({ messages: [], stored: false, note: 'withdrawn' });
    await visitor.ask('two');
    expect(turns().at(-1)).toMatchObject({ thread: [] });
  });

  it('can withdraw under a notice that was replaced meanwhile', async () => {
    const visitor = await accepted();
    relay.configure({ consent: { ...defaultConfig.consent, noticeVersion: 'v2' } });
    expect(await visitor.withdraw()).toBe(true);
    expect(consents().at(-1)).not.toHaveProperty('conversationId');
  });

  it('is told when the chat of the cookie is gone, and asked anew', async () => {
    const visitor = visit({ jar: { handle: '0b0e7a3c-9a55-4a0c-8f3e-0d7c5a1f2b3c', days: 30 } });
    await visitor.load();
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired' });
    expect(visitor.jar.handle).toBeUndefined();
  });

  it('keeps the question when the chat is erased elsewhere', async () => {
    const visitor = await accepted();
    await visitor.ask('one');
    relay.conversations.clear();
    await visitor.ask('two');
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired', draft: 'two', messages: [] });
    expect(visitor.jar.handle).toBeUndefined();
    await visitor.decline();
    await visitor.send();
    expect(visitor.state.messages.at(-1)?.text).toBe('You asked: two');
  });

  it.each([
    ['before the first word of an answer', ''],
    ['in the middle of one', 'Half an ans'],
  ])('is asked anew when the chat is erased elsewhere %s', async (_, half) => {
    const visitor = await begun();
    relay.scripts.push(losing(half));
    await visitor.ask('two');
    expect(visitor.jar.handle).toBeUndefined();
    expect(visitor.state).toMatchObject({
      ...{ phase: 'asking', note: 'expired', draft: 'two', messages: [] },
      ...{ stored: false, begun: false, answering: false, retryable: false },
    });
    await visitor.decline();
    await visitor.send();
    expect(turns().at(-1)).toMatchObject({ text: 'two', thread: [] });
  });

  it('keeps the question when the consent has to be given again', async () => {
    const visitor = await accepted();
    relay.scripts.push(refusing(403, 'consent_required'));
    await visitor.ask('one');
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'askAgain', draft: 'one', messages: [] });
    await visitor.accept();
    await visitor.send();
    expect(visitor.state.messages.at(-1)?.text).toBe('You asked: one');
  });

  it('keeps what was typed meanwhile as well', async () => {
    const visitor = await accepted();
    const held = holding('', '');
    relay.scripts.push(async reply => {
      await held.released;
      refusing(403, 'consent_required')(reply);
    });
    const answer = visitor.ask('one');
    visitor.type('two');
    held.release();
    await answer;
    expect(visitor.state.draft).toBe('one\ntwo');
  });

  it('finds consent given in another tab when coming back to the notice', async () => {
    const visitor = visit();
    await visitor.load();
    const other = await accepted();
    await other.ask('one');
    visitor.jar.handle = other.jar.handle;
    await visitor.revisit();
    expect(visitor.state).toMatchObject({ phase: 'ready', stored: true });
  });
});

describe('the rights of a visitor whose chat is stored', () => {
  it('begin with the first answer: before it there is nothing to have rights over', async () => {
    const visitor = await accepted();
    expect(visitor.state).toMatchObject({ stored: true, begun: false });
    await visitor.ask('one');
    expect(visitor.state.begun).toBe(true);
    await visitor.withdraw();
    expect(visitor.state.begun).toBe(false);
  });

  it('stop the use of the chat and allow it again, and a reload knows', async () => {
    const visitor = await begun();
    expect(await visitor.restrict(true)).toBe(true);
    expect(visitor.state).toMatchObject({ restricted: true, stored: true });
    expect(visitor.jar.handle).toBeDefined();
    const [request] = relay.to('/data-requests');
    expect(request?.headers.authorization).toBe(`Bearer ${visitor.jar.handle}`);

    const later = visit({ jar: visitor.jar });
    await later.load();
    expect(later.state).toMatchObject({ restricted: true, begun: true });
    expect(await later.restrict(false)).toBe(true);
    expect(later.state).toMatchObject({ restricted: false, note: 'useAllowed' });
    expect(dataRequests()).toEqual([
      { type: 'restriction', changes: { restricted: true } },
      { type: 'restriction', changes: { restricted: false } },
    ]);
    const last = visit({ jar: visitor.jar });
    await last.load();
    expect(last.state).toMatchObject({ restricted: false, begun: true });
  });

  it('change nothing here as long as the relay has not confirmed', async () => {
    const visitor = await begun();
    relay.refuseOnce('/data-requests', 503, 'unavailable');
    expect(await visitor.restrict(true)).toBe(false);
    expect(visitor.state.restricted).toBe(false);
  });

  it('are over with the chat: whoever asks for one then is asked for consent anew', async () => {
    const visitor = await begun();
    await visitor.restrict(true);
    relay.conversations.clear();
    expect(await visitor.restrict(false)).toBe(true);
    expect(visitor.state).toMatchObject({ phase: 'asking', note: 'expired', stored: false, restricted: false });
    expect(visitor.jar.handle).toBeUndefined();

    const other = await begun();
    relay.conversations.clear();
    expect(await other.correct({ name: 'Jo' })).toBeUndefined();
    expect(other.state).toMatchObject({ phase: 'asking', note: 'expired', begun: false });
  });

  it('correct contact details, and say how many places hold them', async () => {
    const visitor = await begun();
    expect(await visitor.correct({ email: 'jo@example.com' })).toEqual({ places: 0, isHeld: false });
    relay.leads.set(visitor.jar.handle ?? '', [{ email: 'old@example.com', name: 'Jo' }, { email: 'old@example.com' }]);
    expect(await visitor.correct({ email: 'jo@example.com' })).toEqual({ places: 2, isHeld: false });
    expect(dataRequests().at(-1)).toEqual({ type: 'rectification', changes: { email: 'jo@example.com' } });
    relay.held.add(visitor.jar.handle ?? '');
    expect(await visitor.correct({ email: 'jo@example.com' })).toEqual({ places: 0, isHeld: true });
  });

  it('name the fields that are wrong', async () => {
    const visitor = await begun();
    await expect(visitor.correct({ email: 'jo', phone: 'call me', name: 'Jo' })).rejects.toMatchObject({
      code: 'validation_failed',
      fields: ['changes.email', 'changes.phone'],
    });
  });
});

describe('a question that fails', () => {
  it('is the same turn again after the network failed, so that its answer is paid for once', async () => {
    const visitor = await accepted();
    relay.scripts.push(cuttingOff('Half an ans'));
    await visitor.ask('one');
    expect(visitor.state).toMatchObject({ retryable: true, draft: '' });
    expect(visitor.state.messages.at(-1)).toMatchObject({ text: 'Half an ans', problem: 'unreachable' });
    await visitor.retry();
    expect(turns()[1].clientTurnId).toBe(turns()[0].clientTurnId);
    expect(turns()[1].conversationId).toBe(visitor.jar.handle);
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one', 'You asked: one']);
  });

  it('is a new turn after the relay said that there is no answer', async () => {
    const visitor = await accepted();
    relay.scripts.push(failing);
    await visitor.ask('one');
    await visitor.retry();
    expect(turns()[1].clientTurnId).not.toBe(turns()[0].clientTurnId);
    expect(visitor.state.messages).toHaveLength(2);
  });

  it('is asked anew when the relay has only half an answer to it', async () => {
    const visitor = await accepted();
    relay.scripts.push(cuttingOff('Half'), reply => {
      reply.start();
      const { turnId, citations } = { turnId: reply.seen.body.clientTurnId, citations: [] };
      reply.send({ event: 'completed', data: { turnId, text: 'Half', citations, finishReason: 'interrupted' } });
      reply.response.end();
    });
    await visitor.ask('one');
    await visitor.retry();
    const ids = turns().map(({ clientTurnId }) => clientTurnId);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one', 'You asked: one']);
  });

  it('comes back to the composer, and may be changed there before it is sent again', async () => {
    const visitor = await declined();
    relay.scripts.push(failing);
    await visitor.ask('one');
    expect(visitor.state.draft).toBe('one');
    await visitor.ask('one, please');
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one, please', 'You asked: one, please']);
  });

  it('does not overwrite what is being typed, and stays in the thread', async () => {
    const visitor = await declined();
    const held = holding('', '');
    relay.scripts.push(async reply => {
      await held.released;
      failing(reply);
    });
    const answer = visitor.ask('one');
    visitor.type('two');
    held.release();
    await answer;
    expect(visitor.state.draft).toBe('two');
    await visitor.send();
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one', '', 'two', 'You asked: two']);
  });

  it('proves to be a person where the relay wants that, and sends the same question again', async () => {
    const visitor = await declined();
    const noted: unknown[] = [];
    relay.scripts.push(challenging(5), reply => {
      noted.push(visitor.state.note);
      answering('Well, yes')(reply);
    });
    await visitor.ask('one');
    expect(visitor.state.messages.map(({ text }) => text)).toEqual(['one', 'Well, yes']);
    const [first, second] = turns();
    expect(second).toEqual({ ...first, proof: expect.stringMatching(/^salt\.[\da-f]{64}\.100000\.end\.solved$/) });
    expect([first.proof, noted]).toEqual([undefined, [undefined]]);
  });

  it('says so while it is proved, and keeps the question where that is not believed', async () => {
    const proof = Promise.withResolvers<string>();
    const visitor = await declined({ solve: () => proof.promise });
    relay.scripts.push(challenging(5), challenging(5));
    const answer = visitor.ask('one');
    await expect.poll(() => visitor.state.note).toBe('checking');
    proof.resolve('wrong');
    await answer;
    expect(turns()).toHaveLength(2);
    expect(visitor.state).toMatchObject({ note: undefined, draft: 'one', retryable: true });
  });

  it('waits as long as the relay asks for', async () => {
    const visitor = await declined();
    relay.scripts.push(refusing(429, 'rate_limited', { 'Retry-After': '1' }));
    await visitor.ask('one');
    expect(visitor.state).toMatchObject({ waiting: true, draft: 'one' });
    expect(visitor.state.messages.at(-1)?.problem).toBe('rateLimited');
    await visitor.send();
    await visitor.retry();
    expect(turns()).toHaveLength(1);
    await expect.poll(() => visitor.state.waiting, { timeout: 3_000 }).toBe(false);
    await visitor.send();
    expect(turns()).toHaveLength(2);
  });
});

describe('while an answer streams', () => {
  it('nothing else is sent, and what is typed is kept', async () => {
    const visitor = await declined();
    const held = holding('Well', ', yes');
    relay.scripts.push(held.script);
    const answer = visitor.ask('one');
    await visitor.ask('two');
    expect(visitor.state.draft).toBe('two');
    held.release();
    await answer;
    expect(turns()).toHaveLength(1);
    expect(visitor.state.draft).toBe('two');
  });

  it('a stop keeps what has come, and offers the rest', async () => {
    const visitor = await declined();
    const held = holding('Well', ', yes');
    relay.scripts.push(held.script);
    const answer = visitor.ask('one');
    await expect.poll(() => visitor.state.messages.at(-1)?.text).toBe('Well');
    visitor.stopAnswer();
    await answer;
    expect(visitor.state.messages.at(-1)).toMatchObject({
      text: 'Well',
      status: 'interrupted',
      problem: 'interrupted',
    });
    expect(visitor.state.retryable).toBe(true);
    held.release();
  });
});
