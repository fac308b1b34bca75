import {
  type ConsentResponse,
  consentRequest,
  consentsQuery,
  locale,
  type Receipt,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../http/body.ts';
import { sendCsv, type Table } from '../../http/csv.ts';
import { sendCacheable } from '../../http/entity-tag.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Site } from '../sites/index.ts';
import type { Consent } from './consent.ts';
import { jsonOf, linesOf } from './log-page.ts';
import type { Opening } from './subject.ts';

const configQuery = z.strictObject({ locale: locale.optional() });

/** No type is registered for JSON Lines. OpenAPI's registry names this one; `application/x-ndjson` is the same. */
const JSON_LINES = 'application/jsonl';

type Deps = {
  consent: Consent;
  /** A withdrawal erases what the visitor had stored, unless the law keeps it; whoever stores it hands this in. */
  eraseConversation: (site: Site, handle: string) => Promise<{ erased: boolean }>;
  /** Decisions about one conversation have one subject; whoever keeps its opening hands this in. */
  openingOf: (site: Site, handle: string) => Promise<Opening | null>;
  /** Somebody has opened the chat, or is about to. */
  opened: (siteId: string) => void;
  /** A visitor has decided, and it is in the log. */
  decided: (decision: string) => void;
};

/** The visitor's calls about consent. */
export function consentRoutes(
  router: Router<SiteState>,
  { consent, eraseConversation, openingOf, opened, decided }: Deps,
): void {
  router.get('/config', async ctx => {
    const query = validate(configQuery, ctx.query);
    opened(ctx.state.site.id);
    sendCacheable(ctx, consent.widgetConfig(ctx.state.site, query.locale), 'public, max-age=60');
  });

  router.post('/consents', async ctx => {
    const { site } = ctx.state;
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    const request = validate(consentRequest, body);
    const about = request.conversationId ? await openingOf(site, request.conversationId) : null;
    const response = await consent.record(site, request, about ?? undefined);
    decided(request.decision);
    // After the record: a withdrawal that cannot be proven is asked for again, and erasing twice does no harm.
    const erasure =
      request.decision === 'withdrawn' && request.conversationId
        ? await eraseConversation(site, request.conversationId)
        : undefined;
    ctx.status = 201;
    ctx.body = { ...response, ...erasure } satisfies ConsentResponse;
  });
}

const consentsTable: Table<Receipt> = {
  name: 'consents',
  columns: {
    Number: ({ sequence }) => sequence,
    Recorded: ({ recordedAt }) => recordedAt,
    Decision: ({ decision }) => decision,
    Purposes: ({ purposes }) => purposes.join('\n'),
    Notice: ({ noticeVersion }) => noticeVersion,
    Language: ({ locale }) => locale,
    Source: ({ source }) => source,
    Subject: ({ subject }) => subject,
    Id: ({ id }) => id,
    Hash: ({ hash }) => hash,
    'Hash before': ({ previousHash }) => previousHash,
  },
};

const ROWS_AT_ONCE = 1_000;

const notVerifiable = () =>
  new AppError(
    'validation_failed',
    'A part of the log by time cannot be verified. Ask for it as JSON (Accept: application/json) or with format=csv.',
    { errors: [{ path: 'from', message: 'belongs to JSON or CSV, not to JSON Lines' }] },
  );

/** The consent log, as the site's plugin reads it. */
export function consentLogRoutes(router: Router<SiteState>, { consent }: Pick<Deps, 'consent'>): void {
  router.get('/consents', async ctx => {
    const { site } = ctx.state;
    const { after, limit, format, ...period } = validate(consentsQuery, ctx.query);
    if (format === 'csv') {
      const pageAt = (cursor: string | undefined) =>
        consent.records(site, cursor === undefined ? after : Number(cursor), period, ROWS_AT_ONCE);
      return sendCsv(ctx, consentsTable, pageAt, { begin: undefined, today: new Date() });
    }
    // JSON Lines is what can be verified, so JSON is for those who ask for it by name.
    const prefersJson = ctx.accepts(JSON_LINES, 'application/json') === 'application/json';
    ctx.vary('Accept');
    if (period.from !== undefined || period.to !== undefined) {
      if (!prefersJson) throw notVerifiable();
      ctx.body = await consent.records(site, after, period, limit);
      return;
    }
    const page = await consent.log(site, after, limit);
    ctx.type = prefersJson ? 'application/json' : JSON_LINES;
    ctx.body = prefersJson ? jsonOf(page) : linesOf(page);
  });
}
