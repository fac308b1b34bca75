import { parseArgs } from 'node:util';
import { type ChaosOptions, runChaos, wrongIn } from '../e2e/chaos.ts';
import { startHubspot } from '../e2e/fakes/crm/hubspot.ts';
import { startKlaviyo } from '../e2e/fakes/crm/klaviyo.ts';
import { startPipedrive } from '../e2e/fakes/crm/pipedrive.ts';
import { startSalesforce } from '../e2e/fakes/crm/salesforce.ts';
import { startZoho } from '../e2e/fakes/crm/zoho.ts';
import { startWebhookReceiver } from '../e2e/fakes/webhook-receiver.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { seeded } from '../e2e/seeded.ts';

const usage = `Has leads handed over to all five CRMs and to a webhook's receiver, each of which fails so often, by two relay processes on
one PostgreSQL, one of which is killed every few seconds. In the end each lead has to stand in each CRM once, with its final
values, and the receiver must have been told of it, always under one id. Ends with 1 where something is wrong.

Usage: npm run bench:leads -- [options]

  --leads 1000     that visitors leave, each in two steps
  --failing 0.3    share of the calls that fail
  --kill 5         a relay is killed after so many seconds
  --patience 1200  seconds after which it is over
  --seed 7         of the accidents
  --help           this text`;

const KEY = 'a-key-of-the-bench-0123456789abcdef01234';

const { values: options } = parseArgs({
  options: {
    leads: { type: 'string', default: '1000' },
    failing: { type: 'string', default: '0.3' },
    kill: { type: 'string', default: '5' },
    patience: { type: 'string', default: '1200' },
    seed: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const postgres = await startPostgres();
  const [hubspot, salesforce, pipedrive, klaviyo, zoho] = await Promise.all([
    startHubspot({ accessToken: KEY }),
    startSalesforce(),
    startPipedrive({ apiToken: KEY }),
    startKlaviyo({ apiKey: KEY }),
    startZoho(),
  ]);
  const receiver = await startWebhookReceiver();
  const chaos: ChaosOptions = {
    databaseUrl: await postgres.createDatabase(),
    leads: Number(options.leads),
    crms: {
      hubspot: {
        fake: hubspot,
        env: { HUBSPOT_BASE_URL: hubspot.url },
        settings: crm => ({ hubspot: { ...crm.hubspot, accessToken: KEY } }),
      },
      salesforce: {
        fake: salesforce,
        env: { SALESFORCE_LOGIN_URL: salesforce.url },
        settings: crm => ({ salesforce: { ...crm.salesforce, ...salesforce.credentials } }),
      },
      pipedrive: {
        fake: pipedrive,
        env: { PIPEDRIVE_BASE_URL: pipedrive.url },
        settings: crm => ({ pipedrive: { ...crm.pipedrive, apiToken: KEY } }),
      },
      klaviyo: {
        fake: klaviyo,
        env: { KLAVIYO_BASE_URL: klaviyo.url },
        settings: crm => ({ klaviyo: { ...crm.klaviyo, apiKey: KEY } }),
      },
      zoho: {
        fake: zoho,
        env: { ZOHO_BASE_URL: zoho.url },
        settings: crm => ({ zoho: { ...crm.zoho, ...zoho.credentials } }),
      },
    },
    receiver,
    failing: Number(options.failing),
    killEveryMs: Number(options.kill) * 1_000,
    random: seeded(Number(options.seed)),
    tell: line => console.error(line),
    patienceMs: Number(options.patience) * 1_000,
  };
  const result = await runChaos(chaos);
  const wrong = wrongIn(result, chaos);
  const webhooks = `${result.taken.length} webhooks taken of ${receiver.calls.length} sent`;
  const calls = Object.entries(result.calls).map(([name, count]) => `${name} ${count}`);
  console.log(
    `${result.left.size} leads in ${result.seconds} s, ${result.kills} kills; calls: ${calls.join(', ')}; ${webhooks}`,
  );
  console.log(wrong.length === 0 ? 'Each lead stands where it should, once.' : wrong.slice(0, 20).join('\n'));
  await Promise.all([hubspot, salesforce, pipedrive, klaviyo, zoho, receiver].map(fake => fake.close()));
  await postgres.stop();
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
