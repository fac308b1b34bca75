import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { connectPostgres } from '../../../../e2e/postgres.ts';
import { hasRedis, type OwnRedis, startRedis } from '../../../../e2e/redis.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectRedis } from '../redis/redis.ts';
import { countsContract } from './counts.contract.ts';
import type { Counts } from './counts.ts';
import { memoryCounts } from './memory.ts';
import { postgresCounts } from './postgres.ts';
import { redisCounts } from './redis.ts';

const now = () => new Date();

describe('counts', () => {
  const inMemory = memoryCounts(now);
  countsContract('in memory', () => ({ counts: inMemory, others: inMemory }));

  describe('in PostgreSQL', () => {
    let databases: Database[] = [];
    let at = 0;
    const later = () => new Date(Date.now() + at);
    beforeAll(async () => {
      const databaseUrl = await connectPostgres(inject('postgresUrl')).createDatabase();
      const open = () => openDatabase({ databaseUrl, dataDir: '' });
      databases = [await open(), await open()];
    });
    afterAll(() => Promise.all(databases.map(database => database.close())));
    const of = (which: number) => postgresCounts((databases[which] as Database).db, later);
    countsContract('between two processes', () => ({ counts: of(0), others: of(1) }));

    it('leave no row once their time is over', async () => {
      const counts = of(0);
      await counts.add('short', 1, 1_000);
      await counts.add('long', 1, 10 * 60_000);
      at = 5 * 60_000;
      await counts.purge();
      const rows = await (databases[0] as Database).db.sharedCount.findMany();
      expect(rows.map(({ key }) => key)).toContain('long');
      expect(rows.map(({ key }) => key)).not.toContain('short');
    });
  });

  describe.skipIf(!hasRedis)('in Redis', () => {
    let redis: OwnRedis;
    let clients: Awaited<ReturnType<typeof connectRedis>>[] = [];
    beforeAll(async () => {
      redis = await startRedis();
      clients = await Promise.all([connectRedis(redis.url, () => {}), connectRedis(redis.url, () => {})]);
      await vi.waitFor(() => expect(clients.every(client => client.isThere())).toBe(true));
    });
    afterAll(async () => {
      await Promise.all(clients.map(client => client.close()));
      await redis.stop();
    });
    const of = (which: number): Counts => redisCounts(clients[which] as (typeof clients)[number]);
    countsContract('between two processes', () => ({ counts: of(0), others: of(1) }));

    it('stand under a name of ours, and end by themselves', async () => {
      await of(0).add('some', 1, 60_000);
      expect(Number(redis.ask('PTTL', 'confab:count:some'))).toBeGreaterThan(50_000);
    });
  });
});
