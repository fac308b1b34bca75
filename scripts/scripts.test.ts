import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockedFolders, missingPackages } from './complete-lockfile.mjs';
import { root } from './run.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;

/** The commands in the fenced blocks of a page, without prompt, variables in front and comment behind. */
const commandsIn = (markdown: string) =>
  [...markdown.matchAll(/^```.*\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map(line =>
      line
        .replace(/^\$ /, '')
        .replace(/^(\w+=\S+ )+/, '')
        .trim(),
    )
    .filter(line => /^(npm|node) /.test(line));

/** What a command refers to and does not exist, if so. */
function problemWith(command: string) {
  const [program, first = '', second = ''] = command.split(/\s+/).filter(word => !/^(-s|--silent)$/.test(word));
  if (program === 'node') return first.startsWith('-') || existsSync(join(root, first)) ? undefined : command;
  if (['install', 'ci'].includes(first)) return undefined;
  const name = first === 'run' ? second : first;
  return scripts[name] || / (-w|--workspace)\b/.test(command) ? undefined : command;
}

it('finds a command that does not exist', () => {
  const page = '```sh\n$ npm start   # here\nPORT=1 npm run nonsense\nnode scripts/start.mjs\nnode nowhere.ts\n```\n';
  expect(commandsIn(page).map(problemWith).filter(Boolean)).toEqual(['npm run nonsense', 'node nowhere.ts']);
});

it.skipIf(!existsSync(join(root, 'README.md')))('has every command that the README names', () => {
  const commands = commandsIn(read('README.md'));
  expect(commands).toContainEqual(expect.stringMatching(/^npm start/));
  expect(commands.map(problemWith).filter(Boolean)).toEqual([]);
});

it('runs npm test on CI', () => {
  expect(read('.ci/run')).toMatch(/^npm test$/m);
  expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111);
});

// Otherwise `npm ci` refuses it: run `node scripts/complete-lockfile.mjs` after `npm install`.
it.each(lockedFolders)('lists the packages of all platforms in the lockfile of %s', folder => {
  const missing = missingPackages(JSON.parse(read(`${folder}/package-lock.json`)).packages);
  expect(missing.map(({ path }) => path)).toEqual([]);
});

// `lerna run types` is quiet about a package that has no such script.
it('checks the types of every workspace that has TypeScript', () => {
  const workspaces = globSync(['*/tsconfig.json', '{shared,plugins}/*/tsconfig.json'], { cwd: root })
    .map(path => path.replace('/tsconfig.json', ''))
    .filter(path => path !== 'scripts');
  expect(workspaces).toContain('relay');
  expect(workspaces.filter(path => !JSON.parse(read(`${path}/package.json`)).scripts?.types)).toEqual([]);
});
