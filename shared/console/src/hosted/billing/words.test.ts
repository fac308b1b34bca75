import type { BillingResponse, Plan } from '@confab/contract';
import { describe, expect, it, vi } from 'vitest';
import { type BillingNotice, includes, noticeWords } from './words.ts';

vi.stubGlobal('document', { documentElement: { lang: 'en' } });

const limits = { conversationsPerMonth: 1_000, messagesPerConversation: 1, sites: 1, seats: null };
const plan: Plan = { handle: 'starter', name: 'Starter', limits, features: ['crm'] };
const billing = {
  plan,
  subscription: null,
  usage: {
    periodEnd: '2026-12-01T00:00:00Z',
    conversations: { used: 812, limit: 1_000 },
    sites: { used: 1, limit: 1 },
    seats: { used: 2, limit: null },
  },
} as BillingResponse;
const said = (notice: Pick<BillingNotice, 'kind'> & Partial<BillingNotice>) =>
  noticeWords({ limit: null, until: null, ...notice }, billing);

describe('a notice', () => {
  it('of conversations says what visitors get, that nothing is lost, and when the count begins anew', () => {
    const { says, more } = said({ kind: 'limit_near', limit: 'conversations' });
    expect(says).toBe('Conversations of this month: 812 of 1,000 used.');
    expect(more).toMatch(/quoting your pages.*nothing is lost.*December 1, 2026 \(UTC\)/s);
  });

  it('of sites says that those which are there stay', () => {
    expect(said({ kind: 'limit_reached', limit: 'sites' })).toMatchObject({
      says: 'Sites: 1 of 1 used.',
      more: expect.stringContaining('stay'),
    });
  });

  it('of a payment is the only one that is an error, and says until when everything works', () => {
    const until = '2026-11-29T12:00:00Z';
    const kinds = ['limit_near', 'limit_reached', 'trial_ends', 'payment_failed', 'plan_ends', 'no_plan'] as const;
    expect(kinds.filter(kind => said({ kind, until }).status === 'error')).toEqual(['payment_failed']);
    expect(said({ kind: 'payment_failed', until }).more).toContain('works as before until Nov 29, 2026');
    expect(said({ kind: 'payment_failed' }).more).not.toMatch(/–|null/);
  });
});

it('a plan is told line by line, with what has no limit, and nothing that it does not include', () => {
  expect(includes(plan)).toEqual([
    '1,000 conversations each month',
    '1 answer by a model in a conversation',
    '1 site',
    'Any number of people in the team',
    'Leads in your CRM',
  ]);
});
