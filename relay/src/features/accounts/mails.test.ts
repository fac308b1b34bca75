import { describe, expect, it } from 'vitest';
import { type AccountNews, noticeOf } from './mails.ts';
import { byLanguage } from './words/index.ts';

const RELAY = 'https://relay.example';
const token = 'a-token_of-a-link';
const accountName = 'The Shop';

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

  it('for support says where to answer', () => {
    const replyTo = 'ada@people.example';
    const news: AccountNews = { kind: 'support', subject: 'Help', message: 'M', context: [], replyTo };
    expect(noticeIn('en', news)).toMatchObject({ subject: 'Support: Help', replyTo });
  });
});
