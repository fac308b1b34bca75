import { randomUUID } from 'node:crypto';
import type { Db } from '@confab/relay/db/database.ts';
import type { Services } from '@confab/relay/services.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** So many days before now. */
export const daysAgo = (days: number, now = new Date()): Date => new Date(now.getTime() - days * DAY_MS);

/** Writes a conversation past the relay, with a message at each of these times, and gives its id. */
export async function plantConversation(db: Db, siteId: string, createdAt: Date, messages: Date[]): Promise<string> {
  const id = randomUUID();
  await db.conversation.create({ data: conversationRow(siteId, id, createdAt) });
  await db.message.createMany({ data: messages.map(at => messageRow(siteId, id, at)) });
  return id;
}

export const conversationRow = (siteId: string, id: string, createdAt: Date) => ({
  siteId,
  id,
  createdAt,
  handleHash: randomUUID(),
  consentSequence: 1,
  pageUrl: 'https://shop.example/',
});

export const messageRow = (siteId: string, conversationId: string, createdAt: Date) => ({
  siteId,
  conversationId,
  id: randomUUID(),
  turnId: randomUUID(),
  clientTurnId: randomUUID(),
  role: 'visitor',
  text: 'Is it wool?',
  citations: [],
  status: 'completed',
  createdAt,
});

/** Writes an erasure as a process leaves it that dies right after taking it down, and gives its id. */
export async function plantCutErasure(
  { db, services }: { db: Db; services: Services },
  siteId: string,
  identifiers: object,
  receivedAt: Date,
): Promise<string> {
  const id = randomUUID();
  const work = JSON.stringify({ identifiers, changes: {} });
  await db.dataRequest.create({
    data: {
      siteId,
      id,
      type: 'erasure',
      source: 'plugin',
      status: 'processing',
      counts: {},
      retained: {},
      events: [{ at: receivedAt.toISOString(), event: 'received' }],
      ...services.keyring.encrypt(work, `${siteId}:data-request:${id}`),
      receivedAt,
      dueAt: daysAgo(-30, receivedAt),
    },
  });
  return id;
}
