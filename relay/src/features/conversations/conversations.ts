import type { Conversation, TurnEvent, TurnRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Consent } from '../consent/index.ts';
import type { Site } from '../sites/index.ts';
import { answerTurn, type TurnDeps } from './answer-turn.ts';
import { carriedTranscript } from './carried-transcript.ts';
import { handleFor, handleHashOf } from './handle.ts';
import { pageAddress } from './page-address.ts';
import { isAbandoned, replayTurn } from './replay-turn.ts';
import type { ConversationStore, NewTurn, OpenedTurn, StoredMessage } from './store.ts';
import type { Transcript } from './transcript.ts';

/** How many messages of a conversation are given back to the widget, and to a model. */
const MESSAGES_MAX = 200;
const HISTORY_MAX = 80;
const EXPORT_MAX = 100_000;

export type Conversations = ReturnType<typeof createConversations>;

type Deps = TurnDeps & {
  store: ConversationStore;
  consent: Pick<Consent, 'spending' | 'receipt'>;
  keyring: Pick<Keyring, 'sign' | 'verify'>;
  now: () => Date;
};

export function createConversations(deps: Deps) {
  const { store, consent, keyring, now } = deps;

  return {
    /**
     * Answers a visitor's question. Whatever refuses it is thrown before anything is streamed: 403 `consent_required`,
     * 404 `conversation_not_found`, 422 `thread_not_sealed`.
     */
    async takeTurn(site: Site, request: TurnRequest, signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> {
      const turnId = uuidv7();
      const { text, locale } = request;
      if ('thread' in request) {
        const transcript = carriedTranscript(keyring, site.id, request.thread, text);
        return answerTurn(deps, { id: turnId, site, text, locale, transcript }, signal);
      }

      const turn: NewTurn = {
        turnId,
        clientTurnId: request.clientTurnId,
        visitorMessageId: uuidv7(),
        assistantMessageId: uuidv7(),
        text,
        createdAt: now(),
      };
      const opened = await open(site, request, turn);
      const begunHandle = 'consentToken' in request ? handleFor(request.consentToken) : undefined;
      if (!opened.isNew) {
        const look = () => store.answerOf(site.id, opened.conversationId, turn.clientTurnId);
        return replayTurn({ look, now, begunHandle }, signal);
      }
      const transcript = storedTranscript(site, opened, turn, begunHandle);
      return answerTurn(deps, { id: turnId, site, text, locale, transcript }, signal);
    },

    /** The conversation as its visitor reads it. Throws 404. */
    async read(site: Site, handle: string): Promise<Conversation> {
      const conversation = await find(site, handle);
      const messages = await store.messages(site.id, conversation.id, MESSAGES_MAX);
      return {
        conversationId: handle,
        createdAt: conversation.createdAt.toISOString(),
        messages: messages.map(readable),
      };
    },

    /** Everything that is held about the conversation and its visitor. Throws 404. */
    async export(site: Site, handle: string) {
      const { siteId: _, handleHash: __, id, consentSequence, createdAt, ...conversation } = await find(site, handle);
      const messages = await store.messages(site.id, id, EXPORT_MAX);
      return {
        exportedAt: now().toISOString(),
        site: { key: site.key, name: site.settings.name },
        conversation: {
          conversationId: handle,
          createdAt: createdAt.toISOString(),
          ...conversation,
          messages: messages.map(message => ({
            ...readable(message),
            turnId: message.turnId,
            provider: message.provider,
            model: message.model,
            finishReason: message.finishReason,
          })),
        },
        consent: await consent.receipt(site, consentSequence),
      };
    },

    /** Erases the conversation and its messages, also those that are being written. Gives the number of conversations. */
    erase: (site: Site, handle: string): Promise<number> => store.erase(site.id, handleHashOf(handle)),
  };

  type StoredRequest = Exclude<TurnRequest, { thread: unknown }>;

  async function open(site: Site, request: StoredRequest, turn: NewTurn): Promise<OpenedTurn> {
    if ('conversationId' in request) {
      const opened = await store.continue(site.id, handleHashOf(request.conversationId), turn);
      if (!opened) throw notFound();
      return opened;
    }
    const handleHash = handleHashOf(handleFor(request.consentToken));
    const { page } = request;
    const conversation = {
      id: uuidv7(),
      handleHash,
      locale: request.locale ?? null,
      pageUrl: pageAddress(page.url) ?? '',
      pageTitle: page.title ?? null,
      referrer: (page.referrer && pageAddress(page.referrer)) || null,
    };
    const begun = await store.begin(site.id, conversation, consent.spending(site, request.consentToken), turn);
    if (begun) return begun;
    // The token is spent: this may be the same first turn again, whose answer did not reach the visitor.
    const existing = await store.byHandle(site.id, handleHash);
    const asked = existing && (await store.answerOf(site.id, existing.id, request.clientTurnId));
    if (!asked) throw new AppError('consent_required', 'This consent is spent or not valid. Ask the visitor again.');
    return { conversationId: existing.id, isNew: false };
  }

  /** For a visitor who consented: the messages live in our database. */
  function storedTranscript(
    site: Site,
    { conversationId }: OpenedTurn,
    turn: NewTurn,
    begunHandle: string | undefined,
  ): Transcript {
    return {
      ...(begunHandle && { begunHandle }),
      first: begunHandle !== undefined,
      async read() {
        if (begunHandle) return [];
        const messages = await store.messages(site.id, conversationId, HISTORY_MAX);
        return messages
          .filter(message => message.turnId !== turn.turnId && message.text !== '')
          .map(({ role, text }) => ({ role: role === 'visitor' ? 'visitor' : 'assistant', text }));
      },
      async finish(answer) {
        await store.finish(site.id, conversationId, turn.assistantMessageId, answer);
        return undefined;
      },
    };
  }

  async function find(site: Site, handle: string) {
    const conversation = await store.byHandle(site.id, handleHashOf(handle));
    if (!conversation) throw notFound();
    return conversation;
  }

  function readable(message: StoredMessage) {
    const { id, role, text, citations, status, createdAt } = message;
    return {
      id,
      role,
      text,
      citations,
      status: isAbandoned(message, now()) ? ('interrupted' as const) : status,
      createdAt: createdAt.toISOString(),
    };
  }
}

const notFound = () =>
  new AppError('conversation_not_found', 'This conversation is not stored (any more). Begin a new one.');
