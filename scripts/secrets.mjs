// @ts-check
import { execFileSync, spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { main, node24, root, ScriptError, toolEnv } from './run.mjs';

const usage = `Looks for secrets in what git keeps: keys and passwords in texts, and files that hold nothing else.

Usage
  node scripts/secrets.mjs            every tracked file, as it is now
  node scripts/secrets.mjs <file>…    these files

The rules are in .secretlintrc.yml, with what they must not stop at and why. Exit codes: 0 nothing found, 1 something.`;

/** Files that are a secret by themselves, whatever is in them. */
const SECRET_FILES =
  /^(?:\.env(?!\.example$).*|.*\.(?:pem|key|p12|pfx|jks|keystore)|id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc-.*|\.pgpass|\.netrc)$/i;

/** Those of the paths that git should not keep. @param {string[]} paths */
export const secretFiles = paths => paths.filter(path => SECRET_FILES.test(basename(path)));

/** @param {string[]} paths from the root of the repository, or absolute */
export function scan(paths) {
  const bin = join(root, 'node_modules/secretlint/bin/secretlint.js');
  const args = [bin, '--no-glob', '--no-gitignore', '--no-terminalLink', '--no-color', ...paths];
  const { status, stdout, stderr } = spawnSync(node24, args, { cwd: root, env: toolEnv(), encoding: 'utf8' });
  return { found: status !== 0, words: `${stdout ?? ''}${stderr ?? ''}` };
}

function tracked() {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return listed.split('\0').filter(Boolean);
}

if (process.argv[1] === import.meta.filename) {
  main(async () => {
    const args = process.argv.slice(2);
    if (args.includes('--help')) {
      console.log(usage);
      return 0;
    }
    const paths = args.length > 0 ? args : tracked();
    if (paths.length === 0) throw new ScriptError('Git keeps no files here, so there is nothing to look into.');
    const named = secretFiles(paths);
    for (const path of named) console.error(`${path}: no such file belongs into git`);
    const { found, words } = scan(paths);
    if (found) console.error(words.trim());
    else console.log(`${paths.length} files looked into`);
    return found || named.length > 0 ? 1 : 0;
  });
}
