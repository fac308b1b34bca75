import { defaultTexts, type Settings, weekday } from '@confab/contract';
import { type Html, html } from '../html.ts';
import { languageName, type Options } from './choices.ts';
import type { Drawn } from './fields.ts';
import * as parts from './parts.ts';

const { CHECKED, list, optionsOf, removeButton, row, template } = parts;

/** What is chosen, in its order, and the rest behind it. */
export function order({ field, value }: Drawn): Html {
  const { path, options = [] } = field;
  const chosen = value as string[];
  const rows = [
    ...chosen.map(name => options.find(option => option.value === name) ?? { value: name, label: name }),
    ...options.filter(option => !chosen.includes(option.value)),
  ].map(({ value, label }) =>
    row(
      'auto auto 1fr',
      html`<input type="hidden" name="value" value="${value}"><s-checkbox name="use" label="${label}" ${chosen.includes(value) && CHECKED}></s-checkbox>${parts.moveButtons(label)}`,
    ),
  );
  return parts.group(field, list(path, rows));
}

export function origins({ field, value }: Drawn): Html {
  const origin = (address: string) =>
    row(
      '1fr auto',
      html`<s-text-field name="" label="Website" labelAccessibilityVisibility="exclusive" value="${address}" placeholder="https://shop.example" maxLength="2048" autocomplete="off"></s-text-field>${removeButton('Remove this website')}`,
    );
  const help = `${field.help} The addresses of your shop are added by themselves when they change.`;
  return parts.group(
    { ...field, help },
    list(field.path, (value as string[]).map(origin), field.max),
    template(field.path, origin('')),
    parts.addButton(field.path, 'Add a website'),
  );
}

/** As long as a select is wide on a phone. */
const OPTION_MAX = 36;
const shortened = (text: string) => (text.length > OPTION_MAX ? `${text.slice(0, OPTION_MAX)}…` : text);
const builtIn: Options = Object.entries(defaultTexts).map(([value, text]) => ({ value, label: shortened(text) }));

/** A row for each text that is said differently, instead of a hundred empty fields for each language. */
export function textsByLocale({ field, value, settings }: Drawn): Html {
  const { path, maxLength } = field;
  const said = (key: string, label: string, wording: string) =>
    row(
      '1fr auto',
      html`<s-text-field name="" label="${label}" value="${wording}" maxLength="${maxLength}" autocomplete="off"></s-text-field>${removeButton(`Remove “${label}”`)}`,
      key,
    );
  const rows = Object.entries(value as Settings['texts']).flatMap(([locale, texts]) => {
    const entries = Object.entries(texts);
    if (entries.length === 0) return [languageWithoutTexts(locale)];
    return entries.map(([name, wording]) =>
      said(`${locale}.${name}`, `${languageName(locale)}: ${defaultTexts[name as keyof typeof defaultTexts]}`, wording),
    );
  });
  return parts.group(
    field,
    list(path, rows),
    template(path, said('', '{}', '')),
    parts.chooser(
      { name: path, ids: ['texts-language', 'texts-name'], label: 'Say it differently', isKeyed: true },
      parts.languageSelect('texts-language', settings.locale),
      html`<s-select id="texts-name" label="What the chat says">${optionsOf(builtIn)}</s-select>`,
    ),
  );
}

/** A language that says nothing of its own yet, as another form may have begun it. */
const languageWithoutTexts = (locale: string): Html =>
  row(
    '1fr auto',
    html`<input type="hidden" name="" value=""><s-text>${languageName(locale)}: nothing yet</s-text>${removeButton(`Remove ${languageName(locale)}`)}`,
    locale,
  );

type Notice = Settings['consent']['notices'][string];

