import type { Redis } from '../redis/redis.ts';
import type { Counts } from './counts.ts';

/** Counts of all processes with one Redis, which ends each of them by itself. */
export const redisCounts = (redis: Pick<Redis, 'count'>): Counts => ({
  add: (key, points, windowMs) => redis.count(`confab:count:${key}`, points, windowMs),
});
