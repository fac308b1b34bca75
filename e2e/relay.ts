import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type {
  ConnectTokenResponse,
  ConsentRequest,
  ConsentResponse,
  ConsentsPage,
  Conversation,
  ConversationPage,
  CrmTestResponse,
  DataRequest,
  DataRequestPage,
  DataRequestResponse,
  DeliveryPage,
  DocumentPage,
  DocumentsResponse,
  DocumentUpsert,
  LeadPage,
  LeadRequest,
  LegalHold,
  LegalHoldsPage,
  OwnedConversation,
  PageviewRequest,
  Problem,
  PurgesPage,
  RetentionResponse,
  SearchResponse,
  Settings,
  SettingsUpdate,
  SiteResponse,
  ThreadMessage,
  TurnEvent,
  TurnRequest,
  WidgetConfig,
} from '@confab/contract';
import { readConfig } from '@confab/relay/config.ts';
import { openDatabase } from '@confab/relay/db/database.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { startRelay } from '@confab/relay/relay.ts';
import { inject } from 'vitest';
import { type ConsoleRelay, signUp, type User } from './console.ts';
import { connectPostgres } from './postgres.ts';

/** What a test runs on whose promise rests on statements, locks or types of the database. */
export const databases = ['embedded', 'postgres'] as const;
/** What every other test of the relay runs on: a relay starts there in a fifth of the time, and answers sooner. */
export const oneDatabase = ['postgres'] as const;
export type TestDatabase = (typeof databases)[number];

/** The same at every start, so that tests may know them. */
export const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
export const DEMO_SECRET = 'the-secret-of-the-demo-shop';
export const SHOP = 'https://shop.example';

/** What a small shop knows. */
export const pages: DocumentUpsert[] = [
  ['shipping', 'Shipping', 'Parcels to Iceland take nine days and cost 14 euro.'],
  ['wool', 'Our wool', 'The wool of our jumpers comes from Shetland sheep.'],
  ['returns', 'Returns', 'Send back what you do not like within 30 days, free of charge.'],
].map(([externalId = '', title = '', text = '']) => ({
  externalId,
  type: 'page',
  url: `${SHOP}/${externalId}`,
  title,
  text,
  updatedAt: '2026-01-01T00:00:00Z',
}));

export type TestRelay = Awaited<ReturnType<typeof startTestRelay>>;
export type TestSite = Awaited<ReturnType<TestRelay['site']>>;

/**
 * The relay in this process, on a database and a data folder of its own. Its log is kept in memory. Without a word about
 * the database it is PostgreSQL where vitest has started one, for the integration tests; the browser's and WordPress'
 * have the embedded one, as most people meet Confab.
 */
