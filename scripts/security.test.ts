import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockfileFaults, readAudit } from './audit.mjs';
import { check, SKIPPED } from './checks.mjs';
import { lockedFolders } from './complete-lockfile.mjs';
import { isAllowed, licenceFaults, shippedBy } from './licences.mjs';
import { root } from './run.mjs';
import { scan, secretFiles } from './secrets.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the audit of packages', () => {
  const good = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` };

  it('finds nothing wrong with our lockfiles by themselves', () => {
    for (const folder of lockedFolders) {
      const { packages } = JSON.parse(read(`${folder}/package-lock.json`));
      const { allowScripts = {} } = JSON.parse(read(`${folder}/package.json`));
      expect(Object.keys(packages).length).toBeGreaterThan(500);
      expect(lockfileFaults(packages, allowScripts).faults).toEqual([]);
    }
  });

  it.each([
    ['without a hash', { version: '1.0.0' }],
    ['with a hash that is weak', { ...good, integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
    ['from elsewhere', { ...good, resolved: 'https://packages.example/a.tgz' }],
    ['that runs a script at its installation', { ...good, hasInstallScript: true }],
    ['that is optional, of any platform, and without a hash', { version: '1.0.0', optional: true }],
  ])('stops at a package %s', (_, entry) => {
    expect(
      lockfileFaults({ '': {}, 'node_modules/a': good, 'node_modules/a/node_modules/@b/c': entry }, {}).faults,
    ).toEqual([expect.stringContaining('@b/c')]);
  });

  it('lets a script run, or not, that somebody has decided on', () => {
    const packages = { 'node_modules/a': { ...good, hasInstallScript: true } };
    expect(lockfileFaults(packages, { a: false }).faults).toEqual([]);
  });

  it('tells the holes that must be mended from the others', () => {
    const hole = (name: string, severity: string) => [name, { name, severity, range: '<2' }];
    const vulnerabilities = Object.fromEntries([hole('a', 'critical'), hole('b', 'high'), hole('c', 'moderate')]);
    expect(readAudit(JSON.stringify({ vulnerabilities }))).toEqual({
      bad: ['critical: a <2', 'high: b <2'],
      others: ['moderate: c <2'],
    });
  });

  it.each([
    [JSON.stringify({ message: '405 Method Not Allowed - POST https://registry.example', statusCode: 405 }), '405'],
    [JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'request failed' } }), 'request failed'],
    ['', 'nothing that can be read'],
  ])('takes no answer of the registry for a good one: %s', (output, why) => {
    expect(readAudit(output)).toEqual({ unanswered: expect.stringContaining(why) });
  });

  it.each([
    [0, { passed: 1, failed: 0, skipped: 0 }],
    [1, { passed: 0, failed: 1, skipped: 0 }],
    [SKIPPED, { passed: 0, failed: 0, skipped: 1 }],
  ])('counts a check that ends with %i', async (code, counts) => {
    expect(await check(`ends with ${code}`, 'node', ['-e', `process.exit(${code})`])).toEqual(counts);
  });
});

describe('the licences of packages', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR CC0-1.0)', true],
    ['SSPL-1.0 OR MIT', true],
    ['MIT and ISC', true],
    ['MIT AND SSPL-1.0', false],
    ['Apache-2.0 WITH LLVM-exception', false],
    ['none', false],
    ['', false],
  ])('%s is allowed beside MIT and ISC: %s', (expression, expected) => {
    expect(isAllowed(expression, ['MIT', 'ISC'])).toBe(expected);
  });

  it('takes an exception for the licence that was looked at, and for no later one', () => {
    const exceptions: Record<string, [string, string]> = { a: ['EPL-2.0', 'we do not start it'] };
    expect(licenceFaults([{ name: 'a', licence: 'EPL-2.0' }], ['MIT'], exceptions)).toEqual([]);
    expect(licenceFaults([{ name: 'a', licence: 'SSPL-1.0' }], ['MIT'], exceptions)).toEqual(['a: SSPL-1.0']);
  });

  it('brings no package at all to the pages of shops', () => {
    expect(shippedBy({ from: 'widget-core/src', in: '.' })).toEqual([]);
  });

  it('sees the packages of the console, and what these need', () => {
    const names = shippedBy({ from: 'shared/console/src', in: '.' }).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['uqr', 'react', '@wordpress/components', '@emotion/react']));
    expect(names.length).toBeGreaterThan(50);
  });
});

describe('the search for secrets', () => {
  // Put together here, so that this file holds none.
  const secrets = {
    'a key of AWS': `aws_secret_access_key = ${'wJqrXUtnFEMIK7MDENG'}${'bPxRfiCYq8zTgHsLmVw1d'}`,
    'a token of GitHub': `ghp_${'wWPw5k4aXcaT4fNP'}${'0UcnZwJUVFk6LO0pINUx'}`,
    'a live key of Stripe': `const key = 'sk_live_${'51HbKq2eZvKYlo2C'}${'8xPq9RtUvWx'}';`,
    'a private key': `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(8)}\n-----END RSA ${'PRIVATE'} KEY-----`,
    'a database with its password': `postgresql://confab:${'Zt7-wq91'}@db.confab.example:5432/confab`,
  };

  it.each(Object.entries(secrets))('stops at %s', (_, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'confab-secrets-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'notes.txt'), `${text}\n`);
    const { found, words } = scan([join(folder, 'notes.txt')]);
    expect({ found, words }).toEqual({ found: true, words: expect.stringContaining('notes.txt') });
    // A log of a CI is read by many.
    expect(words).not.toContain(text);
  });

  it('lets the made-up secrets of our tests pass', () => {
    expect(
      scan(['e2e/fakes/sentinels.json', 'e2e/process.test.ts', 'plugins/wordpress/tests/RelayTest.php']).words,
    ).toBe('');
  });

  it('knows the files that are a secret by themselves', () => {
    const bad = ['.env', 'relay/.env.production', 'a/server.pem', 'id_ed25519', 'b/store.p12', '.pgpass'];
    expect(secretFiles([...bad, '.env.example', 'relay/src/lib/keyring.ts', 'docs/monkey.md'])).toEqual(bad);
  });
});
