import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseEnvironment, databases, makeDataDir, within } from '../../../e2e/relay.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { createLog } from '../lib/log.ts';
import { logContext } from '../lib/log-context.ts';
import { createJobs, type Handler, type Jobs, NotYet } from './jobs.ts';

const SECRET = 'ann@example.com';

describe.each(databases)('the job queue on %s', kind => {
  let dataDir: string;
  let databaseUrl: string | undefined;
  let database: Database;
  const running: Jobs[] = [];
  const lines: string[] = [];
  const reported: [unknown, object][] = [];
  beforeAll(async () => {
    dataDir = await makeDataDir({ empty: kind === 'postgres' });
    databaseUrl = (await databaseEnvironment(kind)).DATABASE_URL;
    database = await openDatabase({ databaseUrl, dataDir });
  });
  afterEach(() => Promise.all(running.splice(0).map(jobs => jobs.stop())));
  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** One relay's queue; each test has queues of its own. */
  function queue(onTried?: Parameters<typeof createJobs>[0]['onTried']): Jobs {
    const stream = new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const report = (error: unknown, where: object) => void reported.push([error, where]);
    const jobs = createJobs({
      database,
      databaseUrl,
      log: createLog('debug', stream),
      report,
      ...(onTried && { onTried }),
    });
    running.push(jobs);
    return jobs;
  }

  /** A handler that tells what it was given, and can be waited for. */
  function listener(): { handler: Handler; seen: object[]; next: () => Promise<object> } {
    const seen: object[] = [];
    let heard = Promise.withResolvers<object>();
    return {
      seen,
      next: () => within(20_000, heard.promise),
      handler: async payload => {
        seen.push(payload);
        heard.resolve(payload);
        heard = Promise.withResolvers();
      },
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: each table has its own columns
  const rows = (name: string): Promise<any[]> =>
    database.db.$queryRaw`SELECT state::text, data, output::text FROM pgboss.job WHERE name = ${name}`;

  it('does what was asked', async () => {
    const { handler, next } = listener();
    const jobs = queue();
    jobs.handle('asked', handler);
    await jobs.start();
    const done = next();
    await jobs.enqueue('asked', { id: '1' });
    expect(await done).toEqual({ id: '1' });
    await expect.poll(() => rows('asked')).toEqual([{ state: 'completed', data: { id: '1' }, output: null }]);
  });

  it('says of every line of the log that comes of a job which one it is, and counts what became of it', async () => {
    const outcomes: string[] = [];
    const jobs = queue((name, outcome) => void outcomes.push(`${name} ${outcome}`));
    const seen = Promise.withResolvers<object>();
    let tries = 0;
    const handler = async () => {
      tries += 1;
      if (tries === 1) throw new RangeError(SECRET);
      seen.resolve(logContext());
    };
    jobs.handle('traced', handler, { pollS: 0.5 });
    await jobs.start();
    await jobs.enqueue('traced', {});
    await expect.poll(() => outcomes).toEqual(['traced failed']);
    await database.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'traced'`;
    const context = await within(20_000, seen.promise);
    expect(context).toEqual({ queue: 'traced', jobId: expect.any(String) });
    await expect.poll(() => outcomes).toEqual(['traced failed', 'traced done']);
    expect(lines.map(line => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'a job failed', ...context }),
    );
    expect(lines.join()).not.toContain(SECRET);
  });

  it('does one after the other without a pause', async () => {
    const jobs = queue();
    const { handler, seen } = listener();
    jobs.handle('many', handler, { pollS: 60 });
    await jobs.open();
    for (let id = 0; id < 20; id += 1) await jobs.enqueue('many', { id: String(id) });
    await jobs.start();
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(20);
  });

  it('makes a job with the transaction it belongs to, or not at all', async () => {
    const jobs = queue();
    const { handler, seen } = listener();
    jobs.handle('with-tx', handler, { pollS: 0.5 });
    await jobs.start();
    const undone = database.db.$transaction(async tx => {
      await jobs.enqueue('with-tx', { id: 'undone' }, { tx });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await database.db.$transaction(tx => jobs.enqueue('with-tx', { id: 'done' }, { tx }));
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([{ id: 'done' }]);
    expect(await rows('with-tx')).toHaveLength(1);
  });

  it('asks to be opened before a transaction needs it', async () => {
    const jobs = queue();
    jobs.handle('closed', async () => {});
    await expect(database.db.$transaction(tx => jobs.enqueue('closed', {}, { tx }))).rejects.toThrow('not open');
  });

  it('keeps one job of a key that waits', async () => {
    const jobs = queue();
    const { handler, seen } = listener();
    jobs.handle('keyed', handler);
    await jobs.open();
    for (const key of ['a', 'b', 'a', 'a']) await jobs.enqueue('keyed', { key }, { key });
    await jobs.start();
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(2);
    expect(await rows('keyed')).toHaveLength(2);
  });

  it('does not begin a key that runs, where it shall run alone', async () => {
    const jobs = queue();
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    jobs.handle(
      'alone',
      async () => {
        begun.resolve();
        await go.promise;
      },
      { alone: true },
    );
    await jobs.start();
    await jobs.enqueue('alone', {}, { key: 'a' });
    await within(20_000, begun.promise);
    await jobs.enqueue('alone', {}, { key: 'a' });
    expect(await rows('alone')).toHaveLength(1);
    go.resolve();
  });

  it('gives each job to one of two relays', async () => {
    const seen: string[] = [];
    const handler: Handler = async ({ id = '' }) => void seen.push(id);
    const [one, other] = [queue(), queue()];
    for (const jobs of [one, other]) jobs.handle('shared', handler, { pollS: 0.5 });
    await Promise.all([one.start(), other.start()]);
    const ids = Array.from({ length: 40 }, (_, at) => String(at));
    await Promise.all(ids.map((id, at) => (at % 2 ? one : other).enqueue('shared', { id })));
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(40);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('tells of a failure, keeps its words nowhere, and tries again later', async () => {
    const jobs = queue();
    jobs.handle('failing', async () => {
      throw new TypeError(`no such person: ${SECRET}`);
    });
    await jobs.start();
    await jobs.enqueue('failing', { id: '1' });
    await expect.poll(() => rows('failing'), { timeout: 20_000 }).toMatchObject([{ state: 'retry' }]);
    expect(JSON.stringify(await rows('failing'))).toContain('TypeError');
    expect(JSON.stringify(await rows('failing'))).not.toContain(SECRET);
    const line = lines.find(each => each.includes('"queue":"failing"'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', err: { name: 'TypeError' }, msg: 'a job failed' });
    expect(lines.join('')).not.toContain(SECRET);
    const [error, where] = reported.at(-1) ?? [];
    expect(error).toBeInstanceOf(TypeError);
    expect(where).toMatchObject({ queue: 'failing' });
  });

  it('tries again later, and alarms nobody, where a handler waits for somebody else', async () => {
    const jobs = queue();
    jobs.handle('waiting', async () => {
      throw new NotYet('the site did not answer');
    });
    await jobs.start();
    const before = reported.length;
    await jobs.enqueue('waiting', { id: '1' });
    await expect.poll(() => rows('waiting'), { timeout: 20_000 }).toMatchObject([{ state: 'retry' }]);
    const told = lines.filter(each => each.includes('"queue":"waiting"')).map(line => JSON.parse(line).level);
    expect([told, reported.length]).toEqual([['info'], before]);
  });

  it('looks at once where it is told that a transaction has made a job', async () => {
    const jobs = queue();
    const { handler, next } = listener();
    jobs.handle('woken', handler, { pollS: 60 });
    await jobs.start();
    const done = next();
    await database.db.$transaction(tx => jobs.enqueue('woken', { id: '1' }, { tx }));
    await jobs.wake('woken');
    expect(await done).toEqual({ id: '1' });
  });

  it('tells a running job to stop, and leaves it to the next relay', async () => {
    const jobs = queue();
    const begun = Promise.withResolvers<void>();
    jobs.handle('stopped', async (_, signal) => {
      begun.resolve();
      await once(signal, 'abort');
      signal.throwIfAborted();
    });
    await jobs.start();
    await jobs.enqueue('stopped', {});
    await within(20_000, begun.promise);
    const before = reported.length;
    await within(5_000, jobs.stop());
    expect(await rows('stopped')).toMatchObject([{ state: 'retry' }]);
    expect(reported.length).toBe(before);
  });

  it('does not come between the statements of a transaction', async () => {
    const jobs = queue();
    const { handler, seen } = listener();
    jobs.handle('beside', handler, { pollS: 0.5 });
    jobs.schedule('beside', '0 0 1 1 *');
    const created: string[] = [];
    const work = async (number: number) => {
      const key = `beside-${kind}-${number}`;
      const fails = number % 3 === 0;
      const made = database.db.$transaction(async tx => {
        const site = { id: crypto.randomUUID(), key, secretHash: key, settings: {}, createdAt: new Date() };
        await tx.site.create({ data: site });
        if (number % 2 === 0) await jobs.enqueue('beside', { id: key }, { tx });
        await tx.site.update({ where: { key }, data: { settingsVersion: 2 } });
        if (fails) throw new Error('undone');
      });
      if (fails) await expect(made).rejects.toThrow('undone');
      else await made.then(() => created.push(key));
    };
    await jobs.open();
    const starting = jobs.start();
    await Promise.all([
      starting,
      ...Array.from({ length: 24 }, (_, number) => work(number)),
      ...Array.from({ length: 20 }, (_, id) => jobs.enqueue('beside', { id: String(id) })),
    ]);
    const sites = await database.db.site.findMany({ where: { key: { startsWith: `beside-${kind}-` } } });
    expect(sites.map(({ key }) => key).sort()).toEqual(created.sort());
    expect(sites.every(({ settingsVersion }) => settingsVersion === 2)).toBe(true);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(20 + 8);
  });
});

it('keeps no process alive once it is stopped', { timeout: 90_000 }, async () => {
  const { DATABASE_URL = '' } = await databaseEnvironment('postgres');
  const script = `
    const { createJobs } = await import('./jobs/jobs.ts');
    const { createLog } = await import('./lib/log.ts');
    const deps = { database: { embedded: undefined }, databaseUrl: process.argv[1], report() {} };
    const jobs = createJobs({ ...deps, log: createLog('silent') });
    const done = Promise.withResolvers();
    jobs.handle('a', async () => done.resolve());
    jobs.schedule('a', '*/15 * * * *');
    await jobs.start();
    await jobs.enqueue('a', {});
    await done.promise;
    await jobs.stop();
    console.log('stopped');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, DATABASE_URL], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', text => {
    said += text;
  });
  try {
    // A timer of pg-boss that is left would keep it going for ever.
    const [code] = await within(45_000, once(child, 'close'));
    expect([code, said]).toEqual([0, 'stopped\n']);
  } finally {
    child.kill('SIGKILL');
  }
});
