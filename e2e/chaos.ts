import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CrmName, Settings } from '@confab/contract';
import type { CrmFake } from './fakes/crm/base.ts';
import type { ReceivedMessage, WebhookReceiver } from './fakes/webhook-receiver.ts';
import { freePort } from './free-port.ts';

/** A CRM of the run, and how the relay and the site come to it. */
export type ChaosCrm = {
  fake: CrmFake;
  env: Record<string, string>;
  settings: (crm: Settings['crm']) => object;
};

export type ChaosOptions = {
  databaseUrl: string;
  leads: number;
  crms: Partial<Record<CrmName, ChaosCrm>>;
  receiver: WebhookReceiver;
  /** How many of the calls fail, at the CRMs and at the receiver, from 0 to 1. */
  failing: number;
  /** How long both processes live together before one of them is killed. */
  killEveryMs: number;
  /** From 0 to 1. */
  random: () => number;
  /** Hears how it goes. */
  tell?: (line: string) => void;
  /** After so long it is over, and what is not there is missing. */
  patienceMs: number;
};

export type ChaosResult = {
  kills: number;
  seconds: number;
  /** Calls that each CRM was made. */
  calls: Partial<Record<CrmName, number>>;
  /** What was acknowledged to visitors: the id of each lead, and its final values. */
  left: Map<string, { email: string; name: string; message: string }>;
  /** The webhooks that the receiver took. */
  taken: ReceivedMessage[];
  waiting: number;
  failed: number;
};

/** Not 429: its Retry-After is obeyed, so that the run would be as long as the sum of them. */
const FAULTS = ['server_error', 'half_written', 'applied_then_cut'] as const;

export const SECRET = 'the-secret-of-the-demo-shop';
/** So many visitors at once. */
const AT_ONCE = 8;
const main = join(import.meta.dirname, '../relay/src/main.ts');

/**
 * So many leads, each left twice: at first briefly, then with a message, while two relay processes on one database hand
 * them over, and one after the other is killed and started again. A visitor whose relay died sends the form again.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { leads, crms, receiver, failing, tell = () => {}, random } = options;
  const folder = await mkdtemp(join(tmpdir(), 'confab-chaos-'));
  const began = performance.now();
  const env = {
    ...environmentOf(options.databaseUrl, folder),
    ...Object.assign({}, ...Object.values(crms).map(crm => crm.env)),
  };
  // One after the other: the first one makes the tables, which the others wait for a few seconds only.
  const relays = [
    await startRelay(env, join(folder, 'relay-0.log')),
    await startRelay(env, join(folder, 'relay-1.log')),
  ];
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    for (let tries = 0; ; tries += 1) {
      const relay = relays[Math.floor(random() * 2)] as Relay;
      const answer = await fetch(relay.url() + path, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (answer && text !== undefined && answer.status < 500) return { answer, body: text && JSON.parse(text) };
      if (tries > 200) throw new Error(`${method} ${path} was never answered`);
      await pause(50);
    }
  };
  const owner = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call(method, `/v1/site${path}`, body, { Authorization: `Bearer ${SECRET}`, ...headers });

  const read = await owner('GET', '/settings');
  const settings = read.body as Settings;
  const crm = Object.assign({}, ...Object.values(crms).map(({ settings: of }) => of(settings.crm)));
  const changed = { ...settings, crm: { ...settings.crm, connectors: Object.keys(crms), ...crm } };
  const saved = await owner('PUT', '/settings', changed, { 'If-Match': read.answer.headers.get('ETag') ?? '' });
  if (saved.answer.status !== 200) throw new Error(`settings: ${JSON.stringify(saved.body)}`);
  const made = await owner('POST', '/webhooks', { url: receiver.url, events: ['lead.created'] });
  if (made.answer.status !== 201) throw new Error(`webhook: ${JSON.stringify(made.body)}`);
  receiver.trust(made.body.secret);
  const taken: ReceivedMessage[] = [];
  receiver.react(message => {
    if (random() < failing) return random() < 0.5 ? 'cut' : { status: 500 };
    taken.push(message);
    return 'take';
  });
  for (const { fake } of Object.values(crms)) fake.failRandomly(failing, random, FAULTS);

  const left: ChaosResult['left'] = new Map();
  let next = 0;
  const visit = async () => {
    while (next < leads) {
      const number = next++;
      const email = `visitor-${number}@example.com`;
      const name = `Visitor Number${number}`;
      const message = `Please write to me about kettle ${number}.`;
      const leave = async (fields: object) => {
        const { answer, body } = await call('POST', '/v1/widget/demo/leads', { kind: 'lead', fields });
        if (answer.status !== 201) throw new Error(`lead: ${JSON.stringify(body)}`);
        return body.leadId as string;
      };
      const first = await leave({ email, name });
      const second = await leave({ email, name, message });
      if (first !== second) throw new Error('one person left two leads');
      left.set(first, { email, name, message });
    }
  };
  const over = new AbortController();
  let kills = 0;
  const killer = (async () => {
    while (!over.signal.aborted) {
      await pause(options.killEveryMs, undefined, { signal: over.signal }).catch(() => {});
      if (over.signal.aborted) return;
      await (relays[kills % 2] as Relay).restart();
      kills += 1;
    }
  })();
  await Promise.all(Array.from({ length: AT_ONCE }, visit));
  tell(`${left.size} leads are left, after ${seconds(began)} s and ${kills} kills`);

  // The owner presses "try again" every second, so that nobody waits for pauses of hours.
  let waiting = 0;
  let failed = 0;
  const count = async (state: string) => {
    const { body } = await owner('GET', `/deliveries?state=${state}&limit=100`);
    return body.items.length as number;
  };
  const isAllSent = () => new Set(taken.map(leadOf)).size >= leads;
  for (const deadline = performance.now() + options.patienceMs; performance.now() < deadline; ) {
    await owner('POST', '/deliveries/retry', {});
    await pause(1_000);
    [waiting, failed] = [await count('waiting'), await count('failed')];
    tell(
      `${seconds(began)} s: waiting ${waiting}${waiting === 100 ? ' or more' : ''}, failed ${failed}, kills ${kills}`,
    );
    if (waiting === 0 && failed === 0 && isAllSent()) break;
  }
  over.abort();
  await killer;
  await Promise.all(relays.map(relay => relay.stop()));
  await rm(folder, { recursive: true, force: true });
  const calls = Object.fromEntries(Object.entries(crms).map(([name, { fake }]) => [name, fake.requests.length]));
  return { kills, seconds: seconds(began), calls, left, taken, waiting, failed };
}

/** What of the result is not as it was promised, in words; nothing where all is well. */
export function wrongIn({ left, taken, waiting, failed }: ChaosResult, options: ChaosOptions): string[] {
  const wrong = [];
  if (left.size !== options.leads) wrong.push(`${left.size} leads of ${options.leads} were acknowledged`);
  if (waiting + failed > 0) wrong.push(`${waiting} wait and ${failed} have failed`);
  for (const [name, { fake }] of Object.entries(options.crms)) {
    const records = fake.records();
    if (records.length !== left.size) wrong.push(`${name} has ${records.length} records`);
    const byKey = new Map(records.flatMap(record => record.keys.map(key => [key, record])));
    for (const [leadId, { email, name: person, message }] of left) {
      const record = byKey.get(leadId);
      const isRight =
        record?.email === email &&
        record.name === person &&
        record.keys.filter(key => key === leadId).length === 1 &&
        record.note.split(message).length === 2;
      if (!isRight) wrong.push(`${name} has lead ${leadId} as ${JSON.stringify(record)}`);
    }
    if (fake.complaints.length > 0) wrong.push(`${name} complains: ${fake.complaints[0]}`);
  }
  const ofLead = Map.groupBy(taken, leadOf);
  for (const leadId of left.keys()) {
    const ids = new Set(ofLead.get(leadId)?.map(({ id }) => id));
    if (ids.size !== 1) wrong.push(`the receiver has lead ${leadId} under ${ids.size} ids`);
  }
  if (taken.some(({ signedBy }) => signedBy.length !== 1)) wrong.push('a webhook was not signed');
  return wrong;
}

