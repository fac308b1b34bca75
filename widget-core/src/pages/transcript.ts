import type { RelayError } from '../client.ts';
import type { Session } from '../session.ts';
import { element } from '../ui/element.ts';
import { createField } from '../ui/field.ts';
import { type FormPage, formPage } from './form-page.ts';
import { type Texts, textsOf } from './texts.ts';

/**
 * The page on which a visitor has the stored chat sent by e-mail: to an address that they type, see once more, and only
 * then confirm, since what has gone to a wrong one cannot be taken back.
 */
export function transcriptPage({ state, sendTranscript }: Session, back: () => void): FormPage {
  const texts = textsOf(state);
  const view = element('div');
  let shown: FormPage;

  function show(next: FormPage) {
    shown = next;
    view.replaceChildren(next.element);
  }

  function turnTo(next: FormPage) {
    show(next);
    next.focus();
  }

  function askForAddress(value = '', wrong = ''): FormPage {
    const parts = { id: 'transcript-email', name: 'email', kind: 'email', label: texts.email, required: true } as const;
    const field = createField(texts, { ...parts, value });
    field.reject(wrong);
    const page = formPage(
      texts,
      {
        title: texts.transcriptTitle,
        explained: texts.transcriptExplained,
        fields: [field],
        submit: texts.transcriptNext,
        failed: () => texts.transcriptFailed,
        refuse({ email = '' }) {
          if (!/.@./.test(email)) field.rejectValue();
        },
        send: async () => undefined,
        goOn: () => turnTo(askToConfirm(field.value())),
      },
      back,
    );
    return wrong ? { ...page, focus: field.focus } : page;
  }

  function askToConfirm(email: string): FormPage {
    let isWrong = false;
    const change = (wrong?: string) => turnTo(askForAddress(email, wrong));
    const page = formPage(
      texts,
      {
        title: withAddress(texts.transcriptConfirm, email),
        submit: texts.transcriptSend,
        other: { label: texts.transcriptChange, press: change },
        failed: code => texts[refusals[code ?? ''] ?? 'transcriptFailed'],
        async send() {
          try {
            if (!(await sendTranscript(email))) return undefined;
            page.rename(texts.transcriptTitle); // nothing is asked any more
            return withAddress(texts.transcriptSent, email);
          } catch (error) {
            isWrong = (error as RelayError).code === 'validation_failed';
            if (isWrong) return undefined;
            throw error;
          }
        },
        goOn: () => (isWrong ? change(texts.emailWrong) : back()),
      },
      back,
    );
    return page;
  }

  show(askForAddress());
  return {
    element: view,
    focus: () => shown.focus(),
    rename: title => shown.rename(title),
    leave() {},
    isDone: () => shown.isDone(),
  };
}

const withAddress = (text: string, email: string) => text.replace('{email}', () => email);

const refusals: Record<string, keyof Texts> = {
  not_offered: 'transcriptRefused',
  nothing_to_send: 'transcriptRefused',
  rate_limited: 'transcriptLimited',
};
