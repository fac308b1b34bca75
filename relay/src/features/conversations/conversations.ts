import type {
  Conversation,
  ConversationPage,
  Message,
  OwnedConversation,
  OwnedMessage,
  TurnEvent,
  TurnRequest,
  UnansweredPage,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import { outlasting } from '../../db/away.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { pageAddress } from '../../lib/page-address.ts';
import type { Live } from '../../live/live.ts';
import type { Consent } from '../consent/index.ts';
import { handleFor, handleHashOf } from '../consent/index.ts';
import type { Privacy } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { answerTurn, suggestionOf, type TurnDeps } from './answer-turn.ts';
import { carriedTranscript } from './carried-transcript.ts';
import type { ConversationFilters } from './list-conversations.ts';
import { checkedPrechat, hasContact, type Prechat } from './prechat.ts';
import { isAbandoned, replayTurn } from './replay-turn.ts';
import type { ConversationStore, NewTurn, OpenedTurn, StoredMessage, UnansweredFilters } from './store.ts';
import type { Takeover } from './takeover.ts';
import type { Transcript } from './transcript.ts';
import { type TriedAnswer, tryAnswer } from './try-answer.ts';

/** How many messages of a conversation are given back to the widget, and to a model. */
const MESSAGES_MAX = 200;
const HISTORY_MAX = 80;

export type Conversations = ReturnType<typeof createConversations>;

type Deps = TurnDeps & {
  store: ConversationStore;
  consent: Pick<Consent, 'spending'>;
  takeover: Takeover;
  live: Pick<Live, 'tell' | 'hold' | 'isHeld'>;
  /** The privacy engine does what is asked of a person's data. */
  request: Privacy['request'];
  keyring: Pick<Keyring, 'sign' | 'verify'>;
  /** Is told of `prechat.answered` where a visitor said before the chat how to be reached. */
  outbox: Pick<Outbox, 'emission' | 'wake'>;
};

export function createConversations(deps: Deps) {
  const { store, consent, takeover, live, outbox, now } = deps;
  /** The answers that are being written, by conversation. */
  const answering = new Map<string, Set<AbortController>>();

  return {
    /**
     * Answers a visitor's question. Whatever refuses it is thrown before anything is streamed: 403 `consent_required`,
     * 404 `conversation_not_found`, 422 `thread_not_sealed`, 400 for answers before the chat that the site refuses.
     * `network` is where the visitor asks from; it is not kept. While somebody has taken over, the question is kept and
     * nobody but them answers it: no provider is asked, and nothing is counted.
     */
    async takeTurn(
      site: Site,
      request: TurnRequest,
      network: string,
      signal: AbortSignal,
    ): Promise<AsyncIterable<TurnEvent>> {
      const turnId = uuidv7();
      const { text, locale } = request;
      const { orders } = site.settings.features;
      const customerId = orders ? deps.commerce.customerOf(site, request.customerToken) : undefined;
      if ('thread' in request) {
        const { thread } = request;
        const answers = thread.filter(({ role }) => role === 'assistant').length;
        const transcript = carriedTranscript(deps, site.id, thread, text);
        deps.usage.countTurn(site.id);
        const budget = deps.usage.budgetOf(site, { conversationId: null, network });
        const use = deps.usage.turnOf(site, {
          at: now(),
          conversationId: null,
          // What has no answer of ours in it begins, whatever the browser says was asked before.
          first: answers === 0,
          answers,
          isLimited: transcript.isLimited,
        });
        return answerTurn(deps, { id: turnId, site, text, locale, transcript, customerId, budget, use }, signal);
      }

      const turn: NewTurn = {
        turnId,
        clientTurnId: request.clientTurnId,
        visitorMessageId: uuidv7(),
        assistantMessageId: uuidv7(),
        text,
        createdAt: now(),
      };
      if ('conversationId' in request) {
        const standing = await look(site, request.conversationId);
        if (standing) await takeover.settled(standing);
      }
      const opened = await open(site, request, turn, customerId);
      if (opened.isNew) deps.usage.countTurn(site.id);
      const begunHandle = 'consentToken' in request ? handleFor(request.consentToken) : undefined;
      if (opened.isNew && opened.isTakenOver) {
        await takeover.waits(site.id, opened.conversationId);
        return leftToAgent(turnId);
      }
      if (!opened.isNew) {
        const silentId = await store.silentTurn(site.id, opened.conversationId, turn.clientTurnId);
        if (silentId) return leftToAgent(silentId);
        const look = () => store.answerOf(site.id, opened.conversationId, turn.clientTurnId);
        const suggestionFor = (outcome: StoredMessage['outcome']) =>
          suggestionOf(site, { question: text, suggested: [], outcome }, now());
        const before = await look();
        if (!before || !(await isTakenUp(site, opened, before, turn.turnId))) {
          return replayTurn({ look, isWritten, now, begunHandle, suggestionFor }, signal);
        }
        turn.assistantMessageId = before.id;
      }
      const transcript = storedTranscript(site, opened, turn, begunHandle);
      const { conversationId, isLimited, begun } = opened;
      // Nothing of one customer's orders gets into the conversation of another, which would be found as the other's.
      const ownId = opened.externalId === customerId ? customerId : undefined;
      const budget = deps.usage.budgetOf(site, { conversationId, network });
      const first = begunHandle !== undefined;
      const use = deps.usage.turnOf(site, { at: turn.createdAt, conversationId, first, answers: 0, isLimited, begun });
      const asked = { id: turnId, site, text, locale, transcript, customerId: ownId, budget, use };
      return untilErased(conversationId, turnId, erased => answerTurn(deps, asked, AbortSignal.any([signal, erased])));
    },

    /** The conversation as its visitor reads it. Throws 404. */
    async read(site: Site, handle: string): Promise<Conversation> {
      const conversation = await find(site, handle);
      const holder = await takeover.settled(conversation);
      const messages = await store.messages(site.id, conversation.id, MESSAGES_MAX);
      return {
        conversationId: handle,
        createdAt: conversation.createdAt.toISOString(),
        takenOverBy: holder?.name ?? null,
        restricted: conversation.restrictedAt !== null,
        messages: messages.map(readable),
      };
    },

    /** The conversation as the site’s owner reads it: nothing of what is restricted. Throws 404. */
    async readById(site: Site, id: string): Promise<OwnedConversation> {
      const conversation = await store.byId(site.id, id);
      if (!conversation) throw notFound();
      const { createdAt, restrictedAt, locale, pageUrl, prechat } = conversation;
      const shown = { id, createdAt: createdAt.toISOString(), restricted: restrictedAt !== null };
      if (shown.restricted) {
        const nothing = { locale: null, pageUrl: null, prechat: null, takenOverBy: null, takenOverAt: null };
        return { ...shown, ...nothing, messages: [] };
      }
      const holder = await takeover.settled(conversation);
      const messages = await store.messages(site.id, id, MESSAGES_MAX);
      return {
        ...shown,
        locale,
        pageUrl,
        prechat: prechat as Prechat | null,
        takenOverBy: holder && { userId: holder.userId, name: holder.name },
        takenOverAt: holder?.at.toISOString() ?? null,
        messages: messages.map(owned),
      };
    },

    /** The questions that found no answer, newest first; of restricted conversations none. Throws 400 for a wrong cursor. */
    async unanswered(
      site: Site,
      { cursor, limit, ...filters }: { cursor?: string | undefined; limit: number } & UnansweredFilters,
    ): Promise<UnansweredPage> {
      const rows = await store.unanswered(site.id, filters, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return {
        items: page.map(({ id, createdAt, ...row }) => ({ messageId: id, ...row, createdAt: createdAt.toISOString() })),
        nextCursor,
      };
    },

    /** The owner has dealt with an answer that was none. False where there is no such answer (any more). */
    handle: (site: Site, messageId: string): Promise<boolean> => store.handle(site.id, messageId, now()),

    /** Answers as if a visitor asked, and keeps nothing; for trying questions and settings. Throws 503. */
    async tryAnswer(
      site: Site,
      asked: { text: string; locale: string | undefined },
      { settings }: { settings?: Site['settings'] },
      signal: AbortSignal,
    ): Promise<TriedAnswer> {
      const answer = await tryAnswer(deps, site, asked, settings ? { settings } : {}, signal);
      if (!answer) throw new AppError('unavailable', 'The answer broke off. Please try again.');
      return answer;
    },

    /**
     * How a conversation stood when nobody wrote any more: counts, no words. `held` while it is restricted, nothing where
     * it is gone.
     */
    async endOf(site: Site, id: string, lastMessageAt: Date) {
      const row = await store.endOf(site.id, id, lastMessageAt);
      if (!row) return undefined;
      if (row.restrictedAt !== null) return 'held' as const;
      const { createdAt, locale, pageUrl, messages, answered, askedBack, unanswered } = row;
      return {
        conversationId: id,
        startedAt: createdAt.toISOString(),
        endedAt: lastMessageAt.toISOString(),
        messages,
        locale,
        pageUrl,
        outcomes: { answered, askedBack, unanswered },
      };
    },

    /** What its handle opens. Throws 404. */
    find,

    /** What its handle opens, or nothing. */
    look,

    /** The conversations of a site, newest first, without a word of what was said. Throws 400 for a wrong cursor. */
    async list(
      site: Site,
      { cursor, limit, ...filters }: { cursor?: string | undefined; limit: number } & ConversationFilters,
    ): Promise<ConversationPage> {
      const rows = await store.list(site.id, filters, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return {
        items: page.map(({ restrictedAt, createdAt, lastMessageAt, pageUrl, ...row }) => ({
          ...row,
          createdAt: createdAt.toISOString(),
          lastMessageAt: lastMessageAt?.toISOString() ?? null,
          pageUrl: restrictedAt ? null : pageUrl,
          restricted: restrictedAt !== null,
        })),
        nextCursor,
      };
    },

    /** The consent record's opening, where the handle opens a conversation that has one. */
    async openingOf(site: Site, handle: string) {
      const conversation = await look(site, handle);
      return conversation?.subjectKey ? { ...conversation, subjectKey: conversation.subjectKey } : null;
    },

    /** Erases the conversation and all that hangs on it, also what is being written. Throws 404, and 409 for a hold. */
    async erase(site: Site, handle: string): Promise<void> {
      const { id } = await find(site, handle);
      if (!(await isErased(site, id))) {
        throw new AppError('legal_hold', 'The law obliges the shop to keep this conversation for now. Ask the shop.');
      }
    },

    /** After a withdrawal: erases what is there. What a legal hold keeps is restricted, and its handle opens it no more. */
    async withdraw(site: Site, handle: string): Promise<{ erased: boolean }> {
      const conversation = await look(site, handle);
      if (!conversation || (await isErased(site, conversation.id))) return { erased: true };
      await deps.request(site, { type: 'restriction', ...ofVisitor(conversation.id) });
      await store.close(site.id, conversation.id);
      await live.tell(`conversation ${conversation.id}`, { type: 'ended' });
      return { erased: false };
    },

    /** Who of the team answers a conversation in the assistant's place. */
    takeover,

    /** What somebody of the team wrote, as those who have taken over see it. */
    async write(...given: Parameters<Takeover['write']>): Promise<Message> {
      return readable(await takeover.write(...given));
    },

    /** Ends the answers that this process is writing in conversations that are gone; their readers are told. */
    endAnswers(conversationIds: string[]): void {
      for (const id of conversationIds) for (const answer of answering.get(id) ?? []) answer.abort();
    },
  };

  type StoredRequest = Exclude<TurnRequest, { thread: unknown }>;

  async function open(
    site: Site,
    request: StoredRequest,
    turn: NewTurn,
    customerId: string | undefined,
  ): Promise<OpenedTurn> {
    if ('conversationId' in request) {
      const opened = await store.continue(site.id, handleHashOf(request.conversationId), turn, customerId);
      if (!opened) throw notFound();
      return opened;
    }
    const handleHash = handleHashOf(handleFor(request.consentToken));
    const { page } = request;
    const { answers, problems } = checkedPrechat(site, request.prechat);
    const conversation = {
      id: uuidv7(),
      handleHash,
      locale: request.locale ?? null,
      pageUrl: pageAddress(page.url) ?? '',
      pageTitle: page.title ?? null,
      referrer: (page.referrer && pageAddress(page.referrer)) || null,
      prechat: answers,
      externalId: customerId ?? null,
    };
    if (problems.length === 0) {
      const told = hasContact(site, answers) ? outbox.emission(site.id, 'prechat.answered') : undefined;
      const begun = await store.begin(site.id, conversation, consent.spending(site, request.consentToken), turn, {
        also: told,
        beginning: deps.usage.beginning(site, turn.createdAt),
      });
      if (begun && told) outbox.wake();
      if (begun) return begun;
    }
    // This may be the same first turn again, whose answer did not reach the visitor; the owner may ask for more by now.
    const existing = await store.byHandle(site.id, handleHash);
    const asked = existing && (await store.answerOf(site.id, existing.id, request.clientTurnId));
    if (!asked && problems.length > 0) throw prechatRefused(problems);
    if (!asked) throw new AppError('consent_required', 'This consent is spent or not valid. Ask the visitor again.');
    const { id: conversationId, externalId, restrictedAt, takenOverBy, limited } = existing;
    return {
      conversationId,
      isNew: false,
      isRestricted: restrictedAt !== null,
      isTakenOver: takenOverBy !== null,
      externalId,
      isLimited: limited,
    };
  }

  /** Runs an answer whose signal aborts when its conversation is erased meanwhile. */
  async function untilErased(
    conversationId: string,
    turnId: string,
    answer: (erased: AbortSignal) => Promise<AsyncIterable<TurnEvent>>,
  ): Promise<AsyncIterable<TurnEvent>> {
    const controller = new AbortController();
    const others = answering.get(conversationId) ?? new Set();
    answering.set(conversationId, others.add(controller));
    const release = live.hold(`turn ${turnId}`);
    const end = () => {
      release();
      others.delete(controller);
      if (others.size === 0) answering.delete(conversationId);
    };
    const events = await answer(controller.signal).catch((error: unknown) => {
      end();
      throw error;
    });
    return (async function* () {
      try {
        yield* events;
      } finally {
        end();
      }
    })();
  }

  /** Whether a process is writing the answer of this turn. */
  function isWritten(turnId: string): Promise<boolean> {
    return live.isHeld(`turn ${turnId}`);
  }

  /**
   * Whether this request is to answer a turn that was asked before: its visitor has heard nothing, and whoever was to write
   * the answer has failed, or died with its process.
   */
  async function isTakenUp(site: Site, opened: OpenedTurn, before: StoredMessage, turnId: string): Promise<boolean> {
    if (opened.isTakenOver || before.text !== '') return false;
    const isLost = before.status === 'streaming' && !(await isWritten(before.turnId));
    if (!isLost && before.status !== 'failed') return false;
    return store.takeUp(site.id, opened.conversationId, before, turnId);
  }

  /** For a visitor who consented: the messages live in our database. */
  function storedTranscript(
    site: Site,
    { conversationId, isRestricted }: OpenedTurn,
    turn: NewTurn,
    begunHandle: string | undefined,
  ): Transcript {
    return {
      ...(begunHandle && { begunHandle }),
      async read() {
        // What a visitor has restricted is kept and not used, also not for answering that visitor.
        if (begunHandle || isRestricted) return [];
        const messages = await store.messages(site.id, conversationId, HISTORY_MAX);
        return messages
          .filter(message => message.turnId !== turn.turnId && message.text !== '')
          .map(({ role, text }) => ({ role: role === 'visitor' ? 'visitor' : 'assistant', text }));
      },
      async finish(answer, used) {
        const { assistantMessageId: id } = turn;
        const isKept = await outlasting(
          async isAgain =>
            (isAgain && (await store.isFinished(site.id, conversationId, id))) ||
            store.finish(site.id, conversationId, id, answer, used?.count),
        );
        if (!isKept) throw notFound();
        return undefined;
      },
    };
  }

  async function isErased(site: Site, conversationId: string): Promise<boolean> {
    const { result } = await deps.request(site, { type: 'erasure', ...ofVisitor(conversationId) });
    return 'retained' in result && Object.keys(result.retained).length === 0;
  }

  function look(site: Site, handle: string) {
    return store.byHandle(site.id, handleHashOf(handle));
  }

  async function find(site: Site, handle: string) {
    const conversation = await look(site, handle);
    if (!conversation) throw notFound();
    return conversation;
  }

  /** With what the owner alone is told. */
  function owned(message: StoredMessage): OwnedMessage {
    const { role, outcome, passages, costMicros } = message;
    return {
      ...readable(message),
      ...(role === 'assistant' && { outcome }),
      ...(passages && { passages }),
      ...(costMicros && { costUsd: costMicros / 1_000_000 }),
    };
  }

  function readable(message: StoredMessage) {
    const { id, role, text, citations, products, status, authorName, createdAt } = message;
    return {
      id,
      role,
      text,
      citations,
      ...(products && { products }),
      status: isAbandoned(message, now()) ? ('interrupted' as const) : status,
      ...(authorName !== null && { author: authorName }),
      createdAt: createdAt.toISOString(),
    };
  }
}

/** A turn that a person of the team will answer, in a message of their own. */
async function* leftToAgent(turnId: string): AsyncGenerator<TurnEvent> {
  yield { event: 'started', data: { turnId, provider: 'agent', model: '' } };
  yield { event: 'completed', data: { turnId, text: '', citations: [], finishReason: 'agent' } };
}

function prechatRefused(errors: { path: string; message: string }[]): AppError {
  const all = errors.map(({ path, message }) => `"${path}" ${message}`).join(', and ');
  return new AppError('validation_failed', `${all}.`, { errors });
}

const ofVisitor = (conversationId: string) => ({ source: 'widget' as const, identifiers: { conversationId } });

const notFound = () =>
  new AppError('conversation_not_found', 'This conversation is not stored (any more). Begin a new one.');
