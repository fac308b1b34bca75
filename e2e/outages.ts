import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '@confab/relay/db/database.ts';
import { verifyLog } from '@confab/relay/features/consent/index.ts';
import { Client } from 'pg';
import { environmentOf, type Relay, SECRET, startRelay } from './chaos.ts';
import type { FakeModelServer } from './fakes/model-server.ts';
import type { ReceivedMessage, WebhookReceiver } from './fakes/webhook-receiver.ts';
import type { OwnPostgres } from './postgres.ts';

export type OutageOptions = {
  /** Durable: what it has committed has to survive its crash. */
  postgres: OwnPostgres;
  model: FakeModelServer;
  receiver: WebhookReceiver;
  /** For how long visitors come. */
  seconds: number;
  /** So many visitors at once. */
  atOnce: number;
  /** A relay is killed by SIGKILL, and started again, after so many seconds; the next one after so many again. */
  killEveryS: number;
  /** Sites with conversations that have expired, which the night's purge deletes meanwhile. */
  expiredSites: number;
  /** From 0 to 1. */
  random: () => number;
  /** Hears how it goes. */
  tell?: (line: string) => void;
};

/** What visitors were told that it is done. */
type Acknowledged = {
  consents: Set<string>;
  turns: { handle: string; clientTurnId: string; question: string; answer: string }[];
  carried: number;
  leads: Map<string, string>;
};

export type OutageResult = {
  kills: number;
  acknowledged: Acknowledged;
  /** How many visitors' calls needed so many tries of theirs; a dead relay that the balancer passes over is none. */
  tries: Map<number, number>;
  /** The longest that a visitor waited for one call to succeed, with all its tries, in seconds. */
  longestS: number;
  /** What a refusal or a fault looked like to the visitor, and how often. */
  faults: Map<string, number>;
  webhooks: ReceivedMessage[];
  /** What is not as it was promised; empty where all is well. */
  wrong: string[];
};

const RELAYS = 3;
/** Said by visitors who declined, and by nobody else. */
const DECLINED = 'quokkaberry';
const EXPIRED_EACH = 5;
/** For what nobody waits for: webhooks and purges. */
const PATIENCE_S = 240;
/** Then a visitor would have closed the page. */
const TRIES_MAX = 20;

/**
 * Visitors who accept, decline and leave contact details, at three relays behind one address, while one relay after the
 * other is killed and PostgreSQL crashes once, half-way. In the end everything that was acknowledged has to be there,
 * once, and nothing of those who declined.
 */
