import { parseArgs } from 'node:util';
import { startFakeOpenai } from '../e2e/fakes/openai.ts';
import { startWebhookReceiver } from '../e2e/fakes/webhook-receiver.ts';
import { runOutages } from '../e2e/outages.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { seeded } from '../e2e/seeded.ts';

const usage = `Has visitors accept, decline and leave contact details at three relays on one PostgreSQL, while a relay is killed by
SIGKILL every few seconds and PostgreSQL crashes once, half-way. In the end everything that was acknowledged has to be there,
once: turns, consents, leads, webhooks, purges; and nothing of those who declined. Ends with 1 where something is wrong.

Usage: npm run bench:outages -- [options]

  --seconds 120   for how long visitors come
  --kill 4        a relay is killed after so many seconds
  --visitors 16   at once
  --sites 50      other sites, whose data has expired and is purged meanwhile
  --seed 7        of who comes and where they are sent
  --help          this text`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    kill: { type: 'string', default: '4' },
    visitors: { type: 'string', default: '16' },
    sites: { type: 'string', default: '50' },
    seed: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const [seconds, kill, visitors, sites, seed] = [
    options.seconds,
    options.kill,
    options.visitors,
    options.sites,
    options.seed,
  ].map(Number) as [number, number, number, number, number];
  if (![seconds, kill, visitors, sites, seed].every(value => value > 0 && value <= 100_000)) {
    console.error(`bench:outages: numbers not understood\n\n${usage}`);
    return 2;
  }
  const postgres = await startPostgres({ durable: true });
  const [model, receiver] = await Promise.all([startFakeOpenai(), startWebhookReceiver()]);
  try {
    const { kills, acknowledged, tries, longestS, faults, webhooks, wrong } = await runOutages({
      postgres,
      model,
      receiver,
      seconds,
      atOnce: visitors,
      killEveryS: kill,
      expiredSites: sites,
      random: seeded(seed),
      tell: line => console.error(line),
    });
    const { turns, carried, consents, leads } = acknowledged;
    console.log(
      `${kills} kills and a crash of PostgreSQL in ${seconds} s. Acknowledged: ${turns.length} stored and ${carried} carried turns, ${consents.size} consents, ${leads.size} leads; ${webhooks.length} webhooks sent.`,
    );
    const listed = [...tries].sort(([a], [b]) => a - b).map(([count, calls]) => `${count}: ${calls}`);
    console.log(
      `Calls of visitors by the tries they needed: ${listed.join(', ')}; the longest took ${longestS.toFixed(1)} s.`,
    );
    console.log(
      `What failed tries saw: ${[...faults].map(([fault, count]) => `${fault} ${count}×`).join(', ') || 'nothing'}.`,
    );
    console.log(wrong.length === 0 ? 'Nothing was lost, nothing is there twice.' : wrong.slice(0, 20).join('\n'));
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([model.close(), receiver.close()]);
    await postgres.stop();
  }
}
