import { LRUCache } from 'lru-cache';
import type { Db } from '../../db/database.ts';
import type { Live } from '../../live/live.ts';
import type { Stems } from './language.ts';
import {
  CANDIDATES,
  type Hit,
  keyOf,
  OWN_LANGUAGE,
  PER_DOCUMENT,
  POSTINGS_MAX,
  partOf,
  type Ranking,
  type WordIndex,
  weightOf,
} from './ranking.ts';
import type { Passage } from './store.ts';

/** A site of more passages is asked in the database. */
const PASSAGES_MAX = 2_000;
/** So many passages of all sites are held in one process: about 50 MB. */
const HELD_MAX = 20_000;
/** A site that is asked so often in so long is worth its memory. */
const QUESTIONS = 3;
const WITHIN_MS = 10_000;
/** A site that is being synced is read again when it has come to rest. */
const REST_MS = 2_000;
/** What a process that died between a change and its telling has left untold is seen after so long. */
const HELD_MS = 60_000;
/** The words of questions whose stems are known; no word is kept with who asked it. */
const STEMS_MAX = 20_000;

type Postings = { chunks: number[]; frequencies: Float32Array; lengths: Float32Array };
type HeldPassage = { documentId: string; ordinal: number; dictionary: string; isProduct: boolean };

/** All that a search by words needs of a site. */
export type HeldIndex = {
  passages: readonly HeldPassage[];
  texts: ReadonlyMap<string, Passage>;
  terms: ReadonlyMap<string, Postings>;
  /** The dictionaries of its pages, most used first. */
  held: readonly string[];
  averageLength: number;
};

type Entry = { questions: number; since: number; changedAt: number; index: HeldIndex | undefined; end(): void };

export type HeldIndexes = ReturnType<typeof createHeldIndexes>;

/**
 * The indexes of sites that are asked often, in the memory of this process. A change of a site's passages, in whichever
 * process, lets its index go: `changed` tells them all.
 */
export function createHeldIndexes({ db, live, clock = () => performance.now() }: HeldIndexDeps) {
  const entries = new LRUCache<string, Entry>({
    max: 5_000,
    maxSize: HELD_MAX + 5_000,
    sizeCalculation: ({ index }) => 1 + (index?.passages.length ?? 0),
    ttl: HELD_MS,
    dispose: (entry, _, reason) => reason !== 'set' && entry.end(),
  });
  const loading = new Set<string>();
  const stems = new LRUCache<string, { stem: string | null }>({ max: STEMS_MAX });

  function entryOf(siteId: string): Entry {
    const known = entries.get(siteId);
    if (known) return known;
    const end = live.on(`knowledge ${siteId}`, () => forget(siteId));
    const entry = { questions: 0, since: clock(), changedAt: -Infinity, index: undefined, end };
    entries.set(siteId, entry);
    return entry;
  }

  function forget(siteId: string): void {
    const entry = entries.get(siteId);
    if (entry) entries.set(siteId, { ...entry, index: undefined, changedAt: clock() });
  }

  async function load(siteId: string): Promise<void> {
    const begun = clock();
    loading.add(siteId);
    try {
      const index = await readIndex(db, siteId);
      const entry = entries.peek(siteId);
      // What changed meanwhile may be in it or not, so it is read once more.
      if (index && entry && entry.changedAt < begun) entries.set(siteId, { ...entry, index });
    } catch {
      // The database is asked instead, and tells what is wrong.
    } finally {
      loading.delete(siteId);
    }
  }

  return {
    /** The index of a site, where it is held. Who asks often enough has it read. */
    of(siteId: string): HeldIndex | undefined {
      const entry = entryOf(siteId);
      if (entry.index) return entry.index;
      if (clock() - entry.since > WITHIN_MS) {
        entry.since = clock();
        entry.questions = 0;
      }
      entry.questions += 1;
      const isAtRest = clock() - entry.changedAt > REST_MS;
      if (entry.questions >= QUESTIONS && isAtRest && !loading.has(siteId)) void load(siteId);
      return undefined;
    },

    /** Lets the index of a site go, here at once and in the other processes as soon as they hear of it. */
    async changed(siteId: string): Promise<void> {
      forget(siteId);
      await live.tell(`knowledge ${siteId}`, { type: 'changed' });
    },

    /** What dictionaries make of words. Words that are new are asked of the database. */
    async stemsOf(dictionaries: readonly string[], words: readonly string[]): Promise<ReadonlyMap<string, Stems>> {
      const unknown = words.filter(word => dictionaries.some(dictionary => !stems.has(`${dictionary} ${word}`)));
      if (unknown.length > 0) {
        const rows = await db.$queryRaw<{ dictionary: string; stems: (string | null)[] }[]>`
          SELECT "dictionary", ARRAY(
              SELECT (ts_lexize("dictionary"::regdictionary, "word"))[1]
              FROM unnest(${unknown}::text[]) WITH ORDINALITY AS given("word", "place") ORDER BY "place"
            ) AS "stems"
          FROM unnest(${[...dictionaries]}::text[]) AS "dictionary"`;
        for (const row of rows) {
          for (const [at, word] of unknown.entries())
            stems.set(`${row.dictionary} ${word}`, { stem: row.stems[at] ?? null });
        }
      }
      const stemOf = (dictionary: string, word: string) => stems.get(`${dictionary} ${word}`)?.stem ?? null;
      return new Map(
        dictionaries.map(dictionary => [dictionary, new Map(words.map(word => [word, stemOf(dictionary, word)]))]),
      );
    },
  };
}

