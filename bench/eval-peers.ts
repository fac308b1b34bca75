import lunr from 'lunr';
import bm25 from 'wink-bm25-text-search';
import nlp from 'wink-nlp-utils';
import type { EvalDocument } from './eval-sets.ts';

/** One engine over one set: the documents that fit the question, best first. */
export type Engine = (question: string) => { id: string; score: number }[];

/** How many documents an engine gives. */
export const DEPTH = 10;

/** lunr as it comes: English stop words and stemmer, every word of the question on its own. */
export function lunrOver(documents: EvalDocument[]): Engine {
  const index = lunr(function () {
    this.ref('id');
    this.field('title');
    this.field('text');
    for (const document of documents) this.add(document);
  });
  return question => {
    // Not `search`, which would read signs in a question as commands; and its pipeline for questions trims no words.
    const words = question.replaceAll(/[^\p{L}\p{N}']+/gu, ' ');
    const found = index.query(query => query.term(lunr.tokenizer(words), {}));
    return found.slice(0, DEPTH).map(({ ref, score }) => ({ id: ref, score }));
  };
}

/** wink's BM25 with the preparation that its readme showed for wink-nlp-utils: lower case, stop words, Porter's stems. */
export function winkOver(documents: EvalDocument[]): Engine {
  const engine = bm25();
  engine.defineConfig({ fldWeights: { title: 1, text: 1 } });
  engine.definePrepTasks([nlp.string.lowerCase, nlp.string.tokenize0, nlp.tokens.removeWords, nlp.tokens.stem]);
  for (const { id, title, text } of documents) engine.addDoc({ title, text }, id);
  engine.consolidate();
  return question => engine.search(question, DEPTH).map(([id, score]) => ({ id, score }));
}
