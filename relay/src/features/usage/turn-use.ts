import type { AnswerOutcome } from '@confab/contract';
import type { Prisma } from '../../db/database.ts';
import type { Site } from '../sites/index.ts';
import type { AccountLimits } from './account-limits.ts';
import type { DayCounts } from './day-counts.ts';
import { monthOf } from './months.ts';
import type { Begun, Count, UsageStore } from './store.ts';

/** What a turn is a part of. */
export type Opened = {
  /** When it began: it is counted in that month, however long it takes. */
  at: Date;
  /** Nothing of a visitor who declined. */
  conversationId: string | null;
  /** Whether it is the first of its conversation. */
  first: boolean;
  /** How many answers a carried thread holds. */
  answers: number;
  /** Whether the conversation began past its plan's limit. */
  isLimited: boolean;
  /** How the account stood once the conversation was counted, where its beginning has counted it. */
  begun?: Begun | undefined;
};

/** How a turn ended; `provider` is null where nobody said a word. */
export type Ended = { provider: string | null; outcome: AnswerOutcome | null; costMicros: number };

/** What is to be counted with an answer; and whether its conversation began past its plan's limit. */
export type Used = { count: Count; isLimited: boolean };

/** What one turn uses of what the site may. */
export type TurnUse = {
  /**
   * Whether language models may be asked. What the turn may need of a limit is set aside by then, in one statement, so
   * that turns at once cannot overrun it; where nothing is limited, no statement is made.
   */
  admit(): Promise<boolean>;
  /** What is to be counted, once, with the answer; what was set aside and not used is in it with a minus. */
  end(ended: Ended): Promise<Used | undefined>;
};

type Deps = {
  store: UsageStore;
  accounts: AccountLimits;
  counts: Pick<DayCounts, 'add'>;
  /** Hears that a turn goes without a model: of the account's plan, or of the site's own number of answers. */
  onRefused?: ((by: 'plan' | 'owner') => void) | undefined;
  now: () => Date;
};

/** Counts turns, and keeps them within the limits of the site and of its account's plan. */
export function createTurnUse({ store, accounts, counts, onRefused = () => {}, now }: Deps) {
  return {
    /**
     * A statement that counts a stored conversation for each row of `"spent"` as it begins, and returns how the account
     * then stands; no row where the limit is reached. Nothing where there is none: then it is counted with its first answer.
     */
    beginning(site: Site, at: Date): Prisma.Sql | undefined {
      const most = accounts.limitsOf(site)?.conversationsPerMonth ?? null;
      if (most === null || site.accountId === null) return undefined;
      return store.beginning({ accountId: site.accountId, periodStart: monthOf(at), most });
    },

    turnOf(site: Site, opened: Opened): TurnUse {
      const { at, conversationId, first } = opened;
      const periodStart = monthOf(at);
      const limits = accounts.limitsOf(site);
      const most = {
        conversations: conversationId === null && first ? (limits?.conversationsPerMonth ?? null) : null,
        perConversation: limits?.messagesPerConversation ?? null,
        models: answersLimitOf(site),
      };
      // A limit that is gone holds nobody back any more.
      let isLimited = opened.isLimited && limits?.conversationsPerMonth != null;
      /** Of a stored conversation its beginning has counted it, whatever comes of it: it can be gone on with. */
      const isCounted = conversationId !== null && limits?.conversationsPerMonth != null;
      const held = { conversation: false, answer: false, model: false };
      let refusedBy: 'plan' | 'owner' = 'plan';
      let admission: Promise<boolean> | undefined;

      async function reserve(): Promise<boolean> {
        const { accountId } = site;
        if (first && isLimited) await accounts.refused(site, at);
        if (opened.begun) await accounts.told(site, at, opened.begun);
        if (isLimited) return false;
        if (conversationId === null && most.perConversation !== null && opened.answers >= most.perConversation)
          return false;
        const answers = conversationId === null ? null : most.perConversation;
        const { conversations, models } = most;
        if (conversations === null && answers === null && models === null) return true;

        const given = await store.reserve({
          siteId: site.id,
          periodStart,
          account: accountId !== null && conversations !== null ? { accountId, most: conversations } : null,
          conversation: conversationId !== null && answers !== null ? { conversationId, most: answers } : null,
          models,
        });
        if (conversations !== null) {
          held.conversation = given.begun !== undefined;
          isLimited = !given.begun;
          await (given.begun ? accounts.told(site, at, given.begun) : accounts.refused(site, at));
        }
        held.answer = given.answer;
        held.model = given.model;
        if (isLimited || (answers !== null && !given.answer)) return false;
        refusedBy = 'owner';
        return models === null || given.model;
      }

      return {
        admit() {
          admission = reserve().then(may => {
            if (!may) onRefused(refusedBy);
            return may;
          });
          return admission;
        },

        async end({ provider, outcome, costMicros }) {
          await admission?.catch(() => {});
          const isAnswer = provider !== null;
          const isModels = isAnswer && provider !== 'extractive';
          // What nobody has read a word of begins anew when it is asked again.
          const isBegun = first && isAnswer;
          if (isAnswer) counts.add(site.id, 'answers');
          if (isBegun) counts.add(site.id, 'conversations');
          if (outcome === 'answered' || outcome === 'unanswered') counts.add(site.id, outcome);
          const one = (is: boolean) => (is ? 1 : 0);
          const count = {
            siteId: site.id,
            accountId: site.accountId,
            periodStart,
            conversations: one(isBegun),
            answers: one(isAnswer),
            modelAnswers: one(isModels) - one(held.model),
            begun: one(isBegun && !isLimited && !isCounted) - one(held.conversation),
            messages: one(isAnswer),
            costMicros,
            answersBack: one(held.answer && !isAnswer),
          };
          return { count, isLimited };
        },
      };
    },

    /** For who only tries an answer: models may be asked while the site's limit is not reached, and nothing is counted. */
    trialOf: (site: Site): TurnUse => ({
      async admit() {
        const limit = answersLimitOf(site);
        return limit === null || (await store.of(site.id, monthOf(now()))).modelAnswers < limit;
      },
      end: async () => undefined,
    }),
  };
}

/** The owner's own limit of answers by language models or that of what a platform sells, whichever comes first. */
export function answersLimitOf({ settings, plan }: Site): number | null {
  const limits = [settings.limits.answersPerMonth, plan?.answersPerMonth ?? null].filter(limit => limit !== null);
  return limits.length > 0 ? Math.min(...limits) : null;
}
