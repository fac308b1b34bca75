import { parseArgs } from 'node:util';
import { type Engine, lunrOver, winkOver } from './eval-peers.ts';
import { demoEntries, demoShop, type EvalQuestion, type EvalSet, intents } from './eval-sets.ts';
import { openEvalRelay } from './eval-site.ts';

const usage = `Measures how often the relay's own search finds the right document first, or among the first three, beside lunr 2.3.9 and
wink-bm25-text-search 3.1.2 on the same documents and questions. Sets: Banking77 and CLINC150 (development questions from
../shared/data), the demo shop in its four languages, and the sections of its English pages as entries with and without
their question. Lexical: no embeddings. Prints Markdown tables.

Usage: npm run eval:retrieval -- [options]

  --postgres      on a PostgreSQL started for it, instead of the embedded database
  --only <text>   only the sets with this text in their name
  --misses        also prints the questions whose right document is not among the first three of ours
  --help          this text

As it stands it takes about a minute.`;

const { values: options } = parseArgs({
  options: {
    postgres: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    misses: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const HEAD = `| set (documents, questions) | relay hit@1 / hit@3 / MRR | lunr | wink | × best peer: hit@1 / hit@3 / MRR |
| --- | --- | --- | --- | --- |`;

type Quality = { hit1: number; hit3: number; mrr: number };
type Ranking = (question: EvalQuestion) => Promise<string[]>;

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const sets = everySet().filter(({ name }) => name.toLowerCase().includes(options.only.toLowerCase()));
  const relay = await openEvalRelay({ postgres: options.postgres });
  const tables: string[] = [];
  try {
    for (const set of sets) {
      const search = await relay.siteOf(set.name, set.documents);
      const [lunr, wink] = [lunrOver(set.documents), winkOver(set.documents)];
      const rankings: Record<string, Ranking> = {
        relay: async question => idsOf((await search(question)).passages.map(({ externalId }) => ({ id: externalId }))),
        lunr: async ({ text }) => idsOf(lunr(text)),
        wink: async ({ text }) => idsOf(wink(text)),
      };
      for (const [part, questions] of partsOf(set)) tables.push(await rowOf(part, set, questions, rankings));
    }
  } finally {
    await relay.close();
  }
  console.log(`${HEAD}\n${tables.join('\n')}`);
}

function everySet(): EvalSet[] {
  const fetched = [
    intents('banking77_dev', 'Banking77'),
    intents('banking77_dev', 'Banking77, two samples', 2),
    intents('clinc150_dev', 'CLINC150, in scope'),
  ].filter(set => set !== undefined);
  if (fetched.length === 0) say('../shared/data/fetched/ir is not there: Banking77 and CLINC150 are skipped');
  return [demoEntries({ withQuestion: true }), demoEntries({ withQuestion: false }), ...fetched, demoShop()];
}

/** The questions that have an answer; those of a set in several languages also by language. */
function partsOf({ name, questions }: EvalSet): [string, EvalQuestion[]][] {
  const answerable = questions.filter(({ right, isForeign }) => right.length > 0 && !isForeign);
  const foreign = questions.filter(({ isForeign }) => isForeign);
  const locales = [...new Set(answerable.map(({ locale }) => locale))];
  if (locales.length < 2) return [[name, answerable]];
  return [
    [name, answerable],
    ...locales.map((locale): [string, EvalQuestion[]] => [
      `${name}, ${locale}`,
      answerable.filter(question => question.locale === locale),
    ]),
    [`${name}, answered in English only`, foreign],
  ];
}

async function rowOf(
  part: string,
  { documents }: EvalSet,
  questions: EvalQuestion[],
  rankings: Record<string, Ranking>,
) {
  const all: Quality[] = [];
  for (const [engine, ranking] of Object.entries(rankings)) {
    const quality = await qualityOf(questions, ranking, engine === 'relay' && options.misses ? say : undefined);
    say(`${part}: ${engine} ${cell(quality)}`);
    all.push(quality);
  }
  const [ours, ...peers] = all as [Quality, ...Quality[]];
  const ratio = (of: (quality: Quality) => number) => {
    const best = Math.max(...peers.map(of));
    return best === 0 ? '–' : (of(ours) / best).toFixed(3);
  };
  const ratios = [ratio(({ hit1 }) => hit1), ratio(({ hit3 }) => hit3), ratio(({ mrr }) => mrr)].join(' / ');
  return `| ${[`${part} (${documents.length}, ${questions.length})`, ...all.map(cell), ratios].join(' | ')} |`;
}

async function qualityOf(
  questions: EvalQuestion[],
  ranking: Ranking,
  onMiss?: (line: string) => void,
): Promise<Quality> {
  const sum: Quality = { hit1: 0, hit3: 0, mrr: 0 };
  for (const question of questions) {
    const ids = await ranking(question);
    const place = ids.findIndex(id => question.right.includes(id)) + 1;
    if (place === 1) sum.hit1 += 1;
    if (place >= 1 && place <= 3) sum.hit3 += 1;
    else onMiss?.(`missed: ${question.text} (${question.right.join(', ')}; found ${ids.slice(0, 3).join(', ')})`);
    if (place >= 1) sum.mrr += 1 / place;
  }
  const count = questions.length;
  return { hit1: sum.hit1 / count, hit3: sum.hit3 / count, mrr: sum.mrr / count };
}

function idsOf(found: Pick<ReturnType<Engine>[number], 'id'>[]): string[] {
  return found.map(({ id }) => id);
}

function cell({ hit1, hit3, mrr }: Quality): string {
  return [hit1, hit3, mrr].map(share => share.toFixed(3)).join(' / ');
}

function say(line: string): void {
  console.error(`[${Math.round(performance.now() / 1_000)} s] ${line}`);
}
