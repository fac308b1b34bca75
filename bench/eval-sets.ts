import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { cleanHtml } from '@confab/relay/features/knowledge/clean.ts';
import { documentOf } from '@confab/relay/platforms/demo/page.ts';

export type EvalDocument = { id: string; title: string; text: string; locale?: string };
/** A question with the documents that answer it: none where nothing in the set does. */
export type EvalQuestion = {
  text: string;
  right: string[];
  locale?: string;
  /** The answer stands only in another language: words alone can hardly find it. */
  isForeign?: boolean;
};
export type EvalSet = { name: string; documents: EvalDocument[]; questions: EvalQuestion[] };

const PAGES = new URL('../relay/src/platforms/demo/pages/', import.meta.url);
const QUESTIONS = new URL('../relay/src/platforms/demo/questions.json', import.meta.url);
const FETCHED = new URL('../../shared/data/fetched/ir/', import.meta.url);

/** A row of the demo shop's `questions.json`. */
export type LabelledQuestion = {
  question: string;
  page?: string | null;
  pages?: string[];
  locale?: string;
  /** Where no page in the question's own language answers it. */
  pageIn?: string;
};

type Intents = {
  kb: { id: string; title: string; sample_questions: string[] }[];
  queries: { text: string; relevant: string }[];
  out_of_scope?: { text: string }[];
};

/** A public set of intents, each a document of its sample questions; nothing where its file is missing. */
export function intents(
  name: 'banking77_dev' | 'clinc150_dev',
  title: string,
  samples = Infinity,
): EvalSet | undefined {
  const file = new URL(`${name}.json.gz`, FETCHED);
  if (!existsSync(file)) return undefined;
  const { kb, queries, out_of_scope = [] } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Intents;
  return {
    name: title,
    documents: kb.map(each => ({
      id: each.id,
      title: each.title,
      text: each.sample_questions.slice(0, samples).join('\n'),
    })),
    questions: [
      ...queries.map(({ text, relevant }) => ({ text, right: [relevant] })),
      ...out_of_scope.map(({ text }) => ({ text, right: [] })),
    ],
  };
}

/** The demo shop's pages, as their text, and its labelled questions. */
export function demoShop(): EvalSet {
  const documents = demoFiles().map(name => {
    const { title, html = '', locale = 'en' } = demoDocument(name);
    return { id: name, title, text: cleanHtml(html) ?? '', locale };
  });
  return { name: 'demo shop', documents, questions: demoQuestions() };
}

/**
 * The sections of the demo shop's English pages as entries of question and answer. They are asked for by their own
 * headings and by the labelled questions, of which only the page is known: any of its sections counts as right.
 */
export function demoEntries({ withQuestion }: { withQuestion: boolean }): EvalSet {
  const documents: EvalDocument[] = [];
  const questions: EvalQuestion[] = [];
  const ofPage = new Map<string, string[]>();
  for (const name of demoFiles()) {
    const { html = '', locale } = demoDocument(name);
    if (locale !== 'en') continue;
    for (const [, heading = '', answer = ''] of html.matchAll(/<h2[^>]*>(.*?)<\/h2>(.*?)<\/section>/gs)) {
      const id = `${name}#${documents.length}`;
      const title = cleanHtml(heading) ?? '';
      documents.push({ id, title: withQuestion ? title : '–', text: cleanHtml(answer) ?? '' });
      ofPage.set(name, [...(ofPage.get(name) ?? []), id]);
      if (!withQuestion) questions.push({ text: title, right: [id] });
    }
  }
  for (const { text, right, locale } of demoQuestions()) {
    const sections = right.flatMap(page => ofPage.get(page) ?? []);
    if (locale === 'en' && sections.length > 0) questions.push({ text, right: sections });
  }
  return { name: withQuestion ? 'FAQ entries' : 'answers without their question', documents, questions };
}

function demoFiles(): string[] {
  const names = readdirSync(PAGES, { recursive: true, encoding: 'utf8' });
  return names.filter(name => name.endsWith('.html')).toSorted();
}

const demoDocument = (name: string) =>
  documentOf(name, readFileSync(new URL(name, PAGES), 'utf8'), 'https://shop.example/');

function demoQuestions(): EvalQuestion[] {
  const labelled: LabelledQuestion[] = JSON.parse(readFileSync(QUESTIONS, 'utf8'));
  return labelled.map(({ question, page, pages, locale = 'en', pageIn }) => ({
    text: question,
    right: pages ?? (page ? [page] : []),
    locale,
    isForeign: pageIn !== undefined,
  }));
}
