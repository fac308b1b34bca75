import type { SiteResponse } from '@confab/contract';
import type { Plan } from '../../../features/sites/index.ts';
import type { Subscription } from '../../../providers/payments/payments.ts';
import { type Html, html } from '../embedded/html.ts';
import { ROOT } from '../embedded/page.ts';
import { table } from '../embedded/parts.ts';
import type { Words } from '../embedded/words.ts';
import { planAmong, plans } from './plans.ts';

export type PlanView = {
  /** Nothing on a relay without paid plans. */
  plan: Plan | null;
  subscription: Subscription | undefined;
  /** Why it is not known what the shop pays for; the plan is the one that Shopify said last then. */
  fault: keyof typeof FAULTS | null;
  /** A shop of a developer, which Shopify charges nothing. */
  isTest: boolean;
  /** Where plans are chosen; nothing where there are none. */
  plansUrl: string | null;
  usage: SiteResponse['usage'];
  /** The owner's own limit of answers. */
  ownLimit: number | null;
};

/** From here on the merchant is told that the limit comes near. */
const NEAR = 0.8;

/** What the operator has to mend is in the relay's log, in the operator's words. */
const FAULTS = {
  passing: 'Shopify could not be asked about your plan. Open this page again in some minutes.',
  lasting: 'Confab does not understand what Shopify says of your plan. Write to the support of Confab.',
};

/** What the shop has bought, how much of it is used, and where to change it. */
export function planPage(view: PlanView, words: Words): Html {
  const { plan, fault } = view;
  return html`<s-page heading="Plan">
${
  fault !== null &&
  html`<s-banner tone="warning" heading="Your plan may have changed">
<s-paragraph>${FAULTS[fault]} What is shown here is what Shopify said last.</s-paragraph>
</s-banner>`
}
${plan === null ? withoutPlans() : planSection(plan, view, words)}
${usageSection(view, words)}
${plan !== null && plansSection(plan, words)}
</s-page>`;
}

/** The merchant and the operator of such a relay are most often one and the same. */
const withoutPlans = (): Html => html`<s-section heading="No paid plans">
<s-stack gap="base">
<s-paragraph>This Confab is run without paid plans: whoever runs the relay pays for its answers, and no plan limits how many there are.</s-paragraph>
<s-paragraph color="subdued">To sell plans by Shopify App Pricing, the relay needs SHOPIFY_PARTNER_ORGANIZATION_ID, SHOPIFY_PARTNER_TOKEN and SHOPIFY_APP_ID. Until then Confab never charges a shop.</s-paragraph>
</s-stack>
</s-section>`;

function planSection(plan: Plan, { subscription, fault, isTest, plansUrl }: PlanView, words: Words): Html {
  return html`<s-section heading="Your plan">
<s-stack gap="base">
<s-stack direction="inline" gap="small" alignItems="center"><s-text fontSize="large-100" fontWeight="semibold">${plan.name}</s-text>${badges(subscription, isTest, words)}</s-stack>
${fault === null && sentences(plan, subscription, isTest, words).map(sentence => html`<s-paragraph>${sentence}</s-paragraph>`)}
${
  plansUrl !== null &&
  html`<s-stack direction="inline"><s-button href="${plansUrl}" target="_top" variant="primary">${subscription ? 'Change plan' : 'See the plans'}</s-button></s-stack>`
}
</s-stack>
</s-section>`;
}

function badges(subscription: Subscription | undefined, isTest: boolean, words: Words): Html {
  return html`${isTest && html`<s-badge tone="info">Test: nothing is charged</s-badge>`}
${subscription?.trialEndsAt && html`<s-badge tone="info">Trial until ${words.day(subscription.trialEndsAt)}</s-badge>`}
${subscription?.endsWithPeriod && html`<s-badge tone="warning">Cancelled</s-badge>`}`;
}

