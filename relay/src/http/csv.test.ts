import { describe, expect, it } from 'vitest';
import { cellOf } from './csv.ts';

describe('a cell of a CSV file', () => {
  it.each([
    ['=1+1', `"'=1+1"`],
    ['+491701234567', `"'+491701234567"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['\n=1', `"'\n=1"`],
    ['＝1', `"'＝1"`],
  ])('is no formula where its text would be one: %j', (text, cell) => {
    expect(cellOf(text)).toBe(cell);
  });

  it('keeps quotes, commas and lines of a text together', () => {
    expect(cellOf('She said "no",\r\nand left')).toBe('"She said ""no"",\r\nand left"');
  });

  it('leaves numbers numbers, also those below zero, and says nothing of what is not there', () => {
    expect([cellOf(-1.5), cellOf(true), cellOf(null), cellOf(undefined), cellOf('')]).toEqual([
      '-1.5',
      'true',
      '',
      '',
      '""',
    ]);
  });

  it('writes what is no text as JSON', () => {
    expect(cellOf({ messages: 2 })).toBe('"{""messages"":2}"');
  });
});
