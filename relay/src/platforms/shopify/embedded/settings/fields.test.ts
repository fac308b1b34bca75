import { settingsSections } from '@confab/contract/settings-fields';
import { expect, it } from 'vitest';
import { rendered } from '../html.ts';
import { fieldOf } from './fields.ts';

const drawn = (path: string, document: object) => {
  const field = settingsSections.flatMap(({ fields }) => fields).find(each => each.path === path);
  if (!field) throw new Error(`no field ${path}`);
  return rendered(fieldOf(field, document as Parameters<typeof fieldOf>[1]));
};

it('takes parts of a dollar where money is asked for, and whole numbers everywhere else', () => {
  const limits = { answersPerMonth: 5, spend: { perDay: 0.05 } };
  expect(drawn('limits.spend.perDay', { limits })).toMatch(/value="0\.05" .*step="0\.01" .*inputMode="decimal"/);
  expect(drawn('limits.answersPerMonth', { limits })).toMatch(/value="5" .*step="1" .*inputMode="numeric"/);
});
