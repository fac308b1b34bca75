import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../e2e/free-port.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { startChild } from './child.ts';
import type { Target } from './load.ts';
import { parentOf } from './process-usage.ts';
import { startRelayProcess } from './relay-process.ts';
import type { Api } from './stub-events.ts';

/** A way that is running. What has no process of its own between the two ends has no `pid`. */
export type Running = {
  pid?: number;
  target: Target;
  /** What stored turns begin with, where this way stores. */
  consentTokens: string[];
  stop(): Promise<void>;
};

/** One way from the load generator to the provider. */
export type Way = {
  id: string;
  title: string;
  /** `turns` is how many will be asked at most. */
  start(turns: number): Promise<Running>;
};

/** One of several hundred, which the generator puts in its place. */
const question = '{question}';
/** So many consents leave a heap behind that would hide what streams take. */
const CONSENTS_OF_NO_WEIGHT = 500;

/** How many streams the way `postgres-full` takes. */
export const FULL = 50;

const page = { url: 'http://localhost/demo/shipping', title: 'Shipping' };

/**
 * All the ways, in the order of the table. The relay of a database is one and the same for carried and stored turns;
 * each repetition starts it anew on the data it has.
 */
export function waysTo(stub: { port: number }, options: { api: Api; folder: string; profile: string | undefined }) {
  const { api, folder, profile } = options;
  const provider = `http://127.0.0.1:${stub.port}/v1`;
  const execArgv = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  let postgres: ReturnType<typeof openPostgres> | undefined;

  const relay = (
    id: string,
    title: string,
    turn: object,
    databaseUrl?: () => Promise<string>,
    more: Record<string, string> = { CONFAB_PROCESSES: '1' },
  ): Way => ({
    id,
    title,
    async start(turns) {
      const environment = {
        OPENAI_BASE_URL: provider,
        OPENAI_API: api,
        ...more,
        ...(databaseUrl && { DATABASE_URL: await databaseUrl() }),
      };
      const data = path.join(folder, databaseUrl ? 'postgres' : 'embedded');
      const startRelay = () => startRelayProcess({ folder: data, environment, execArgv });
      let running = await startRelay();
      const consentTokens = 'consentToken' in turn ? await running.consentTokens(turns) : [];
      if (consentTokens.length > CONSENTS_OF_NO_WEIGHT) {
        await running.stop();
        running = await startRelay();
      }
      const body = JSON.stringify({ clientTurnId: '{uuid}', text: question, page, locale: 'en', ...turn });
      const target = { port: running.port, path: '/v1/widget/demo/turns', body };
      return { pid: running.pid, target, consentTokens, stop: running.stop };
    },
  });

  const carried = { thread: [] };
  const stored = { consentToken: '{token}' };
  const inPostgres = async () => {
    postgres ??= openPostgres();
    return (await postgres).databaseUrl;
  };

  const allCores = { CONFAB_PROCESSES: 'auto' };

  const ways: Way[] = [
    {
      id: 'direct',
      title: 'straight to the stub',
      async start() {
        const target = { port: stub.port, path: providerPath[api], body: providerBody(api) };
        return { target, consentTokens: [], stop: async () => {} };
      },
    },
    {
      id: 'pass-through',
      title: 'Koa + `openai` SDK, pass-through',
      async start() {
        const { pid, port, stop } = await startChild('pass-through.ts', { args: [provider, api], execArgv });
        const target = { port, path: '/', body: JSON.stringify({ text: question }) };
        return { pid, target, consentTokens: [], stop };
      },
    },
    {
      id: 'gateway',
      title: '`@portkey-ai/gateway`',
      async start() {
        const { pid, port, stop } = await startGateway(folder, execArgv);
        const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': provider };
        const target = { port, path: providerPath[api], body: providerBody(api), headers };
        return { pid, target, consentTokens: [], stop };
      },
    },
    relay('embedded-carried', 'relay, embedded database, carried turn', carried),
    relay('embedded-stored', 'relay, embedded database, stored turn', stored),
    relay('postgres-carried', 'relay, PostgreSQL, carried turn', carried, inPostgres),
    relay('postgres-stored', 'relay, PostgreSQL, stored turn', stored, inPostgres),
    relay('postgres-full', 'relay that is full', carried, inPostgres, {
      CONFAB_PROCESSES: '1',
      CONFAB_MAX_STREAMS: String(FULL),
    }),
    relay('cluster-carried', 'relay, PostgreSQL, all cores, carried turn', carried, inPostgres, allCores),
    relay('cluster-stored', 'relay, PostgreSQL, all cores, stored turn', stored, inPostgres, allCores),
  ];

  return {
    ways,
    /** Starts what is slow to start, before the first measurement. */
    async prepare(chosen: Way[]): Promise<void> {
      const needed = ['embedded', 'postgres', 'cluster'].map(name => chosen.find(({ id }) => id.startsWith(name)));
      // One after the other: two of them use one database.
      for (const way of needed) await (await way?.start(0))?.stop();
    },
    /** The PostgreSQL server's first process, once it runs. */
    postmaster: async () => (await postgres)?.pid,
    async close(): Promise<void> {
      await (await postgres)?.stop();
    },
  };
}

/** The gateway as its command starts it, without the page that shows its log. */
async function startGateway(folder: string, execArgv: string[]) {
  const port = await freePort();
  const program = path.join(import.meta.dirname, '../node_modules/@portkey-ai/gateway/build/start-server.js');
  const log = openSync(path.join(folder, 'gateway.log'), 'a');
  const child = spawn(
    process.execPath,
    [
      '--import',
      path.join(import.meta.dirname, 'mutable-headers.mjs'),
      ...execArgv,
      program,
      '--headless',
      `--port=${port}`,
    ],
    {
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
      stdio: ['ignore', log, log],
      detached: true,
    },
  );
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    // It does not end while connections are open.
    await Promise.race([ended, wait(2_000)]);
    child.kill('SIGKILL');
    await ended;
  };
  for (let tries = 0; !(await isListening(port)); tries += 1) {
    if (tries > 200 || child.exitCode !== null) {
      await stop();
      throw new Error(`The gateway did not start; ${folder}/gateway.log says why.`);
    }
    await wait(50);
  }
  return { pid: child.pid as number, port, stop };
}

const isListening = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** A PostgreSQL that keeps what it has confirmed, as a shop's would. */
async function openPostgres() {
  const server = await startPostgres({ durable: true });
  const databaseUrl = await server.createDatabase();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const pid = parentOf(rows[0].pid);
  await client.end();
  return { databaseUrl, pid, stop: server.stop };
}

const providerPath: Record<Api, string> = {
  responses: '/v1/responses',
  chat_completions: '/v1/chat/completions',
};

function providerBody(api: Api): string {
  const model = 'gpt-5-mini';
  if (api === 'responses') return JSON.stringify({ model, input: question, store: false, stream: true });
  return JSON.stringify({ model, messages: [{ role: 'user', content: question }], stream: true });
}