export async function startTestRelay({
  database = inject('postgresUrl') ? 'postgres' : 'embedded',
  demo = false,
  env = {},
}: {
  database?: TestDatabase;
  /** With the demo shop, whose pages take a second or more to be read at each start. */
  demo?: boolean;
  env?: NodeJS.ProcessEnv;
} = {}) {
  const dataDir = await makeDataDir({ empty: database === 'postgres' });
  const config = readConfig({
    ...baseEnvironment(dataDir),
    ...(!env.DATABASE_URL && (await databaseEnvironment(database))),
    ...(!demo && { CONFAB_DEMO: 'off' }),
    ...env,
  });
  const logLines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk));
      done();
    },
  });
  const clock = movableClock();
  const relay = await startRelay({ config, log: createLog(config.logLevel, stream), now: clock.now });
  const { url, services } = relay;
  const rowsOf = async (table: string) => {
    const sql = `SELECT row_to_json(t)::text AS row FROM ${table} t`;
    return (await relay.database.db.$queryRawUnsafe<{ row: string }[]>(sql)).map(({ row }) => row);
  };

  return {
    url,
    dataDir,
    database: relay.database,
    services,
    db: relay.database.db,
    logLines,
    clock,
    demo: clientsOf(url, 'demo', DEMO_SECRET),

    /** One more tenant, with keys for the given fake vendors. */
    async site({
      openai,
      anthropic,
      bedrock,
      allowedOrigins = [SHOP],
      answers = {},
      documents = [],
    }: {
      openai?: { url: string };
      anthropic?: { url: string };
      bedrock?: { url: string };
      allowedOrigins?: string[];
      answers?: Partial<SettingsUpdate['answers']>;
      documents?: DocumentUpsert[];
    } = {}) {
      const key = `site-${randomUUID()}`;
      const secret = `secret-of-${key}`;
      const { id } = await services.sites.ensure({ key, name: 'Test shop', secret, allowedOrigins });
      const clients = clientsOf(url, key, secret);
      await clients.plugin.change(settings => ({
        ...settings,
        answers: {
          ...settings.answers,
          openai: { ...settings.answers.openai, ...(openai && accessTo(openai.url)) },
          anthropic: { ...settings.answers.anthropic, ...(anthropic && accessTo(anthropic.url)) },
          bedrock: { ...settings.answers.bedrock, ...(bedrock && accessTo(bedrock.url)) },
          ...answers,
        },
      }));
      if (documents.length > 0) await clients.plugin.sync({ upsert: documents });
      return { id, ...clients };
    },

    /** Every row of every table, as JSON text; of one schema, where one is given: the job queue's changes by itself. */
    async dump(schema?: 'public'): Promise<Record<string, string[]>> {
      const tables = await relay.database.db.$queryRawUnsafe<{ name: string }[]>(`
        SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
        WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`);
      const rows: Record<string, string[]> = {};
      const wanted = schema === undefined ? tables : tables.filter(({ name }) => name.startsWith(`${schema}.`));
      for (const { name } of wanted) rows[name] = await rowsOf(name);
      return rows;
    },

    /** The rows of one table; of one site, where one is given. */
    // biome-ignore lint/suspicious/noExplicitAny: each table has its own columns
    async rows(table: string, site?: { id: string }): Promise<any[]> {
      const rows = (await rowsOf(`"${table}"`)).map(row => JSON.parse(row));
      return site ? rows.filter(({ siteId }) => siteId === site.id) : rows;
    },

    /** The tables that hold this text in any row, also in the bytes of a column. */
    async tablesWith(text: string): Promise<string[]> {
      const bytes = Buffer.from(text).toString('hex');
      const holds = (row: string) => row.includes(text) || row.includes(bytes);
      return Object.entries(await this.dump()).flatMap(([table, rows]) => (rows.some(holds) ? table : []));
    },

    async stop(): Promise<void> {
      await relay.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What every process of ours gets. What Node has compiled once, the next one need not: a fifth of its start. */
const processEnvironment = { PATH: process.env.PATH, NODE_COMPILE_CACHE: join(tmpdir(), 'confab-compile-cache') };

export type RelayProcess = Awaited<ReturnType<typeof spawnRelay>>;

/**
 * The relay as `node relay/src/main.ts`, a process of its own. Resolves when it is ready or has ended; `url` is
 * `undefined` in the latter case. The data folder is the caller's.
 */
export async function spawnRelay({
  dataDir,
  env = {},
  main = join(relayFolder, 'src/main.ts'),
}: {
  dataDir: string;
  env?: NodeJS.ProcessEnv;
  /** Of another release. */
  main?: string;
}) {
  await mkdir(widgetFolder, { recursive: true });
  const child = spawn(process.execPath, [main], {
    env: { ...processEnvironment, ...baseEnvironment(dataDir), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killWithUs(child);
  let output = '';
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const ready = Promise.withResolvers<string | undefined>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /Confab is ready at (\S+) .*\n\n/s.exec(output)?.[1];
      if (url) ready.resolve(url);
    });
  }
  void ended.then(() => ready.resolve(undefined));
  const url = await ready.promise;
  return {
    url: url ?? '',
    pid: child.pid as number,
    demo: clientsOf(url ?? '', 'demo', DEMO_SECRET),
    output: () => output,
    ended,
    /** Sends the signal and waits for the end. */
    async stop(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  };
}

/** `npm run confab -- …` as a process of its own, on the database of a relay. */
export async function runCommand(
  argv: string[],
  { dataDir, env = {}, cwd }: { dataDir?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [join(relayFolder, 'src/cli/main.ts'), ...argv], {
    env: { ...processEnvironment, ...baseEnvironment(dataDir ?? ''), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd && { cwd }),
  });
  killWithUs(child);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

/** Where a command of this process writes, and what it has written there. */
export function listeningIo() {
  const said = { out: '', err: '' };
  const io = {
    async out(text: string) {
      said.out += text;
    },
    err(text: string) {
      said.err += text;
    },
  };
  return { said, io };
}

/**
 * A data folder; whoever asks for one removes it. Unless it shall be empty, the embedded database is made and migrated in
 * it already, which spares each test the seconds of a first start.
 */
export async function makeDataDir({ empty = false } = {}): Promise<string> {
  await mkdir(widgetFolder, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'confab-relay-'));
  if (!empty) await cp(await migratedFolder(), dataDir, { recursive: true });
  return dataDir;
}

/** A folder with the embedded database after its first start. Made once for the same migrations and versions, and kept. */
async function migratedFolder(): Promise<string> {
  const hash = createHash('sha256');
  for await (const file of glob(['package.json', 'prisma/migrations/*/*.sql', 'src/db/vectors.ts'], {
    cwd: relayFolder,
  })) {
    hash.update(await readFile(join(relayFolder, file)));
  }
  const folder = join(tmpdir(), `confab-embedded-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const making = await mkdtemp(join(tmpdir(), 'confab-embedded-'));
  await (await openDatabase({ databaseUrl: undefined, dataDir: making })).close();
  // Somebody else may have been quicker; theirs is as good as ours.
  await rename(making, folder).catch(() => rm(making, { recursive: true }));
  return folder;
}

/** The variables that choose the database: an empty one of its own. */
export async function databaseEnvironment(database: TestDatabase): Promise<NodeJS.ProcessEnv> {
  if (database === 'embedded') return {};
  return { DATABASE_URL: await connectPostgres(inject('postgresUrl')).createDatabase() };
}

/** A visitor's question, with an id of its own. `how` says by which right: token, handle or thread. */
export function question<How extends object>(text: string, how: How) {
  return { clientTurnId: randomUUID(), text, page: { url: `${SHOP}/jumper` }, ...how };
}

/** Those of the words that stand in any file of the folder. One that goes while we look holds none. */
export async function wordsIn(folder: string, words: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(file =>
      readFile(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        return Buffer.alloc(0);
      }),
    ),
  );
  return words.filter(word => contents.some(content => content.includes(word)));
}

/** Fails unless the promise settles within the time. */
export async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`not within ${ms} ms`)), ms);
  return Promise.race([promise, timeout.promise]).finally(() => clearTimeout(timer));
}

/** A problem document and a good answer are told apart by `status`. */
export type Reply<Body> = { status: number; headers: Headers; body: Body & Partial<Omit<Problem, 'status'>> };

/** Sends JSON where there is a body, and reads JSON where there is an answer. */
export async function call<Body>(
  method: string,
  url: string,
  {
    body,
    headers = {},
    bearer,
  }: { body?: unknown; headers?: Record<string, string>; bearer?: string | undefined } = {},
): Promise<Reply<Body>> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson && text ? JSON.parse(text) : text };
}

/** What a plugin asks for at the connect page; `verifier` is what it keeps to itself. */
export function connectQuery(homeUrl: string, verifier = 'v'.repeat(43)) {
  return {
    platform: 'wordpress',
    site_url: homeUrl,
    redirect_uri: `${homeUrl}/wp-admin/admin.php?page=confab&confab_connect=1`,
    state: 'a state & more',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
}

/**
 * An owner's browser at the connect page, without a script: it sends the forms as they stand in the page. Signed in as
 * the user that is given, or as somebody who signs up for it.
 */
export function ownerClient(relay: ConsoleRelay, given?: Pick<User, 'cookie' | 'me'>) {
  const { url } = relay;
  let signedIn: Promise<Pick<User, 'cookie' | 'me'>> | undefined;
  const user = () => {
    signedIn ??= given ? Promise.resolve(given) : signUp(relay);
    return signedIn;
  };
  const post = async (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    call<string>('POST', `${url}${path}`, {
      body: new URLSearchParams(form).toString(),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: new URL(url).origin,
        Cookie: (await user()).cookie,
        ...headers,
      },
    });
  return {
    user,
    post,
    open: async (query: Record<string, string>) =>
      call<string>('GET', `${url}/connect?${new URLSearchParams(query)}`, {
        headers: { Cookie: (await user()).cookie },
      }),

    /** The account that they have of their own. */
    async accountId(): Promise<string> {
      const [account] = (await (await user()).me()).accounts;
      if (!account) throw new Error('the user has no account');
      return account.accountId;
    },

    /** The ticket of a page that asks for this. */
    async ticket(query: Record<string, string>): Promise<string> {
      const page = await this.open(query);
      const ticket = /name="ticket" value="([^"]+)"/.exec(page.body)?.[1];
      if (!ticket) throw new Error(`no page to decide on: ${page.status}`);
      return ticket;
    },

    /** Opens the page and decides; `site` is an id, or a new one of their account. Gives where the browser is sent. */
    async decide(query: Record<string, string>, { decision, site = 'new' }: { decision: string; site?: string }) {
      const ticket = await this.ticket(query);
      const chosen = site === 'new' ? `new:${await this.accountId()}` : site;
      const sent = await post('/connect/decision', { ticket, decision, site: chosen });
      if (sent.status !== 303) throw new Error(`no way back: ${sent.status} ${sent.body}`);
      return new URL(sent.headers.get('Location') ?? '');
    },

    /** Approves, and gives the code. */
    async approve(query: Record<string, string>, site = 'new'): Promise<string> {
      const back = await this.decide(query, { decision: 'approve', site });
      return back.searchParams.get('code') ?? '';
    },

    exchange: (body: object) => call<ConnectTokenResponse>('POST', `${url}/v1/connect/token`, { body }),

    /** Connects a site from the page to its secret; `site` is the id of one that is there. */
    async connect(homeUrl: string, site?: string) {
      const code = await this.approve(connectQuery(homeUrl), site);
      const { status, body } = await this.exchange({ code, codeVerifier: 'v'.repeat(43), siteUrl: homeUrl });
      if (status !== 200) throw new Error(`no exchange: ${JSON.stringify(body)}`);
      return { ...body, id: body.siteId, ...clientsOf(url, body.siteKey, body.siteSecret) };
    },
  };
}

/** The calls of one site: as its visitors make them, and as its plugin does. */
export function clientsOf(url: string, key: string, secret: string) {
  return {
    key,
    secret,
    widget: visitorClient(`${url}/v1/widget/${key}`),
    plugin: pluginClient(`${url}/v1/site`, secret),
  };
}

function visitorClient(base: string) {
  const turns = `${base}/turns`;
  return {
    base,
    config: (query = '', headers: Record<string, string> = {}) =>
      call<WidgetConfig>('GET', `${base}/config${query}`, { headers }),

    /** Records a decision on the notice that is shown now. */
    async decide(decision: ConsentRequest['decision'], more: Partial<ConsentRequest> = {}) {
      const { consent } = (await this.config()).body;
      const request = { decision, noticeVersion: consent.noticeVersion, source: 'banner', locale: 'en', ...more };
      return call<ConsentResponse>('POST', `${base}/consents`, { body: request });
    },

    /** A fresh consent token. */
    async token(purposes: ConsentRequest['purposes'] = ['storage']): Promise<string> {
      return (await this.decide('granted', { purposes })).body.consentToken ?? '';
    },

    open: (request: TurnRequest | object) => openTurn(turns, request),

    /** One turn, read to its end. */
    async turn(request: TurnRequest | object) {
      const turn = await openTurn(turns, request);
      return { ...turn, ...summaryOf(await turn.rest()) };
    },

    /** Asks on a carried thread, and gives the thread with the answer. */
    async carry(text: string, thread: ThreadMessage[] = []): Promise<ThreadMessage[]> {
      const { completed } = await this.turn(question(text, { thread }));
      if (!completed?.seal) throw new Error('the answer has no seal');
      return [...thread, { role: 'visitor', text }, { role: 'assistant', text: completed.text, seal: completed.seal }];
    },

    /** Begins a stored conversation, and gives its handle. */
    async begin(text: string, purposes?: ConsentRequest['purposes']): Promise<string> {
      const { started } = await this.turn(question(text, { consentToken: await this.token(purposes) }));
      if (!started?.conversationId) throw new Error('no conversation was begun');
      return started.conversationId;
    },

    lead: (request: Partial<LeadRequest> | object) =>
      call<{ leadId: string }>('POST', `${base}/leads`, { body: { kind: 'lead', ...request } }),
    pageview: (request: Partial<PageviewRequest> | object) =>
      call<string>('POST', `${base}/pageviews`, { body: { url: `${SHOP}/jumper`, ...request } }),

    conversation: (bearer?: string) => call<Conversation>('GET', `${base}/conversation`, { bearer }),
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
    export: (bearer?: string) => call<any>('GET', `${base}/conversation/export`, { bearer }),
    erase: (bearer?: string) => call<string>('DELETE', `${base}/conversation`, { bearer }),
    requestData: (bearer: string | undefined, body: object) =>
      // biome-ignore lint/suspicious/noExplicitAny: tests look into the result as they like
      call<DataRequestResponse & { result: any }>('POST', `${base}/data-requests`, { bearer, body }),
  };
}

function pluginClient(base: string, secret: string) {
  const bearer = secret;
  return {
    base,
    site: () => call<SiteResponse>('GET', base, { bearer }),
    checkConnection: () => call<{ verification: string | null }>('POST', `${base}/verification`, { bearer }),
    disconnect: (body: { erase: boolean } | object) => call<string>('DELETE', `${base}/connection`, { bearer, body }),
    settings: () => call<Settings>('GET', `${base}/settings`, { bearer }),
    save: (settings: SettingsUpdate | object, ifMatch?: string) =>
      call<Settings>('PUT', `${base}/settings`, {
        bearer,
        body: settings,
        headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch },
      }),
    async change(edit: (settings: Settings) => SettingsUpdate) {
      const current = await this.settings();
      const saved = await this.save(edit(current.body), current.headers.get('ETag') ?? '');
      if (saved.status !== 200) throw new Error(`settings were refused: ${JSON.stringify(saved.body)}`);
      return saved;
    },
    sync: (body: { upsert?: DocumentUpsert[]; delete?: string[] } | object) =>
      call<DocumentsResponse>('POST', `${base}/documents`, { bearer, body }),
    status: () =>
      call<{ documents: number; chunks: number; lastSyncedAt: string | null }>('GET', `${base}/documents/status`, {
        bearer,
      }),
    requestData: (body: DataRequest | object) =>
      // biome-ignore lint/suspicious/noExplicitAny: tests look into the result as they like
      call<DataRequestResponse & { result: any }>('POST', `${base}/data-requests`, { bearer, body }),
    dataRequests: (query = '') => call<DataRequestPage>('GET', `${base}/data-requests${query}`, { bearer }),
    purges: (query = '') => call<PurgesPage>('GET', `${base}/purges${query}`, { bearer }),
    retention: (query = '') => call<RetentionResponse>('GET', `${base}/retention${query}`, { bearer }),
    holds: (query = '') => call<LegalHoldsPage>('GET', `${base}/legal-holds${query}`, { bearer }),
    hold: (body: object) => call<LegalHold>('POST', `${base}/legal-holds`, { bearer, body }),
    endHold: (id: string, body: object = { author: 'Ann' }) =>
      call<string>('DELETE', `${base}/legal-holds/${id}`, { bearer, body }),
    leads: (query = '') => call<LeadPage>('GET', `${base}/leads${query}`, { bearer }),
    deliveries: (query = '') => call<DeliveryPage>('GET', `${base}/deliveries${query}`, { bearer }),
    testCrm: (name: string) => call<CrmTestResponse>('POST', `${base}/crm/${name}/test`, { bearer }),
    retryDelivery: (leadId: string, target: string) =>
      call<{ count: number }>('POST', `${base}/leads/${leadId}/deliveries/${target}`, { bearer }),
    retryDeliveries: (body: object) => call<{ count: number }>('POST', `${base}/deliveries/retry`, { bearer, body }),
    conversations: (query = '') => call<ConversationPage>('GET', `${base}/conversations${query}`, { bearer }),
    conversation: (id: string) => call<OwnedConversation>('GET', `${base}/conversations/${id}`, { bearer }),
    documents: (query = '') => call<DocumentPage>('GET', `${base}/documents${query}`, { bearer }),
    consents: (query = '') =>
      call<ConsentsPage>('GET', `${base}/consents${query}`, { bearer, headers: { Accept: 'application/json' } }),
    /** The consent log as JSON Lines. */
    async consentLog(query = ''): Promise<string> {
      const response = await fetch(`${base}/consents${query}`, { headers: { Authorization: `Bearer ${bearer}` } });
      return response.text();
    },
    search: (query: Record<string, string>) =>
      call<SearchResponse>('GET', `${base}/search?${new URLSearchParams(query)}`, { bearer }),
  };
}

/** A turn whose answer streams. `problem` is there where it was refused. */
async function openTurn(url: string, request: object) {
  const controller = new AbortController();
  // As the widget sends it: text/plain needs no preflight.
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(request), signal: controller.signal });
  const { status, headers } = response;
  const streams = headers.get('Content-Type')?.startsWith('text/event-stream');
  const problem = streams ? undefined : ((await response.json()) as Problem);
  const events = streams ? readEvents(response) : noEvents();
  return {
    status,
    headers,
    problem,
    /** Reads up to the first event of this kind. */
    async until(kind: TurnEvent['event']): Promise<TurnEvent[]> {
      const seen: TurnEvent[] = [];
      while (seen.at(-1)?.event !== kind) {
        const { value, done } = await events.next();
        if (done) throw new Error(`the stream ended without "${kind}"`);
        seen.push(value);
      }
      return seen;
    },
    async rest(): Promise<TurnEvent[]> {
      return Array.fromAsync(events);
    },
    /** The visitor goes away. */
    leave: () => controller.abort(),
  };
}

async function* noEvents(): AsyncGenerator<TurnEvent, undefined> {}

async function* readEvents(response: Response): AsyncGenerator<TurnEvent, undefined> {
  let buffered = '';
  for await (const text of textsOf(response)) {
    buffered += text;
    const blocks = buffered.split('\n\n');
    buffered = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event && data) yield { event, data: JSON.parse(data) } as TurnEvent;
      else if (!block.startsWith(':')) throw new Error(`not an event: ${block}`);
    }
  }
  if (buffered) throw new Error(`the stream was cut: ${buffered}`);
}

async function* textsOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) yield decoder.decode(bytes, { stream: true });
}

function summaryOf(events: TurnEvent[]) {
  const of = <Kind extends TurnEvent['event']>(kind: Kind) =>
    events.find(event => event.event === kind)?.data as Extract<TurnEvent, { event: Kind }>['data'] | undefined;
  return {
    events,
    /** In how many pieces a text comes is the network's choice: pieces that follow one another count as one. */
    kinds: events.map(({ event }) => event).filter((kind, at, all) => kind !== 'delta' || all[at - 1] !== 'delta'),
    started: of('started'),
    completed: of('completed'),
    failed: of('failed'),
  };
}

const relayFolder = join(import.meta.dirname, '../relay');
const widgetFolder = join(import.meta.dirname, '../widget-core/dist');

const accessTo = (baseUrl: string) => ({ apiKey: `key-${randomUUID()}`, baseUrl, model: 'fake' });

const baseEnvironment = (dataDir: string): NodeJS.ProcessEnv => ({
  NODE_ENV: 'test',
  PORT: '0',
  CONFAB_DATA_DIR: dataDir,
  CONFAB_SECRET_KEY: SECRET_KEY,
  CONFAB_DEMO_SECRET: DEMO_SECRET,
  CONFAB_RATE_LIMIT: 'off',
  CONFAB_LOG_LEVEL: 'debug',
});

/** A clock that a test can set forward, and back to the real time. */
function movableClock() {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    setAhead(ms: number): void {
      ahead = ms;
    },
  };
}

function killWithUs(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}
