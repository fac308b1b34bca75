import type { Offer, Session } from '../session.ts';
import { element } from './element.ts';
import { createField } from './field.ts';
import { formPage } from './form-page.ts';
import type { Page } from './page.ts';

/** A page on which a visitor leaves contact details, and may ask to be called back; an offer of that is ticked already. */
export function leadPage({ state, leaveDetails }: Session, back: () => void, offer?: Offer): Page {
  const { texts, config } = state;
  const fields = (['name', 'email', 'phone', 'message'] as const).map(kind => {
    const label = kind === 'message' ? texts.leadMessage : texts[kind];
    return createField(texts, { id: `lead-${kind}`, name: kind, kind, label });
  });
  const time = createField(texts, { id: 'lead-time', name: 'time', kind: 'time', label: texts.callbackTime });
  const [call, ask] = checkbox('lead-call', texts.callback);
  const [news, agree] = checkbox('lead-marketing', texts.marketing);
  call.checked = offer === 'callback' && config?.features.callback === true;
  const showTime = () => {
    time.element.hidden = !call.checked;
  };
  call.addEventListener('change', showTime);
  showTime();

  return formPage(
    texts,
    {
      title: call.checked ? texts.callback : texts.leadTitle,
      explained: texts.leadExplained,
      fields,
      more: [...(config?.features.callback ? [ask, time.element] : []), ...(config?.features.marketing ? [agree] : [])],
      submit: texts.leadSend,
      failed: texts.leadFailed,
      path: 'fields.',
      refuse({ email, phone }) {
        const [, emailField, phoneField] = fields;
        if (call.checked && !phone) {
          phoneField?.rejectValue();
          return { field: phoneField };
        }
        if (news.checked && !email) {
          emailField?.rejectValue();
          return { field: emailField };
        }
        return email || phone ? undefined : { field: emailField, reason: texts.leadNeedsReach };
      },
      async send(filledIn) {
        const callbackAt = call.checked && time.value() ? new Date(time.value()).toISOString() : undefined;
        const kind = call.checked ? 'callback' : 'lead';
        await leaveDetails({
          kind,
          fields: filledIn,
          ...(callbackAt && { callbackAt }),
          ...(news.checked && { marketing: true }),
        });
        return texts.leadSent;
      },
    },
    back,
  );
}

function checkbox(id: string, words: string) {
  const box = element('input', { type: 'checkbox', id });
  return [box, element('label', { for: id, class: 'check' }, box, words)] as const;
}
