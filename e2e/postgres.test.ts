import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from 'pg';
import { expect, inject, it } from 'vitest';
import { connectPostgres, startPostgres } from './postgres.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // A server that stops while we connect is a rejection; without a listener it would be an uncaught error as well.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The user that runs the server at this URL. */
async function userOf(url: string) {
  const [row] = await query(url, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid");
  return Number(execFileSync('ps', ['-o', 'uid=', '-p', String(row?.pid)], { encoding: 'utf8' }));
}

const answers = (url: string) =>
  query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );

it('runs as another user than root, and stops', async () => {
  const postgres = await startPostgres();
  expect(await userOf(postgres.url())).not.toBe(0);
  expect(await answers(postgres.url())).toBe(true);
  await postgres.stop();
  expect(await answers(postgres.url())).toBe(false);
});

it('keeps two databases apart, and copies a template', async () => {
  const postgres = connectPostgres(inject('postgresUrl'));
  const one = await postgres.createDatabase();
  const other = await postgres.createDatabase();
  await query(one, 'CREATE TABLE note AS SELECT 1 AS number');
  await expect(query(other, 'SELECT * FROM note')).rejects.toThrow('does not exist');

  const copy = await postgres.createDatabase(new URL(one).pathname.slice(1));
  await query(one, 'DROP TABLE note');
  expect(await query(copy, 'SELECT * FROM note')).toEqual([{ number: 1 }]);
});

it('leaves no server behind when its process is killed', async () => {
  const script = `
    const { startPostgres } = await import('./postgres.ts');
    console.log((await startPostgres()).url());
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = String((await once(owner.stdout, 'data'))[0]).trim();
  expect(await answers(url)).toBe(true);
  owner.kill('SIGKILL');
  await expect.poll(() => answers(url), { timeout: 10_000 }).toBe(false);
});
