import { leadRequest } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { AppError } from '../../lib/app-error.ts';
import { isOneLine } from '../../lib/one-line.ts';
import { checkedForm } from './checked-form.ts';

const now = new Date('2026-06-01T12:00:00Z');

/** What becomes of a form: as it is kept, or field by field what is wrong with it. */
function outcomeOf(fields: Record<string, string>, more: object = {}) {
  const parsed = leadRequest.safeParse({ kind: 'lead', fields, ...more });
  if (!parsed.success) return { errors: parsed.error.issues.map(({ path, message }) => [path.join('.'), message]) };
  try {
    return { kept: checkedForm(parsed.data, 'IE', now) };
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 400) throw error;
    return { errors: (error.errors ?? []).map(({ path, message }) => [path, message]) };
  }
}

describe('a form that a visitor filled in', () => {
  const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
  const email = 'ann@example.com';

  it.skipIf(strings.length === 0).each(['name', 'email', 'phone', 'message', 'size'])(
    'keeps what attackers write into its %s exactly, or says of that field what is wrong',
    field => {
      expect(strings.length).toBeGreaterThan(500);
      let kept = 0;
      for (const text of strings) {
        const outcome = outcomeOf({ ...(field === 'email' ? { phone: '085 012 3456' } : { email }), [field]: text });
        const expected = text.trim() === '' ? null : text;
        if ('errors' in outcome) {
          expect(outcome.errors, text).toEqual([[`fields.${field}`, expect.stringMatching(/./)]]);
        } else {
          const { fields, ...columns } = outcome.kept;
          const held = field === 'size' ? (fields.size ?? null) : columns[field as 'name'];
          expect(held, text).toBe(expected);
          if (field !== 'message') expect(isOneLine(held ?? '')).toBe(true);
          kept += 1;
        }
      }
      const most = { email: 0, phone: 0 }[field] ?? 480;
      expect(kept).toBeGreaterThan(most);
    },
  );

  it.skipIf(strings.length === 0)('takes them as the names of fields, or says what is wrong', () => {
    for (const text of strings) {
      const outcome = outcomeOf({ email, [text]: 'x' });
      if ('errors' in outcome) expect(outcome.errors?.[0]?.[0], text).toMatch(/^fields/);
      else expect(isOneLine(text) && text.trim() !== '', text).toBe(true);
    }
  });

  it('says all that is wrong at once', () => {
    const wrong = { name: 'Ann\r\nBcc: x', email: 'ann', phone: '1' };
    expect(outcomeOf(wrong, { callbackAt: '2026-05-31T12:00:00Z' })).toEqual({
      errors: [
        ['fields.name', 'has a line break or another control character; write it in one line'],
        ['fields.email', 'is not an e-mail address such as name@example.com'],
        ['fields.phone', 'is not a phone number'],
        ['callbackAt', 'is in the past; choose a time to come'],
      ],
    });
  });

  it('takes a wished time in any notation of an offset, of any day of the year to come', () => {
    for (const callbackAt of ['2026-06-01T13:00:00+01:00', '2026-10-25T01:30:00+01:00', '2027-06-01T12:00:00Z']) {
      expect(outcomeOf({ email }, { callbackAt })).toMatchObject({ kept: { callbackAt: new Date(callbackAt) } });
    }
    expect(outcomeOf({ email }, { callbackAt: '2026-06-01T12:00:00+01:00' })).toHaveProperty('errors');
  });
});
