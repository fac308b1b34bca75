import type { EvalCase, EvalCasePage, EvalCaseRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Knowledge } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import type { EvalCaseStore, StoredCase } from './store.ts';

/** More cases than these are no test set that somebody reads. */
const CASES_MAX = 1_000;
/** The document that a case names must be among so many. */
const RANK_MAX = 3;
/** How many documents of the search are looked through. */
const DOCUMENTS = 10;
const PAGE = 100;

/** How a test set is tried: the search alone, or whole answers, with the settings changed as they may soon be. */
export type Trial = { withAnswers: boolean; answers?: Partial<Site['settings']['answers']> };

/** What became of one case. `rank` is the place of the document that it names, where it names one and it was found. */
export type CaseResult = { question: string; passed: boolean; problems: string[]; rank: number | null };

export type Evaluation = ReturnType<typeof createEvaluation>;

type Deps = {
  store: EvalCaseStore;
  knowledge: Pick<Knowledge, 'searchDocuments'>;
  tryAnswer: Conversations['tryAnswer'];
  now: () => Date;
};

/** A site's own test set: questions with what a good answer does, tried before a change goes live. */
export function createEvaluation({ store, knowledge, tryAnswer, now }: Deps) {
  return {
    /** Throws 400 where the site has as many cases as there may be. */
    async add(site: Site, request: EvalCaseRequest): Promise<EvalCase> {
      if ((await store.count(site.id)) >= CASES_MAX) {
        throw new AppError('validation_failed', `A test set has at most ${CASES_MAX} cases. Remove one first.`);
      }
      const evalCase = { id: uuidv7(), ...request, locale: request.locale ?? null, createdAt: now() };
      await store.add(site.id, evalCase);
      return readable(evalCase);
    },

    /** Adds the case that a corrected answer makes: its question is answered from this document. */
    async addCorrected(
      tx: Tx,
      siteId: string,
      { question, locale, document }: { question: string; locale: string | null; document: string },
    ): Promise<void> {
      const expected = { expects: 'answer' as const, documents: [document], phrases: [] };
      await store.add(siteId, { id: uuidv7(), question, locale, ...expected, createdAt: now() }, tx);
    },

    /** False where there is no such case. */
    remove: (site: Site, id: string) => store.remove(site.id, id),

    /** Newest first. Throws 400 for a wrong cursor. */
    async list(site: Site, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<EvalCasePage> {
      const rows = await store.list(site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(readable), nextCursor };
    },

    count: (site: Site) => store.count(site.id),

    /** Tries every case of the site, newest first, one after the other; stores nothing. */
    async *replay(site: Site, trial: Trial, signal: AbortSignal): AsyncGenerator<CaseResult> {
      let cursor: string | undefined;
      do {
        const rows = await store.list(site.id, placeOf(cursor), PAGE + 1);
        const { page, nextCursor } = pageOf(rows, PAGE, ({ createdAt }) => createdAt);
        for (const evalCase of page) {
          if (signal.aborted) return;
          yield await tried(site, evalCase, trial, signal);
        }
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined);
    },
  };

  async function tried(site: Site, evalCase: StoredCase, trial: Trial, signal: AbortSignal): Promise<CaseResult> {
    const { question } = evalCase;
    const { problems, rank } = await searched(site, evalCase);
    if (trial.withAnswers) problems.push(...(await answered(site, evalCase, trial, signal)));
    return { question, passed: problems.length === 0, problems, rank };
  }

  async function searched(site: Site, { question, locale, expects, documents }: StoredCase) {
    const { items, answerable } = await knowledge.searchDocuments(site, question, DOCUMENTS, locale ?? undefined);
    const place = items.findIndex(({ externalId, url }) => isAmong(documents, externalId, url));
    const rank = place < 0 ? null : place + 1;
    const problems: string[] = [];
    if (expects === 'unknown' && answerable) problems.push('the search takes it for answerable');
    if (expects === 'answer' && !answerable) problems.push('the search finds no answer');
    if (expects === 'answer' && documents.length > 0 && (rank === null || rank > RANK_MAX)) {
      problems.push(rank === null ? 'the document is not found' : `the document is found in place ${rank} only`);
    }
    return { problems, rank };
  }

  async function answered(
    site: Site,
    { question, locale, expects, documents, phrases }: StoredCase,
    { answers }: Trial,
    signal: AbortSignal,
  ): Promise<string[]> {
    const settings = { ...site.settings, answers: { ...site.settings.answers, ...answers } };
    const asked = { text: question, locale: locale ?? undefined };
    const answer = await tryAnswer(site, asked, { settings }, signal);
    if (expects === 'unknown') return answer.outcome === 'answered' ? ['it was answered'] : [];
    if (answer.outcome !== 'answered') return ['it was not answered'];
    const problems: string[] = [];
    const cited = answer.citations.map(({ url }) => url);
    const ids = answer.passages.map(({ externalId }) => externalId);
    if (documents.length > 0 && !documents.some(wanted => cited.includes(wanted) || ids.includes(wanted))) {
      problems.push('the answer does not rest on the document');
    }
    const said = plain(answer.text);
    for (const phrase of phrases) {
      if (!said.includes(plain(phrase))) problems.push(`the answer does not say "${phrase}"`);
    }
    return problems;
  }
}

const isAmong = (documents: string[], externalId: string, url: string): boolean =>
  documents.includes(externalId) || documents.includes(url);

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ');

const readable = ({ id, createdAt, ...evalCase }: StoredCase): EvalCase => ({
  caseId: id,
  question: evalCase.question,
  locale: evalCase.locale,
  expects: evalCase.expects,
  documents: evalCase.documents,
  phrases: evalCase.phrases,
  createdAt: createdAt.toISOString(),
});
