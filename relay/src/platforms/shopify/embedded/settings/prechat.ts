import { type PrechatField, prechatFieldType, type Settings } from '@confab/contract';
import { type Html, html } from '../html.ts';
import { languageName, type Options } from './choices.ts';
import type { Drawn } from './fields.ts';
import {
  addButton,
  CHECKED,
  chooser,
  group,
  list,
  moveButtons,
  optionsOf,
  removeButton,
  row,
  template,
} from './parts.ts';

const TYPES: Record<PrechatField['type'], string> = {
  name: 'Name',
  email: 'E-mail address',
  phone: 'Phone number',
  choice: 'A choice',
  text: 'Text',
};
const types: Options = prechatFieldType.options.map(value => ({ value, label: TYPES[value] }));

type Said = PrechatField['label'];

/** The questions before a chat. Each is asked in the site's language, and in those that it or another is asked in. */
export function prechatFields({ field, value, settings }: Drawn): Html {
  const { path, max } = field;
  const questions = value as PrechatField[];
  const locales = localesOf(questions, settings);
  const begun = (type: PrechatField['type']): PrechatField => ({
    name: type,
    type,
    label: { [settings.locale]: type === 'choice' || type === 'text' ? '' : TYPES[type] },
    required: false,
    purpose: {},
    ...(type === 'choice' && { options: [{ value: 'choice', label: {} }] }),
  });
  return group(
    field,
    list(
      path,
      questions.map(question => questionRow(question, locales)),
      max,
    ),
    html`${types.map(({ value }) => template(`${path}.${value}`, questionRow(begun(value as PrechatField['type']), locales, true)))}`,
    chooser(
      { name: path, ids: ['prechat-type'], label: 'Add a question' },
      html`<s-select id="prechat-type" label="What to ask for" value="name">${optionsOf(types, 'name')}</s-select>`,
    ),
  );
}

const localesOf = (questions: PrechatField[], { locale, consent }: Settings): string[] => {
  const said = questions.flatMap(({ label, purpose, options = [] }) => [label, purpose, ...options.map(o => o.label)]);
  return [...new Set([locale, ...Object.keys(consent.notices), ...said.flatMap(texts => Object.keys(texts))])];
};

function questionRow(question: PrechatField, locales: string[], isNew = false): Html {
  const { name, type, label, required, purpose, options } = question;
  return html`<div data-row><s-box padding="base" border="base" borderRadius="base"><s-stack gap="base">
<input type="hidden" name="type" value="${type}">
<s-grid gridTemplateColumns="1fr auto" alignItems="center"><s-text type="strong">${TYPES[type]}</s-text><s-stack direction="inline" gap="none">${moveButtons('this question')}${removeButton('Remove this question')}</s-stack></s-grid>
${saidIn(locales, { name: 'label', label: 'Question', max: 200, said: label })}
${saidIn(locales, { name: 'purpose', label: 'What you need it for', max: 500, said: purpose })}
${options && choices(options, locales)}
<s-text-field name="name" label="Stored as" details="A short word without spaces, such as orderNumber." value="${name}" maxLength="40" autocomplete="off" ${isNew && UNIQUE}></s-text-field>
<s-checkbox name="required" label="Must be answered" ${required && CHECKED}></s-checkbox>
</s-stack></s-box></div>`;
}

const UNIQUE = html`data-unique`;

function choices(options: NonNullable<PrechatField['options']>, locales: string[]): Html {
  const choice = ({ value, label }: { value: string; label: Said }) =>
    row(
      '1fr auto',
      html`<s-stack gap="small-200"><input type="hidden" name="value" value="${value}" data-unique>${saidIn(locales, { name: 'label', label: 'Choice', max: 200, said: label })}</s-stack>${removeButton('Remove this choice')}`,
    );
  return html`<s-stack gap="small">
<s-text type="strong">What can be chosen</s-text>
${list('options', options.map(choice), 50)}
${template('options', choice({ value: 'choice', label: {} }))}
<s-stack direction="inline">${addButton('options', 'Add a choice')}</s-stack>
</s-stack>`;
}

/** One text in each of the languages; an empty one is not said in that language. */
const saidIn = (
  locales: string[],
  { name, label, max, said }: { name: string; label: string; max: number; said: Said },
): Html =>
  html`<s-grid gridTemplateColumns="repeat(auto-fit, minmax(13rem, 1fr))" gap="small">${locales.map(
    locale =>
      html`<s-text-field name="${name}.${locale}" label="${locales.length > 1 ? `${label}, ${languageName(locale)}` : label}" value="${said[locale]}" maxLength="${max}" autocomplete="off"></s-text-field>`,
  )}</s-grid>`;
