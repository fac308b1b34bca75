import type { Database } from '@confab/relay/db/database.ts';

/** Different texts of one site: enough that no message is like its neighbours. */
const POOL = 500;

/** A word of so many messages at random, and what it stands for in the table of results. */
export const WORDS = { rare: 'zanzibar', seldom: 'umlaufbahn', usual: 'parcel', past: 'yesteryear' } as const;

/**
 * Makes a site of so many conversations, with all that belongs to them: four messages each, of 12 words of the visitor and
 * 50 of the answer, spread as in real text; leads in a fifth of them, with deliveries; consents, requests, certificates,
 * documents and entries. A year old at the oldest, one conversation after the other, as they come. In SQL, as it is a million
 * rows.
 */
export async function loadLists({ db }: Database, siteId: string, conversations: number): Promise<void> {
  const run = (sql: string) => db.$executeRawUnsafe(sql);
  const site = `'${siteId}'::uuid`;
  const at = `now() - interval '1 second' * 31536000 * (${conversations} - n) / ${conversations}`;
  /** Ordered by time in their first half, as those of the relay are. */
  const id = (time: string) =>
    `(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
      || '8' || substr(md5(random()::text), 1, 15))::uuid`;

  await run(`
    CREATE TABLE IF NOT EXISTS bench_pool (site uuid, kind text, k int, text text, words tsvector, PRIMARY KEY (site, kind, k))`);
  await run(`
    INSERT INTO bench_pool
    SELECT ${site}, kind, k, string_agg(word, ' '), array_to_tsvector(array_agg(DISTINCT right('${siteId}', 4) || word))
    FROM (VALUES ('visitor', 12), ('assistant', 50)) AS kinds(kind, length), generate_series(1, ${POOL}) k,
      LATERAL (SELECT 'w' || floor(exp(random() * ln(20000)))::int AS word FROM generate_series(1, length + 0 * k)) words
    GROUP BY kind, k`);
  await run('ANALYZE bench_pool');
  await run(`
    INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "locale", "pageUrl", "createdAt",
      "restrictedAt", "takenOverBy", "takenOverName", "takenOverAt", "waiting")
    SELECT ${site}, ${id('at')}, '${siteId} ' || n, n,
      (ARRAY['en', 'en', 'en', 'de', 'de-AT', 'fr', 'es', NULL])[1 + floor(random() * 8)::int],
      'https://shop.example/page-' || n % 300, at, CASE WHEN n % 1000 = 7 THEN at END,
      CASE WHEN n > ${conversations} - 20 THEN gen_random_uuid() END, CASE WHEN n > ${conversations} - 20 THEN 'Ann' END,
      CASE WHEN n > ${conversations} - 20 THEN at END, n % 50 = 3
    FROM (SELECT n, ${at} AS at FROM generate_series(1, ${conversations}) n) rows`);
  await run(`
    INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations", "status",
      "outcome", "handledAt", "words", "createdAt")
    SELECT ${site}, c."id", ${id("c.\"createdAt\" + turn * interval '1 minute' + (role = 'assistant')::int * interval '1 ms'")},
      gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad(turn::text, 12, '0'))::uuid, role,
      pool.text || extra, '[]'::jsonb, 'completed', outcome,
      CASE WHEN outcome = 'unanswered' AND random() < 0.5 THEN c."createdAt" END,
      pool.words || CASE WHEN extra = '' THEN ''::tsvector
        ELSE array_to_tsvector(string_to_array(right('${siteId}', 4) || ltrim(extra), ' ')) END,
      c."createdAt" + turn * interval '1 minute'
    FROM (SELECT "id", "createdAt", row_number() OVER (ORDER BY "createdAt") AS n FROM "Conversation"
        WHERE "siteId" = ${site}) c
    CROSS JOIN generate_series(1, 2) turn CROSS JOIN (VALUES ('visitor'), ('assistant')) AS roles(role)
    CROSS JOIN LATERAL (SELECT
      1 + abs(hashtext("id"::text || turn || role)) % ${POOL} AS k,
      CASE WHEN role = 'assistant' THEN (ARRAY['answered', 'answered', 'answered', 'answered', 'answered', 'answered',
        'answered', 'answered', 'asked_back', 'unanswered', NULL, NULL])[1 + abs(hashtext(turn || "id"::text)) % 12] END AS outcome,
      CASE WHEN role = 'assistant' THEN '' WHEN n % 4000 = 11 AND turn = 1 THEN ' ${WORDS.rare}'
        WHEN n % 60 = 12 AND turn = 1 THEN ' ${WORDS.seldom}' WHEN n % 3 = 1 AND turn = 1 THEN ' ${WORDS.usual}'
        WHEN n < ${conversations} / 5 AND turn = 2 THEN ' ${WORDS.past}' ELSE '' END AS extra) drawn
    JOIN bench_pool pool ON pool.site = ${site} AND pool.kind = role AND pool.k = drawn.k
    ORDER BY c."createdAt", turn, role DESC`);
  await run(`
    INSERT INTO "Lead" ("siteId", "id", "kind", "conversationId", "name", "email", "emailKey", "phone", "phoneKey", "fields",
      "createdAt", "words")
    SELECT ${site}, ${id('"createdAt"')}, CASE WHEN n % 4 = 0 THEN 'callback' ELSE 'lead' END, "id", name, email, email, phone,
      phone, '{}'::jsonb, "createdAt", array_to_tsvector(ARRAY(SELECT right('${siteId}', 4) || word
        FROM regexp_split_to_table(lower(name || ' ' || email || ' ' || phone), '[^a-z0-9]+') word WHERE word <> ''))
    FROM (SELECT "id", "createdAt", n, 'Name' || n % 700 || ' Family' || n % 9000 AS name,
        'person' || n || '@mail' || n % 50 || '.example' AS email, '+49' || 1700000000 + n AS phone
      FROM (SELECT "id", "createdAt", row_number() OVER (ORDER BY "createdAt") AS n FROM "Conversation"
        WHERE "siteId" = ${site}) numbered WHERE n % 5 = 0) chosen`);
  await run(`
    INSERT INTO "Delivery" ("siteId", "target", "subjectId", "state", "attempts", "since", "deliveredAt")
    SELECT ${site}, 'wordpress', "id", state, 1, "createdAt", CASE WHEN state = 'delivered' THEN "createdAt" END
    FROM (SELECT "id", "createdAt", CASE WHEN random() < 0.01 THEN 'failed' WHEN random() < 0.01 THEN 'waiting'
      ELSE 'delivered' END AS state FROM "Lead" WHERE "siteId" = ${site}) leads`);
  await run(`
    INSERT INTO "ConsentRecord" ("siteId", "sequence", "id", "decision", "purposes", "noticeVersion", "noticeHash", "locale",
      "source", "recordedAt", "hash", "previousHash")
    SELECT ${site}, n, gen_random_uuid(), CASE WHEN n % 3 = 0 THEN 'declined' ELSE 'granted' END, ARRAY['storage'], 'v',
      'hash', 'en', 'banner', ${at}, md5(n::text), md5((n - 1)::text) FROM generate_series(1, ${conversations}) n`);
  await run(`
    INSERT INTO "DataRequest" ("siteId", "id", "type", "source", "status", "counts", "retained", "events", "receivedAt",
      "dueAt", "completedAt")
    SELECT ${site}, gen_random_uuid(), 'erasure', 'widget', 'completed', '{}'::jsonb, '{}'::jsonb, '[]'::jsonb, ${at},
      ${at} + interval '30 days', ${at} FROM generate_series(1, ${conversations}, 200) n`);
  await run(`
    INSERT INTO "PurgeRun" ("siteId", "id", "trigger", "status", "held", "cutoffs", "counts", "startedAt", "completedAt",
      "sequence", "previousHash", "hash")
    SELECT ${site}, gen_random_uuid(), 'manual', 'completed', false, '{}'::jsonb, '{}'::jsonb, ${at}, ${at}, n,
      md5((n - 1)::text), md5(n::text) FROM generate_series(1, ${Math.ceil(conversations / 300)}) n`);
  await run(`
    INSERT INTO "Document" ("siteId", "id", "externalId", "type", "url", "title", "attributes", "contentHash", "updatedAt",
      "syncedAt")
    SELECT ${site}, ${id(at)}, 'page-' || n, 'page', 'https://shop.example/page-' || n, 'Page ' || n, '{}'::jsonb,
      md5(n::text), ${at}, ${at} FROM generate_series(1, ${conversations}, 20) n`);
  await run(`
    INSERT INTO "Entry" ("siteId", "id", "question", "answer", "links", "createdAt", "updatedAt")
    SELECT ${site}, ${id(at)}, 'Question ' || n, 'Answer ' || n, '[]'::jsonb, ${at}, ${at}
    FROM generate_series(1, ${conversations}, 50) n`);
  await run(`
    INSERT INTO "DayCount" ("siteId", "day", "name", "count")
    SELECT ${site}, (now() - day * interval '1 day')::date, name, 100 FROM generate_series(0, 364) day,
      unnest(ARRAY['conversations', 'answers', 'answered', 'unanswered', 'leads', 'opened', 'turns', 'pageViews']) name`);
}
