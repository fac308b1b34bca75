import { describe, expect, it } from 'vitest';
import { type AccountNews, noticeOf } from './mails.ts';
import { byLanguage } from './words/index.ts';

const RELAY = 'https://relay.example';
const token = 'a-token_of-a-link';
const accountName = 'The Shop';
const ofAccount = { accountId: '0199c0de-0000-7000-8000-000000000001', accountName };
const BILLING = `${RELAY}/console/account/billing?account=${ofAccount.accountId}`;

const all: AccountNews[] = [
  { kind: 'verify', token },
  { kind: 'exists' },
  { kind: 'reset', token },
  { kind: 'confirm_email', token },
  { kind: 'email_change_asked' },
  { kind: 'email_changed' },
  { kind: 'password_changed' },
  { kind: 'two_factor_on' },
  { kind: 'two_factor_off' },
  { kind: 'recovery_code_used' },
  { kind: 'recovery_codes_new' },
  { kind: 'passkey_added' },
  { kind: 'passkey_removed' },
  { kind: 'new_device', at: '2026-11-22T10:00:00.000Z', ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' },
  { kind: 'invitation', accountName, inviter: 'Ada', token },
  { kind: 'invitation', accountName: null, inviter: null, token },
  { kind: 'deletion_planned', accountName, deleteAt: '2026-12-06T10:00:00.000Z' },
  { kind: 'deletion_stopped', accountName },
  { kind: 'account_deleted', accountName },
  { kind: 'export_ready', accountName },
  {
    kind: 'limit_near',
    ...ofAccount,
    limit: 'conversations',
    used: 4000,
    most: 5000,
    resetsAt: '2026-12-01T00:00:00Z',
  },
  {
    kind: 'limit_reached',
    ...ofAccount,
    limit: 'conversations',
    used: 5000,
    most: 5000,
    resetsAt: '2026-12-01T00:00:00Z',
  },
  { kind: 'payment_failed', ...ofAccount, until: '2026-12-06T10:00:00Z' },
  { kind: 'trial_ends', ...ofAccount, at: '2026-12-06T10:00:00Z' },
  { kind: 'plan_ends', ...ofAccount, at: '2026-12-06T10:00:00Z' },
];
const noticeIn = (locale: string, news: AccountNews) => noticeOf({ to: 'ada@people.example', locale, ...news }, RELAY);

describe('a mail to a user', () => {
  it.each(all.map(news => [news.kind, news] as const))('of %s has words of its own in each language', (_, news) => {
    const said = Object.keys(byLanguage).map(locale => noticeIn(locale, news));
    expect(said).toHaveLength(4);
    expect(new Set(said.map(({ subject }) => subject)).size).toBe(4);
    expect(new Set(said.map(({ lines }) => lines.join())).size).toBe(4);
    for (const { subject, lines } of said) expect(`${subject} ${lines}`).not.toMatch(/undefined|null|token/);
  });

  it('speaks English to whoever speaks what it does not', () => {
    expect(noticeIn('ja', { kind: 'exists' }).subject).toBe(noticeIn('en-IE', { kind: 'exists' }).subject);
  });

  it.each([
    ['verify', `${RELAY}/console/verify?token=${token}`],
    ['confirm_email', `${RELAY}/console/verify?token=${token}`],
    ['reset', `${RELAY}/console/reset/new?token=${token}`],
    ['invitation', `${RELAY}/console/invitation?token=${token}`],
    ['exists', `${RELAY}/console/sign-in`],
    ['password_changed', `${RELAY}/console/account`],
    ['email_changed', undefined],
    ['account_deleted', undefined],
    ['limit_near', BILLING],
    ['limit_reached', BILLING],
    ['payment_failed', BILLING],
    ['trial_ends', BILLING],
    ['plan_ends', BILLING],
  ])('of %s leads to %s', (kind, url) => {
    const news = all.find(each => each.kind === kind) as AccountNews;
    expect(noticeIn('en', news).action?.url).toBe(url);
  });

  it('makes no link of a name that somebody else chose, and no second line of a subject', () => {
    const evil = 'Win at https://evil.example/now\r\nBcc: all@people.example \u202e';
    const news = { kind: 'invitation', accountName: evil, inviter: evil, token } as const;
    const { subject, lines } = noticeIn('en', news);
    for (const text of [subject, ...lines]) expect(text).not.toMatch(/[\r\n\u202e]|:\/\/|evil\.example|@/);
    expect(subject).toContain('Win at https evil example now');
    const { items } = noticeIn('en', { kind: 'new_device', at: '2026-11-22', ipAddress: null, userAgent: 'a\r\nb' });
    expect(items?.at(-1)).toEqual(['Browser', 'a b']);
  });

  it.each([
    ['en', 'quoting your pages', 'December 1, 2026', '4,000', 'December 6, 2026', 'free plan'],
    ['de', 'Zitaten aus Ihren Seiten', '1. Dezember 2026', '4.000', '6. Dezember 2026', 'kostenlosen Tarif'],
    ['fr', 'extraits de vos pages', '1 décembre 2026', '4\u202f000', '6 décembre 2026', 'formule gratuite'],
    ['es', 'citas de sus páginas', '1 de diciembre de 2026', '4000', '6 de diciembre de 2026', 'plan gratuito'],
  ])(
    'in %s says what happens to visitors past the limit, and without a plan, and when',
    (locale, quotes, day, used, until, free) => {
      const textOf = (kind: string) =>
        noticeIn(locale, all.find(each => each.kind === kind) as AccountNews).lines.join(' ');
      for (const kind of ['limit_near', 'limit_reached']) {
        expect(textOf(kind)).toContain(quotes);
        expect(textOf(kind)).toContain(day);
      }
      expect(textOf('limit_near')).toContain(used);
      for (const kind of ['payment_failed', 'trial_ends', 'plan_ends']) {
        expect(textOf(kind)).toContain(until);
        expect(textOf(kind)).toContain(free);
      }
    },
  );

  it('for support says where to answer', () => {
    const replyTo = 'ada@people.example';
    const news: AccountNews = { kind: 'support', subject: 'Help', message: 'M', context: [], replyTo };
    expect(noticeIn('en', news)).toMatchObject({ subject: 'Support: Help', replyTo });
  });
});
