import { type Entry, entryRequest, periodQuery, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { type Entries, NO_ENTRY } from './entries.ts';

const entriesTable: Table<Entry> = {
  name: 'answers',
  columns: {
    Created: ({ createdAt }) => createdAt,
    Changed: ({ updatedAt }) => updatedAt,
    Question: ({ question }) => question,
    Answer: ({ answer }) => answer,
    Links: ({ links }) => links.map(({ title, url }) => `${title} ${url}`.trim()).join('\n'),
    Language: ({ locale }) => locale,
    Id: ({ entryId }) => entryId,
  },
};

/** A plugin's calls about what the owner wrote for the knowledge. */
export function entryRoutes(router: Router<SiteState>, { entries }: { entries: Entries }): void {
  router.get('/entries', ctx =>
    answerList(ctx, periodQuery, asked => entries.list(ctx.state.site, asked), entriesTable),
  );

  router.post('/entries', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.body = await entries.add(ctx.state.site, validate(entryRequest, body));
    ctx.status = 201;
  });

  router.put('/entries/:id', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.body = await entries.change(ctx.state.site, idOf(ctx.params.id, NO_ENTRY), validate(entryRequest, body));
  });

  router.delete('/entries/:id', async ctx => {
    await entries.remove(ctx.state.site, idOf(ctx.params.id, NO_ENTRY));
    ctx.status = 204;
  });
}
