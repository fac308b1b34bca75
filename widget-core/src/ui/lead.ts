import { RelayError } from '../client.ts';
import type { Session } from '../session.ts';
import { element } from './element.ts';
import { createField, valuesOf } from './field.ts';
import { framed, type Page } from './page.ts';

/** A page on which a visitor leaves contact details, and may ask to be called back. It stays with what came of it. */
export function leadPage({ state, leaveDetails }: Session, back: () => void): Page {
  const { texts, config } = state;
  const fields = (['name', 'email', 'phone', 'message'] as const).map(kind => {
    const label = kind === 'message' ? texts.leadMessage : texts[kind];
    return createField(texts, { id: `lead-${kind}`, name: kind, kind, label });
  });
  const time = createField(texts, { id: 'lead-time', name: 'time', kind: 'time', label: texts.callbackTime });
  const call = element('input', { type: 'checkbox', id: 'lead-call' });
  const ask = element('label', { for: 'lead-call', class: 'check' }, call, texts.callback);
  const callback = config?.features.callback ? [ask, time.element] : [];
  time.element.hidden = true;
  call.addEventListener('change', () => {
    time.element.hidden = !call.checked;
  });

  const problem = element('p', { role: 'alert', class: 'problem' });
  const send = element('button', { type: 'submit', class: 'button' }, texts.leadSend);
  const cancel = element('button', { type: 'button', class: 'button' }, texts.cancel);
  const form = element(
    'form',
    { class: 'form', novalidate: '' },
    ...fields.map(field => field.element),
    ...callback,
    problem,
    element('div', { class: 'choice' }, send, cancel),
  );
  const outcome = element('p', { role: 'status' });
  const explained = element('p', {}, texts.leadExplained);
  const page = framed(texts, texts.leadTitle, back, explained, form, outcome);
  let isBusy = false;

  cancel.addEventListener('click', back);
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (isBusy) return;
    const filledIn = valuesOf(fields);
    const [, email, phone] = fields;
    for (const field of fields) field.reject('');
    problem.textContent = '';
    if (call.checked && !filledIn.phone) {
      phone?.rejectValue();
      return phone?.focus();
    }
    if (!filledIn.email && !filledIn.phone) {
      problem.textContent = texts.leadNeedsReach;
      return email?.focus();
    }
    isBusy = true;
    send.textContent = texts.working;
    try {
      const callbackAt = call.checked && time.value() ? new Date(time.value()).toISOString() : undefined;
      const kind = call.checked ? 'callback' : 'lead';
      await leaveDetails({ kind, fields: filledIn, ...(callbackAt && { callbackAt }) });
      form.remove();
      explained.remove();
      outcome.textContent = texts.leadSent;
      page.focus(); // the button that had it is gone
    } catch (error) {
      const paths = error instanceof RelayError ? error.fields : [];
      const wrong = fields.filter(({ name }) => paths.includes(`fields.${name}`));
      for (const field of wrong) field.rejectValue();
      if (wrong.length === 0) problem.textContent = texts.leadFailed;
      wrong[0]?.focus();
    }
    isBusy = false;
    send.textContent = texts.leadSend;
  });
  return page;
}
