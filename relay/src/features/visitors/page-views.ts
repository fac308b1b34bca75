import type { PageviewRequest } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageAddress } from '../../lib/page-address.ts';
import type { Consent, Consented } from '../consent/index.ts';
import type { Site } from '../sites/index.ts';
import type { PageViewStore } from './store.ts';

export type PageViews = ReturnType<typeof createPageViews>;

type Conversation = Consented & { id: string; restrictedAt: Date | null };

type Deps = {
  db: Db;
  store: PageViewStore;
  consent: Pick<Consent, 'allows'>;
  /** The conversations come after the visitors, so the look-up by the handle is handed in. */
  conversationOf: (site: Site, handle: string) => Promise<Conversation | null>;
  count: (siteId: string, name: 'pageViews') => void;
  /** Hears that somebody saw a page. */
  onView: (site: Site) => Promise<void>;
  now: () => Date;
};

export function createPageViews({ db, store, consent, conversationOf, count, onView, now }: Deps) {
  return {
    /**
     * Keeps that the visitor saw a page. Throws 404 `conversation_not_found`, and 403 `consent_required` unless the
     * visitor agrees to analytics now and the use of the conversation is not restricted.
     */
    async record(site: Site, { conversationId: handle, url, referrer }: PageviewRequest): Promise<void> {
      const conversation = await conversationOf(site, handle);
      if (!conversation) throw notFound();
      const isAllowed = !conversation.restrictedAt && (await consent.allows(db, site, conversation, 'analytics'));
      if (!isAllowed) throw new AppError('consent_required', 'The visitor has not agreed to analytics.');
      const isKept = await store.add(site.id, {
        id: uuidv7(),
        conversationId: conversation.id,
        url: pageAddress(url) ?? '',
        referrer: (referrer && pageAddress(referrer)) || null,
        createdAt: now(),
      });
      if (!isKept) throw notFound();
      count(site.id, 'pageViews');
      await onView(site);
    },
  };
}

const notFound = () => new AppError('conversation_not_found', 'This conversation is not stored (any more).');