export async function runOutages(options: OutageOptions): Promise<OutageResult> {
  const { postgres, model, receiver, random, tell = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'confab-outages-'));
  const databaseUrl = await postgres.createDatabase();
  await (await openDatabase({ databaseUrl, dataDir: folder })).close();
  await plantExpired(databaseUrl, options.expiredSites);
  const env = {
    ...environmentOf(databaseUrl, folder),
    OPENAI_API_KEY: 'key-of-the-outages',
    OPENAI_BASE_URL: model.url,
  };
  // All at once, as after a power cut.
  const relays = await Promise.all(
    Array.from({ length: RELAYS }, (_, index) => startRelay(env, join(folder, `relay-${index}.log`))),
  );
  tell(`${RELAYS} relays are ready`);

  const tries: OutageResult['tries'] = new Map();
  const faults: OutageResult['faults'] = new Map();
  let longestS = 0;
  const balanced = balancerOf(relays, random);

  /** Tries until it is done, as a visitor does who presses "try again". `attempt` gives nothing where it failed. */
  async function persist<Done>(attempt: () => Promise<Done | Failed>): Promise<Done> {
    const begun = performance.now();
    for (let count = 1; ; count += 1) {
      const done = await attempt();
      if (!isFailed(done)) {
        tries.set(count, (tries.get(count) ?? 0) + 1);
        longestS = Math.max(longestS, (performance.now() - begun) / 1_000);
        return done;
      }
      faults.set(done.failed, (faults.get(done.failed) ?? 0) + 1);
      if (count >= TRIES_MAX) throw new Error(`never done: ${done.failed}`);
      await pause(done.afterMs);
    }
  }
  const post = <Answer>(path: string, body: object) =>
    persist(async () => {
      const { answer, text, fault } = await balanced('POST', `/v1/widget/demo${path}`, body);
      if (!answer || text === undefined) return failed(fault ?? 'cut');
      if (answer.status >= 500) return failed(`${answer.status}`, answer);
      if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as Answer;
    });
  const turn = (request: object) =>
    persist(async () => {
      const { answer, text, fault } = await balanced('POST', '/v1/widget/demo/turns', request);
      if (!answer || text === undefined) return failed(fault ?? 'cut');
      if (answer.status >= 500) return failed(`${answer.status}`, answer);
      if (answer.status !== 200) throw new Error(`turn: ${answer.status} ${text}`);
      const events = eventsIn(text);
      const completed = events.find(({ event }) => event === 'completed')?.data;
      const started = events.find(({ event }) => event === 'started')?.data;
      if (!completed || !started) return failed(events.at(-1)?.event ?? 'an empty stream');
      return { completed, started };
    });

  const config = await balanced('GET', '/v1/widget/demo/config');
  const { noticeVersion } = JSON.parse(config.text ?? '').consent;
  await settle(relays, receiver);
  const acknowledged: Acknowledged = { consents: new Set(), turns: [], carried: 0, leads: new Map() };
  const decide = async (decision: string) => {
    const body = { decision, noticeVersion, source: 'banner', locale: 'en' };
    const { receipt, consentToken } = await post<{ receipt: { id: string }; consentToken?: string }>('/consents', body);
    acknowledged.consents.add(receipt.id);
    return consentToken;
  };
  const page = { url: 'https://shop.example/' };

  async function acceptAndAsk(name: string): Promise<void> {
    const consentToken = await decide('granted');
    let handle: string | undefined;
    for (const nth of [1, 2, 3]) {
      const clientTurnId = randomUUID();
      const question = `Do you ship to Iceland, visitor ${name}, question ${nth}?`;
      const how = handle ? { conversationId: handle } : { consentToken };
      const { started, completed } = await turn({ clientTurnId, text: question, page, ...how });
      handle ??= started.conversationId as string;
      acknowledged.turns.push({ handle, clientTurnId, question, answer: completed.text });
    }
  }
  async function declineAndAsk(): Promise<void> {
    await decide('declined');
    const thread: object[] = [];
    for (const nth of [1, 2]) {
      const text = `Do you sell ${DECLINED} jam? ${nth}`;
      const { completed } = await turn({ clientTurnId: randomUUID(), text, page, thread });
      thread.push({ role: 'visitor', text }, { role: 'assistant', text: completed.text, seal: completed.seal });
      acknowledged.carried += 1;
    }
  }
  async function leaveLead(name: string): Promise<void> {
    const email = `visitor-${name}@example.com`;
    const { leadId } = await post<{ leadId: string }>('/leads', { kind: 'lead', fields: { email, name } });
    acknowledged.leads.set(leadId, email);
  }

  const until = performance.now() + options.seconds * 1_000;
  const isOver = () => performance.now() >= until;
  let visitors = 0;
  const visit = async () => {
    while (!isOver()) {
      const name = String(visitors++);
      const choice = random();
      if (choice < 0.5) await acceptAndAsk(name);
      else if (choice < 0.75) await declineAndAsk();
      else await leaveLead(name);
    }
  };
  let kills = 0;
  const kill = async () => {
    while (!isOver()) {
      await pause(options.killEveryS * 1_000);
      if (isOver()) return;
      await (relays[kills % RELAYS] as Relay).restart();
      kills += 1;
      const done = acknowledged.turns.length + acknowledged.carried;
      tell(`${kills} kills, ${done} answers, ${acknowledged.consents.size} consents, ${acknowledged.leads.size} leads`);
    }
  };
  const crash = async () => {
    await pause(options.seconds * 500);
    await postgres.restart('immediate');
    tell('PostgreSQL crashed, and serves again');
  };
  await Promise.all([kill(), crash(), ...Array.from({ length: options.atOnce }, visit)]);

  tell('no more visitors; what is under way is given time');
  const isTold = () => new Set(receiver.told('lead.created').map(leadOf)).size >= acknowledged.leads.size;
  const isPurged = async () => (await rowsOf(databaseUrl, EXPIRED_LEFT))[0]?.count === '0';
  // What a killed process held is given to another one after a minute or two.
  for (let seconds = 0; seconds < PATIENCE_S && !(isTold() && (await isPurged())); seconds += 1) await pause(1_000);
  const wrong = await wrongIn(relays, databaseUrl, acknowledged, receiver, options);
  await Promise.all(relays.map(relay => relay.stop()));
  const traces = await tablesWith(databaseUrl, DECLINED);
  if (traces.length > 0) wrong.push(`words of visitors who declined stand in ${traces.join(', ')}`);
  await rm(folder, { recursive: true, force: true });
  return { kills, acknowledged, tries, longestS, faults, webhooks: receiver.told('lead.created'), wrong };
}

