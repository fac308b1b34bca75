import { describe, expect, it } from 'vitest';
import { isDatabaseAway, outlasting } from './away.ts';

const known = (code: string, cause?: object) =>
  Object.assign(new Error('Raw query failed.'), { code, meta: { driverAdapterError: { cause } } });

describe('a database that is away', () => {
  it.each<[string, unknown]>([
    ['cannot be reached', known('P1001')],
    ['cannot be reached by our own SQL', known('P2010', { kind: 'DatabaseNotReachable' })],
    ['has closed the connection', known('P2010', { kind: 'ConnectionClosed' })],
    ['is shutting down', known('P2039', { kind: 'postgres', code: '57P01' })],
    ['is starting up', known('P2010', { kind: 'postgres', code: '57P03' })],
    [
      'went in the midst of a transaction',
      Object.assign(new Error('x'), { cause: { kind: 'postgres', code: '57P01' } }),
    ],
    ['went without a word', new Error('Connection terminated unexpectedly')],
    ['went before', new Error('Client has encountered a connection error and is not queryable')],
  ])('%s', (_, error) => expect(isDatabaseAway(error)).toBe(true));

  it.each<[string, unknown]>([
    ['a conflict', known('P2002')],
    ['wrong SQL', known('P2010', { kind: 'postgres', code: '42601' })],
    ['a fault of ours', new TypeError('x is not a function')],
    ['what is no error', 'Connection terminated'],
    ['nothing', undefined],
  ])('is not %s', (_, error) => expect(isDatabaseAway(error)).toBe(false));

  it('is outlasted, and what is done again knows that it is', async () => {
    const tries: boolean[] = [];
    const done = await outlasting(async isAgain => {
      tries.push(isAgain);
      if (tries.length < 3) throw known('P1001');
      return 'done';
    });
    expect([done, tries]).toEqual(['done', [false, true, true]]);
  });

  it('is not waited for where something else is wrong', async () => {
    await expect(outlasting(() => Promise.reject(known('P2002')))).rejects.toMatchObject({ code: 'P2002' });
  });
});
