import type { PersonalData } from './personal-data.ts';

/**
 * What the engine itself keeps: the records of requests and of legal holds, as proof that they were dealt with. They are
 * about nobody once a request is done, so no request finds them; they go with the consent records' window.
 */
export const recordsPersonalData: PersonalData = {
  name: 'privacyRecords',
  tables: {
    DataRequest: {
      data: 'Type, times, counts and status of a data-subject request; until it is done also whom it is about, encrypted',
      purpose: 'Doing what the person asked for, and proving it',
      origin: 'The visitor, or the site’s owner on a person’s behalf',
      recipients: 'The site’s owner',
      kept: 'Whom it is about: until the request is done. The rest: the window of consent records (1,095 days)',
    },
    LegalHold: {
      data: 'What must not be deleted, why, and the name of who said so',
      purpose: 'Keeping data that a legal claim needs (GDPR Art. 17(3)(e))',
      origin: 'The site’s owner',
      recipients: 'The site’s owner',
      kept: 'Until released, and then for the window of consent records (1,095 days)',
    },
  },
  find: async () => ({ conversationIds: [], contacts: [] }),
  erase: async () => ({}),
  rectify: async () => ({}),
  restrict: async () => ({}),
  windowDays: ({ retention }) => retention.consentDays,

  async countBefore(tx, siteId, cutoff) {
    return {
      dataRequests: await tx.dataRequest.count({ where: { siteId, completedAt: { lt: cutoff } } }),
      legalHolds: await tx.legalHold.count({ where: { siteId, releasedAt: { lt: cutoff } } }),
    };
  },

  async purgeBefore(tx, siteId, cutoff, limit) {
    const dataRequests = await tx.$executeRaw`
      DELETE FROM "DataRequest" WHERE ("siteId", "id") IN (
        SELECT "siteId", "id" FROM "DataRequest"
        WHERE "siteId" = ${siteId}::uuid AND "completedAt" < ${cutoff}::timestamptz LIMIT ${limit})`;
    const legalHolds = await tx.$executeRaw`
      DELETE FROM "LegalHold" WHERE ("siteId", "id") IN (
        SELECT "siteId", "id" FROM "LegalHold"
        WHERE "siteId" = ${siteId}::uuid AND "releasedAt" < ${cutoff}::timestamptz LIMIT ${limit})`;
    return { dataRequests, legalHolds };
  },
};
