import { Client } from 'pg';

/** How old the oldest message is, in days: with the default window of 365 days one in five has expired. */
const OLDEST_DAYS = 456.25;
const MESSAGES_EACH = 10;

/** Sites with conversations of ten messages, evenly spread over 456 days; the first site has half of all. */
export async function loadMessages(url: string, { sites, messages }: { sites: number; messages: number }) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SET synchronous_commit = off');
    await client.query(
      `INSERT INTO "Site" ("id", "key", "secretHash", "settings", "createdAt")
       SELECT lpad(to_hex(n), 32, '0')::uuid, 'bench-' || n, 'bench-' || n, $2::jsonb, now() - interval '500 days'
       FROM generate_series(1, $1::int) n`,
      [sites, JSON.stringify(SETTINGS)],
    );
    const conversations = messages / MESSAGES_EACH;
    // Ids grow with time, as those of the relay do.
    await client.query(
      `INSERT INTO "Conversation" ("siteId", "id", "handleHash", "consentSequence", "pageUrl", "createdAt")
       SELECT lpad(to_hex(CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n / 2 % ($2::int - 1) END), 32, '0')::uuid,
         lpad(to_hex(n), 32, '0')::uuid, md5(n::text), n, 'https://shop.example/jumper',
         now() - $3 * interval '1 day' * (1 - n::float8 / $1::int)
       FROM generate_series(1, $1::int) n`,
      [conversations, sites, OLDEST_DAYS],
    );
    await client.query(
      `INSERT INTO "Message" ("siteId", "conversationId", "id", "turnId", "clientTurnId", "role", "text", "citations",
         "status", "createdAt")
       SELECT c."siteId", c."id", lpad(to_hex(c."consentSequence" * 10 + m), 32, '0')::uuid, c."id",
         md5((c."consentSequence" * 10 + m / 2)::text)::uuid, CASE WHEN m % 2 = 0 THEN 'visitor' ELSE 'assistant' END,
         repeat('Is the jumper warm enough for the ferry? ', 2 + m % 4), '[]', 'completed',
         least(c."createdAt" + m / 2 * interval '1 minute', now())
       FROM "Conversation" c CROSS JOIN generate_series(0, ${MESSAGES_EACH - 1}) m ORDER BY c."createdAt"`,
    );
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** What of a site's settings the purge reads. */
const SETTINGS = {
  timezone: 'UTC',
  retention: { conversationDays: 365, leadDays: 365, pageViewDays: 90, consentDays: 1_095 },
};
