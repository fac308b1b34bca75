import type { Session } from '../session.ts';
import type { PageAction } from '../ui/menu.ts';
import type { Page } from '../ui/page.ts';
import { correctPage } from './correct.ts';
import { documentPage } from './document-page.ts';
import { confirmPage, keptPage } from './form-page.ts';
import { readable, sections } from './readable.ts';
import { textsOf } from './texts.ts';

type Right = Exclude<PageAction, 'leaveDetails' | 'transcript'>;

/** The pages on which a visitor sees and decides about what is stored, by the choice in the menu that opens them. */
export function rightsPages(session: Session) {
  const { state, myData, myReceipt, withdraw, restrict } = session;
  const pages: Record<Right, (back: () => void) => Page> = {
    showData(back) {
      const texts = textsOf(state);
      const fetch = async () => {
        const { document, page } = await myData();
        const files = [{ label: texts.download, name: 'confab-data.json', content: json(document) }];
        if (page) files.push({ label: texts.downloadPage, name: 'confab-data.html', content: page });
        return { shown: sections(document.data, texts, state.config?.locale), files };
      };
      return documentPage(texts, { title: texts.dataTitle, fetch, none: texts.dataNone }, back);
    },
    receipt(back) {
      const texts = textsOf(state);
      const fetch = async () => {
        const receipt = await myReceipt();
        if (!receipt) return undefined;
        const files = [{ label: texts.downloadReceipt, name: 'confab-receipt.json', content: json(receipt) }];
        return { shown: [readable(receipt, state.config?.locale)], files };
      };
      return documentPage(texts, { title: texts.receiptTitle, fetch, none: texts.receiptNone }, back);
    },
    withdraw(back) {
      const texts = textsOf(state);
      const { withdrawConfirm: title, withdrawConfirmed: submit, withdrawFailed: failed } = texts;
      return confirmPage(texts, { title, submit, failed, confirm: withdraw }, back);
    },
    restrict(back) {
      const texts = textsOf(state);
      const { restrictConfirm: title, restrictExplained: explained, restrictConfirmed: submit } = texts;
      const confirm = () => restrict(true);
      return confirmPage(texts, { title, explained, submit, failed: texts.requestFailed, confirm }, back);
    },
    allowUse(back) {
      const texts = textsOf(state);
      const { allowUseConfirm: title, allowUseExplained: explained, allowUseConfirmed: submit } = texts;
      const confirm = () => restrict(false);
      return confirmPage(texts, { title, explained, submit, failed: texts.requestFailed, confirm }, back);
    },
    correct: keptPage(back => correctPage(session, back)),
  };
  return pages;
}

const json = (value: unknown) => new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' });
