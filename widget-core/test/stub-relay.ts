import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Citation,
  PersonalDataDocument,
  ProductCard,
  Receipt,
  TurnEvent,
  VisitorEvent,
  WidgetConfig,
} from '@confab/contract';
import { defaultNotice, defaultTexts } from '@confab/contract/texts';

/** A request as the stub saw it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  body: any;
}

/** What a scripted turn may do with its response. */
export interface TurnReply {
  seen: Seen;
  response: ServerResponse;
  send(event: TurnEvent): void;
  /** The first event of every answer; begins a stored conversation where the turn asks for one. */
  start(): void;
  finish(text: string, citations?: Citation[], products?: ProductCard[]): void;
}

export type TurnScript = (reply: TurnReply) => void | Promise<void>;

export type StubRelay = Awaited<ReturnType<typeof startStubRelay>>;

/** Answers the whole question, in pieces. */
export const answering =
  (text: string, citations: Citation[] = [], products?: ProductCard[]): TurnScript =>
  reply => {
    reply.start();
    for (let at = 0; at < text.length; at += 7) reply.send({ event: 'delta', data: { text: text.slice(at, at + 7) } });
    for (const citation of citations) reply.send({ event: 'citation', data: citation });
    for (const product of products ?? []) reply.send({ event: 'product', data: product });
    reply.finish(text, citations, products);
  };

/** Begins an answer, and hangs up in the middle of it. */
export const cuttingOff =
  (text: string): TurnScript =>
  reply => {
    reply.start();
    if (text) reply.send({ event: 'delta', data: { text } });
    reply.response.socket?.end();
  };

/** Begins an answer, and ends it when the returned function is called. */
export function holding(text: string, rest: string, citations: Citation[] = []) {
  let release = () => {};
  const released = new Promise<void>(resolve => {
    release = resolve;
  });
  const script: TurnScript = async reply => {
    reply.start();
    reply.send({ event: 'delta', data: { text } });
    await released;
    reply.send({ event: 'delta', data: { text: rest } });
    reply.finish(text + rest, citations);
  };
  return { script, release, released };
}

/** Says in an event that there will be no answer. */
export const failing: TurnScript = reply => {
  reply.start();
  reply.send({ event: 'failed', data: { code: 'provider_failed', retryable: true } });
  reply.response.end();
};

/** Is told in the middle of an answer that its conversation was erased elsewhere. */
export const losing =
  (text: string): TurnScript =>
  reply => {
    reply.start();
    reply.send({ event: 'delta', data: { text } });
    reply.send({ event: 'failed', data: { code: 'conversation_not_found', retryable: false } });
    reply.response.end();
  };

/** Refuses before the first byte. */
export const refusing =
  (status: number, code: string, headers: Record<string, string> = {}, wrong: string[] = []): TurnScript =>
  ({ response }) =>
    problem(
      response,
      status,
      code,
      headers,
      wrong.map(path => ({ path, message: 'is wrong' })),
    );

/** Wants to see that no robot is asking. `number` is what solves it. */
export const challenging =
  (number: number): TurnScript =>
  ({ response }) => {
    const target = createHash('sha256').update(`salt.${number}`).digest('hex');
    json(response, 403, { code: 'proof_required', challenge: `salt.${target}.100000.end` });
  };

function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
  errors?: { path: string; message: string }[],
) {
  response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers });
  response.end(
    JSON.stringify({ type: `urn:confab:error:${code}`, title: code, status, detail: '', code, requestId: '', errors }),
  );
}

const json = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** Which of the contact details are none. */
function wrongDetails(at: string, details: Record<string, string>) {
  const right = { email: /^[^@]+@[^@]+$/, phone: /^[+\d ]{5,}$/, name: /./ };
  return Object.entries(right)
    .filter(([field, good]) => details[field] !== undefined && !good.test(details[field]))
    .map(([field]) => ({ path: at ? `${at}.${field}` : field, message: 'is wrong' }));
}

/** A message as the relay keeps it. */
type Kept = {
  id?: string;
  role: string;
  text: string;
  author?: string | null;
  citations: Citation[];
  products?: ProductCard[] | undefined;
  status: string;
};

