import { type EvalCase, evalCaseRequest, listQuery, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Evaluation } from './evaluation.ts';

const evalCasesTable: Table<EvalCase> = {
  name: 'test-cases',
  columns: {
    Created: ({ createdAt }) => createdAt,
    Question: ({ question }) => question,
    Language: ({ locale }) => locale,
    Expects: ({ expects }) => expects,
    Documents: ({ documents }) => documents.join('\n'),
    Phrases: ({ phrases }) => phrases.join('\n'),
    Id: ({ caseId }) => caseId,
  },
};

const NO_CASE = 'There is no such case (any more).';

/** A plugin's calls about the site's own test set. */
export function evaluationRoutes(router: Router<SiteState>, { evaluation }: { evaluation: Evaluation }): void {
  router.get('/eval-cases', ctx =>
    answerList(ctx, listQuery, asked => evaluation.list(ctx.state.site, asked), evalCasesTable),
  );

  router.post('/eval-cases', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.body = await evaluation.add(ctx.state.site, validate(evalCaseRequest, body));
    ctx.status = 201;
  });

  router.delete('/eval-cases/:id', async ctx => {
    if (!(await evaluation.remove(ctx.state.site, idOf(ctx.params.id, NO_CASE)))) {
      throw new AppError('not_found', NO_CASE);
    }
    ctx.status = 204;
  });
}