type HeldIndexDeps = { db: Db; live: Pick<Live, 'on' | 'tell'>; clock?: () => number };

/** Nothing of a site with none, or too many. */
async function readIndex(db: Db, siteId: string): Promise<HeldIndex | undefined> {
  const [counted] = await db.$queryRaw<[{ chunks: number; length: number }]>`
    SELECT coalesce(sum("chunkCount"), 0)::int AS "chunks", coalesce(sum("length"), 0)::float AS "length"
    FROM "Document" WHERE "siteId" = ${siteId}::uuid`;
  const { chunks, length } = counted;
  if (chunks === 0 || chunks > PASSAGES_MAX) return undefined;
  const rows = await db.$queryRaw<(Passage & { id: string; dictionary: string })[]>`
    SELECT "Chunk"."id"::text AS "id", "dictionary", "documentId"::text, "ordinal", "externalId", "url", "title",
      "locale", "heading", "text", "product", "syncedAt"
    FROM "Chunk" JOIN "Document" ON "Document"."siteId" = ${siteId}::uuid AND "Document"."id" = "documentId"
    WHERE "Chunk"."siteId" = ${siteId}::uuid ORDER BY "Chunk"."id"`;
  const postings = await db.$queryRaw<{ term: string; chunks: string[]; frequencies: number[]; lengths: number[] }[]>`
    SELECT "term", array_agg("chunk"::text ORDER BY "chunk") AS "chunks",
      array_agg("frequency" ORDER BY "chunk") AS "frequencies", array_agg("length" ORDER BY "chunk") AS "lengths"
    FROM "ChunkTerm" WHERE "siteId" = ${siteId}::uuid GROUP BY "term"`;
  const languages = await db.$queryRaw<{ dictionary: string }[]>`
    SELECT "dictionary" FROM "Document" WHERE "siteId" = ${siteId}::uuid AND "chunkCount" > 0
    GROUP BY "dictionary" ORDER BY sum("chunkCount") DESC, "dictionary"`;
  const places = new Map(rows.map(({ id }, at) => [id, at]));
  const terms = new Map<string, Postings>();
  for (const row of postings) {
    const its = row.chunks.map((chunk, at) => ({ chunk: places.get(chunk), at })).filter(isThere);
    terms.set(row.term, {
      chunks: its.map(({ chunk }) => chunk),
      frequencies: Float32Array.from(its, ({ at }) => row.frequencies[at] as number),
      lengths: Float32Array.from(its, ({ at }) => row.lengths[at] as number),
    });
  }
  return {
    passages: rows.map(({ documentId, ordinal, dictionary, product }) => {
      return { documentId, ordinal, dictionary, isProduct: product !== null && typeof product === 'object' };
    }),
    texts: new Map(rows.map(({ id: _, dictionary: __, ...passage }) => [keyOf(passage), passage])),
    terms,
    held: languages.map(({ dictionary }) => dictionary),
    averageLength: length / chunks,
  };
}