type ExportedMessage = PersonalDataDocument['data']['conversations'][number]['messages'][number];

/** What an export tells besides what a test says. */
const ofMessage = { provider: null, model: null, finishReason: null };
const ofLead = {
  ...{ kind: 'lead' as const, conversationId: null, name: null, email: null, phone: null, message: null },
  ...{ marketing: false, timezone: null, externalId: null, deliveredAt: null, deliveries: [], consents: [] },
  ...{ fields: {}, pageUrl: null, callbackAt: null, createdAt: '2026-05-01T12:00:00Z', restrictedAt: null },
};

export const defaultConfig: WidgetConfig = {
  version: 1,
  locale: 'en',
  texts: defaultTexts,
  appearance: { position: 'bottom-right', accent: '#1f6f54', theme: 'auto' },
  consent: { required: true, noticeVersion: 'v1', ...defaultNotice, policyUrl: 'https://shop.example/privacy' },
  prechat: { enabled: false, fields: [] },
  hours: { open: true, nextOpenAt: null, timezone: 'UTC' },
  disclosure: defaultTexts.disclosure,
  retentionDays: 30,
  features: { transcript: false, callback: false, leads: false, marketing: false, orders: false },
};

/** A form before the chat with one field of each kind of trouble. */
export const prechat: WidgetConfig['prechat'] = {
  enabled: true,
  fields: [
    { name: 'name', type: 'name', label: 'Your name', required: true, purpose: 'To greet you.' },
    { name: 'mail', type: 'email', label: 'Your address', required: false, purpose: 'To write to you.' },
    {
      ...{ name: 'about', type: 'choice', label: 'What is it about?', required: true, purpose: '' },
      options: [
        { value: 'order', label: 'An order' },
        { value: 'other', label: 'Something else' },
      ],
    },
  ],
};
/**
 * Speaks the visitor surface and remembers what it was asked. It keeps conversations as the relay does, so that a reload
 * finds them; what a turn does is scripted, one script a turn, and a plain answer where there is none.
 */
