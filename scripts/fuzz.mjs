// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, root, run, ScriptError } from './run.mjs';

const usage = `Throws made-up input at every parser of outside input, for as long as you like: the targets of npm test, from a
new seed each time.

Usage
  npm run fuzz                                  ten minutes, shared by all targets
  npm run fuzz -- --minutes 60 --target HTML    an hour for the targets whose name has this text
  npm run fuzz -- --target '…' --seed 7 --path 12:0   what failed, again, as the failure has told
  npm run fuzz -- --list                        the targets

Options
  --minutes <n>   how long in all (10)
  --target <text> only the targets whose name holds it
  --seed <n>      where to begin (from the clock); with it and the same time the same is tried
  --path <text>   one counterexample of that seed
  --list          names the targets
  --help          this

Each target tells how much it has tried every ten seconds. The exit code is 0 only when nothing failed; a failure shows
what broke it, made as small as it could be, and the command that shows it again.`;

/** Folders with nothing of ours in them. */
const NOT_OURS = /^(node_modules|\.git|dist|generated|\.bed)$/;

/** @param {string} folder @returns {string[]} */
function fuzzFiles(folder = '.') {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : fuzzFiles(path);
    return entry.name.endsWith('.fuzz.test.ts') ? [path] : [];
  });
}

/** The names of all targets, as they stand in the files; one that is made in a loop ends in `${…}` there. */
export function targets() {
  return fuzzFiles().flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\bfuzz\(\s*(['"`])(.+?)\1,/g)].map(([, , name = '']) => ({
      file,
      name,
    })),
  );
}

/** @param {string[]} args */
export function optionsOf(args) {
  const options = { minutes: 10, seed: Date.now() % 2 ** 31, target: '', path: '', list: false, help: false };
  for (let at = 0; at < args.length; at += 1) {
    const [name = '', joined] = /** @type {string} */ (args[at]).split(/=(.*)/s);
    const key = name.replace(/^--/, '');
    if (key === 'list' || key === 'help') options[key] = true;
    else if (['minutes', 'seed', 'target', 'path'].includes(key) && name.startsWith('--')) {
      const value = joined ?? args[++at];
      if (value === undefined) throw new ScriptError(`${name} wants a value; see npm run fuzz -- --help`);
      if (key === 'target' || key === 'path') options[key] = value;
      else if (key === 'minutes') options.minutes = numberOf(name, value, 0.01, 10_000);
      else options.seed = Math.trunc(numberOf(name, value, -(2 ** 31), 2 ** 31));
    } else throw new ScriptError(`fuzz takes no "${args[at]}"; see npm run fuzz -- --help`);
  }
  return options;
}

/** @param {string} name @param {string} value @param {number} min @param {number} max */
function numberOf(name, value, min, max) {
  const number = Number(value);
  if (value.trim() === '' || !(number >= min && number <= max)) {
    throw new ScriptError(`${name} wants a number from ${min} to ${max}, and got "${value}"`);
  }
  return number;
}

/** @param {string} text */
const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A name in a file as it is in a report, whatever stands in its `${…}`. @param {string} name */
const patternOf = name =>
  name
    .split(/\$\{[^}]*\}/)
    .map(escaped)
    .join('.*');

if (process.argv[1] === import.meta.filename) {
  main(async () => {
    const { minutes, seed, target, path, list, help } = optionsOf(process.argv.slice(2));
    if (help) {
      console.log(usage);
      return 0;
    }
    const chosen = targets().filter(({ name }) => name.includes(target) || new RegExp(patternOf(name)).test(target));
    if (list) {
      for (const { file, name } of chosen) console.log(`${file}: ${name}`);
      return 0;
    }
    if (chosen.length === 0) throw new ScriptError(`No target is called "${target}"; see npm run fuzz -- --list`);
    await ensureInstalled();
    const files = [...new Set(chosen.map(({ file }) => file))];
    const seconds = (minutes * 60) / chosen.length;
    console.log(`${chosen.length} targets, ${seconds.toFixed(1)} s each, seed ${seed}`);
    const { code } = await run(
      'vitest',
      // One after another, so that each has the time that it was given.
      [
        'run',
        '--no-file-parallelism',
        '--disable-console-intercept',
        '--passWithNoTests',
        '--testNamePattern',
        target ? escaped(target) : '',
        ...files,
      ],
      {
        env: {
          CONFAB_FUZZ_SECONDS: path ? undefined : String(seconds),
          CONFAB_FUZZ_SEED: String(seed),
          CONFAB_FUZZ_PATH: path,
        },
      },
    );
    return code;
  });
}
