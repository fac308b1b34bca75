import type { Session } from '../session.ts';
import type { PageAction } from '../ui/menu.ts';
import type { Page } from '../ui/page.ts';
import { keptPage } from './form-page.ts';
import { type About, leadPages } from './lead.ts';
import { rightsPages } from './rights.ts';
import { transcriptPage } from './transcript.ts';

/** The pages of one chat. What is typed there and not sent stays for the next time that its page is opened. */
export type Pages = Record<PageAction, (back: () => void, about: About) => Page>;

/** Every page that takes the place of the chat for a while, by the choice in the menu that opens it. */
export function createPages(session: Session): Pages {
  return {
    ...rightsPages(session),
    ...leadPages(session),
    transcript: keptPage(back => transcriptPage(session, back)),
  };
}
