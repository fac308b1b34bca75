import type { Db, Tx } from '../../db/database.ts';
import type { Place } from '../../lib/cursor.ts';
import type { CashierEvent, Invoice, SubscriptionStatus } from '../../providers/payments/cashier.ts';
import type { Standing, StoredStanding, Told } from './standing.ts';

export type BillingStore = ReturnType<typeof billingStore>;

export type StoredRecord = Omit<Invoice, 'id'> & { invoiceId: string };

/** Every query of what accounts pay. */
export const billingStore = (db: Db) => ({
  async find(accountId: string, tx: Tx = db): Promise<StoredStanding | undefined> {
    const row = await tx.subscription.findUnique({ where: { accountId } });
    return row ? standingIn(row) : undefined;
  },

  /** Keeps everybody else from changing the account, and what it pays for, until `tx` ends. */
  async lock(tx: Tx, accountId: string): Promise<{ name: string; plan: string | null } | undefined> {
    const [row] = await tx.$queryRaw<{ name: string; plan: string | null }[]>`
      SELECT "name", "plan" FROM "Account" WHERE "id" = ${accountId}::uuid FOR NO KEY UPDATE`;
    return row;
  },

  /** Remembers the customer of the account, in place of `formerId`; the one that is there then, if somebody was quicker. */
  async setCustomer(accountId: string, customerId: string, formerId: string | null, now: Date): Promise<string> {
    const data = { customerId, status: 'canceled', checkedAt: now };
    if (formerId === null) await db.subscription.createMany({ data: { accountId, ...data }, skipDuplicates: true });
    else await db.subscription.updateMany({ where: { accountId, customerId: formerId }, data });
    const row = await db.subscription.findUniqueOrThrow({ where: { accountId }, select: { customerId: true } });
    return row.customerId;
  },

  async write(
    tx: Tx,
    accountId: string,
    { standing, told, checkedAt, differedAt }: { standing: Standing; told: Told; checkedAt: Date; differedAt?: Date },
  ): Promise<void> {
    await tx.subscription.update({
      where: { accountId },
      data: { ...standing, told, checkedAt, ...(differedAt && { differedAt }) },
    });
  },

  async setPlan(tx: Tx, accountId: string, plan: string | null): Promise<void> {
    await tx.account.update({ where: { id: accountId }, data: { plan } });
  },

  /** Keeps what the account was billed, as it stands now. */
  async record(tx: Tx, accountId: string, customerId: string, invoices: Invoice[]): Promise<void> {
    const rows = invoices.map(({ id: invoiceId, issuedAt, ...rest }) => ({ invoiceId, issuedAt, ...rest }));
    if (rows.length === 0) return;
    await tx.$executeRaw`
      INSERT INTO "BillingRecord" ("invoiceId", "accountId", "customerId", "number", "status", "total", "currency", "issuedAt")
      SELECT "invoiceId", ${accountId}::uuid, ${customerId}, "number", "status", "total", "currency", "issuedAt"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS given ("invoiceId" text, "number" text, "status" text,
        "total" bigint, "currency" text, "issuedAt" timestamptz)
      ON CONFLICT ("invoiceId") DO UPDATE SET "number" = EXCLUDED."number", "status" = EXCLUDED."status",
        "total" = EXCLUDED."total"`;
  },

  /** What the account was billed, newest first. */
  async records(accountId: string, after: Place | undefined, limit: number): Promise<StoredRecord[]> {
    const rows = await db.billingRecord.findMany({
      where: {
        accountId,
        ...(after && {
          issuedAt: { lte: after.at },
          OR: [{ issuedAt: { lt: after.at } }, { issuedAt: after.at, invoiceId: { lt: after.id } }],
        }),
      },
      orderBy: [{ issuedAt: 'desc' }, { invoiceId: 'desc' }],
      take: limit,
    });
    return rows.map(({ total, ...row }) => ({ ...row, total: Number(total) }));
  },

  /** Keeps the event; false where it is there already. */
  async addEvent(tx: Tx, event: CashierEvent, receivedAt: Date, isDone: boolean): Promise<boolean> {
    const { count } = await tx.stripeEvent.createMany({
      data: { ...event, receivedAt, processedAt: isDone ? receivedAt : null },
      skipDuplicates: true,
    });
    return count > 0;
  },

  accountOf: async (customerId: string): Promise<string | undefined> =>
    (await db.subscription.findUnique({ where: { customerId }, select: { accountId: true } }))?.accountId,

  /** Events of the customer that nobody has looked after yet. */
  waiting: async (customerId: string): Promise<string[]> =>
    (await db.stripeEvent.findMany({ where: { customerId, processedAt: null }, select: { id: true } })).map(
      ({ id }) => id,
    ),

  async settle(eventIds: string[], processedAt: Date): Promise<void> {
    await db.stripeEvent.updateMany({ where: { id: { in: eventIds }, processedAt: null }, data: { processedAt } });
  },

  /** The customers of whom events wait that came before this. */
  async customersWaiting(before: Date, limit: number): Promise<string[]> {
    const rows = await db.$queryRaw<{ customerId: string }[]>`
      SELECT DISTINCT "customerId" FROM "StripeEvent"
      WHERE "processedAt" IS NULL AND "receivedAt" < ${before}::timestamptz LIMIT ${limit}`;
    return rows.map(({ customerId }) => customerId);
  },

  /** How long the oldest event waits, in seconds. */
  async waitingSeconds(now: Date): Promise<number> {
    const row = await db.stripeEvent.findFirst({
      where: { processedAt: null },
      orderBy: { receivedAt: 'asc' },
      select: { receivedAt: true },
    });
    return row ? Math.max(0, (now.getTime() - row.receivedAt.getTime()) / 1_000) : 0;
  },

  /** The customers of accounts that still have a plan though their grace is over. */
  pastGrace: async (now: Date, limit: number): Promise<string[]> =>
    (
      await db.subscription.findMany({
        where: { status: 'past_due', graceUntil: { lte: now }, account: { plan: { not: null } } },
        select: { customerId: true },
        take: limit,
      })
    ).map(({ customerId }) => customerId),

  /** Accounts that were not looked at since then, in the order of that, behind this one. */
  async unchecked(since: Date, after: { accountId: string; checkedAt: Date } | undefined, limit: number) {
    return db.subscription.findMany({
      where: {
        checkedAt: { lt: since },
        ...(after && {
          OR: [
            { checkedAt: { gt: after.checkedAt } },
            { checkedAt: after.checkedAt, accountId: { gt: after.accountId } },
          ],
        }),
      },
      select: { accountId: true, checkedAt: true },
      orderBy: [{ checkedAt: 'asc' }, { accountId: 'asc' }],
      take: limit,
    });
  },

  /** At how many accounts the comparison has found since then what no event had told. */
  differing: (since: Date): Promise<number> => db.subscription.count({ where: { differedAt: { gt: since } } }),

  /** Deletes receipts of events, and records of what was billed, from before these moments. */
  async forget({ eventsBefore, recordsBefore }: { eventsBefore: Date; recordsBefore: Date }): Promise<number> {
    const events = await db.stripeEvent.deleteMany({ where: { receivedAt: { lt: eventsBefore } } });
    const records = await db.billingRecord.deleteMany({ where: { issuedAt: { lt: recordsBefore } } });
    return events.count + records.count;
  },
});

type Row = NonNullable<Awaited<ReturnType<Db['subscription']['findUnique']>>>;

const standingIn = ({ accountId: _account, differedAt: _differed, status, interval, told, ...row }: Row) => ({
  ...row,
  status: status as SubscriptionStatus,
  interval: interval as Standing['interval'],
  told: told as Told,
});
