import { settingsFields } from './read-form.ts';

type FieldError = { path: string; message: string };

/** What a part of a setting is called in the form. */
const PARTS: Readonly<Record<string, string>> = {
  opens: 'The time of opening',
  closes: 'The time of closing',
  date: 'The day',
  spans: 'The list of hours',
  name: 'The name',
  label: 'The question',
  purpose: 'What you need it for',
  options: 'The list of choices',
  title: 'The title',
  body: 'The text',
  acceptLabel: 'The button to accept',
  declineLabel: 'The button to decline',
};

/** An error of the contract's schema as a sentence that stands below the field which it is about. */
export function inWords({ path, message }: FieldError): FieldError {
  return { path, message: `${subjectOf(path)} ${message}.` };
}

function subjectOf(path: string): string {
  const field = settingsFields.find(each => `${path}.`.startsWith(`${each.path}.`));
  if (!field) return 'This';
  const inside = path.slice(field.path.length + 1).split('.');
  // The label of a choice is no question.
  if (inside.includes('options') && inside.includes('label')) return 'The choice';
  const part = inside.findLast(key => key in PARTS);
  return part ? (PARTS[part] as string) : inside[0] === '' ? `“${field.label}”` : 'This';
}
