import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../e2e/free-port.ts';

const root = path.join(import.meta.dirname, '..');

/** More at once gains nothing: the consent log of a site is one chain. */
const CONSENTS_AT_ONCE = 8;

const SECRET = 'secret-of-the-bench';

export type RelayProcess = Awaited<ReturnType<typeof startRelayProcess>>;

/** Starts the whole relay as its owner would, but for its rate limit; resolves when it says that it is ready. */
export async function startRelayProcess(options: {
  /** Where its files and its log go. */
  folder: string;
  environment: Record<string, string>;
  execArgv: string[];
}) {
  const { folder, environment, execArgv } = options;
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = path.join(folder, 'relay.log');
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [...execArgv, path.join(root, 'relay/src/main.ts')], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      CONFAB_DATA_DIR: path.join(folder, 'data'),
      CONFAB_RATE_LIMIT: 'off',
      OPENAI_API_KEY: 'bench',
      CONFAB_DEMO_SECRET: SECRET,
      ...environment,
    },
    stdio: ['ignore', log, log],
    // In a group of its own: on Ctrl-C we stop it in our own time.
    detached: true,
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  const deadline = performance.now() + 60_000;
  while (!(await isReady(url))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await wait(50);
      continue;
    }
    await stop();
    throw new Error(`The relay did not start:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  }

  await liftVisitorsCap(url, environment.CONFAB_DEMO_SECRET ?? SECRET);
  return {
    pid: child.pid as number,
    port,
    stop,
    /** Consents of so many visitors: each token begins one stored conversation. */
    async consentTokens(count: number): Promise<string[]> {
      const { consent } = await call<{ consent: { noticeVersion: string } }>(`${url}/v1/widget/demo/config`);
      const { noticeVersion } = consent;
      const body = JSON.stringify({ decision: 'granted', noticeVersion, source: 'banner', locale: 'en' });
      const tokens: string[] = [];
      const give = async () => {
        while (tokens.length < count) {
          const { consentToken } = await call<{ consentToken: string }>(`${url}/v1/widget/demo/consents`, body);
          tokens.push(consentToken);
        }
      };
      await Promise.all(Array.from({ length: CONSENTS_AT_ONCE }, give)).catch(async error => {
        await stop();
        throw error;
      });
      return tokens;
    },
  };
}

/** All visitors of a benchmark come from one address, and would be over what one visitor may cost in a day. */
async function liftVisitorsCap(url: string, secret: string): Promise<void> {
  const headers = { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' };
  const read = await fetch(`${url}/v1/site/settings`, { headers });
  const settings = (await read.json()) as { limits: { spend: object } };
  const limits = { ...settings.limits, spend: { ...settings.limits.spend, perVisitorDay: null } };
  const saved = await fetch(`${url}/v1/site/settings`, {
    method: 'PUT',
    headers: { ...headers, 'If-Match': read.headers.get('ETag') ?? '' },
    body: JSON.stringify({ ...settings, limits }),
  });
  if (!saved.ok) throw new Error(`settings: ${saved.status} ${await saved.text()}`);
}

async function call<Answer>(url: string, body?: string): Promise<Answer> {
  const init = body ? { method: 'POST', body, headers: { 'Content-Type': 'application/json' } } : {};
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

const isReady = (url: string) =>
  fetch(`${url}/readyz`).then(
    response => response.ok,
    () => false,
  );
