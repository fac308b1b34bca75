import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseEnvironment, databases, makeDataDir, within } from '../../../e2e/relay.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { inTransaction } from '../db/transaction.ts';
import { createBreaker } from '../lib/breaker.ts';
import { createLog } from '../lib/log.ts';
import { type Attempt, createOutbox, type Outbox, type Outcome } from './outbox.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
const FIRST_PAUSE_MS = 10 * SECOND_MS;

describe.each(databases)('the outbox on %s', kind => {
  let dataDir: string;
  let database: Database;
  let time = Date.parse('2026-03-02T10:00:00Z');
  const running: Outbox[] = [];
  const lines: string[] = [];
  const reported: unknown[] = [];
  const now = () => new Date(time);
  beforeAll(async () => {
    dataDir = await makeDataDir({ empty: kind === 'postgres' });
    database = await openDatabase({ databaseUrl: (await databaseEnvironment(kind)).DATABASE_URL, dataDir });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(outbox => outbox.stop()));
    await database.db.site.deleteMany({});
  });
  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** The outbox of one process. */
  function outboxOf(): Outbox {
    const stream = new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const outbox = createOutbox({
      db: database.db,
      log: createLog('debug', stream),
      report: error => reported.push(error),
      breaker: createBreaker({ now: () => time }),
      now,
      random: () => 0.5,
    });
    running.push(outbox);
    return outbox;
  }

  async function siteOf(): Promise<string> {
    const id = randomUUID();
    await database.db.site.create({ data: { id, key: id, settings: {}, createdAt: now() } });
    return id;
  }

  const commit = <Result>(work: Parameters<typeof inTransaction<Result>>[1]) => inTransaction(database.db, work);

  async function add(outbox: Outbox, siteId: string, target = 'crm', subjectId: string = randomUUID()) {
    await commit(tx => outbox.add(tx, [{ siteId, target, subjectId }]));
    outbox.wake();
    return subjectId;
  }

  /** A receiver that answers as it is told, and tells what it was given. */
  function receiver(answer: (attempt: Attempt, signal: AbortSignal) => Outcome | Promise<Outcome>) {
    const seen: Attempt[] = [];
    return {
      seen,
      deliver: async (attempt: Attempt, signal: AbortSignal) => {
        seen.push(attempt);
        return answer(attempt, signal);
      },
    };
  }

  /** Time goes on, and everybody looks. */
  function pass(ms: number): void {
    time += ms;
    for (const outbox of running) outbox.wake();
  }

  const row = (siteId: string, subjectId: string) =>
    database.db.delivery.findFirst({ where: { siteId, subjectId, NOT: { target: { startsWith: 'event:' } } } });
  const eventually = (look: () => unknown) => expect.poll(look, { timeout: 10_000, interval: 10 });
  const later = (more: object = {}): Outcome => ({ is: 'later', fault: 'unavailable', ...more });

  it('hands over what a transaction added, and nothing of one that was rolled back', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(() => ({ is: 'delivered', externalId: 'c-1' }));
    outbox.handle('crm', deliver);
    outbox.start();
    const lost = randomUUID();
    const rolledBack = commit(async tx => {
      await outbox.add(tx, [{ siteId, target: 'crm', subjectId: lost }]);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    const subjectId = await add(outbox, siteId);
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('delivered');
    expect(await row(siteId, subjectId)).toMatchObject({
      externalId: 'c-1',
      attempts: 1,
      nextAt: null,
      deliveredAt: now(),
    });
    expect(seen.map(attempt => attempt.subjectId)).toEqual([subjectId]);
    expect(await row(siteId, lost)).toBeNull();
  });

  it('tries again after pauses that double, and no sooner than the receiver asks', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const answers = [later(), later(), later({ retryAfterS: 200 }), { is: 'delivered' } as const];
    const { seen, deliver } = receiver(() => answers[seen.length - 1] as Outcome);
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    const waits = async () => {
      const { nextAt, attempts } = (await row(siteId, subjectId)) ?? {};
      return [attempts, nextAt && nextAt.getTime() - time];
    };
    await eventually(waits).toEqual([1, FIRST_PAUSE_MS]);
    pass(FIRST_PAUSE_MS);
    await eventually(waits).toEqual([2, 2 * FIRST_PAUSE_MS]);
    pass(2 * FIRST_PAUSE_MS);
    await eventually(waits).toEqual([3, 200 * SECOND_MS]);
    pass(200 * SECOND_MS);
    await eventually(waits).toEqual([4, null]);
    const { log } = (await row(siteId, subjectId)) ?? {};
    expect(log).toMatchObject([
      { outcome: 'later', fault: 'unavailable' },
      { outcome: 'later' },
      { outcome: 'later' },
      { outcome: 'delivered' },
    ]);
  });

  it('gives up after three days, and begins anew when it is asked to', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(() => later());
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    const state = async () => (await row(siteId, subjectId))?.state;
    for (let tries = 1; (await state()) === 'waiting' && tries < 200; tries += 1) {
      await eventually(async () => (await row(siteId, subjectId))?.attempts).toBeGreaterThanOrEqual(tries);
      pass(90 * 60 * SECOND_MS);
    }
    expect(await state()).toBe('failed');
    expect(seen.length).toBeGreaterThan(40);
    expect((await row(siteId, subjectId))?.log).toHaveLength(20);
    const before = seen.length;
    expect(await outbox.again(siteId)).toBe(1);
    await eventually(() => seen.length).toBe(before + 1);
    await eventually(state).toBe('waiting');
    expect((await row(siteId, subjectId))?.since).toEqual(now());
  }, 60_000);

  it('does not try again what was refused, and keeps what the receiver said, cut', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(() => ({
      is: 'refused',
      fault: 'invalid',
      words: `no\u0000${'x'.repeat(900)}`,
    }));
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('failed');
    expect(await row(siteId, subjectId)).toMatchObject({ log: [{ fault: 'invalid', words: `no${'x'.repeat(297)}` }] });
    pass(DAY_MS);
    await add(outbox, siteId);
    await eventually(() => seen.length).toBe(2);
    expect(seen.map(attempt => attempt.subjectId).filter(id => id === subjectId)).toHaveLength(1);
  });

  it('keeps what is held until it may go', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    let isHeld = true;
    outbox.handle('crm', async () => (isHeld ? { is: 'held' } : { is: 'delivered' }));
    outbox.start();
    const subjectId = await add(outbox, siteId);
    const state = async () => (await row(siteId, subjectId))?.state;
    await eventually(state).toBe('held');
    expect(await outbox.again(siteId)).toBe(0);
    isHeld = false;
    await commit(tx => outbox.changed(tx, siteId, [subjectId]));
    outbox.wake();
    await eventually(state).toBe('delivered');
  });

  it('hands over the newest state, also where that changed while the one before was under way', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { seen, deliver } = receiver(async () => {
      if (seen.length === 1) await mayEnd;
      return { is: 'delivered', externalId: 'c-1' };
    });
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    await eventually(() => seen.length).toBe(1);
    await commit(tx => outbox.changed(tx, siteId, [subjectId]));
    outbox.wake();
    end();
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('delivered');
    expect(seen).toMatchObject([
      { revision: 1, externalId: null },
      { revision: 2, externalId: 'c-1' },
    ]);
  });

  describe('of something that is erased', () => {
    it('tells nobody who was never given it', async () => {
      const siteId = await siteOf();
      const outbox = outboxOf();
      const subjectId = await add(outbox, siteId);
      await commit(tx => outbox.erased(tx, siteId, [subjectId]));
      expect(await row(siteId, subjectId)).toBeNull();
    });

    it('tells who has it, and also who may have it, and forgets it then', async () => {
      const siteId = await siteOf();
      const outbox = outboxOf();
      const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
      const { seen, deliver } = receiver(async ({ target, operation }) => {
        if (target === 'slow' && operation === 'deliver') await mayEnd;
        return target === 'lost' && operation === 'deliver' ? later() : { is: 'delivered', externalId: `of-${target}` };
      });
      const targets = ['has', 'lost', 'slow'];
      for (const target of targets) outbox.handle(target, deliver);
      outbox.start();
      const subjectId = randomUUID();
      for (const target of targets) await add(outbox, siteId, target, subjectId);
      const rows = () => database.db.delivery.findMany({ where: { siteId }, orderBy: { target: 'asc' } });
      await eventually(async () => (await rows()).map(({ attempts }) => attempts)).toEqual([1, 1, 0]);
      await commit(tx => outbox.erased(tx, siteId, [subjectId]));
      end();
      pass(FIRST_PAUSE_MS);
      await eventually(async () => (await rows()).length).toBe(0);
      expect(seen.filter(({ operation }) => operation === 'erase')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ target: 'has', externalId: 'of-has' }),
          expect.objectContaining({ target: 'lost', externalId: null }),
          expect.objectContaining({ target: 'slow', externalId: 'of-slow' }),
        ]),
      );
    });
  });

  it('of two processes hands each over once, and takes over from one that died', async () => {
    const siteId = await siteOf();
    const { seen, deliver } = receiver(() => ({ is: 'delivered' }));
    const dead = receiver(() => new Promise<Outcome>(() => {}));
    const [one, other, dying] = [outboxOf(), outboxOf(), outboxOf()];
    // It never ends, and a stop must not wait for it.
    running.pop();
    dying.handle('crm', dead.deliver);
    dying.start();
    const stuck = await add(dying, siteId);
    await eventually(() => dead.seen.length).toBe(1);
    const subjects = [stuck];
    for (let count = 0; count < 30; count += 1) subjects.push(await add(one, siteId, 'other'));
    for (const outbox of [one, other]) {
      outbox.handle('crm', deliver);
      outbox.handle('other', deliver);
      outbox.start();
    }
    await eventually(() => seen.length).toBe(30);
    pass(60 * SECOND_MS);
    await eventually(async () => (await row(siteId, stuck))?.state).toBe('delivered');
    expect(seen.map(({ subjectId }) => subjectId).sort()).toEqual(subjects.sort());
  });

  it('tells the receiver of an erasure to whom a process that died may have given it', async () => {
    const siteId = await siteOf();
    const dying = outboxOf();
    running.pop();
    const dead = receiver(() => new Promise<Outcome>(() => {}));
    dying.handle('crm', dead.deliver);
    dying.start();
    const subjectId = await add(dying, siteId);
    await eventually(() => dead.seen.length).toBe(1);
    const { seen, deliver } = receiver(({ operation }) => ({ is: operation === 'erase' ? 'delivered' : 'held' }));
    const outbox = outboxOf();
    outbox.handle('crm', deliver);
    outbox.start();
    pass(60 * SECOND_MS);
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('held');
    await commit(tx => outbox.erased(tx, siteId, [subjectId]));
    outbox.wake();
    await eventually(() => row(siteId, subjectId)).toBeNull();
    expect(seen.map(({ operation, attempts }) => [operation, attempts])).toEqual([
      ['deliver', 1],
      ['erase', 1],
    ]);
  });

  it('tries once more what was asked for while a try was under way that then failed', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { seen, deliver } = receiver(async () => {
      if (seen.length > 1) return { is: 'delivered' };
      await mayEnd;
      return { is: 'refused', fault: 'misconfigured' };
    });
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    await eventually(() => seen.length).toBe(1);
    time += SECOND_MS;
    expect(await commit(tx => outbox.again(siteId, { target: 'crm' }, tx))).toBe(1);
    end();
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('delivered');
    expect(await row(siteId, subjectId)).toMatchObject({ attempts: 2, log: [{ outcome: 'refused' }, {}] });
  });

  it('begins anew with the transaction that asks for it, or not at all', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(() =>
      seen.length > 1 ? { is: 'delivered' } : { is: 'refused', fault: 'misconfigured' },
    );
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    const state = async () => (await row(siteId, subjectId))?.state;
    await eventually(state).toBe('failed');
    const rolledBack = commit(async tx => {
      await outbox.again(siteId, { target: 'crm' }, tx);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await state()).toBe('failed');
    await commit(tx => outbox.again(siteId, { target: 'crm' }, tx));
    outbox.wake();
    await eventually(state).toBe('delivered');
  });

  it('leaves what a receiver has had before as it was when that came', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(({ externalId }) =>
      externalId === null ? { is: 'delivered', externalId: 'p-1' } : { is: 'had' },
    );
    outbox.handle('crm', deliver);
    outbox.start();
    const subjectId = await add(outbox, siteId);
    const state = async () => (await row(siteId, subjectId))?.state;
    await eventually(state).toBe('delivered');
    const before = await row(siteId, subjectId);
    pass(HOUR_MS);
    await commit(tx => outbox.changed(tx, siteId, [subjectId]));
    outbox.wake();
    await eventually(() => seen.length).toBe(2);
    await eventually(state).toBe('delivered');
    const { attempts, log, externalId, deliveredAt } = before ?? {};
    expect(await row(siteId, subjectId)).toMatchObject({ attempts, log, externalId, deliveredAt, nextAt: null });
  });

  it('takes nobody for well again who was not asked', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const answers = [later(), later(), { is: 'held' } as const, later()];
    const { seen, deliver } = receiver(() => answers[seen.length - 1] as Outcome);
    outbox.handle('crm', deliver);
    outbox.start();
    for (const [at] of answers.entries()) {
      await add(outbox, siteId);
      await eventually(() => seen.length).toBe(at + 1);
      await eventually(() => database.db.delivery.count({ where: { siteId, NOT: { claim: null } } })).toBe(0);
    }
    expect(await outbox.failing(siteId, ['crm'])).toEqual(['crm']);
  });

  it('takes a receiver for well again that took what nobody needs to see', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const answers: Outcome[] = [later(), later(), { is: 'done' }, later()];
    const { seen, deliver } = receiver(() => answers[seen.length - 1] as Outcome);
    outbox.handle('email', deliver);
    outbox.start();
    for (const [at] of answers.entries()) {
      await add(outbox, siteId, 'email');
      await eventually(() => seen.length).toBe(at + 1);
      await eventually(() => database.db.delivery.count({ where: { siteId, NOT: { claim: null } } })).toBe(0);
    }
    expect(await outbox.failing(siteId, ['email'])).toEqual([]);
    expect(await database.db.delivery.count({ where: { siteId } })).toBe(3);
  });

  it('keeps nobody waiting for a receiver that is slow', async () => {
    const [slow, quick] = [await siteOf(), await siteOf()];
    const outbox = outboxOf();
    const ends: (() => void)[] = [];
    const { seen, deliver } = receiver(async ({ siteId }) => {
      if (siteId === slow) await new Promise<void>(end => ends.push(end));
      return { is: 'delivered' };
    });
    outbox.handle('crm', deliver);
    for (let count = 0; count < 20; count += 1) await add(outbox, slow);
    const subjectId = await add(outbox, quick);
    outbox.start();
    await eventually(async () => (await row(quick, subjectId))?.state).toBe('delivered');
    expect(seen.filter(({ siteId }) => siteId === slow)).toHaveLength(2);
    await eventually(() => {
      for (const end of ends.splice(0)) end();
      return seen.length;
    }).toBe(21);
  });

  it('leaves a receiver alone that fails again and again, without counting that as tries', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const { seen, deliver } = receiver(() => later());
    outbox.handle('crm', deliver);
    outbox.start();
    const subjects = [];
    for (let count = 0; count < 3; count += 1) subjects.push(await add(outbox, siteId));
    await eventually(() => seen.length).toBe(3);
    const waiting = await add(outbox, siteId);
    await eventually(async () => (await row(siteId, waiting))?.nextAt?.getTime()).toBe(time + 4 * FIRST_PAUSE_MS);
    expect(await row(siteId, waiting)).toMatchObject({ attempts: 0, log: [] });
    expect(seen).toHaveLength(3);
  });

  it('tells everybody inside of an event, and again where one of them failed', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    const heard: string[] = [];
    outbox.on('lead.created', async ({ subjectId }) => void heard.push(`one ${subjectId}`));
    outbox.on('lead.created', async ({ subjectId }) => {
      heard.push(`other ${subjectId}`);
      if (heard.length < 3) throw new TypeError('mail of ann@example.com');
    });
    outbox.start();
    const subjectId = randomUUID();
    await commit(tx => outbox.emit(tx, { siteId, type: 'lead.created', subjectId }));
    outbox.wake();
    await eventually(() => heard.length).toBe(2);
    await eventually(async () => (await database.db.delivery.findFirst({ where: { siteId } }))?.attempts).toBe(1);
    expect(await outbox.of(siteId, [subjectId])).toEqual(new Map());
    pass(FIRST_PAUSE_MS);
    await eventually(async () => database.db.delivery.count({ where: { siteId } })).toBe(0);
    expect(heard).toEqual([`one ${subjectId}`, `other ${subjectId}`, `one ${subjectId}`, `other ${subjectId}`]);
    expect(reported.at(-1)).toBeInstanceOf(TypeError);
    expect(lines.join('')).not.toContain('ann@example.com');
  });

  it('that is stopped breaks off, and the next process begins where it was', async () => {
    const siteId = await siteOf();
    const stopped = outboxOf();
    const { seen, deliver } = receiver(
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    stopped.handle('crm', deliver);
    stopped.start();
    const subjectId = await add(stopped, siteId);
    await eventually(() => seen.length).toBe(1);
    await within(2_000, stopped.stop());
    expect(await row(siteId, subjectId)).toMatchObject({ state: 'waiting', attempts: 1, log: [], claim: null });
    const next = outboxOf();
    next.handle('crm', async () => ({ is: 'delivered' }));
    next.start();
    await eventually(async () => (await row(siteId, subjectId))?.state).toBe('delivered');
  });

  it('forgets what nobody knows how to hand over', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    outbox.start();
    const subjectId = await add(outbox, siteId, 'fax:1');
    await eventually(() => row(siteId, subjectId)).toBeNull();
  });

  it('names what has waited for a day or has failed, once', async () => {
    const siteId = await siteOf();
    const outbox = outboxOf();
    outbox.handle('down', async () => later());
    outbox.handle('picky', async () => ({ is: 'refused', fault: 'invalid' }));
    outbox.start();
    const [down] = [await add(outbox, siteId, 'down'), await add(outbox, siteId, 'picky')];
    const overdue = () => commit(tx => outbox.takeOverdue(tx, new Date(time - DAY_MS), now()));
    await eventually(async () => (await row(siteId, down))?.attempts).toBe(1);
    await eventually(overdue).toEqual([{ siteId, target: 'picky', count: 1 }]);
    expect(await overdue()).toEqual([]);
    pass(DAY_MS + 1);
    expect(await overdue()).toEqual([{ siteId, target: 'down', count: 1 }]);
    expect(await overdue()).toEqual([]);
    await outbox.again(siteId, { target: 'down' });
    pass(DAY_MS + 1);
    expect(await overdue()).toEqual([{ siteId, target: 'down', count: 1 }]);
  });
});
