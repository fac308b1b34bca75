import { afterEach, expect, it } from 'vitest';
import { type ChaosOptions, runChaos, wrongIn } from './chaos.ts';
import { startHubspot } from './fakes/crm/hubspot.ts';
import { startWebhookReceiver } from './fakes/webhook-receiver.ts';
import { databaseEnvironment } from './relay.ts';
import { seeded } from './seeded.ts';

const started: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(started.splice(0).map(each => each.close())));

// With a thousand leads and every CRM: npm run bench:leads.
it('leads reach the CRM once and every webhook its receiver, while three calls of ten fail and relays are killed', {
  timeout: 180_000,
}, async () => {
  const accessToken = 'pat-eu1-4711';
  const hubspot = await startHubspot({ accessToken });
  const receiver = await startWebhookReceiver();
  started.push(hubspot, receiver);
  const options: ChaosOptions = {
    databaseUrl: (await databaseEnvironment('postgres')).DATABASE_URL ?? '',
    leads: 60,
    crms: {
      hubspot: {
        fake: hubspot,
        env: { HUBSPOT_BASE_URL: hubspot.url },
        settings: ({ hubspot }) => ({ hubspot: { ...hubspot, accessToken } }),
      },
    },
    receiver,
    failing: 0.3,
    killEveryMs: 4_000,
    random: seeded(7),
    patienceMs: 150_000,
  };
  const result = await runChaos(options);
  expect(wrongIn(result, options)).toEqual([]);
  expect(result.kills).toBeGreaterThan(0);
});
