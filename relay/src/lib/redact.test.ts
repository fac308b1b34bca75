import { describe, expect, it } from 'vitest';
import { scrubbed, surviving, tellingParts } from '../../../e2e/fakes/sentinels.ts';
import { sharedData } from '../../../e2e/fakes/shared-data.ts';
import { redact } from './redact.ts';

type Sentence = { text: string; spans: { type: string; value: string }[] };

describe('redact', () => {
  it.each(scrubbed)('takes out %s, wherever it stands', sentinel => {
    for (const text of [
      sentinel,
      `before ${sentinel} after`,
      `(${sentinel})`,
      `{"a":"${sentinel}"}`,
      `x\n${sentinel}\ny`,
    ]) {
      const left = redact(text);
      expect(tellingParts(sentinel).filter(part => left.includes(part))).toEqual([]);
      if (text.startsWith('before')) expect(left).toMatch(/^before .* after$/);
    }
  });

  it.each(surviving)('leaves %s alone', harmless => {
    expect(redact(harmless)).toBe(harmless);
    expect(redact(`before ${harmless} after`)).toBe(`before ${harmless} after`);
  });

  it.each([
    ['GET https://shop.example/search?q=jane#top failed', 'GET https://shop.example/search?[query] failed'],
    ['/v1/widget/demo/turns?email=x', '/v1/widget/demo/turns?[query]'],
    ['https://token@git.example/x', 'https://[credentials]@git.example/x'],
    ['Cookie: cf_conversation=1; theme=dark', 'Cookie: [secret]'],
    ['sent Bearer abc-123 and Basic amFuZTpwYXNz1', 'sent Bearer [secret] and Basic [secret]'],
    [
      'a bearer token is missing, basic authentication is not',
      'a bearer token is missing, basic authentication is not',
    ],
    ['an id of eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln was refused', 'an id of [secret] was refused'],
    ['{"Authorization":"Basic amFuZTpwYXNz"}', '{"Authorization":[secret]}'],
    ['key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'key [secret]'],
    ['token u8YQ0pQz0E3X7nqk2mXw9fB1tYc4JrVs6hLd5aGi', 'token [secret]'],
    ['ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', '[email]'],
    ['jane\u00ad.doe\u200b@example.com', '[email]'],
    ['DE89 3704 0044 0532 0130 00 and DE89 3704 0044 0532 0130 00', '[iban] and [iban]'],
    ['4242 4242 4242 4242 12/29', '[card] 12/29'],
    ['lot AB12 CDEF GHIJ KLMN OPQR', 'lot AB12 CDEF GHIJ KLMN OPQR'],
    ['connect ECONNREFUSED 203.0.113.9:5432', 'connect ECONNREFUSED [ip]:5432'],
    ['Foo::bar at 10:00:00', 'Foo::bar at 10:00:00'],
  ])('%s becomes %s', (text, left) => {
    expect(redact(text)).toBe(left);
  });

  it('is done once: what was redacted stays as it is', () => {
    for (const sentinel of scrubbed) expect(redact(redact(sentinel))).toBe(redact(sentinel));
  });

  it('writes no more than a line, and no half of what it takes out', () => {
    for (let length = 9_960; length < 10_010; length += 1) {
      const left = redact(`${'x '.repeat(length / 2)}jane.doe@example.com +1 415 555 2671`);
      expect(left.length).toBeLessThanOrEqual(1_000);
      expect(redact(`${'https://a/?'.padEnd(length, 'x')} jane.doe@example.com`)).not.toMatch(/jane/);
      expect(redact(`${'https://a/?'.padEnd(length, 'x')} +1 415 555 2671`)).not.toMatch(/415/);
    }
  });

  const pieces = [
    'a',
    '1 ',
    'a@',
    '::',
    '/?',
    '"',
    'DE89 ',
    'a.',
    'token',
    '0-',
    'http://a',
    '%40',
    '=: ',
    '+1',
    'eyJaaaaa.',
  ];
  // A pattern that backtracks would take minutes.
  it.each(pieces)('is not slowed down by %j, a thousand times and more', { timeout: 2_000 }, piece => {
    for (const length of [10_000, 5_000_000]) {
      expect(redact(piece.repeat(length / piece.length)).length).toBeLessThanOrEqual(1_000);
    }
  });

  const sentences: Sentence[] = sharedData('fetched/pii/presidio_small.json.gz') ?? [];
  const why = sentences.length === 0 ? ' (skipped: ../shared/data is not here)' : '';
  it.skipIf(sentences.length === 0)(
    `finds what has a shape in labelled sentences, and leaves other words${why}`,
    () => {
      const shaped = ['EMAIL_ADDRESS', 'PHONE_NUMBER', 'CREDIT_CARD', 'IP_ADDRESS', 'US_SSN', 'IBAN_CODE'];
      const missed: string[] = [];
      let [words, kept] = [0, 0];
      for (const { text, spans } of sentences) {
        const labelled = spans.filter(({ type }) => shaped.includes(type));
        const left = redact(text);
        missed.push(
          ...labelled.filter(({ value }) => left.includes(value)).map(({ type, value }) => `${type} ${value}`),
        );
        const others = labelled.reduce((rest, { value }) => rest.replace(value, ' '), text).match(/\p{L}{2,}/gu) ?? [];
        words += others.length;
        kept += others.filter(word => left.includes(word)).length;
      }
      expect(missed).toEqual([]);
      expect(kept / words).toBeGreaterThan(0.995);
    },
  );
});