type Failed = { failed: string; afterMs: number };
const isFailed = (value: unknown): value is Failed => typeof value === 'object' && value !== null && 'failed' in value;
const failed = (what: string, answer?: Response): Failed => ({
  failed: what,
  afterMs: 1_000 * Number(answer?.headers.get('Retry-After') ?? 0.5),
});

/** One address before the relays: whoever is not there is passed over, as a load balancer does. */
function balancerOf(relays: Relay[], random: () => number) {
  return async (method: string, path: string, body?: object) => {
    for (let passed = 0; ; passed += 1) {
      const relay = relays[Math.floor(random() * relays.length)] as Relay;
      try {
        const init = { method, ...(body && { body: JSON.stringify(body) }) };
        const answer = await fetch(relay.url() + path, init);
        return { answer, text: await answer.text().catch(() => undefined) };
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        if (code !== 'ECONNREFUSED') return { fault: 'cut' };
        if (passed > 500) throw error;
        await pause(20);
      }
    }
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each event has its own data
const eventsIn = (stream: string): { event: string; data: any }[] =>
  stream.split('\n\n').flatMap(block => {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
    return event && data ? [{ event, data: JSON.parse(data) }] : [];
  });

const leadOf = ({ body }: ReceivedMessage): string => body.data.leadId;

const asOwner = { Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' };

/** The demo site answers by a model, takes leads, and tells the receiver of them. */
async function settle([relay]: Relay[], receiver: WebhookReceiver): Promise<void> {
  const body = JSON.stringify({ url: receiver.url, events: ['lead.created'] });
  const made = await fetch(`${relay?.url()}/v1/site/webhooks`, { method: 'POST', headers: asOwner, body });
  if (made.status !== 201) throw new Error(`webhook: ${await made.text()}`);
  receiver.trust(((await made.json()) as { secret: string }).secret);
}

async function wrongIn(
  relays: Relay[],
  databaseUrl: string,
  { consents, turns, leads }: Acknowledged,
  receiver: WebhookReceiver,
  { expiredSites }: OutageOptions,
): Promise<string[]> {
  const wrong: string[] = [];
  const url = relays[0]?.url() ?? '';
  for (const [handle, asked] of Map.groupBy(turns, turn => turn.handle)) {
    const read = await fetch(`${url}/v1/widget/demo/conversation`, { headers: { Authorization: `Bearer ${handle}` } });
    const { messages } = (await read.json()) as { messages: { role: string; text: string; status: string }[] };
    const words = messages?.map(({ role, text }) => `${role}: ${text}`).join('\n');
    const expected = asked.map(({ question, answer }) => `visitor: ${question}\nassistant: ${answer}`).join('\n');
    if (words !== expected) wrong.push(`a conversation holds\n${words}\ninstead of\n${expected}`);
  }

  const recorded = await rowsOf(databaseUrl, 'SELECT "id"::text FROM "ConsentRecord"');
  const ids = recorded.map(({ id }) => id as string);
  const missing = [...consents].filter(id => !ids.includes(id));
  if (missing.length > 0) wrong.push(`${missing.length} acknowledged consents are not in the log`);
  if (new Set(ids).size !== ids.length) wrong.push('a consent is in the log twice');
  const log = await (await fetch(`${url}/v1/site/consents?limit=1000`, { headers: asOwner })).text();
  const report = await verifyLog(linesOf(log));
  if (!report.ok) wrong.push(`the consent log is broken: ${JSON.stringify(report.problem)}`);

  const left = await rowsOf(databaseUrl, `SELECT "id"::text, "email" FROM "Lead"`);
  for (const [id, email] of leads) {
    const of = left.filter(lead => lead.email === email);
    if (of.length !== 1 || of[0]?.id !== id) wrong.push(`lead ${id} is there ${of.length} times`);
  }
  const told = Map.groupBy(receiver.told('lead.created'), leadOf);
  for (const id of leads.keys()) {
    const webhookIds = new Set(told.get(id)?.map(({ id: webhookId }) => webhookId));
    if (webhookIds.size !== 1) wrong.push(`the receiver has lead ${id} under ${webhookIds.size} ids`);
  }

  const runs = await rowsOf(databaseUrl, PURGES);
  const twice = runs.filter(({ runs: count }) => count !== '1').length;
  if (twice > 0) wrong.push(`${twice} nights were purged twice`);
  const purged = runs.reduce((sum, { conversations }) => sum + Number(conversations), 0);
  if (purged !== expiredSites * EXPIRED_EACH) wrong.push(`the certificates tell of ${purged} conversations`);
  if ((await rowsOf(databaseUrl, EXPIRED_LEFT))[0]?.count !== '0') wrong.push('what has expired is still there');
  return wrong;
}

const EXPIRED_LEFT = `
  SELECT count(*)::text AS count FROM "Conversation" WHERE "createdAt" < now() - interval '400 days'`;

const PURGES = `
  SELECT "siteId", "night", count(*)::text AS runs,
    sum((SELECT coalesce(sum(many::int), 0) FROM jsonb_each("counts") AS c(name, kinds),
      jsonb_each_text(kinds) AS k(kind, many) WHERE kind = 'conversations'))::text AS conversations
  FROM "PurgeRun" WHERE "night" IS NOT NULL GROUP BY "siteId", "night"`;

async function* linesOf(text: string): AsyncGenerator<string> {
  for (const line of text.split('\n')) if (line) yield line;
}

async function rowsOf(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

async function tablesWith(url: string, word: string): Promise<string[]> {
  const tables = await rowsOf(
    url,
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await rowsOf(url, `SELECT 1 FROM ${name} t WHERE row_to_json(t)::text LIKE $1 LIMIT 1`, [
        `%${word}%`,
      ]);
      return rows.length > 0 ? [name as string] : [];
    }),
  );
  return found.flat();
}

async function plantExpired(url: string, sites: number): Promise<void> {
  const settings = {
    name: 'A quiet shop',
    timezone: 'UTC',
    retention: { conversationDays: 365, leadDays: 365, pageViewDays: 90, consentDays: 1_095 },
  };
  await rowsOf(
    url,
    `INSERT INTO "Site" ("id", "key", "secretHash", "settings", "createdAt")
     SELECT gen_random_uuid(), 'quiet-' || n, 'quiet-' || n, $2::jsonb, now() - interval '500 days'
     FROM generate_series(1, $1::int) n`,
    [sites, JSON.stringify(settings)],
  );
  await rowsOf(
    url,
    `WITH "conversation" AS (
       INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "pageUrl", "createdAt")
       SELECT "id", gen_random_uuid(), gen_random_uuid()::text, n, 'https://shop.example/', now() - interval '450 days'
       FROM "Site" CROSS JOIN generate_series(1, $1::int) n RETURNING "siteId", "id", "createdAt")
     INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations",
       "status", "createdAt")
     SELECT "siteId", "id", gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'visitor', 'Is it wool?', '[]',
       'completed', "createdAt" FROM "conversation"`,
    [EXPIRED_EACH],
  );
}
