import { expect, inject, it } from 'vitest';
import { startFakeOpenai } from './fakes/openai.ts';
import { startWebhookReceiver } from './fakes/webhook-receiver.ts';
import { runOutages } from './outages.ts';
import { startPostgres } from './postgres.ts';
import { seeded } from './seeded.ts';

// Two minutes of it: npm run bench:outages.
it('loses and doubles nothing that it acknowledged while relays are killed and PostgreSQL crashes', async () => {
  expect(inject('postgresUrl')).toBeTruthy();
  const postgres = await startPostgres({ durable: true });
  const model = await startFakeOpenai();
  const receiver = await startWebhookReceiver();
  try {
    const result = await runOutages({
      postgres,
      model,
      receiver,
      seconds: 14,
      atOnce: 6,
      killEveryS: 2,
      expiredSites: 10,
      random: seeded(9),
    });
    expect(result.wrong).toEqual([]);
    expect(result.kills).toBeGreaterThan(0);
    expect(result.acknowledged.turns.length).toBeGreaterThan(10);
    expect(result.acknowledged.leads.size).toBeGreaterThan(5);
  } finally {
    await Promise.all([model.close(), receiver.close()]);
    await postgres.stop();
  }
}, 180_000);
