import type { Database, Prisma, Tx } from '../../db/database.ts';

/**
 * How far the shop's knowledge is. `operations`: the bulk operation of each kind that is under way, as its gid; `tries`:
 * how many of a kind came to nothing.
 */
export type SyncState = {
  state: 'running' | 'done' | 'failed';
  startedAt: string;
  finishedAt: string | null;
  documents: number;
  deleted: number;
  rejected: number;
  operations: Record<string, string>;
  tries?: Record<string, number>;
  fault: string | null;
};

/** A shop that has the app, or had it. `shopId` is its gid, known once an installation came to its end. */
export type Shop = {
  siteId: string;
  domain: string;
  shopId: string | null;
  scopes: string[];
  /** When we last knew for sure that the shop has the app: as it was installed, and then as somebody opened it. */
  installedAt: Date;
  uninstalledAt: Date | null;
  sync: SyncState | null;
  hasTokens: boolean;
};

/** Shops that are read at once. */
const PAGE = 500;
/** A renewal takes one call of at most ten seconds; who waits for it has as long again. */
const LOCK_MS = 30_000;
/** Each keeps a connection for as long as Shopify takes to answer, and the rest of the relay needs some, too. */
const LOCKS_MAX = 5;
const oneOfAFew = turnsOf(LOCKS_MAX);

export type Shops = ReturnType<typeof shopStore>;

/** Every query of the shops but those of their sessions. */
export const shopStore = ({ db, kind }: Pick<Database, 'db' | 'kind'>) => ({
  async byDomain(domain: string): Promise<Shop | undefined> {
    const row = await db.shopifyShop.findUnique({ where: { domain }, select: columns });
    return row ? shopOf(row) : undefined;
  },

  async bySite(siteId: string): Promise<Shop | undefined> {
    const row = await db.shopifyShop.findUnique({ where: { siteId }, select: columns });
    return row ? shopOf(row) : undefined;
  },

  /** Every shop that has the app, by the alphabet, read page by page. */
  async *installed(): AsyncGenerator<Shop> {
    for (let after: string | undefined; ; ) {
      const rows = await db.shopifyShop.findMany({
        where: { uninstalledAt: null, shopId: { not: null }, ...(after !== undefined && { domain: { gt: after } }) },
        orderBy: { domain: 'asc' },
        take: PAGE,
        select: columns,
      });
      yield* rows.map(shopOf);
      if (rows.length < PAGE) return;
      after = rows.at(-1)?.domain;
    }
  },

  /** A shop whose installation has just begun: no tokens yet, and no id. Throws where the domain has one already. */
  async add(tx: Tx, { siteId, domain, at }: { siteId: string; domain: string; at: Date }): Promise<void> {
    await tx.shopifyShop.create({ data: { siteId, domain, scopes: [], installedAt: at } });
  },

  /** The end of an installation. */
  async markInstalled(tx: Tx, siteId: string, { shopId, at }: { shopId: string; at: Date }): Promise<void> {
    await tx.shopifyShop.update({ where: { siteId }, data: { shopId, installedAt: at, uninstalledAt: null } });
  },

  /** Somebody of an installed shop has proven that it has the app. Waits for no renewal of its tokens. */
  async seen(siteId: string, at: Date): Promise<void> {
    await db.$executeRaw`
      UPDATE "ShopifyShop" SET "installedAt" = ${at}::timestamptz WHERE "siteId" = (
        SELECT "siteId" FROM "ShopifyShop" WHERE "siteId" = ${siteId}::uuid AND "uninstalledAt" IS NULL
        AND "installedAt" < ${at}::timestamptz FOR UPDATE SKIP LOCKED)`;
  },

  /** Drops the tokens, which are dead already. False where the shop was installed again since `at`, or is not known. */
  async markUninstalled(tx: Tx, domain: string, at: Date): Promise<boolean> {
    const { count } = await tx.shopifyShop.updateMany({
      where: { domain, installedAt: { lte: at } },
      data: { uninstalledAt: at, keyId: null, ciphertext: null, scopes: [] },
    });
    return count > 0;
  },

  /** Whether the shop has not got the app, and nobody installs it before `tx` ends: an installation locks its site first. */
  async staysUninstalled(tx: Tx, { siteId, domain }: Pick<Shop, 'siteId' | 'domain'>): Promise<boolean> {
    await tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${siteId}::uuid FOR UPDATE`;
    const row = await tx.shopifyShop.findUnique({ where: { domain }, select: { uninstalledAt: true } });
    return row?.uninstalledAt !== null;
  },

  async setScopes(domain: string, scopes: string[]): Promise<void> {
    await db.shopifyShop.updateMany({ where: { domain, uninstalledAt: null }, data: { scopes } });
  },

  async setSync(siteId: string, sync: SyncState): Promise<void> {
    await db.shopifyShop.updateMany({ where: { siteId }, data: { sync } });
  },

  /**
   * Does the work while no other process does any for this shop, and gives it what to read and write by. On PostgreSQL
   * that is a transaction which holds the shop's row, for no longer than the work's one call. The embedded database has
   * one connection, so that a transaction would stop the whole relay meanwhile; but there is no other process either.
   */
  async alone<Result>(domain: string, work: (db: Tx) => Promise<Result>): Promise<Result> {
    if (kind === 'embedded') return work(db);
    return oneOfAFew(() =>
      db.$transaction(
        async tx => {
          await tx.$queryRaw`SELECT 1 FROM "ShopifyShop" WHERE "domain" = ${domain} FOR UPDATE`;
          return work(tx);
        },
        { timeout: LOCK_MS, maxWait: LOCK_MS },
      ),
    );
  },
});

/** Does so many works at a time; the others wait for their turn. */
function turnsOf(max: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running === max) await new Promise<void>(resolve => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

const columns = {
  siteId: true,
  domain: true,
  shopId: true,
  scopes: true,
  installedAt: true,
  uninstalledAt: true,
  sync: true,
  keyId: true,
} satisfies Prisma.ShopifyShopSelect;

function shopOf({ keyId, sync, ...row }: Prisma.ShopifyShopGetPayload<{ select: typeof columns }>): Shop {
  return { ...row, sync: sync as SyncState | null, hasTokens: keyId !== null };
}
