import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startFakeOpenai } from '../e2e/fakes/openai.ts';
import { freePort } from '../e2e/free-port.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { startChild } from './child.ts';
import { questions } from './questions.ts';
import type { Sample } from './soak-relay.ts';

const SAMPLES = 24;
const SECRET = 'soak-secret-0123456789';
/** What the second half may grow by, of its own middle: less is noise of a heap that is at work. */
const GROWTH = 0.06;

type Soak = { ms: number; turns: number; database: 'embedded' | 'postgres' };

/** Runs it all, prints what was sampled, and gives the exit code. */
export async function soak({ ms, turns, database }: Soak): Promise<number> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'confab-soak-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  let asked = 0;
  const vendor = await startFakeOpenai({
    script: () => {
      asked += 1;
      if (asked % 40 === 0) return { status: 500 };
      if (asked % 55 === 0) return { pieces: ['It is'], ending: 'cut' };
      return { pieces: ['Yes, ', 'it ', 'is ', 'warm ', 'and ', 'comes ', 'in ', 'blue. '] };
    },
  });
  cleanUp.defer(() => vendor.close());
  const postgres = database === 'postgres' ? await startPostgres() : undefined;
  cleanUp.defer(async () => postgres?.stop());
  const port = await freePort();
  Object.assign(process.env, {
    NODE_ENV: 'test',
    PORT: String(port),
    CONFAB_DATA_DIR: folder,
    CONFAB_RATE_LIMIT: 'off',
    CONFAB_DEMO: 'on',
    CONFAB_DEMO_SECRET: SECRET,
    OPENAI_API_KEY: 'soak',
    OPENAI_BASE_URL: vendor.url,
    DATABASE_URL: (await postgres?.createDatabase()) ?? '',
  });
  const relay = await startChild<object, Sample>('soak-relay.ts', { execArgv: ['--expose-gc'] });
  cleanUp.defer(relay.stop);

  const base = `http://127.0.0.1:${port}`;
  const faults = new Map<string, number>();
  const until = performance.now() + ms;
  const stopping = new AbortController();
  const traffic = everybody({ base, everyMs: ms / turns, until, faults, signal: stopping.signal });
  const samples: Sample[] = [];
  for (let at = 0; at < SAMPLES; at += 1) {
    await wait(Math.max(0, until - ms * (1 - (at + 1) / SAMPLES) - performance.now()));
    samples.push(await relay.call({}));
    console.error(`[${Math.round((100 * (at + 1)) / SAMPLES)} %] ${lineOf(samples.at(-1) as Sample)}`);
  }
  stopping.abort();
  const done = await traffic;
  // What nobody uses any more is given back within a moment.
  await wait(3_000);
  samples.push(await relay.call({}));

  console.log(table(samples));
  console.log(
    `\n${done} turns, and what goes with them. Answers that were no success, by status: ${JSON.stringify(Object.fromEntries(faults))}.`,
  );
  const grown = judged(samples);
  console.log(grown.length === 0 ? '\nNothing grows.' : `\nGROWS: ${grown.join('; ')}.`);
  const isRefused = [...faults.values()].reduce((sum, count) => sum + count, 0) > done / 20;
  if (isRefused) console.log('More than one call in twenty failed: this was no test of what works.');
  return grown.length > 0 || isRefused ? 1 : 0;
}

type Traffic = { base: string; everyMs: number; until: number; faults: Map<string, number>; signal: AbortSignal };

