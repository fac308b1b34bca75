import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import { emailKey } from '../../lib/contacts.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Site } from '../sites/index.ts';
import type { Queue } from './queue.ts';
import type { EmailStore } from './store.ts';

/** Of one conversation in a day: so many mails, and to so many addresses. */
const OF_CONVERSATION = 3;
const ADDRESSES = 2;
/** To one address in a day, from every site of this relay. */
const TO_ADDRESS_A_DAY = 5;

type Deps = {
  db: Db;
  store: EmailStore;
  queue: Queue;
  outbox: Pick<Outbox, 'wake'>;
  conversations: Pick<Conversations, 'find' | 'readById'>;
  /** Whether the conversation is there, and then stays until the transaction ends. */
  keepsConversation: (tx: Tx, siteId: string, id: string) => Promise<boolean>;
  /** Whether this relay has somebody who sends e-mails, or is not there for real visitors. */
  isOffered: boolean;
  now: () => Date;
};

/** Chats that their visitors have sent to themselves. */
export function createTranscripts({
  db,
  store,
  queue,
  outbox,
  conversations,
  keepsConversation,
  isOffered,
  now,
}: Deps) {
  return {
    /**
     * Sends the conversation that the handle opens to this address. Throws 403 `not_offered`, 404, 400 for what is no
     * address, 409 `nothing_to_send`, 429. An address that nothing goes to any more is taken as any other.
     */
    async request(site: Site, handle: string, email: string): Promise<void> {
      if (!isOffered || !site.settings.features.transcript) {
        throw new AppError('not_offered', 'Chats are not sent by e-mail here.');
      }
      const { id, restrictedAt, locale } = await conversations.find(site, handle);
      if (restrictedAt) {
        throw new AppError('not_offered', 'The use of this chat is restricted, so it is not sent either.');
      }
      const to = addressOf(email);
      const { messages } = await conversations.readById(site, id);
      if (!messages.some(({ role, text }) => role !== 'visitor' && text !== '')) {
        throw new AppError('nothing_to_send', 'There is no answer in this chat yet.');
      }
      await inTransaction(db, async tx => {
        if (!(await keepsConversation(tx, site.id, id))) {
          throw new AppError('conversation_not_found', 'This conversation is not stored (any more).');
        }
        await store.lock(tx, `transcript ${site.id} ${id}`);
        await check(tx, site.id, id, queue.hashesOf(to));
        const wanted = locale ?? site.settings.locale;
        await queue.add(tx, { siteId: site.id, kind: 'transcript', locale: wanted, to, about: [id] });
      });
      outbox.wake();
    },
  };

  async function check(tx: Tx, siteId: string, conversationId: string, hashes: string[]): Promise<void> {
    const day = now().toISOString().slice(0, 10);
    const retryAfterS = 24 * 60 * 60 - Math.floor((now().getTime() / 1_000) % (24 * 60 * 60));
    const limited = (detail: string) => new AppError('rate_limited', detail, { retryAfterS });
    const before = await store.transcriptsOf(tx, siteId, conversationId, new Date(day));
    if (before.length >= OF_CONVERSATION) throw limited(`This chat was sent ${OF_CONVERSATION} times today.`);
    if (!before.some(hash => hashes.includes(hash)) && new Set(before).size >= ADDRESSES) {
      throw limited(`This chat was sent to ${ADDRESSES} addresses today.`);
    }
    const hash = hashes[0] as string;
    if (!(await store.count(tx, { hash, kind: 'transcript', day, most: TO_ADDRESS_A_DAY }))) {
      throw limited('No more chats are sent to this address today.');
    }
  }
}

/** The address as it is written to. Throws 400 for whatever is not one address and nothing else. */
export function addressOf(typed: string): string {
  const key = /\p{Cc}/u.test(typed) ? undefined : emailKey(typed);
  if (key === undefined) {
    const message = 'is not an e-mail address such as name@example.com';
    throw new AppError('validation_failed', `"email" ${message}.`, { errors: [{ path: 'email', message }] });
  }
  // Capitals may matter to the mailbox; signs beyond ASCII are written as they were compared.
  const local = typed.trim().split('@')[0] as string;
  return /^[\x21-\x7e]+$/.test(local) ? `${local}@${key.split('@')[1]}` : key;
}
