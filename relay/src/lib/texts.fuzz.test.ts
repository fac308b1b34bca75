import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { fuzz, hostileText } from '../../../e2e/fuzz.ts';
import type { AppError } from './app-error.ts';
import { contactsIn, emailKey, mentionsIn, phoneKey, replaceMentions } from './contacts.ts';
import { pageOf, placeOf } from './cursor.ts';
import { detectLanguage } from './detect-language.ts';
import { bestTag } from './language-tag.ts';
import { localTimeOf, momentOf } from './local-time.ts';
import { pageAddress } from './page-address.ts';
import { redact } from './redact.ts';

/** A cursor of which one part may be right. */
const half = fc
  .tuple(
    fc.oneof(hostileText({ max: 40 }), fc.constant('2026-02-30T00:00:00Z')),
    fc.oneof(fc.uuid(), hostileText({ max: 40 })),
  )
  .map(parts => Buffer.from(parts.join(' ')).toString('base64url'));

const COUNTRIES = ['US', 'GB', 'DE', 'IN', 'BR', null];
const EMAILS = ['ann@shop.example', 'o.neil+x@mail.co.uk', 'grüße@bücher.example'];
const PHONES = ['+14155552671', '+353851234567', '+4930123456'];

describe('texts of outside', () => {
  fuzz('any text is searched for contacts, and what is found is in its normal form', [hostileText()], text => {
    const { emails, phones } = contactsIn(text);
    for (const email of emails) expect(emailKey(email)).toBe(email);
    for (const phone of phones) expect(phoneKey(phone, null)).toBe(phone);
  });

  fuzz(
    'any text is an address or a number, or none',
    [hostileText({ max: 300 }), fc.constantFrom(...COUNTRIES)],
    (text, country) => {
      const [email, phone] = [emailKey(text), phoneKey(text, country)];
      if (email !== undefined)
        expect([emailKey(email), email.length]).toEqual([email, expect.toSatisfy(n => n <= 254)]);
      if (phone !== undefined) expect(phone).toMatch(/^\+\d{4,17}$/);
    },
  );

  fuzz(
    'a person is found, and erased, in any text',
    [hostileText({ max: 400 }), hostileText({ max: 400 }), fc.constantFrom(...EMAILS), fc.constantFrom(...PHONES)],
    (before, after, email, phone) => {
      const keys = { email: emailKey(email), phone: phoneKey(phone, null) };
      const text = `${before} ${email} ${phone} ${after}`;
      expect(mentionsIn(text, keys)).toBe(true);
      const { text: erased, count } = replaceMentions(text, keys, '[erased]');
      expect(count).toBeGreaterThanOrEqual(2);
      expect(erased).not.toContain(email);
      expect(mentionsIn(erased, keys)).toBe(false);
    },
  );

  fuzz(
    'no secret passes the scrubber, whatever stands around it',
    [
      hostileText({ max: 300 }),
      hostileText({ max: 300 }),
      fc.constantFrom(...EMAILS.slice(0, 2), 'sk-proj-abcdefghijkl1234'),
    ],
    (before, after, secret) => {
      const written = redact(`${before} ${secret} ${after}`);
      expect(written.length).toBeLessThanOrEqual(1_000);
      expect(written).not.toContain(secret);
    },
  );

  fuzz(
    'any cursor is a place, or a 400',
    [
      fc.oneof(
        hostileText(),
        hostileText().map(text => Buffer.from(text).toString('base64url')),
        half,
      ),
    ],
    cursor => {
      try {
        const place = placeOf(cursor);
        expect(Number.isNaN(place?.at.getTime())).toBe(false);
      } catch (error) {
        expect((error as AppError).code).toBe('validation_failed');
      }
    },
  );

  fuzz(
    'a cursor of ours leads back to its place',
    [fc.date({ min: new Date('0001-01-01Z'), max: new Date('9999-12-31Z'), noInvalidDate: true }), fc.uuid()],
    (at, id) => {
      const { nextCursor } = pageOf(
        [
          { id, at },
          { id, at },
        ],
        1,
        row => row.at,
      );
      expect(placeOf(nextCursor as string)).toEqual({ at, id });
    },
  );

  fuzz(
    'any address of a page loses all that may tell of a person',
    [fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), hostileText())],
    url => {
      const address = pageAddress(url);
      if (address === undefined) return;
      expect(address).toMatch(/^https?:\/\//);
      expect(address).not.toMatch(/[?#]/);
      expect(new URL(address)).toMatchObject({ username: '', password: '' });
    },
  );

  fuzz(
    'any wish for a language gets one that there is, or none',
    [
      fc.array(fc.constantFrom('en', 'de', 'de-AT', 'pt-BR'), { maxLength: 4 }),
      fc.array(hostileText({ max: 40 }), { maxLength: 5 }),
    ],
    (tags, wishes) => {
      const found = bestTag(tags, wishes);
      if (found !== undefined) expect(tags).toContain(found);
    },
  );

  fuzz('any text has a language, or the one that is expected', [hostileText()], async text => {
    expect(await detectLanguage(text, 'ga-IE')).toMatch(/^[a-z]{2,3}(-[A-Za-z\d]+)*$/);
  });

  fuzz(
    'a time on the clocks of any zone is a moment that they show, or the first after a gap',
    [
      fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
      fc.integer({ min: Date.parse('1995-01-01'), max: Date.parse('2036-12-31') }),
    ],
    (zone, ms) => {
      const wanted = localTimeOf(new Date(Math.floor(ms / 60_000) * 60_000), zone);
      expect(localTimeOf(momentOf(wanted, zone), zone)).toEqual(wanted);
    },
    { runs: 1_000 },
  );
});
