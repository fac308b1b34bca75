import type { RelayError } from '../client.ts';
import { button, element } from '../ui/element.ts';
import { type Field, valuesOf } from '../ui/field.ts';
import { framed, type Page } from '../ui/page.ts';
import type { Texts } from './texts.ts';

type FilledIn = Record<string, string>;

interface FormParts {
  title: string;
  explained?: string;
  fields?: Field[];
  /** What stands above the buttons, where that is more than the fields. */
  content?: Node[];
  submit: string;
  /** The other button; where there is none, it cancels. */
  other?: { label: string; press(): void };
  /** What to say when the relay refuses all of it, or cannot be reached. */
  failed(code: RelayError['code'] | undefined): string;
  /** What the relay calls a field where it refuses its value. */
  pathOf?(name: string): string;
  /** Rejects the fields for which this cannot be sent. */
  refuse?(filledIn: FilledIn): void;
  /** Sends it, and resolves with what came of it; with nothing where there is nothing to say. */
  send(filledIn: FilledIn): Promise<string | undefined>;
  /** What happens where there is nothing to say; else the page is left. */
  goOn?(): void;
}

export interface FormPage extends Page {
  /** It shows what came of it. */
  isDone(): boolean;
}

/** A page with a form, which is sent once at a time. It stays with what came of it, or with what was wrong. */
export function formPage(texts: Texts, parts: FormParts, back: () => void): FormPage {
  const { fields = [], explained = '', pathOf = name => name, refuse, send, goOn = back } = parts;
  const { label, press } = parts.other ?? { label: texts.cancel, press: back };
  const problem = element('p', { role: 'alert', class: 'problem' });
  const submit = element('button', { type: 'submit', class: 'button' }, parts.submit);
  // The second half of a double click on what stood in this place before confirms nothing.
  submit.addEventListener('click', event => event.detail > 1 && event.preventDefault());
  // The relay alone decides what an address or a number is; `novalidate` keeps the browser from a second opinion.
  const form = element(
    'form',
    { class: 'form', novalidate: '' },
    ...(parts.content ?? fields.map(field => field.element)),
    problem,
    element('div', { class: 'choice' }, submit, button('button', press, label)),
  );
  const outcome = element('p', { role: 'status' });
  const explanation = element('p', {}, explained);
  const page = framed(texts, parts.title, back, ...(explained ? [explanation] : []), form, outcome);
  let isBusy = false;
  let isDone = false;

  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (isBusy) return;
    const filledIn = valuesOf(fields);
    for (const field of fields) field.reject('');
    problem.textContent = '';
    refuse?.(filledIn);
    const rejected = fields.find(field => field.isRejected());
    if (rejected) return rejected.focus();
    isBusy = true;
    submit.textContent = texts.working;
    try {
      const said = await send(filledIn);
      if (said === undefined) return goOn();
      isDone = true;
      form.remove();
      explanation.remove();
      outcome.textContent = said;
      page.focus(); // the button that had it is gone
    } catch (error) {
      // Not by its class, which is another one in this file than in the panel's.
      const { code, fields: paths = [] } = error as Partial<RelayError>;
      const wrong = fields.filter(({ name }) => paths.includes(pathOf(name)));
      for (const field of wrong) field.rejectValue();
      if (wrong.length === 0) problem.textContent = parts.failed(code);
      wrong[0]?.focus();
    }
    isBusy = false;
    submit.textContent = parts.submit;
  });
  return { ...page, isDone: () => isDone };
}

/**
 * A page that is the same one until it is done and read: who goes back to the chat meanwhile finds there what they wrote,
 * or what came of it, and sends nothing twice.
 */
export function keptPage<Made extends FormPage, Given extends unknown[]>(make: (...given: Given) => Made) {
  let kept: Made | undefined;
  return (...given: Given): Made => {
    kept ??= make(...given);
    kept.leave = () => {
      if (kept?.isDone()) kept = undefined;
    };
    return kept;
  };
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
export function confirmPage(texts: Texts, { confirm, failed, ...parts }: ConfirmParts, back: () => void): Page {
  const send = async () => {
    if (!(await confirm())) throw new Error(failed);
    return undefined;
  };
  return formPage(texts, { ...parts, failed: () => failed, send }, back);
}