export async function startStubRelay() {
  const seen: Seen[] = [];
  const scripts: TurnScript[] = [];
  const conversations = new Map<string, Kept[]>();
  const receipts = new Map<string, Receipt[]>();
  const restricted = new Set<string>();
  /** The contact details that were left with a conversation. */
  const leads = new Map<string, Record<string, string>[]>();
  /** The conversations that a legal hold keeps. */
  const held = new Set<string>();
  const tokens = new Map<string, Receipt>();
  /** Who of the team has taken over a conversation. */
  const agents = new Map<string, string>();
  /** Those who hear what happens in a conversation. */
  const followers = new Map<string, ServerResponse[]>();
  /** Answers a whole path by itself, once: a refusal, a delay. */
  const detours = new Map<string, ((response: ServerResponse, next: () => void) => void)[]>();
  let config = structuredClone(defaultConfig);

  function consent(response: ServerResponse, body: Seen['body']) {
    if (body.noticeVersion !== config.consent.noticeVersion) return problem(response, 400, 'validation_failed');
    const { decision, purposes, noticeVersion, source, locale } = body;
    const hashes = { noticeHash: 'a'.repeat(64), hash: 'b'.repeat(64), previousHash: '0'.repeat(64) };
    const receipt: Receipt = {
      ...{ id: randomUUID(), siteKey: 'demo', decision, purposes, noticeVersion, source, locale },
      ...{ recordedAt: '2026-05-01T12:00:00Z', sequence: 1, ...hashes },
    };
    if (decision === 'withdrawn') conversations.delete(body.conversationId);
    const consentToken = decision === 'granted' ? randomUUID() : undefined;
    if (consentToken) tokens.set(consentToken, receipt);
    json(response, 201, { receipt, consentToken });
  }

  async function turn(request: Seen, response: ServerResponse) {
    const { consentToken, conversationId, text } = request.body;
    const receipt = tokens.get(consentToken);
    if (consentToken && !receipt) return problem(response, 403, 'consent_required');
    if (conversationId && !conversations.has(conversationId)) return problem(response, 404, 'conversation_not_found');
    const turnId = randomUUID();
    let handle: string | undefined = conversationId;
    const send: TurnReply['send'] = ({ event, data }) => {
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const keep = (role: string, said: string, citations: Citation[], products?: ProductCard[]) =>
      conversations.get(handle ?? '')?.push({ role, text: said, citations, products, status: 'completed' });
    const script = scripts.shift() ?? answering(`You asked: ${text}`);
    await script({
      seen: request,
      response,
      send,
      start() {
        if (receipt) {
          handle = randomUUID();
          tokens.delete(consentToken);
          conversations.set(handle, []);
          receipts.set(handle, [receipt]);
        }
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        const begun = receipt && handle ? { conversationId: handle } : {};
        send({ event: 'started', data: { turnId, ...begun, provider: 'stub', model: 'stub' } });
      },
      finish(answer, citations = [], products = undefined) {
        keep('visitor', text, []);
        keep('assistant', answer, citations, products);
        const more = { ...(products && { products }), ...(!handle && { seal: `seal of ${answer.length}` }) };
        send({ event: 'completed', data: { turnId, text: answer, citations, finishReason: 'stop', ...more } });
        response.end();
      },
    });
  }

  function lead(response: ServerResponse, { fields, conversationId }: Seen['body']) {
    if (conversationId && !conversations.has(conversationId)) return problem(response, 404, 'conversation_not_found');
    const errors = wrongDetails('fields', fields);
    if (errors.length > 0) return problem(response, 400, 'validation_failed', {}, errors);
    json(response, 201, { leadId: randomUUID() });
  }

  function dataRequest(response: ServerResponse, handle: string, { type, changes = {} }: Seen['body']) {
    const errors = wrongDetails('changes', changes);
    if (errors.length > 0) return problem(response, 400, 'validation_failed', {}, errors);
    const own = leads.get(handle) ?? [];
    const counts: Record<string, number> = { messages: 0, leads: 0 };
    if (type === 'restriction') {
      if (changes.restricted === false) restricted.delete(handle);
      else restricted.add(handle);
      counts.conversations = 1;
    } else if (!held.has(handle)) {
      for (const lead of own) Object.assign(lead, changes);
      counts.leads = own.length;
    }
    const retained = held.has(handle) ? { conversations: 1 } : {};
    const [receivedAt, dueAt] = ['2026-05-01T12:00:00Z', '2026-05-31T12:00:00Z'];
    const [source, reference, status, completedAt] = ['widget', null, 'completed', receivedAt];
    const summary = { dataRequestId: randomUUID(), type, source, reference, status, receivedAt, dueAt, completedAt };
    json(response, 200, { ...summary, result: { counts, retained } });
  }

  function exported(response: ServerResponse, handle: string, messages: object[], asPage: boolean) {
    const { title, body } = config.consent;
    const notice = { title, body };
    const data: PersonalDataDocument['data'] = {
      conversations: [
        {
          ...{
            id: randomUUID(),
            locale: null,
            pageUrl: 'https://shop.example/mugs',
            pageTitle: null,
            referrer: null,
            prechat: null,
            externalId: null,
          },
          ...{ createdAt: '2026-05-01T12:00:00Z', restrictedAt: null },
          messages: messages.map(message => ({ ...ofMessage, turnId: randomUUID(), ...message }) as ExportedMessage),
          consents: receipts.get(handle)?.map(receipt => ({ receipt, notice })) ?? [],
        },
      ],
      leads: (leads.get(handle) ?? []).map(lead => ({ ...ofLead, id: randomUUID(), ...lead })),
      pageViews: [],
      emails: [],
    };
    const counts = Object.fromEntries(Object.entries(data).map(([name, { length }]) => [name, length]));
    if (asPage) {
      response.setHeader('Content-Type', 'text/html; charset=utf-8').end(`<!doctype html>${JSON.stringify(data)}`);
    } else {
      const format = 'confab-personal-data/1';
      const site = { key: 'demo', name: 'Shop & Co' };
      json(response, 200, { format, generatedAt: '2026-05-01T12:00:00Z', site, counts, data });
    }
  }

  async function answer(request: Seen, response: ServerResponse) {
    const handle = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const messages = conversations.get(handle)?.map(message => {
      return { id: randomUUID(), createdAt: '2026-05-01T12:00:00Z', ...message };
    });
    if (request.path === '/config') return json(response, 200, config);
    if (request.path === '/consents') return consent(response, request.body);
    if (request.path === '/turns') return turn(request, response);
    if (request.path === '/leads') return lead(response, request.body);
    if (!messages) return problem(response, 404, 'conversation_not_found');
    if (request.path === '/conversation/typing') return response.writeHead(204).end();
    if (request.path === '/conversation/events') {
      followers.set(handle, [...(followers.get(handle) ?? []), response]);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`event: takeover\ndata: ${JSON.stringify({ by: agents.get(handle) ?? null })}\n\n`);
      return;
    }
    if (request.path === '/data-requests') return dataRequest(response, handle, request.body);
    if (request.path === '/conversation/transcript') {
      const errors = wrongDetails('', request.body);
      return errors.length > 0 ? problem(response, 400, 'validation_failed', {}, errors) : json(response, 202, {});
    }
    if (request.path === '/conversation/export') {
      return exported(response, handle, messages, request.headers.accept === 'text/html');
    }
    const createdAt = '2026-05-01T12:00:00Z';
    const takenOverBy = agents.get(handle) ?? null;
    const state = { restricted: restricted.has(handle), takenOverBy };
    json(response, 200, { conversationId: handle, createdAt, ...state, messages });
  }

  const server = createServer(async (incoming, response) => {
    response.setHeader('Access-Control-Allow-Origin', incoming.headers.origin ?? '*');
    if (incoming.method === 'OPTIONS') {
      response.writeHead(204, { 'Access-Control-Allow-Headers': 'Authorization' }).end();
      return;
    }
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
    let text = '';
    for await (const piece of incoming.setEncoding('utf8')) text += piece;
    const { method = '', headers } = incoming;
    const path = new URL(incoming.url ?? '', 'http://stub').pathname.replace('/v1/widget/demo', '');
    const request: Seen = { method, path, headers, body: text ? JSON.parse(text) : undefined };
    seen.push(request);
    const detour = detours.get(path)?.shift();
    if (detour) detour(response, () => answer(request, response));
    else await answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    seen,
    scripts,
    conversations,
    restricted,
    leads,
    held,
    receipts,
    agents,
    /** How many hear what happens in a conversation. */
    followersOf: (handle: string) => followers.get(handle)?.filter(({ closed }) => !closed).length ?? 0,
    /** Tells them. */
    tell(handle: string, { event, data }: VisitorEvent) {
      for (const each of followers.get(handle) ?? []) each.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    /** Cuts their connections. */
    drop(handle: string) {
      for (const each of followers.get(handle) ?? []) each.destroy();
    },
    /** The requests to one path so far. */
    to: (path: string) => seen.filter(request => request.path === path),
    configure(change: Partial<WidgetConfig>) {
      config = { ...config, ...change };
    },
    /** Refuses the next request to a path, and may say which of its fields are wrong. */
    refuseOnce(path: string, status: number, code: string, wrong: string[] = []) {
      const errors = wrong.map(at => ({ path: at, message: 'is wrong' }));
      detours.set(path, [...(detours.get(path) ?? []), response => problem(response, status, code, {}, errors)]);
    },
    /** Lets the next request to a path wait until the returned function is called. */
    holdOnce(path: string) {
      let release = () => {};
      detours.set(path, [
        ...(detours.get(path) ?? []),
        (_, next) => {
          release = next;
        },
      ]);
      return () => release();
    },
    reset() {
      config = structuredClone(defaultConfig);
      seen.length = 0;
      scripts.length = 0;
      for (const kept of [conversations, receipts, restricted, leads, held, agents, followers]) kept.clear();
      detours.clear();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
