import type { Session } from '../session.ts';
import { correctPage } from './correct.ts';
import { confirmPage } from './form-page.ts';
import type { MenuAction } from './menu.ts';
import { documentPage, type Page } from './page.ts';
import { readable, sections } from './readable.ts';

type Right = Exclude<MenuAction, 'changeMind' | 'newChat' | 'leaveDetails'>;

/** The pages on which a visitor sees and decides about what is stored, by the choice in the menu that opens them. */
export function rightsPages(session: Session) {
  const { state, myData, myReceipt, withdraw, restrict } = session;
  const pages: Record<Right, (back: () => void) => Page> = {
    showData(back) {
      const { texts } = state;
      const fetch = async () => {
        const { document, page } = await myData();
        const files = [{ label: texts.download, name: 'confab-data.json', content: json(document) }];
        if (page) files.push({ label: texts.downloadPage, name: 'confab-data.html', content: page });
        return { shown: sections(document.data, state), files };
      };
      return documentPage(texts, { title: texts.dataTitle, fetch, none: texts.dataNone }, back);
    },
    receipt(back) {
      const { texts, config } = state;
      const fetch = async () => {
        const receipt = await myReceipt();
        if (!receipt) return undefined;
        const files = [{ label: texts.downloadReceipt, name: 'confab-receipt.json', content: json(receipt) }];
        return { shown: [readable(receipt, config?.locale)], files };
      };
      return documentPage(texts, { title: texts.receiptTitle, fetch, none: texts.receiptNone }, back);
    },
    withdraw(back) {
      const { withdrawConfirm: title, withdrawConfirmed: submit, withdrawFailed: failed } = state.texts;
      return confirmPage(state.texts, { title, submit, failed, confirm: withdraw }, back);
    },
    restrict(back) {
      const { restrictConfirm: title, restrictExplained: explained, restrictConfirmed: submit } = state.texts;
      const confirm = () => restrict(true);
      return confirmPage(state.texts, { title, explained, submit, failed: state.texts.requestFailed, confirm }, back);
    },
    allowUse(back) {
      const { allowUseConfirm: title, allowUseExplained: explained, allowUseConfirmed: submit } = state.texts;
      const confirm = () => restrict(false);
      return confirmPage(state.texts, { title, explained, submit, failed: state.texts.requestFailed, confirm }, back);
    },
    correct: back => correctPage(session, back),
  };
  return pages;
}

const json = (value: unknown) => new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' });
