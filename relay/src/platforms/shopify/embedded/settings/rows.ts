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

/** What is ticked, in the order in which it was, and the rest behind it. What this form does not know stays. */
export function many({ field, value }: Drawn): Html {
  const { path, options = [] } = field;
  const chosen = value as string[];
  const boxes = [
    ...chosen.map(name => options.find(option => option.value === name) ?? { value: name, label: name }),
    ...options.filter(option => !chosen.includes(option.value)),
  ].map(
    ({ value, label }) =>
      html`<s-checkbox name="${path}.${value}" label="${label}" ${chosen.includes(value) && CHECKED}></s-checkbox>\n`,
  );
  return parts.group(field, html`<s-stack gap="small-200">${boxes}</s-stack>`);
}

export function emails({ field, value }: Drawn): Html {
  const { path, max } = field;
  const mailbox = (address: string) =>
    row(
      '1fr auto',
      html`<s-email-field name="" label="E-mail address" labelAccessibilityVisibility="exclusive" value="${address}" placeholder="name@example.com" maxLength="320" autocomplete="off"></s-email-field>${removeButton('Remove this address')}`,
    );
  return parts.group(
    field,
    list(path, (value as string[]).map(mailbox), max),
    template(path, mailbox('')),
    parts.addButton(path, 'Add an address'),
  );
}

/** A row for each field that goes elsewhere than usual; the site's own questions are among those that can be added. */
export function mapping({ field, value, settings }: Drawn): Html {
  const { path, options = [] } = field;
  const asked = settings.prechat.fields.map(({ name }) => name);
  const own: Options = asked.filter(name => options.every(option => option.value !== name)).map(optionFor);
  const offered = [...options, ...own];
  const goes = (name: string, label: string, property: string) =>
    row(
      '1fr auto',
      html`<s-text-field name="" label="“${label}” goes into" value="${property}" maxLength="100" autocomplete="off"></s-text-field>${removeButton(`Remove “${label}”`)}`,
      name,
    );
  const rows = Object.entries(value as Record<string, string>).map(([name, property]) =>
    goes(name, offered.find(option => option.value === name)?.label ?? name, property),
  );
  const id = `${path}:field`;
  return parts.group(
    field,
    list(path, rows, 30),
    template(path, goes('', '{}', '')),
    parts.chooser(
      { name: path, ids: [id], label: 'Add this field', isKeyed: true },
      html`<s-select id="${id}" label="Field of the form">${optionsOf(offered)}</s-select>`,
    ),
  );
}

const optionFor = (name: string) => ({ value: name, label: name });

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

const timeFields = ({ opens, closes }: { opens: string; closes: string }): Html =>
  html`<s-text-field name="opens" label="Opens at" labelAccessibilityVisibility="exclusive" value="${opens}" placeholder="09:00" maxLength="5" autocomplete="off"></s-text-field>
<s-text-field name="closes" label="Closes at" labelAccessibilityVisibility="exclusive" value="${closes}" placeholder="17:00" maxLength="5" autocomplete="off"></s-text-field>
${removeButton('Remove these hours')}`;

/** `hours.always` stands for hours that are `null`; while it is ticked, neither they nor the other days matter. */
export function weeklyHours({ field, value }: Drawn): Html {
  const { path } = field;
  const span = ({ day, ...times }: Hours['weekly'][number]) =>
    row(
      'minmax(7rem, 2fr) minmax(4rem, 1fr) minmax(4rem, 1fr) auto',
      html`<s-select name="day" label="Day" labelAccessibilityVisibility="exclusive" value="${day}">${optionsOf(days, day)}</s-select>
${timeFields(times)}`,
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
      'minmax(9rem, 1fr) minmax(6rem, 2fr) auto',
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

export function exceptions({ field, value }: Drawn): Html {
  const { path, max } = field;
  const span = (times: { opens: string; closes: string }) =>
    row('minmax(4rem, 1fr) minmax(4rem, 1fr) auto', timeFields(times));
  const exception = ({ date, name, spans }: Hours['exceptions'][number]) =>
    html`<div data-row><s-box padding="base" border="base" borderRadius="base"><s-stack gap="small">
<s-grid gridTemplateColumns="minmax(9rem, 1fr) minmax(6rem, 2fr) auto" gap="small" alignItems="end">
<s-date-field name="date" label="Day" labelAccessibilityVisibility="exclusive" value="${date}"></s-date-field>
<s-text-field name="name" label="Name of the day" labelAccessibilityVisibility="exclusive" value="${name}" placeholder="Christmas Eve" maxLength="100" autocomplete="off"></s-text-field>
${removeButton('Remove this day')}
</s-grid>
${list('spans', spans.map(span), 10)}
${template('spans', span(OFFICE))}
<s-stack direction="inline">${parts.addButton('spans', 'Add hours')}</s-stack>
</s-stack></s-box></div>`;
  return html`<div data-unless="hours.always">${parts.group(
    field,
    list(path, ((value ?? []) as Hours['exceptions']).map(exception), max),
    template(path, exception({ date: '', name: '', spans: [{ opens: '09:00', closes: '13:00' }] })),
    parts.addButton(path, 'Add a day with other hours'),
  )}</div>`;
}
