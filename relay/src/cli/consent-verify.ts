import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { type LogReport, textLines, verifyLog } from '../features/consent/index.ts';
import { type Command, UsageError } from './command.ts';

export const consentVerify: Command = {
  needs: 'nothing',
  usage: 'consent verify FILE [--key THUMBPRINT]',
  help: `Checks an exported consent log, without the relay and its database.
Exit code 0: the log is whole. 1: it was changed, and the first bad record is named. 2: the file cannot be read.
With --key nobody but this key may have signed the log; give it again for each key that the relay has had. The keys of
a relay are at its address under /.well-known/jwks.json ("kid").`,
  examples: ['consent verify consents.jsonl --key 3aG…'],
  async run(args, io) {
    const options = { key: { type: 'string', multiple: true } } as const;
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new UsageError('Name one file: consent verify FILE');
    let report: LogReport;
    try {
      report = await verifyLog(textLines(createReadStream(file)), { keys: values.key });
    } catch (error) {
      io.err(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}\n`);
      return 2;
    }
    if (!report.ok) {
      io.err(`${problemOf(report)}\n`);
      return 1;
    }
    await io.out(`${summaryOf(report, values.key !== undefined)}\n`);
    return 0;
  },
};

function problemOf({ problem }: LogReport): string {
  const { line = 0, sequence, message } = problem ?? {};
  return sequence === undefined ? `line ${line}: ${message}` : `record ${sequence} (line ${line}): ${message}`;
}

function summaryOf({ siteKey, records, first, last, keyIds }: LogReport, isExpected: boolean): string {
  const range =
    records === 0 ? `no records, at ${last?.sequence}` : `records ${(first?.sequence ?? 0) + 1} to ${last?.sequence}`;
  const advice = isExpected ? '' : '; compare the key with /.well-known/jwks.json of the relay';
  return `The consent log of ${siteKey} is whole: ${range}, signed by ${keyIds.join(' and ')}${advice}.`;
}
