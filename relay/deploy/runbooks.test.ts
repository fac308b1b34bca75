import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { operations } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { commandOf } from '../src/cli/commands.ts';
import { metricsIn } from './metrics-in.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFile(path.join(root, file), 'utf8');

const alerts = (await read('relay/deploy/prometheus/alerts.yaml'))
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map(text => ({
    name: text.split('\n')[0] ?? '',
    expr: /^ +expr: ["']?(.+?)["']?$/m.exec(text)?.[1] ?? '',
    severity: /^ +severity: (\w+)$/m.exec(text)?.[1],
    summary: /^ +summary: ["']?(.+?)["']?$/m.exec(text)?.[1],
    runbook: /^ +runbook: (\S+)$/m.exec(text)?.[1] ?? '',
  }));
const runbooks = await Promise.all(
  (await readdir(path.join(root, 'docs/runbooks'))).map(async name => ({
    name,
    text: await read(`docs/runbooks/${name}`),
  })),
);

describe('every alert', () => {
  it('was read', () => {
    expect(alerts.length).toBeGreaterThan(15);
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
  });

  it.each(alerts)('$name says what is the matter, how bad it is, and what to do', async ({ name, ...alert }) => {
    expect(name).toMatch(/^Confab[A-Z]\w+$/);
    expect(alert.expr).not.toBe('');
    expect(['warning', 'critical']).toContain(alert.severity);
    expect(alert.summary).toMatch(/\.$/);
    const text = await read(alert.runbook);
    for (const part of [/^# \S/, /^\*\*How bad:\*\* \S/m, /^1\. \S/m, /^\*\*Over when\*\* \S/m])
      expect(text).toMatch(part);
    // The one that is opened is about what rang.
    const [metric] = /confab_[a-z_]+/.exec(alert.expr) ?? [name];
    expect(text.split('\n')[0]).toContain(metric.replace(/_bucket$/, ''));
  });
});

describe('every runbook', () => {
  it.each(runbooks)('$name names commands, calls, files, tables and metrics that there are', async ({ text }) => {
    for (const [, words = ''] of text.matchAll(/npm run (?:-s )?confab -- ([^`\n]+)/g)) {
      const { command, args } = commandOf(words.trim().split(/\s+/));
      for (const flag of args.filter(each => each.startsWith('--'))) expect(command.usage).toContain(flag);
    }
    for (const [, method, given = ''] of text.matchAll(/`(GET|POST|PUT|DELETE) (\/v1\/[^`? ]+)/g)) {
      const known = operations.map(each => `${each.method.toUpperCase()} ${each.path}`);
      expect(known).toContain(`${method} ${given}`);
    }
    const schema = await read('relay/prisma/schema.prisma');
    for (const [, table] of text.matchAll(/FROM "(\w+)"/g)) expect(schema).toContain(`model ${table} {`);
    const files = [...text.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => `docs/runbooks/${file}`);
    for (const file of [...files, ...(text.match(/docs\/[\w./-]+\.md/g) ?? [])])
      await expect(read(file)).resolves.toMatch(/\S/);
  });

  it('asks for metrics of the relay, as the alerts do', async () => {
    const names = runbooks.map(({ name }) => `../../docs/runbooks/${name}`);
    const told = [...(await metricsIn(names)).keys()];
    const source = (await Promise.all(SOURCES.map(read))).join('\n');
    for (const name of told) expect(source, name).toContain(name.replace(/_bucket$/, ''));
  });
});

/** Where the metrics are made. */
const SOURCES = [
  'relay/src/counters.ts',
  'relay/src/lib/metrics.ts',
  'relay/src/lib/process-gauges.ts',
  'relay/src/http/request-metrics.ts',
  'relay/src/features/conversations/turn-metrics.ts',
  'relay/src/features/privacy/metrics.ts',
  'relay/src/features/retention/gauges.ts',
  'relay/src/features/billing/gauges.ts',
  'relay/src/jobs/job-gauges.ts',
  'relay/src/jobs/inbox-gauges.ts',
  'relay/src/jobs/outbox-gauges.ts',
  'relay/src/db/database-gauges.ts',
];
