import { RelayError } from '../client.ts';
import type { SessionState } from '../session.ts';
import { element } from './element.ts';
import { type Field, valuesOf } from './field.ts';
import { framed, type Page } from './page.ts';

type FilledIn = Record<string, string>;

interface FormParts {
  title: string;
  explained: string;
  fields: Field[];
  /** What stands between the fields and the buttons. */
  more?: Node[];
  submit: string;
  failed: string;
  /** What the relay puts before a field's name where it refuses its value. */
  path: string;
  /** Why this cannot be sent, unless the field says so itself, and where to go on; nothing where it can be. */
  refuse(filledIn: FilledIn): { field: Field | undefined; reason?: string } | undefined;
  /** Sends it, and resolves with what came of it; with nothing where there is nothing to say. */
  send(filledIn: FilledIn): Promise<string | undefined>;
}

/** A page with a form, which is sent once at a time. It stays with what came of it, or with what was wrong. */
export function formPage(texts: SessionState['texts'], parts: FormParts, back: () => void): Page {
  const { fields, path, refuse, send } = parts;
  const problem = element('p', { role: 'alert', class: 'problem' });
  const submit = element('button', { type: 'submit', class: 'button' }, parts.submit);
  const cancel = element('button', { type: 'button', class: 'button' }, texts.cancel);
  // The relay alone decides what an address or a number is; `novalidate` keeps the browser from a second opinion.
  const form = element(
    'form',
    { class: 'form', novalidate: '' },
    ...fields.map(field => field.element),
    ...(parts.more ?? []),
    problem,
    element('div', { class: 'choice' }, submit, cancel),
  );
  const outcome = element('p', { role: 'status' });
  const explained = element('p', {}, parts.explained);
  const page = framed(texts, parts.title, back, explained, form, outcome);
  let isBusy = false;

  cancel.addEventListener('click', back);
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (isBusy) return;
    const filledIn = valuesOf(fields);
    for (const field of fields) field.reject('');
    const refusal = refuse(filledIn);
    problem.textContent = refusal?.reason ?? '';
    if (refusal) return refusal.field?.focus();
    isBusy = true;
    submit.textContent = texts.working;
    try {
      const said = await send(filledIn);
      if (said === undefined) return back();
      form.remove();
      explained.remove();
      outcome.textContent = said;
      page.focus(); // the button that had it is gone
    } catch (error) {
      const paths = error instanceof RelayError ? error.fields : [];
      const wrong = fields.filter(({ name }) => paths.includes(path + name));
      for (const field of wrong) field.rejectValue();
      if (wrong.length === 0) problem.textContent = parts.failed;
      wrong[0]?.focus();
    }
    isBusy = false;
    submit.textContent = parts.submit;
  });
  return page;
}
