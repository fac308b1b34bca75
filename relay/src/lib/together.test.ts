import { expect, it } from 'vitest';
import { together } from './together.ts';

it('does the first at once, and together what is asked meanwhile, each key by itself', async () => {
  const runs: string[][] = [];
  const gate = Promise.withResolvers<void>();
  const add = together<string>(async items => {
    runs.push(items);
    await gate.promise;
  });
  const all = [add('a', '1'), add('a', '2'), add('b', '3'), add('a', '4')];
  expect(runs).toEqual([['1'], ['3']]);
  gate.resolve();
  await Promise.all(all);
  expect(runs).toEqual([['1'], ['3'], ['2', '4']]);
  await add('a', '5');
  expect(runs.at(-1)).toEqual(['5']);
});

it('tells a failure to those who went together, and goes on', async () => {
  const add = together<string>(async items => {
    if (items.includes('bad')) throw new Error('no');
  });
  const all = await Promise.allSettled([add('a', 'good'), add('a', 'bad'), add('a', 'beside'), add('b', 'other')]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  await expect(add('a', 'later')).resolves.toBeUndefined();
});
