import { TEXT_MAX } from '@confab/contract/constants';
import type { TextName } from '@confab/contract/texts';
import type { SessionState } from '../session.ts';
import { element } from './element.ts';

type Texts = SessionState['texts'];

/** What a person fills in, with its name above and what is wrong with it below. */
export interface Field {
  name: string;
  element: HTMLElement;
  value(): string;
  focus(): void;
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
  time: { type: 'datetime-local' },
  choice: {},
} satisfies Record<string, Record<string, string>>;

const wrong: Partial<Record<keyof typeof kinds, TextName>> = {
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
}

/** Builds one field of a form. The relay alone decides what an address or a number is. */
export function createField(texts: Texts, parts: FieldParts): Field {
  const { id, name, kind, label, required = false, purpose = '', options = [], value: held = '' } = parts;
  const [aboutId, problemId] = [`${id}-purpose`, `${id}-problem`];
  const attributes = {
    ...{ id, name, 'aria-describedby': purpose ? `${aboutId} ${problemId}` : problemId },
    ...kinds[kind],
    ...(required && { required: '' }),
  };
  const choices = [{ value: '', label: texts.choiceEmpty }, ...options];
  const input =
    kind === 'choice'
      ? element('select', attributes, ...choices.map(({ value, label }) => element('option', { value }, label)))
      : element(kind === 'message' ? 'textarea' : 'input', attributes);
  const star = required ? [element('span', { 'aria-hidden': 'true' }, ' *')] : [];
  const reason = element('p', { id: problemId, class: 'problem', role: 'alert' });
  input.value = held;
  const about = purpose ? [element('p', { id: aboutId, class: 'purpose' }, purpose)] : [];
  const field: Field = {
    name,
    element: element('div', {}, element('label', { for: id }, label, ...star), ...about, input, reason),
    value: () => input.value.trim(),
    focus: () => input.focus(),
    reject(why) {
      input.setAttribute('aria-invalid', String(why !== ''));
      reason.textContent = why;
    },
    isRejected: () => input.getAttribute('aria-invalid') === 'true',
    rejectValue: () => field.reject(texts[field.value() === '' ? 'fieldRequired' : (wrong[kind] ?? 'leadFailed')]),
  };
  return field;
}

/** What was filled in, by name; a blank field is none. */
export const valuesOf = (fields: Field[]): Record<string, string> =>
  Object.fromEntries(fields.flatMap(field => (field.value() ? [[field.name, field.value()]] : [])));
