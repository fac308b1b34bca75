import { parseArgs } from 'node:util';
import {
  answerability,
  BY_WORDS,
  type Evidence,
  FIRST,
  signsOf,
} from '@confab/relay/features/knowledge/answerability.ts';
import { lunrOver, winkOver } from './eval-peers.ts';
import { demoShop, type EvalSet, intents } from './eval-sets.ts';
import { openEvalRelay } from './eval-site.ts';

const usage = `Fits the weights of relay/src/features/knowledge/answerability.ts and tells how well they separate questions that the
knowledge answers from those that it does not. Asks every question of the sets (CLINC150 and Banking77 development questions
from ../shared/data, the demo shop in four languages) through the relay's own search, by words alone. What is fitted is
whether a right document is among the first ${FIRST} passages; each set weighs the same, however large. The figures of "fitted
here" are cross-validated: no question is judged by weights that were fitted on it. Prints Markdown tables.

Usage: npm run eval:answerability -- [options]

  --postgres      on a PostgreSQL started for it, instead of the embedded database
  --wrong         also prints the demo shop's questions on which the decision is wrong
  --help          this text

As it stands it takes about half a minute.`;

const { values: options } = parseArgs({
  options: {
    postgres: { type: 'boolean', default: false },
    wrong: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const FOLDS = 10;
/** Of the questions that have an answer, this share is accepted where false answers are counted. */
const ACCEPTANCE = 0.95;
/** The rule before this one. */
const COVERAGE_RULE = 0.45;

/** One question asked: whether its set holds an answer, whether a right passage was found, and what spoke for it. */
type Case = {
  set: string;
  text: string;
  locale: string | undefined;
  isForeign: boolean;
  isAnswerable: boolean;
  isFound: boolean;
  evidence: Evidence;
  peers: { lunr: number; wink: number };
};
type Weights = { bias: number; share: number; held: number };
type Sample = { row: [1, number, number]; isFound: boolean; weight: number };
/** One way to tell: the higher, the likelier. */
type Judge = (each: Case) => number;

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const cases = await everyCase();
  const own = cases.filter(({ isForeign }) => !isForeign);
  const weights = fit(own);
  const shown = Object.entries(weights).map(([name, value]) => `${name}: ${value.toFixed(2)}`);
  console.log(`fitted on all of them: { ${shown.join(', ')} }; in the code: ${JSON.stringify(BY_WORDS)}\n`);

  const held = crossValidated(own);
  const judges: Record<string, Judge> = {
    'fitted here, cross-validated': each => held.get(each) ?? 0,
    'as in the code': ({ evidence }) => answerability(evidence).score,
    'coverage (the rule before)': coverageOf,
    'lunr, top score': ({ peers }) => peers.lunr,
    'wink, top score': ({ peers }) => peers.wink,
  };
  const parts: [string, Case[]][] = [
    ['CLINC150', own.filter(({ set }) => set === 'CLINC150')],
    ['demo shop', own.filter(({ set }) => set === 'demo shop')],
    ['demo shop, en', own.filter(({ set, locale }) => set === 'demo shop' && locale === 'en')],
    ['demo shop, de, fr, es', own.filter(({ set, locale }) => set === 'demo shop' && locale !== 'en')],
  ].filter((part): part is [string, Case[]] => part[1] !== undefined && part[1].length > 0);

  console.log(
    `| AUROC / false answers at ${ACCEPTANCE * 100} % acceptance | ${parts.map(([name]) => name).join(' | ')} |`,
  );
  console.log(`| --- | ${parts.map(() => '---:').join(' | ')} |`);
  for (const [name, judge] of Object.entries(judges)) {
    const cells = parts.map(([, part]) => `${auroc(part, judge).toFixed(3)} / ${percent(falseAnswers(part, judge))}`);
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }

  console.log(`
| decision, of answerable / of unanswerable questions | answered | asked back | unknown | answered by coverage ≥ ${COVERAGE_RULE} |
| --- | ---: | ---: | ---: | ---: |`);
  const foreign = cases.filter(({ isForeign }) => isForeign);
  const banking = own.filter(({ set }) => set === 'Banking77');
  for (const [name, part] of [
    ...parts,
    ['Banking77', banking],
    ['demo shop, answered in English only', foreign],
  ] as const) {
    if (part.length === 0) continue;
    const [yes, no] = [part.filter(each => each.isAnswerable), part.filter(each => !each.isAnswerable)];
    const pair = (is: (each: Case) => boolean) =>
      [yes, no].map(some => (some.length === 0 ? '–' : percent(some.filter(is).length / some.length))).join(' / ');
    const decided = (wanted: string) => pair(({ evidence }) => answerability(evidence).decision === wanted);
    const cells = [
      decided('answer'),
      decided('ask_back'),
      decided('unknown'),
      pair(each => coverageOf(each) >= COVERAGE_RULE),
    ];
    console.log(`| ${[`${name} (${yes.length} / ${no.length})`, ...cells].join(' | ')} |`);
  }

  console.log('\n| score from | questions | of which found |\n| --- | ---: | ---: |');
  for (let from = 0; from < 1; from += 0.2) {
    const some = own.filter(each => {
      const { score } = answerability(each.evidence);
      return score >= from && (score < from + 0.2 || from + 0.2 >= 1);
    });
    const found = some.filter(({ isFound }) => isFound).length / some.length;
    console.log(`| ${from.toFixed(1)} | ${some.length} | ${some.length > 0 ? percent(found) : '–'} |`);
  }
  if (options.wrong) for (const each of cases.filter(isWrong)) say(lineOf(each));
}

async function everyCase(): Promise<Case[]> {
  const sets = [demoShop(), intents('clinc150_dev', 'CLINC150'), intents('banking77_dev', 'Banking77')];
  if (sets.includes(undefined)) say('../shared/data/fetched/ir is not there: CLINC150 and Banking77 are skipped');
  const relay = await openEvalRelay({ postgres: options.postgres });
  const cases: Case[] = [];
  try {
    for (const set of sets.filter((each): each is EvalSet => each !== undefined)) {
      const search = await relay.siteOf(set.name, set.documents, { perDocument: FIRST });
      const [lunr, wink] = [lunrOver(set.documents), winkOver(set.documents)];
      for (const question of set.questions) {
        const { passages, evidence } = await search(question);
        const { text, right, locale, isForeign = false } = question;
        cases.push({
          set: set.name,
          text,
          locale,
          isForeign,
          isAnswerable: right.length > 0,
          isFound: passages.slice(0, FIRST).some(({ externalId }) => right.includes(externalId)),
          evidence,
          peers: { lunr: lunr(text)[0]?.score ?? 0, wink: wink(text)[0]?.score ?? 0 },
        });
      }
      say(`${set.name}: ${set.questions.length} questions asked`);
    }
  } finally {
    await relay.close();
  }
  return cases;
}

function crossValidated(cases: Case[]): Map<Case, number> {
  const scores = new Map<Case, number>();
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const weights = fit(cases.filter((_, at) => at % FOLDS !== fold));
    for (const each of cases.filter((_, at) => at % FOLDS === fold)) scores.set(each, best(each, weights).score);
  }
  return scores;
}

/**
 * Logistic regression by Newton's method. As the best of the first passages counts, each question stands there with the
 * passage that the weights so far hold for the likeliest; they settle in a few rounds.
 */
function fit(cases: Case[]): Weights {
  const bySet = Map.groupBy(cases, ({ set }) => set);
  let weights: Weights = { bias: 0, share: 1, held: 0 };
  for (let round = 0; round < 5; round += 1) {
    const samples = cases.flatMap(each => {
      const { row } = best(each, weights);
      const weight = cases.length / (bySet.size * (bySet.get(each.set)?.length ?? 1));
      return row ? [{ row, isFound: each.isFound, weight }] : [];
    });
    const [bias = 0, share = 0, held = 0] = newton(samples);
    weights = { bias, share, held };
  }
  return weights;
}

/** The likeliest of the first passages; none where no passage holds a word of the question. */
function best({ evidence }: Case, { bias, share, held }: Weights): { score: number; row?: Sample['row'] } {
  let found: { score: number; row?: Sample['row'] } = { score: 0 };
  for (const passage of evidence.passages.slice(0, FIRST)) {
    const signs = signsOf(passage, evidence);
    const likelihood = 1 / (1 + Math.exp(-(bias + share * signs.share + held * signs.held)));
    if (signs.held > 0 && likelihood > found.score) found = { score: likelihood, row: [1, signs.share, signs.held] };
  }
  return found;
}

function newton(samples: Sample[]): number[] {
  let weights = [0, 0, 0];
  for (let step = 0; step < 25; step += 1) {
    const slope = [0, 0, 0];
    // Begun with a little on the diagonal, so that it can be solved also where all are found.
    const bend = [0, 1, 2].map(at => [0, 1, 2].map(other => (at === other ? 1e-3 : 0)));
    for (const { row, isFound, weight } of samples) {
      const likelihood = 1 / (1 + Math.exp(-row.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0)));
      row.forEach((value, at) => {
        slope[at] = (slope[at] ?? 0) + weight * (Number(isFound) - likelihood) * value;
        row.forEach((other, to) => {
          (bend[at] as number[])[to] = (bend[at]?.[to] ?? 0) + weight * likelihood * (1 - likelihood) * value * other;
        });
      });
    }
    const change = solve(bend, slope);
    weights = weights.map((value, at) => value + (change[at] ?? 0));
  }
  return weights;
}