/** A passage that came between the two readings is not known yet. */
const isThere = (one: { chunk: number | undefined; at: number }): one is { chunk: number; at: number } =>
  one.chunk !== undefined;

/** The ranking of `ranking.ts`, on an index that is held: the same passages by the same scores. */
export function rankHeld(index: HeldIndex, { sought, chunks, averageLength, language, limit }: Ranking) {
  const counted = sought
    .map(({ text, factor, weight }, place) => {
      const postings = index.terms.get(text);
      const hits = weight === null ? (postings?.chunks.length ?? 0) : 0;
      return { place, postings, hits, fixed: weight, weight: weight ?? weightOf(factor, chunks, hits) };
    })
    .filter(({ postings }) => postings !== undefined) as {
    place: number;
    postings: Postings;
    hits: number;
    fixed: number | null;
    weight: number;
  }[];
  const free = counted.filter(({ fixed }) => fixed === null).sort((a, b) => a.hits - b.hits || a.place - b.place);
  let upTo = 0;
  const choosing = new Set(
    free.filter(({ hits }) => {
      upTo += hits;
      return upTo <= POSTINGS_MAX || upTo === hits;
    }),
  );

  const scores = new Map<number, number>();
  const partIn = ({ postings, weight }: { postings: Postings; weight: number }, at: number) =>
    partOf(weight, postings.frequencies[at] as number, postings.lengths[at] as number, averageLength);
  for (const term of choosing) {
    for (const [at, chunk] of term.postings.chunks.entries()) {
      scores.set(chunk, (scores.get(chunk) ?? 0) + partIn(term, at));
    }
  }
  const candidates = [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit * CANDIDATES);
  const found = new Map(candidates.map(([chunk, score]) => [chunk, { score, places: [] as number[] }]));
  for (const term of counted) {
    const isNew = !choosing.has(term);
    for (const [at, chunk] of term.postings.chunks.entries()) {
      const one = found.get(chunk);
      if (!one) continue;
      one.places.push(term.place + 1);
      if (isNew) one.score += partIn(term, at);
    }
  }

  const all = [...found].map(([chunk, { score, places }]): Hit => {
    const { dictionary, ...passage } = index.passages[chunk] as HeldPassage;
    const factor = dictionary === language ? OWN_LANGUAGE : 1;
    return { ...passage, places, byWords: score, score: score * factor };
  });
  const order = (one: string, other: string) => (one < other ? -1 : Number(one > other));
  all.sort((a, b) => b.score - a.score || order(a.documentId, b.documentId) || a.ordinal - b.ordinal);
  const ofDocument = new Map<string, number>();
  const ranked = all.filter(({ documentId }) => {
    const given = (ofDocument.get(documentId) ?? 0) + 1;
    ofDocument.set(documentId, given);
    return given <= PER_DOCUMENT;
  });
  const hits = sought.map(({ text, weight }) => (weight === null ? (index.terms.get(text)?.chunks.length ?? 0) : 0));
  return { hits, ranked: ranked.slice(0, limit) };
}

/** A site's index that is held, to be asked as the database's is. */
export const heldWordIndex = (index: HeldIndex, stemsOf: HeldIndexes['stemsOf']): WordIndex => ({
  async look(spoken, words) {
    const { held, averageLength, passages } = index;
    const stems = await stemsOf([...new Set([...held, ...spoken])], words);
    return { held: [...held], chunks: passages.length, averageLength, stemsOf: stems };
  },
  rank: async ranking => rankHeld(index, ranking),
});