/** Starts a turn at each beat, and beside it what visitors, plugins and owners do for so many turns. */
async function everybody({ base, everyMs, until, faults, signal }: Traffic): Promise<number> {
  const widget = `${base}/v1/widget/demo`;
  const site = { Authorization: `Bearer ${SECRET}` };
  const running = new Set<Promise<void>>();
  let turns = 0;

  async function call(
    url: string,
    body?: object,
    headers: Record<string, string> = {},
    method = body ? 'POST' : 'GET',
  ) {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) faults.set(`${response.status}`, (faults.get(`${response.status}`) ?? 0) + 1);
    return text;
  }
  const json = async (...asked: Parameters<typeof call>) => JSON.parse(await call(...asked));
  const page = { url: 'http://localhost/demo/shipping', title: 'Shipping' };
  const turn = (more: object) => ({
    clientTurnId: randomUUID(),
    text: questions[turns % questions.length],
    page,
    locale: 'en',
    ...more,
  });

  async function accepts(): Promise<void> {
    const { consent } = await json(`${widget}/config`);
    const given = { decision: 'granted', noticeVersion: consent.noticeVersion, source: 'banner', locale: 'en' };
    const { consentToken } = await json(`${widget}/consents`, given);
    const said = await call(`${widget}/turns`, turn({ consentToken }));
    const conversationId = /"conversationId":"([^"]+)"/.exec(said)?.[1];
    if (!conversationId) return;
    const bearer = { Authorization: `Bearer ${conversationId}` };
    const leaves = new AbortController();
    const live = fetch(`${widget}/conversation/events`, { headers: bearer, signal: leaves.signal })
      .then(response => response.text())
      .catch(() => '');
    await call(`${widget}/turns`, turn({ conversationId }));
    await call(`${widget}/conversation`, undefined, bearer);
    leaves.abort();
    await live;
    if (turns % 10 === 0) await call(`${widget}/conversation`, undefined, bearer, 'DELETE');
  }

  async function declines(): Promise<void> {
    const { consent } = await json(`${widget}/config`);
    await call(`${widget}/consents`, {
      decision: 'declined',
      noticeVersion: consent.noticeVersion,
      source: 'banner',
      locale: 'en',
    });
    await call(`${widget}/turns`, turn({ thread: [] }));
  }

  async function leavesHalfway(): Promise<void> {
    const leaves = new AbortController();
    const asked = fetch(`${widget}/turns`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(turn({ thread: [] })),
      signal: leaves.signal,
    });
    await wait(20);
    leaves.abort();
    await asked.then(response => response.text()).catch(() => '');
  }

  async function owner(): Promise<void> {
    await call(`${base}/v1/site/conversations?limit=20`, undefined, site);
    await call(`${base}/v1/site/leads?limit=20`, undefined, site);
    await call(`${base}/v1/site`, undefined, site);
    const document = {
      externalId: `soak-${turns % 50}`,
      type: 'page',
      url: `http://localhost/demo/soak-${turns % 50}`,
      title: 'Soak',
      text: `We sell ${questions[turns % questions.length]} ${turns}`,
      updatedAt: new Date().toISOString(),
    };
    await call(`${base}/v1/site/documents`, { upsert: [document], delete: [`soak-${(turns + 25) % 50}`] }, site);
    await call(`${base}/metrics`);
  }

  const begun = performance.now();
  while (performance.now() < until && !signal.aborted) {
    turns += 1;
    const acts = [turns % 3 === 0 ? accepts : turns % 17 === 0 ? leavesHalfway : declines];
    if (turns % 25 === 0) acts.push(owner);
    for (const act of acts) {
      const one: Promise<void> = act()
        .catch(
          error =>
            void faults.set(
              String(error.cause?.code ?? error.name),
              (faults.get(String(error.cause?.code ?? error.name)) ?? 0) + 1,
            ),
        )
        .finally(() => running.delete(one));
      running.add(one);
    }
    await wait(Math.max(0, begun + turns * everyMs - performance.now()));
    // A machine that cannot keep up is asked as much as it can do.
    while (running.size > 60) await Promise.race(running);
  }
  await Promise.all(running);
  return turns;
}

const NAMES = ['heapMb', 'externalMb', 'residentMb', 'handles', 'listeners', 'connections', 'rows'] as const;

const lineOf = (sample: Sample): string =>
  NAMES.map(name => `${name} ${sample[name].toFixed(name.endsWith('Mb') ? 1 : 0)}`).join(', ');

function table(samples: readonly Sample[]): string {
  const rows = samples
    .filter((_, at) => at % 3 === 0 || at === samples.length - 1)
    .map(sample => `| ${NAMES.map(name => sample[name].toFixed(name.endsWith('Mb') ? 1 : 0)).join(' | ')} |`);
  return [`| ${NAMES.join(' | ')} |`, `| ${NAMES.map(() => '---:').join(' | ')} |`, ...rows].join('\n');
}

/** What grows in the second half, by the straight line through it; what ends far above where it began, too. */
function judged(samples: readonly Sample[]): string[] {
  const half = samples.slice(SAMPLES / 2, SAMPLES);
  const judge = (name: (typeof NAMES)[number], atLeast: number) => {
    const values = half.map(sample => sample[name]);
    const middle = values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
    const growth = slopeOf(values) * values.length;
    return growth > Math.max(atLeast, middle * GROWTH) ? [`${name} by ${growth.toFixed(1)} in the second half`] : [];
  };
  return [
    ...judge('heapMb', 4),
    ...judge('externalMb', 4),
    // Connections that its callers keep open come and go by as many as there are callers.
    ...judge('handles', 60),
    ...judge('listeners', 1),
    ...judge('connections', 2),
  ];
}

/** Of the straight line that is nearest to these values, how much it rises with each. */
function slopeOf(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, x) => sum + (x - meanX) * (value - meanY), 0);
  const under = values.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
  return over / under;
}