/** Gauss's elimination, for a few unknowns. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  rows.forEach((row, at) => {
    const pivot = row[at] ?? 1;
    for (let to = at; to < row.length; to += 1) row[to] = (row[to] ?? 0) / pivot;
    for (const other of rows.filter(each => each !== row)) {
      const factor = other[at] ?? 0;
      for (let to = at; to < row.length; to += 1) other[to] = (other[to] ?? 0) - factor * (row[to] ?? 0);
    }
  });
  return rows.map(row => row.at(-1) ?? 0);
}

/** How often an answerable question is judged above an unanswerable one. */
function auroc(cases: Case[], judge: Judge): number {
  const [yes, no] = [true, false].map(wanted => cases.filter(each => each.isAnswerable === wanted).map(judge));
  let above = 0;
  for (const one of yes ?? []) for (const other of no ?? []) above += one > other ? 1 : one === other ? 0.5 : 0;
  return above / ((yes?.length ?? 0) * (no?.length ?? 0));
}

/** The share of the unanswerable questions above the line that lets ACCEPTANCE of the answerable ones through. */
function falseAnswers(cases: Case[], judge: Judge): number {
  const yes = cases
    .filter(({ isAnswerable }) => isAnswerable)
    .map(judge)
    .toSorted((a, b) => a - b);
  const line = yes[Math.floor(yes.length * (1 - ACCEPTANCE))] ?? 0;
  const no = cases.filter(({ isAnswerable }) => !isAnswerable).map(judge);
  return no.filter(value => value >= line).length / no.length;
}

function coverageOf({ evidence }: Case): number {
  return Math.max(0, ...evidence.passages.slice(0, FIRST).map(({ coverage }) => coverage));
}

function isWrong({ set, isAnswerable, evidence }: Case): boolean {
  const { decision } = answerability(evidence);
  return set === 'demo shop' && (isAnswerable ? decision !== 'answer' : decision === 'answer');
}

function lineOf({ text, isAnswerable, isForeign, evidence }: Case): string {
  const { score, decision } = answerability(evidence);
  const label = isForeign ? 'answerable in English' : isAnswerable ? 'answerable' : 'unanswerable';
  return `${label}: ${decision} (${score.toFixed(2)}): ${text}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function say(line: string): void {
  console.error(`[${Math.round(performance.now() / 1_000)} s] ${line}`);
}
