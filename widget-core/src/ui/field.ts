import { TEXT_MAX } from '@confab/contract/constants';
import type { PanelTextName } from '@confab/contract/texts';
import type { SessionState } from '../session.ts';
import { element } from './element.ts';

type Texts = SessionState['texts'];

/** What a person fills in, with its name above and what is wrong with it below. */
export interface Field {
  name: string;
  element: HTMLElement;
  value(): string;
  set(value: string): void;
  /** Whether it is half filled in and so has no value, such as a day without a time. */
  isHalf(): boolean;
  focus(): void;
  /** Says whether it must be filled in. */
  require(isNeeded: boolean): void;
  /** Says why the value cannot be taken; an empty reason takes that back. */
  reject(reason: string): void;
  isRejected(): boolean;
  /** Says that it was left empty, or that the relay does not take what it holds. */
  rejectValue(): void;
}

const kinds = {
  name: { type: 'text', autocomplete: 'name', maxlength: '200', dir: 'auto' },
  email: { type: 'email', autocomplete: 'email', maxlength: '320', dir: 'ltr' },
  phone: { type: 'tel', autocomplete: 'tel', maxlength: '64', dir: 'ltr' },
  text: { type: 'text', autocomplete: 'off', maxlength: '1000', dir: 'auto' },
  message: { rows: '4', maxlength: String(TEXT_MAX), dir: 'auto' },
  time: { type: 'datetime-local', max: '9999-12-31T23:59' },
  choice: {},
} satisfies Record<string, Record<string, string>>;

const usuallyWrong: Partial<Record<keyof typeof kinds, PanelTextName>> = {
  name: 'nameWrong',
  email: 'emailWrong',
  phone: 'phoneWrong',
};

interface FieldParts {
  /** Unique in the panel. */
  id: string;
  name: string;
  kind: keyof typeof kinds;
  label: string;
  required?: boolean;
  /** What the answer is for. */
  purpose?: string;
  options?: { value: string; label: string }[] | undefined;
  /** What it holds at first. */
  value?: string | undefined;
  /** The earliest time that it offers. */
  min?: string;
  /** What to say of a value that the relay does not take, where the kind of the field does not say it. */
  wrong?: string;
}

/** Builds one field of a form. The relay alone decides what an address or a number is. */
export function createField(texts: Texts, parts: FieldParts): Field {
  const { id, name, kind, label, required = false, purpose = '', options = [], value: held = '', min, wrong } = parts;
  const [aboutId, problemId] = [`${id}-purpose`, `${id}-problem`];
  const attributes = {
    ...{ id, name, 'aria-describedby': purpose ? `${aboutId} ${problemId}` : problemId },
    'aria-invalid': 'false', // else a browser calls what is required and still empty wrong
    ...kinds[kind],
    ...(min && { min }),
  };
  const choices = [{ value: '', label: texts.choiceEmpty }, ...options];
  const input =
    kind === 'choice'
      ? element('select', attributes, ...choices.map(({ value, label }) => element('option', { value }, label)))
      : element(kind === 'message' ? 'textarea' : 'input', attributes);
  const star = element('span', { 'aria-hidden': 'true' });
  const reason = element('p', { id: problemId, class: 'problem', role: 'alert' });
  input.value = held;
  const about = purpose ? [element('p', { id: aboutId, class: 'purpose' }, purpose)] : [];
  const field: Field = {
    name,
    element: element('div', {}, element('label', { for: id }, label, star), ...about, input, reason),
    value: () => input.value.trim(),
    set(value) {
      input.value = value;
    },
    isHalf: () => input.validity.badInput,
    focus: () => input.focus(),
    require(isNeeded) {
      input.toggleAttribute('required', isNeeded);
      star.textContent = isNeeded ? ' *' : '';
    },
    reject(why) {
      input.setAttribute('aria-invalid', String(why !== ''));
      reason.textContent = why;
    },
    isRejected: () => input.getAttribute('aria-invalid') === 'true',
    rejectValue() {
      const reason = wrong ?? texts[usuallyWrong[kind] ?? 'leadFailed'];
      field.reject(field.value() === '' ? texts.fieldRequired : reason);
    },
  };
  field.require(required);
  return field;
}

/** What was filled in, by name; a blank field is none. */
export const valuesOf = (fields: Field[]): Record<string, string> =>
  Object.fromEntries(fields.flatMap(field => (field.value() ? [[field.name, field.value()]] : [])));
