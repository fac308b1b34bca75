import { describe, expect, it, vi } from 'vitest';
import { leadWith } from './crm.contract.ts';
import { CrmFault } from './crm.ts';
import { cut, mapped, noteMark, noteText, retryAfterS, splitName, within, wordsOf } from './lead-text.ts';

const lead = leadWith({
  kind: 'callback',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  message: 'Hello?',
  callbackAt: new Date('2026-11-24T23:30:00Z'),
  timezone: 'Asia/Kathmandu',
  fields: { company: 'Analytical Engines', nothing: '' },
  transcript: 'Visitor: Hello?',
});

describe('the note of a lead', () => {
  it('begins with its mark and says everything that has no property', () => {
    expect(noteText(lead, { email: 'E', company: 'C' }).split('\n')).toEqual([
      `${noteMark(lead.key)} Callback wished from the chat`,
      'Name: Ada Lovelace',
      'Message: Hello?',
      'Wished time: 2026-11-25 05:15 Asia/Kathmandu (2026-11-24 23:30 UTC)',
      'Marketing e-mails: not agreed',
      '',
      'Transcript:',
      'Visitor: Hello?',
    ]);
  });

  it('leaves to the properties that the owner chose what they are for, where it is known', () => {
    expect(mapped(lead, { company: 'C', phone: 'P', toString: 'T', nothing: 'N', message: 'M' })).toEqual({
      C: 'Analytical Engines',
      M: 'Hello?',
    });
  });
});

describe('a name', () => {
  it.each([
    ['Ada Lovelace', { first: 'Ada', last: 'Lovelace' }],
    ['  Augusta Ada   King ', { first: 'Augusta Ada', last: 'King' }],
    ['Ada', { first: 'Ada', last: null }],
    [' ', { first: null, last: null }],
    [null, { first: null, last: null }],
  ])('is given and family name: %j', (name, parts) => {
    expect(splitName(name)).toEqual(parts);
  });
});

describe('a text', () => {
  it('is cut between its characters', () => {
    expect(cut('a🫖b', 2)).toBe('a🫖');
    expect(cut('a🫖b', 3)).toBe('a🫖b');
  });

  it('of a CRM is one line of 300 characters, or nothing', () => {
    expect(wordsOf(' no\r\nsuch\u2028\u0007field ')).toBe('no such field');
    expect(wordsOf('🫖'.repeat(400))).toBe('🫖'.repeat(300));
    for (const nothing of ['', ' \n', undefined, null, 17, {}]) expect(wordsOf(nothing)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it.each([
    ['7', 7],
    ['0.2', 1],
    ['Sun, 22 Nov 2026 10:00:30 GMT', 30],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['soon', undefined],
    ['-3', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j seconds', (header, seconds) => {
    expect(retryAfterS(header, Date.parse('2026-11-22T10:00:00Z'))).toBe(seconds);
  });
});

describe('work within a time', () => {
  const never = new AbortController().signal;

  it('gives what it gives, fails as it fails, and lets go of its signal', async () => {
    let signal: AbortSignal | undefined;
    const done = within(60_000, never, async given => {
      signal = given;
      return 17;
    });
    expect(await done).toBe(17);
    expect(signal?.aborted).toBe(true);
    await expect(within(60_000, never, () => Promise.reject(new CrmFault('invalid')))).rejects.toMatchObject({
      fault: 'invalid',
    });
  });

  it('ends with the time or the signal, though the work hears neither', async () => {
    const deaf = () => new Promise(() => {});
    await expect(within(5, never, deaf)).rejects.toMatchObject({ fault: 'timed_out' });
    const stop = new AbortController();
    const working = within(60_000, stop.signal, deaf);
    stop.abort();
    await expect(working).rejects.toMatchObject({ fault: 'timed_out' });
  });

  it('does not begin after the end', async () => {
    const work = vi.fn();
    await expect(within(60_000, AbortSignal.abort(), work)).rejects.toMatchObject({ fault: 'timed_out' });
    expect(work).not.toHaveBeenCalled();
  });
});
