import { type EntryRequest, entryRequest, uuid, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { type Conversations, conversationIdOf } from '../../../../features/conversations/index.ts';
import type { Entries } from '../../../../features/entries/index.ts';
import { readJson } from '../../../../http/body.ts';
import { idOf, validate } from '../../../../http/validate.ts';
import { AppError } from '../../../../lib/app-error.ts';
import { type Page, ROOT } from '../page.ts';
import type { Pages } from '../pages.ts';
import type { AdminState } from '../routes.ts';
import { answerPage, BLANK, correctionOf, draftOf, IN_KNOWLEDGE, type Place } from './page.ts';

type Deps = {
  entries: Entries;
  entryById: Pages['entryById'];
  conversations: Pick<Conversations, 'readById' | 'handle'>;
  sendPage: (ctx: AdminContext, page: Pick<Page, 'title' | 'active' | 'body'>) => void;
};

type StoredEntry = NonNullable<Awaited<ReturnType<Pages['entryById']>>>;

type AdminContext = Context & { state: AdminState };

/** The forms of the owner's own answers, what they send, and what is done to the questions that have none. */
export function answerRoutes(router: Router<AdminState>, deps: Deps): void {
  const { entries, entryById, conversations, sendPage } = deps;

  router.get('/knowledge/answers/new', ctx => {
    const body = answerPage(BLANK, { back: IN_KNOWLEDGE });
    sendPage(ctx, { title: 'Write an answer', active: 'knowledge', body });
  });

  router.get('/knowledge/answers/:id', async ctx => {
    const entry = await entryOf(ctx);
    const body = answerPage(draftOf(entry), { back: IN_KNOWLEDGE, entryId: entry.id });
    sendPage(ctx, { title: 'Change this answer', active: 'knowledge', body });
  });

  router.get('/knowledge/questions/:conversationId/:messageId', ctx => correct(ctx, 'knowledge', IN_KNOWLEDGE));

  router.get('/conversations/:conversationId/answers/:messageId', ctx =>
    correct(ctx, 'conversations', {
      href: `${ROOT}/conversations/${conversationIdOf(ctx.params.conversationId)}`,
      name: 'Conversation',
    }),
  );

  router.post('/knowledge/answers', async ctx => {
    await entries.add(ctx.state.site, entryFrom(await bodyOf(ctx)));
    ctx.body = { message: SAVED };
  });

  router.post('/knowledge/answers/:id', async ctx => {
    const before = await entryOf(ctx);
    await entries.change(ctx.state.site, before.id, entryFrom(await bodyOf(ctx), before));
    ctx.body = { message: SAVED };
  });

  router.post('/knowledge/answers/:id/removed', async ctx => {
    await entries.remove(ctx.state.site, idOf(ctx.params.id, NO_ENTRY));
    ctx.body = { message: 'The answer is removed.', reload: true };
  });

  router.post('/knowledge/questions/:id/handled', async ctx => {
    const isThere = await conversations.handle(ctx.state.site, idOf(ctx.params.id, NO_QUESTION));
    if (!isThere) throw new AppError('not_found', NO_QUESTION);
    ctx.body = { message: 'The question is off the list.', reload: true };
  });

  async function correct(ctx: AdminContext, active: Page['active'], back: Place['back']): Promise<void> {
    const { conversationId, messageId } = ctx.params;
    const conversation = await conversations.readById(ctx.state.site, conversationIdOf(conversationId));
    const draft = correctionOf(conversation, idOf(messageId, NO_ANSWER));
    if (!draft) throw new AppError('not_found', NO_ANSWER);
    sendPage(ctx, { title: 'Write an answer', active, body: answerPage(draft, { back }) });
  }

  async function entryOf(ctx: AdminContext): Promise<StoredEntry> {
    const entry = await entryById(ctx.state.site.id, idOf(ctx.params.id, NO_ENTRY));
    if (!entry) throw new AppError('not_found', NO_ENTRY);
    return entry;
  }
}

const SAVED = 'Saved. The assistant answers from it in a moment.';
const NO_ENTRY = 'There is no such entry (any more).';
const NO_ANSWER = 'There is no such answer (any more).';
const NO_QUESTION = 'There is no such unanswered question (any more).';

const bodyOf = (ctx: Context) => readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });

const typed = z.strictObject({
  question: z.string(),
  answer: z.string(),
  link: z.string(),
  messageId: uuid.optional(),
});

/**
 * What the form has sent. The form has one link and no language: what else an entry has, it keeps. Throws 400 that says
 * at each field what is wrong with it.
 */
function entryFrom(body: unknown, before?: StoredEntry): EntryRequest {
  try {
    const { link, ...said } = validate(typed, body);
    const url = link.trim();
    const [first, ...more] = before?.links ?? [];
    const links = [...(url === '' ? [] : [url === first?.url ? first : { title: '', url }]), ...more];
    return validate(entryRequest, { ...said, links, ...(before?.locale && { locale: before.locale }) });
  } catch (error) {
    if (!(error instanceof AppError) || !error.errors) throw error;
    const errors = new Map(error.errors.map(({ path, message }) => said(path, message)));
    const what = errors.size === 1 ? 'One field needs' : `${errors.size} fields need`;
    throw new AppError('validation_failed', `Nothing was saved yet: ${what} your attention.`, {
      errors: [...errors].map(([path, message]) => ({ path, message })),
    });
  }
}

/** An error of the contract's schema as a sentence at the field which it is about. */
function said(path: string, message: string): [field: string, sentence: string] {
  const field = path.startsWith('links.') ? 'link' : path;
  return [field, `${FIELDS[field] ?? 'This'} ${message}.`];
}

const FIELDS: Readonly<Record<string, string>> = {
  question: 'The question',
  answer: 'The answer',
  link: 'The address',
};
