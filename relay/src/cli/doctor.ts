import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { redact } from '../lib/redact.ts';
import type { Command, CommandIo, Surroundings } from './command.ts';
import {
  checkConfig,
  checkDatabase,
  checkFiles,
  checkNode,
  checkProduction,
  checkWork,
  configFault,
  type Finding,
} from './doctor-checks.ts';
import { checkOnline } from './doctor-online.ts';

export const doctor: Command = {
  usage: 'doctor [--online] [--json]',
  help: `Looks at everything that Confab needs and says in plain words what is wrong and what to do: Node, the configuration, the
database, keys, files, and the work that waits. Changes nothing in the database. Exit code 0 where all is well, 1 where there is
a problem, 2 for wrong arguments. It prints no secret.

  --online  also asks those whom the relay works with: each provider (one call of a few tokens), Resend, Stripe, Redis,
            Sentry, and the relay's own public address
  --json    prints { "ok", "findings": [{ "check", "state", "says", "todo" }] }`,
  examples: ['doctor', 'doctor --online', 'doctor --json --output doctor.json'],
  needs: 'surroundings',

  async run(args, io, surroundings) {
    const { values } = parseArgs({ args, options: { online: { type: 'boolean' }, json: { type: 'boolean' } } });
    const findings = await examine(surroundings, values.online === true);
    const ok = !findings.some(({ state }) => state === 'problem');
    if (values.json) await io.out(`${JSON.stringify({ ok, findings }, null, 2)}\n`);
    else await tell(io, findings, { ok, online: values.online === true });
    return ok ? 0 : 1;
  },
};

async function examine(surroundings: Surroundings, online: boolean): Promise<Finding[]> {
  const findings = [checkNode(process.version)];
  let config: Config;
  try {
    config = surroundings.config();
  } catch (error) {
    // Without it nobody knows where the database is, or whom to ask.
    return [...findings, ...configFault(error), ...(await checkFiles(undefined))];
  }
  findings.push(...checkConfig(config), ...checkProduction(config), ...(await checkFiles(config.dataDir)));
  const database = await checkDatabase(config, surroundings.database);
  findings.push(...database.findings);
  // The features bring an older database up to date when they open it, and that is not for us to do.
  if (database.isCurrent) findings.push(...(await checkWork(surroundings.services)));
  if (online) findings.push(...(await checkOnline(config)));
  return findings;
}

const WORDS = { ok: 'ok', note: 'note', problem: 'PROBLEM' };

async function tell(io: CommandIo, findings: Finding[], { ok, online }: { ok: boolean; online: boolean }) {
  for (const { check, state, says, todo } of findings) {
    const rest = todo ? `\n${' '.repeat(25)}→ ${todo}` : '';
    await io.out(`${WORDS[state].padEnd(9)}${check.padEnd(16)}${redact(says)}${rest}\n`);
  }
  const problems = findings.filter(({ state }) => state === 'problem').length;
  const notes = findings.filter(({ state }) => state === 'note').length;
  await io.out(
    `\n${ok ? 'No problem' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`}, ${notes} to note.\n`,
  );
  if (!online) await io.out('Nobody outside was asked; --online does.\n');
}