export function noticesByLocale({ field, value, settings }: Drawn): Html {
  const { path } = field;
  const notice = (key: string, language: string, { title, body, acceptLabel, declineLabel }: Notice) =>
    html`<div data-row="${key}"><s-box padding="base" border="base" borderRadius="base"><s-stack gap="base">
<s-text-field name="title" label="Title, ${language}" value="${title}" maxLength="200" autocomplete="off"></s-text-field>
<s-text-area name="body" label="What is stored, what for and for how long, ${language}" value="${body}" maxLength="4000" rows="5" autocomplete="off"></s-text-area>
<s-grid gridTemplateColumns="repeat(auto-fit, minmax(11rem, 1fr))" gap="base">
<s-text-field name="acceptLabel" label="Button to accept, ${language}" value="${acceptLabel}" maxLength="60" autocomplete="off"></s-text-field>
<s-text-field name="declineLabel" label="Button to decline, ${language}" value="${declineLabel}" maxLength="60" autocomplete="off"></s-text-field>
</s-grid>
<s-stack direction="inline"><s-button data-remove tone="critical" variant="tertiary" accessibilityLabel="Remove this notice, ${language}">Remove this notice</s-button></s-stack>
</s-stack></s-box></div>`;
  const rows = Object.entries(value as Settings['consent']['notices']).map(([locale, wording]) =>
    notice(locale, languageName(locale), wording),
  );
  return parts.group(
    field,
    list(path, rows),
    template(path, notice('', '{}', { title: '', body: '', acceptLabel: '', declineLabel: '' })),
    parts.chooser(
      { name: path, ids: ['notices-language'], label: 'Write a notice', isKeyed: true },
      parts.languageSelect('notices-language', settings.locale),
    ),
  );
}

type Hours = NonNullable<Settings['hours']>;

const days: Options = weekday.options.map(day => ({ value: day, label: `${day[0]?.toUpperCase()}${day.slice(1)}` }));
const WORKING_DAYS = weekday.options.slice(0, 5);
const OFFICE = { opens: '09:00', closes: '17:00' };

/** In this form a box says that the shop is always open, and not that there are no hours. */
const HOURS_HELP = 'Several times a day are possible. With no times at all you are closed all week.';

/** `hours.always` stands for hours that are `null`; while it is ticked, neither they nor the holidays matter. */
export function weeklyHours({ field, value }: Drawn): Html {
  const { path } = field;
  const span = ({ day, opens, closes }: Hours['weekly'][number]) =>
    row(
      'minmax(7rem, 2fr) minmax(4rem, 1fr) minmax(4rem, 1fr) auto',
      html`<s-select name="day" label="Day" labelAccessibilityVisibility="exclusive" value="${day}">${optionsOf(days, day)}</s-select>
<s-text-field name="opens" label="Opens at" labelAccessibilityVisibility="exclusive" value="${opens}" placeholder="09:00" maxLength="5" autocomplete="off"></s-text-field>
<s-text-field name="closes" label="Closes at" labelAccessibilityVisibility="exclusive" value="${closes}" placeholder="17:00" maxLength="5" autocomplete="off"></s-text-field>
${removeButton('Remove these hours')}`,
    );
  const rows = ((value ?? []) as Hours['weekly']).map(span);
  return parts.group(
    { ...field, help: HOURS_HELP },
    html`<s-checkbox name="hours.always" label="Always open" ${value === undefined && CHECKED}></s-checkbox>`,
    html`<div data-unless="hours.always"><s-stack gap="small">
<s-text color="subdued">Day, from when, and until when. A time of closing that is not after the time of opening is on the next day: Friday, 18:00 to 02:00 ends on Saturday.</s-text>
${list(path, rows, field.max)}
${template(path, span({ day: 'monday', ...OFFICE }))}
${template(`${path}:office`, ...WORKING_DAYS.map(day => span({ day, ...OFFICE })))}
<s-stack direction="inline" gap="small">
${parts.addButton(path, 'Add hours')}
<s-button data-add="${path}" data-from="${path}:office" icon="plus">Add Monday to Friday, 9 to 5</s-button>
</s-stack>
</s-stack></div>`,
  );
}

export function holidays({ field, value }: Drawn): Html {
  const { path, max } = field;
  const holiday = ({ date, name }: Hours['holidays'][number]) =>
    row(
      'minmax(8rem, 1fr) minmax(7rem, 2fr) auto',
      html`<s-date-field name="date" label="Day" labelAccessibilityVisibility="exclusive" value="${date}"></s-date-field>
<s-text-field name="name" label="Name of the holiday" labelAccessibilityVisibility="exclusive" value="${name}" placeholder="Christmas Day" maxLength="100" autocomplete="off"></s-text-field>
${removeButton('Remove this holiday')}`,
    );
  return html`<div data-unless="hours.always">${parts.group(
    field,
    list(path, ((value ?? []) as Hours['holidays']).map(holiday), max),
    template(path, holiday({ date: '', name: '' })),
    parts.addButton(path, 'Add a holiday'),
  )}</div>`;
}
