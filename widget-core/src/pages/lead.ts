import { closedLine } from '../closed-line.ts';
import { timeZone } from '../locale.ts';
import type { Offer, Session } from '../session.ts';
import { element } from '../ui/element.ts';
import { createField } from '../ui/field.ts';
import type { Page } from '../ui/page.ts';
import { formPage, keptPage } from './form-page.ts';
import { asTyped, wrongTime } from './local-time.ts';
import { textsOf } from './texts.ts';

/** What the visitor comes with: what was offered, and the question that it was offered for. */
export interface About {
  offer?: Offer | undefined;
  question?: string | undefined;
}

/** The page on which a visitor leaves contact details, and may ask to be called back. */
export function leadPages(session: Session) {
  const open = keptPage((back: () => void) => leadPage(session, back));
  return {
    leaveDetails(back: () => void, about: About): Page {
      const page = open(back);
      page.take(about);
      return page;
    },
  };
}

function leadPage({ state, leaveDetails }: Session, back: () => void) {
  const texts = textsOf(state);
  const { config } = state;
  const { leads, callback, marketing } = config?.features ?? {};
  const fieldOf = (kind: 'name' | 'email' | 'phone' | 'message', label: string, purpose = '') =>
    createField(texts, { id: `lead-${kind}`, name: kind, kind, label, purpose });
  const name = fieldOf('name', texts.name);
  const email = fieldOf('email', texts.email, leads ? texts.leadNeedsReach : '');
  const phone = fieldOf('phone', texts.phone);
  const message = fieldOf('message', texts.leadMessage);
  const time = createField(texts, {
    ...{ id: 'lead-time', name: CALLBACK_AT, kind: 'time', label: texts.callbackTime, min: asTyped(new Date()) },
    purpose: `${closedLine(config, texts)} ${texts.callbackZone.replace('{zone}', timeZone())}`.trim(),
    wrong: texts.callbackPast,
  });
  const [call, wish] = checkbox('lead-call', texts.callback);
  const [news, agree] = checkbox('lead-marketing', texts.marketing);
  let isOwnChoice = false;
  let suggested = '';

  const page = formPage(
    texts,
    {
      title: texts.leadTitle,
      explained: texts.leadExplained,
      fields: [name, email, phone, message, time],
      content: [
        ...[name, email, phone, message].map(({ element }) => element),
        ...(leads && callback ? [wish] : []), // where there is only one of them, there is nothing to choose
        ...(callback ? [time.element] : []),
        ...(marketing ? [agree] : []),
      ],
      submit: texts.leadSend,
      failed: code => (code === 'rate_limited' ? texts.transcriptLimited : texts.leadFailed),
      pathOf: field => (field === CALLBACK_AT ? field : `fields.${field}`),
      refuse(filledIn) {
        const needsPhone = call.checked;
        const needsEmail = news.checked || !(needsPhone || filledIn.phone);
        if (needsEmail && !filledIn.email) email.rejectValue();
        if (needsPhone && !filledIn.phone) phone.rejectValue();
        const typed = filledIn[CALLBACK_AT];
        const wrong = time.isHalf() ? 'callbackHalf' : typed && wrongTime(typed, new Date());
        if (call.checked && wrong) time.reject(texts[wrong]);
      },
      async send({ [CALLBACK_AT]: typed, ...fields }) {
        const isCallback = call.checked;
        await leaveDetails({
          kind: isCallback ? 'callback' : 'lead',
          fields,
          ...(isCallback && typed && { callbackAt: new Date(typed).toISOString() }),
          ...(news.checked && { marketing: true }),
        });
        return texts.leadSent;
      },
    },
    back,
  );

  function ask(isCallback: boolean) {
    call.checked = isCallback;
    time.element.hidden = !isCallback;
    phone.require(isCallback);
  }
  call.addEventListener('change', () => {
    isOwnChoice = true;
    ask(call.checked);
  });

  return {
    ...page,
    /** What the visitor comes with takes nothing away that they wrote or chose themselves. */
    take({ offer, question }: About) {
      if (!isOwnChoice || offer === 'callback') ask(callback === true && (offer === 'callback' || !leads));
      page.rename(call.checked ? texts.callback : texts.leadTitle);
      if (!question || message.value() !== suggested) return;
      suggested = question.trim();
      message.set(suggested);
    },
  };
}

/** As the relay calls it. */
const CALLBACK_AT = 'callbackAt';

function checkbox(id: string, words: string) {
  const box = element('input', { type: 'checkbox', id });
  return [box, element('label', { for: id, class: 'check' }, box, words)] as const;
}
