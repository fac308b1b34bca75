import { RelayError } from '../client.ts';
import type { SessionState } from '../session.ts';
import { button, element } from './element.ts';
import { type Field, valuesOf } from './field.ts';
import { framed, type Page } from './page.ts';

type FilledIn = Record<string, string>;

interface FormParts {
  title: string;
  explained?: string;
  fields?: Field[];
  /** What stands between the fields and the buttons. */
  more?: Node[];
  submit: string;
  failed: string;
  /** What the relay puts before a field's name where it refuses its value. */
  path?: string;
  /** Why this cannot be sent, unless the field says so itself, and where to go on; nothing where it can be. */
  refuse?(filledIn: FilledIn): { field: Field | undefined; reason?: string } | undefined;
  /** Sends it, and resolves with what came of it; with nothing where there is nothing to say. */
  send(filledIn: FilledIn): Promise<string | undefined>;
}

/** A page with a form, which is sent once at a time. It stays with what came of it, or with what was wrong. */
export function formPage(texts: SessionState['texts'], parts: FormParts, back: () => void): Page {
  const { fields = [], explained = '', path, refuse, send } = parts;
  const problem = element('p', { role: 'alert', class: 'problem' });
  const submit = element('button', { type: 'submit', class: 'button' }, parts.submit);
  // The relay alone decides what an address or a number is; `novalidate` keeps the browser from a second opinion.
  const form = element(
    'form',
    { class: 'form', novalidate: '' },
    ...fields.map(field => field.element),
    ...(parts.more ?? []),
    problem,
    element('div', { class: 'choice' }, submit, button('button', back, texts.cancel)),
  );
  const outcome = element('p', { role: 'status' });
  const explanation = element('p', {}, explained);
  const page = framed(texts, parts.title, back, ...(explained ? [explanation] : []), form, outcome);
  let isBusy = false;

  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (isBusy) return;
    const filledIn = valuesOf(fields);
    for (const field of fields) field.reject('');
    const refusal = refuse?.(filledIn);
    problem.textContent = refusal?.reason ?? '';
    if (refusal) return refusal.field?.focus();
    isBusy = true;
    submit.textContent = texts.working;
    try {
      const said = await send(filledIn);
      if (said === undefined) return back();
      form.remove();
      explanation.remove();
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

interface ConfirmParts {
  title: string;
  /** What it means. */
  explained?: string;
  submit: string;
  failed: string;
  confirm(): Promise<boolean>;
}

/** A page that asks before something is done. It stays, with the reason, when that fails. */
export function confirmPage(texts: SessionState['texts'], { confirm, ...parts }: ConfirmParts, back: () => void): Page {
  const send = async () => {
    if (!(await confirm())) throw new Error(parts.failed);
    return undefined;
  };
  return formPage(texts, { ...parts, send }, back);
}
