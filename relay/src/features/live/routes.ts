import {
  agentMessageRequest,
  type ConsoleEvent,
  takeoverQuery,
  type VisitorEvent,
  visitorsQuery,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { readJson } from '../../http/body.ts';
import { visitorNetwork } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { SiteState, UserState } from '../../http/request-state.ts';
import { readerGone, sendEvents } from '../../http/sse.ts';
import { validate } from '../../http/validate.ts';
import type { Admission } from '../../lib/admission.ts';
import type { Drain } from '../../lib/drain.ts';
import type { Log } from '../../lib/log.ts';
import type { Live } from '../../live/live.ts';
import { type Conversations, conversationIdOf, handleOf } from '../conversations/index.ts';
import { consoleStream } from './console-stream.ts';
import type { Happenings } from './happenings.ts';
import type { Places } from './places.ts';
import type { Presence } from './presence.ts';
import { visitorStream } from './visitor-stream.ts';

/** Streams of one user, and of a visitor: tabs and devices, and everybody of one network. */
const PER_USER = 20;
const PER_CONVERSATION = 10;
const PER_NETWORK = 200;

type Streams = {
  live: Live;
  presence: Presence;
  conversations: Conversations;
  places: Places;
  drain: Drain;
  listenerPlaces: Pick<Admission, 'enter'>;
  log: Log;
  now: () => Date;
};

type Deps = Streams & { happenings: Happenings; rateLimit: RateLimit };

/** A visitor's calls about what happens in their conversation. */
export function visitorLiveRoutes(router: Router<SiteState>, { happenings, rateLimit, ...streams }: Deps): void {
  router.get('/conversation/events', async ctx => {
    const { site } = ctx.state;
    const handle = handleOf(ctx);
    const { id: conversationId } = await streams.conversations.find(site, handle);
    const places = [
      { name: `conversation ${conversationId}`, most: PER_CONVERSATION },
      { name: `network ${visitorNetwork(ctx)}`, most: PER_NETWORK },
    ];
    await stream(ctx, streams, places, signal => visitorStream(streams, { site, handle, conversationId }, signal));
  });

  router.post('/conversation/typing', async ctx => {
    const handle = handleOf(ctx);
    await rateLimit('typingPerConversation', handle);
    await happenings.visitorTypes(ctx.state.site, handle);
    ctx.status = 204;
  });
}

type Users = Deps & {
  /** Whether who asked is still signed in, and still has the role at the site that they had then. */
  isStill: (ctx: Context & { state: UserState }) => Promise<boolean>;
};

/** What the people of a site do with the visitors who are there now. */
export function liveRoutes(
  router: Router<SiteState & UserState>,
  { happenings, rateLimit, isStill, ...streams }: Users,
) {
  router.get('/events', async ctx => {
    const { site, actor } = ctx.state;
    const watched = {
      siteId: site.id,
      userId: actor.userId,
      async isStill() {
        const still = await isStill(ctx);
        // Whoever may not write any more has nobody waiting for them.
        if (!still) await streams.conversations.takeover.settleUser(site.id, actor.userId);
        return still;
      },
    };
    const places = [{ name: `user ${actor.userId}`, most: PER_USER }];
    await stream(ctx, streams, places, signal => consoleStream(streams, watched, signal));
  });

  router.get('/visitors', async ctx => {
    ctx.body = await happenings.visitors(ctx.state.site, validate(visitorsQuery, ctx.query));
  });

  router.post('/conversations/:id/takeover', async ctx => {
    const { force } = validate(takeoverQuery, ctx.query);
    const { site, actor } = ctx.state;
    ctx.body = await happenings.takeOver(site, conversationIdOf(ctx.params.id), actor, { force: force === 'true' });
  });

  router.delete('/conversations/:id/takeover', async ctx => {
    await happenings.giveBack(ctx.state.site, conversationIdOf(ctx.params.id), ctx.state.actor);
    ctx.status = 204;
  });

  router.post('/conversations/:id/messages', async ctx => {
    const { site, actor } = ctx.state;
    await rateLimit('agentMessagesPerUser', actor.userId);
    const message = validate(
      agentMessageRequest,
      await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX }),
    );
    ctx.body = await happenings.write(site, conversationIdOf(ctx.params.id), actor, message);
    ctx.status = 201;
  });

  router.post('/conversations/:id/typing', async ctx => {
    await happenings.agentTypes(ctx.state.site, conversationIdOf(ctx.params.id), ctx.state.actor);
    ctx.status = 204;
  });
}

/** Sends events until the reader goes, the source ends, or the relay stops, which no stream holds up. */
async function stream(
  ctx: Context,
  { places, listenerPlaces, drain, log }: Pick<Streams, 'places' | 'listenerPlaces' | 'drain' | 'log'>,
  wanted: Parameters<Places['take']>[0],
  source: (signal: AbortSignal) => AsyncIterable<VisitorEvent | ConsoleEvent>,
): Promise<void> {
  const leave = listenerPlaces.enter();
  let release = () => {};
  try {
    release = places.take(wanted);
    const gone = readerGone(ctx);
    await drain.run(() => sendEvents(ctx, whole(source(AbortSignal.any([gone, drain.begun]))), gone));
  } finally {
    release();
    leave();
  }

  /** The reader connects again, and hears then what is wrong. */
  async function* whole(events: AsyncIterable<VisitorEvent | ConsoleEvent>) {
    try {
      yield* events;
    } catch (error) {
      log.warn({ err: error }, 'a stream of events broke off');
    }
  }
}