function sentences(plan: Plan, subscription: Subscription | undefined, isTest: boolean, words: Words): string[] {
  if (!subscription)
    return ['You pay nothing. Choose a plan when you need more answers; Shopify bills it with the rest.'];
  const { period, periodEndsAt, trialEndsAt, endsWithPeriod, nextItems } = subscription;
  const next = nextItems && planAmong(nextItems);
  const end = periodEndsAt ? ` on ${words.day(periodEndsAt)}` : '';
  return [
    isTest
      ? 'This is a development store: Shopify shows the plan as bought, and charges nothing.'
      : `${trialEndsAt ? `It costs nothing until ${words.day(trialEndsAt)}. From then on ` : ''}Shopify bills it ${period === 'year' ? 'once a year' : 'every 30 days'}, with the rest of your Shopify invoice.`,
    ...(endsWithPeriod ? [`It ends${end || ' with this billing period'}; from then on you have the Free plan.`] : []),
    ...(next && next.handle !== plan.handle
      ? [`It becomes ${next.name}${end || ' with the next billing period'}.`]
      : []),
    ...(nextItems && !next ? [`It changes${end || ' with the next billing period'}.`] : []),
    ...(!endsWithPeriod && !nextItems && periodEndsAt ? [`It renews${end}.`] : []),
  ];
}

function usageSection({ usage, ownLimit, plan }: PlanView, words: Words): Html {
  const { modelAnswers, answersLimit, periodStart } = usage;
  const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  const heading = `Answers in ${month.format(new Date(periodStart))}`;
  if (answersLimit === null) {
    return html`<s-section heading="${heading}"><s-paragraph>${words.count(usage.answers, 'answer')}. There is no limit.</s-paragraph></s-section>`;
  }
  const isOwn = ownLimit === answersLimit && (plan?.answersPerMonth ?? Number.POSITIVE_INFINITY) > ownLimit;
  const used = `${words.number(modelAnswers)} of ${words.count(answersLimit, 'answer')} used`;
  return html`<s-section heading="${heading}">
<s-stack gap="base">
${limitBanner(usage, words)}
<s-stack gap="small-200">
<s-progress value="${Math.min(modelAnswers, answersLimit)}" max="${Math.max(answersLimit, 1)}" tone="${toneOf(modelAnswers, answersLimit)}" accessibilityLabel="${used}"></s-progress>
<s-text fontVariantNumeric="tabular-nums">${used}</s-text>
</s-stack>
<s-paragraph>${
    isOwn
      ? 'This is the limit that you have set yourself.'
      : 'This is the limit of your plan. Each answer to a visitor by a language model counts as one.'
  } The count begins anew on ${words.moment(nextMonth(periodStart))}.</s-paragraph>
<s-paragraph>At the limit the chat goes on: visitors are answered by passages of your own pages, word for word, and never see an error.</s-paragraph>
${isOwn && html`<s-stack direction="inline"><s-button href="${ROOT}/settings#limits">Change the limit</s-button></s-stack>`}
</s-stack>
</s-section>`;
}

const nextMonth = (periodStart: string): Date => {
  const start = new Date(periodStart);
  return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1));
};

const toneOf = (answers: number, limit: number) =>
  answers >= limit ? 'critical' : answers >= limit * NEAR ? 'warning' : 'auto';

/** Says that the limit comes near, or is there, and what happens then; nothing before. */
export function limitBanner(usage: SiteResponse['usage'], words: Words, action?: Html): Html[] {
  const { modelAnswers: answers, answersLimit: limit, periodStart } = usage;
  // Who has set a limit of none has meant it.
  if (limit === null || limit === 0 || answers < limit * NEAR) return [];
  const anew = words.moment(nextMonth(periodStart));
  const [heading, text] =
    answers < limit
      ? [
          'Most answers of this month are used',
          `${words.count(limit - answers, 'answer is', 'answers are')} left until ${anew}.`,
        ]
      : ['The answers of this month are used up', `Until ${anew} visitors are answered by passages of your own pages.`];
  return [html`<s-banner tone="warning" heading="${heading}"><s-paragraph>${text}</s-paragraph>${action}</s-banner>`];
}

/** What each plan costs is Shopify's to say. */
const plansSection = (current: Plan, words: Words): Html => html`<s-section heading="All plans" padding="none">
${table(
  'All plans',
  ['Plan', 'Answers a month'],
  plans.map(({ handle, name, answersPerMonth }) => [
    handle === current.handle ? html`${name} <s-badge tone="success">Yours</s-badge>` : name,
    answersPerMonth === null ? 'No limit' : words.number(answersPerMonth),
  ]),
)}
</s-section>`;
