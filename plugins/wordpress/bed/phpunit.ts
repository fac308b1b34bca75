import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/run.mjs';
import { type Core, versionOf } from './prepare.mjs';
import { makeSite, runPhp, type SiteOptions } from './site.ts';

/** A PHPUnit test as it ended. */
export interface PhpTest {
  /** Class and method, with the data set where there is one. */
  name: string;
  /** What PHPUnit says of it, where it failed. */
  failure?: string;
  skipped: boolean;
}

const testsFolder = join(root, 'plugins/wordpress/tests');

/** Runs the plugin's PHPUnit tests in a fresh WordPress. A run that broke off counts as one failed test of that name. */
export async function runPhpunit({
  core,
  filter,
  confab = 'zip',
}: {
  core: Core;
  filter?: string | undefined;
  confab?: SiteOptions['confab'];
}): Promise<{ version: string; tests: PhpTest[]; output: string }> {
  const site = await makeSite({ core, confab, serve: false });
  try {
    const report = join(site.folder, '../data/junit.xml');
    const folders = { folder: join(site.folder, '..'), url: site.url };
    const args = [
      join(testsFolder, 'bootstrap.php'),
      '--no-configuration',
      '--do-not-cache-result',
      '--log-junit',
      report,
    ];
    const { code, stdout, stderr } = await runPhp(folders, [
      ...args,
      ...(filter ? ['--filter', filter] : []),
      ...(core === 'floor' ? ['--exclude-group', 'current-only'] : []),
      '--test-suffix',
      'Test.php',
      testsFolder,
    ]);
    const output = `${stdout}${stderr}`.trim();
    const tests = existsSync(report) ? testsIn(readFileSync(report, 'utf8')) : [];
    const brokeOff = code !== 0 && !tests.some(({ failure }) => failure);
    if (brokeOff)
      tests.push({ name: 'the run of PHPUnit', failure: output || `it ended with ${code}`, skipped: false });
    return { version: versionOf(core), tests, output };
  } finally {
    await site.stop();
  }
}

/** PHPUnit's own report: flat, save for its nested suites, so a look at each testcase is enough. */
function testsIn(junit: string): PhpTest[] {
  return [...junit.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, head = '', body = '']) => {
    const attribute = (name: string) => plain(new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1] ?? '');
    const failure = /<(?:failure|error|warning)\b[^>]*>([\s\S]*?)<\/(?:failure|error|warning)>/.exec(body)?.[1];
    const name = `${attribute('class').replace(/^Confab\\Tests\\/, '')}::${attribute('name')}`;
    return {
      name,
      skipped: /<skipped/.test(body),
      ...(failure === undefined ? {} : { failure: plain(failure).trim() }),
    };
  });
}

const plain = (xml: string) =>
  xml
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&#x([\da-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