const leadOf = ({ body }: ReceivedMessage): string => body.data.leadId;

export type Relay = { url(): string; restart(): Promise<void>; stop(): Promise<void> };

/** What relays that run as one are given. */
export const environmentOf = (databaseUrl: string, folder: string): Record<string, string | undefined> => ({
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE: join(tmpdir(), 'confab-compile-cache'),
  DATABASE_URL: databaseUrl,
  CONFAB_DATA_DIR: folder,
  CONFAB_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  CONFAB_DEMO_SECRET: SECRET,
  // One address for all, or each would push the demo shop's pages as others.
  CONFAB_PUBLIC_URL: 'http://127.0.0.1:1',
  CONFAB_RATE_LIMIT: 'off',
  CONFAB_LOG_LEVEL: 'warn',
});

/** One process on a port of its own, which it keeps. `restart` kills it first. */
export async function startRelay(env: NodeJS.ProcessEnv, logFile: string): Promise<Relay> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  let ended = Promise.withResolvers<void>();
  const start = async () => {
    const out = openSync(logFile, 'a');
    const own = spawn(process.execPath, [main], { env: { ...env, PORT: String(port) }, stdio: ['ignore', out, out] });
    child = own;
    ended = Promise.withResolvers();
    own.once('exit', () => ended.resolve());
    const killWithUs = () => own.kill('SIGKILL');
    process.once('exit', killWithUs);
    own.once('exit', () => process.off('exit', killWithUs));
    for (let tries = 0; tries < 600; tries += 1) {
      if (
        await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return;
      if (own.exitCode !== null) throw new Error(`a relay ended; see ${logFile}`);
      await pause(50);
    }
    throw new Error(`a relay did not get ready; see ${logFile}`);
  };
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended.promise;
  };
  await start();
  return {
    url: () => url,
    async restart() {
      await end('SIGKILL');
      // As a process manager does: one that starts while its database is away ends, and is started again.
      for (let left = 5; ; left -= 1) {
        const ready = await start().then(
          () => true,
          error => {
            if (left === 0) throw error;
          },
        );
        if (ready) return;
      }
    },
    stop: () => end('SIGTERM'),
  };
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 1_000);
