import type { Session } from '../session.ts';
import { element } from './element.ts';
import { createField } from './field.ts';
import { formPage } from './form-page.ts';
import type { Page } from './page.ts';

/** A page on which a visitor leaves contact details, and may ask to be called back. */
export function leadPage({ state, leaveDetails }: Session, back: () => void): Page {
  const { texts, config } = state;
  const fields = (['name', 'email', 'phone', 'message'] as const).map(kind => {
    const label = kind === 'message' ? texts.leadMessage : texts[kind];
    return createField(texts, { id: `lead-${kind}`, name: kind, kind, label });
  });
  const time = createField(texts, { id: 'lead-time', name: 'time', kind: 'time', label: texts.callbackTime });
  const call = element('input', { type: 'checkbox', id: 'lead-call' });
  const ask = element('label', { for: 'lead-call', class: 'check' }, call, texts.callback);
  time.element.hidden = true;
  call.addEventListener('change', () => {
    time.element.hidden = !call.checked;
  });

  const news = element('input', { type: 'checkbox', id: 'lead-marketing' });
  const agree = element('label', { for: 'lead-marketing', class: 'check' }, news, texts.marketing);

  return formPage(
    texts,
    {
      title: texts.leadTitle,
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
