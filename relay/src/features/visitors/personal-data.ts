import { Prisma } from '../../db/database.ts';
import { notHeld, type PersonalData, type Subject } from '../privacy/index.ts';

/** Page views are known by their conversation only: whoever finds that finds them. */
export const pageViewsPersonalData: Required<PersonalData> = {
  name: 'pageViews',
  tables: {
    PageView: {
      data: 'Pages that a visitor saw and where they came from, without query and fragment; when',
      purpose: 'Analytics, for visitors who agreed to it',
      origin: 'The visitor’s browser, while the consent stands',
      recipients: 'The site’s owner',
      kept: 'The site’s window for page views (90 days unless the site says otherwise), at most as long as the conversation',
    },
  },

  find: async () => ({ conversationIds: [], contacts: [] }),

  async export(tx, site, subject) {
    const views = await tx.pageView.findMany({
      where: of(site.id, subject.conversationIds),
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      omit: { siteId: true },
    });
    return views.map(view => ({ ...view, createdAt: view.createdAt.toISOString() }));
  },

  async erase(tx, site, subject) {
    const { count } = await tx.pageView.deleteMany({ where: of(site.id, notHeldOf(subject)) });
    return { pageViews: count };
  },

  // An address of a page is no contact detail.
  rectify: async () => ({ pageViews: 0 }),

  /** The restriction of the conversation covers them and stops new ones; there is nothing to write, only to count. */
  async restrict(tx, site, subject) {
    return { pageViews: await tx.pageView.count({ where: of(site.id, subject.conversationIds) }) };
  },

  windowDays: settings => settings.retention.pageViewDays,

  async countBefore(tx, siteId, cutoff) {
    const [row] = await tx.$queryRaw<{ pageViews: number }[]>`
      SELECT count(*)::int AS "pageViews" FROM "PageView" view WHERE ${isOver(siteId, cutoff)}`;
    return { pageViews: row?.pageViews ?? 0 };
  },

  async purgeBefore(tx, siteId, cutoff, limit) {
    const count = await tx.$executeRaw`
      DELETE FROM "PageView" WHERE "siteId" = ${siteId}::uuid AND ("conversationId", "id") IN (
        SELECT view."conversationId", view."id" FROM "PageView" view WHERE ${isOver(siteId, cutoff)}
        ORDER BY view."createdAt" LIMIT ${limit})`;
    return { pageViews: count };
  },
};

const of = (siteId: string, conversationIds: string[]) => ({ siteId, conversationId: { in: conversationIds } });

const notHeldOf = ({ conversationIds, heldConversationIds }: Subject) =>
  conversationIds.filter(id => !heldConversationIds.includes(id));

const isOver = (siteId: string, cutoff: Date) => Prisma.sql`
  view."siteId" = ${siteId}::uuid AND view."createdAt" < ${cutoff}::timestamptz
  AND ${notHeld(siteId, Prisma.sql`view."conversationId"`)}`;
