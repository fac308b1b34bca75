import {
  beginTurn,
  type ConversationItem,
  carriedTurn,
  continueTurn,
  conversationsQuery,
  periodQuery,
  type TurnRequest,
  type UnansweredPage,
  uuid,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { bearerOf } from '../../http/bearer.ts';
import { readJson } from '../../http/body.ts';
import { clientAddress, visitorNetwork } from '../../http/client-address.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { Proofs } from '../../http/proof.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { SiteContext, SiteState } from '../../http/request-state.ts';
import { readerGone, sendEvents } from '../../http/sse.ts';
import { idOf, validate } from '../../http/validate.ts';
import type { Admission } from '../../lib/admission.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Drain } from '../../lib/drain.ts';
import { handleHashOf } from '../consent/index.ts';
import type { Site } from '../sites/index.ts';
import type { Conversations } from './conversations.ts';
import type { TurnMetrics } from './turn-metrics.ts';

type Deps = {
  conversations: Conversations;
  rateLimit: RateLimit;
  proofs: Proofs;
  /** How much of a visitor's own limit of cost their network has spent, from 0 to 1. */
  shareOf: (site: Site, network: string) => number;
  drain: Drain;
  turnPlaces: Pick<Admission, 'enter'>;
  followTurn: TurnMetrics;
};

/** The visitor's calls about the conversation. */
export function conversationRoutes(
  router: Router<SiteState>,
  { conversations, rateLimit, proofs, shareOf, drain, turnPlaces, followTurn }: Deps,
): void {
  router.post('/turns', async ctx => {
    const { site } = ctx.state;
    await rateLimit('turnsPerIp', `${site.id} ${clientAddress(ctx)}`);
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    const request = turnOf(body);
    if ('conversationId' in request) await rateLimit('turnsPerConversation', handleHashOf(request.conversationId));
    const network = visitorNetwork(ctx);
    const turn = followTurn('thread' in request ? 'carried' : 'stored', ctx.state.begun);
    let leave = () => {};
    try {
      // Before anything is spent: a proof, a consent, money.
      leave = enter(ctx, turnPlaces);
      await proofs.demand({
        siteId: site.id,
        network,
        begins:
          'consentToken' in request ||
          ('thread' in request && request.thread.every(({ role }) => role !== 'assistant')),
        share: shareOf(site, network),
        proof: request.proof,
      });
      const gone = readerGone(ctx);
      await drain.run(async stopping => {
        const signal = AbortSignal.any([gone, stopping]);
        await sendEvents(ctx, await conversations.takeTurn(site, request, network, signal), signal, turn.sent);
      });
    } catch (error) {
      turn.refused(error);
      throw error;
    } finally {
      leave();
      turn.ended();
    }
  });

  router.get('/conversation', async ctx => {
    ctx.body = await conversations.read(ctx.state.site, handleOf(ctx));
  });

  router.delete('/conversation', async ctx => {
    await conversations.erase(ctx.state.site, handleOf(ctx));
    ctx.status = 204;
  });
}

const conversationsTable: Table<ConversationItem> = {
  name: 'conversations',
  columns: {
    Begun: ({ createdAt }) => createdAt,
    'Last message': ({ lastMessageAt }) => lastMessageAt,
    'Last by': ({ lastRole }) => lastRole,
    Messages: ({ messages }) => messages,
    Answered: ({ answered }) => answered,
    Unanswered: ({ unanswered }) => unanswered,
    Waiting: ({ waiting }) => waiting,
    'Taken over': ({ takenOver }) => takenOver,
    Lead: ({ hasLead }) => hasLead,
    Language: ({ locale }) => locale,
    Page: ({ pageUrl }) => pageUrl,
    Restricted: ({ restricted }) => restricted,
    Id: ({ id }) => id,
  },
};

const unansweredTable: Table<UnansweredPage['items'][number]> = {
  name: 'unanswered',
  columns: {
    Asked: ({ createdAt }) => createdAt,
    Question: ({ question }) => question,
    Language: ({ locale }) => locale,
    Conversation: ({ conversationId }) => conversationId,
    Id: ({ messageId }) => messageId,
  },
};

/** A plugin's calls about its conversations. */
export function conversationListRoutes(
  router: Router<SiteState>,
  { conversations }: { conversations: Conversations },
): void {
  router.get('/conversations', ctx =>
    answerList(ctx, conversationsQuery, asked => conversations.list(ctx.state.site, asked), conversationsTable),
  );

  router.get('/conversations/:id', async ctx => {
    ctx.body = await conversations.readById(ctx.state.site, conversationIdOf(ctx.params.id));
  });

  router.get('/unanswered', ctx =>
    answerList(ctx, periodQuery, asked => conversations.unanswered(ctx.state.site, asked), unansweredTable),
  );

  router.post('/unanswered/:messageId', async ctx => {
    if (!(await conversations.handle(ctx.state.site, idOf(ctx.params.messageId, NO_QUESTION)))) {
      throw new AppError('not_found', NO_QUESTION);
    }
    ctx.status = 204;
  });
}

const NO_QUESTION = 'There is no such unanswered question (any more).';

/** Who is turned away comes by a new connection, which may lead to a process that has room. Throws 503. */
function enter(ctx: Context, places: Pick<Admission, 'enter'>): () => void {
  try {
    return places.enter();
  } catch (error) {
    ctx.set('Connection', 'close');
    throw error;
  }
}

/** One of three kinds of turn; which one, the visitor's consent has decided. */
function turnOf(body: unknown): TurnRequest {
  const schemas = { consentToken: beginTurn, conversationId: continueTurn, thread: carriedTurn };
  const given = Object.entries(schemas).filter(
    ([field]) => typeof body === 'object' && body && Object.hasOwn(body, field),
  );
  const [only] = given;
  if (!only || given.length > 1) {
    throw new AppError('validation_failed', 'Send exactly one of "consentToken", "conversationId" and "thread".', {
      errors: [{ path: '', message: 'needs exactly one of consentToken, conversationId, thread' }],
    });
  }
  return validate(only[1], body);
}

/** The conversation handle that the request brings as its bearer. Throws 401, and 404 where it cannot be one. */
export const handleOf = (ctx: SiteContext): string => conversationIdOf(bearerOf(ctx));

/** What is no id is the id of nothing. Throws 404. */
export function conversationIdOf(given: string | undefined): string {
  const id = uuid.safeParse(given);
  if (!id.success) throw new AppError('conversation_not_found', 'This conversation is not stored (any more).');
  return id.data;
}
