import { Button, SelectControl, TextareaControl, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { defaultTexts } from '../../../../shared/contract/src/texts.ts';
import type { FieldError } from '../api.ts';
import { languageName } from '../format.ts';
import { isObject, type JsonObject } from '../json.ts';
import { LANGUAGES } from './choices.ts';
import type { FieldProps } from './fields.tsx';
import { translated } from './translated.ts';

/** What is said in several languages: one block for each, and a way to add another. */
export function ByLocale({
  legend,
  help,
  locales,
  main,
  add,
  remove,
  children,
}: {
  legend: string;
  help: React.ReactNode;
  locales: string[];
  main: string;
  add: (locale: string) => void;
  remove: (locale: string) => void;
  children: (locale: string) => React.ReactNode;
}) {
  const free = [main, ...LANGUAGES.filter(locale => locale !== main)].filter(locale => !locales.includes(locale));
  const [next, setNext] = useState('');
  const chosen = free.includes(next) ? next : (free[0] ?? '');
  return (
    <fieldset className="confab-group">
      <legend>{legend}</legend>
      <p className="confab-help">{help}</p>
      {locales.map(locale => (
        <details key={locale} className="confab-locale" open={locales.length === 1}>
          <summary>{languageName(locale)}</summary>
          {children(locale)}
          <Button variant="tertiary" size="compact" isDestructive onClick={() => remove(locale)}>
            {sprintf(/* translators: %s: a language */ __('Remove %s', 'confab'), languageName(locale))}
          </Button>
        </details>
      ))}
      <div className="confab-add">
        <SelectControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          label={__('Language', 'confab')}
          value={chosen}
          onChange={setNext}
          options={free.map(value => ({ value, label: languageName(value) }))}
        />
        <Button variant="secondary" __next40pxDefaultSize onClick={() => add(chosen)}>
          {__('Add this language', 'confab')}
        </Button>
      </div>
    </fieldset>
  );
}

/** The errors of what is inside, by the rest of their path. */
const errorAt = (errors: FieldError[], path: string) => errors.find(error => error.path === path)?.message;

const withError = (text: string, error: string | undefined) => (
  <>
    {text}
    {error && <span className="confab-error">{error}</span>}
  </>
);

export function TextsByLocale({ field, value, onChange, help, errors, locale: main }: FieldProps) {
  const all = isObject(value) ? value : {};
  const set = (locale: string, name: string, text: string) => {
    const { [name]: _, ...others } = textsIn(all, locale);
    onChange({ ...all, [locale]: text === '' ? others : { ...others, [name]: text } });
  };
  return (
    <ByLocale
      legend={translated(field.label)}
      help={help}
      locales={Object.keys(all)}
      main={main}
      add={locale => onChange({ ...all, [locale]: {} })}
      remove={locale => {
        const { [locale]: _, ...others } = all;
        onChange(others);
      }}
    >
      {locale =>
        Object.entries(defaultTexts).map(([name, english]) => (
          <TextControl
            key={name}
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={english}
            help={withError('', errorAt(errors, `${locale}.${name}`))}
            value={String(textsIn(all, locale)[name] ?? '')}
            maxLength={field.maxLength}
            onChange={(text: string) => set(locale, name, text)}
          />
        ))
      }
    </ByLocale>
  );
}

export function NoticesByLocale({ field, value, onChange, help, errors, locale: main }: FieldProps) {
  const all = isObject(value) ? value : {};
  const empty = { title: '', body: '', acceptLabel: '', declineLabel: '' };
  const set = (locale: string, name: string, text: string) =>
    onChange({ ...all, [locale]: { ...textsIn(all, locale), [name]: text } });
  return (
    <ByLocale
      legend={translated(field.label)}
      help={help}
      locales={Object.keys(all)}
      main={main}
      add={locale => onChange({ ...all, [locale]: empty })}
      remove={locale => {
        const { [locale]: _, ...others } = all;
        onChange(others);
      }}
    >
      {locale => {
        const text = (name: string) => String(textsIn(all, locale)[name] ?? '');
        const common = (name: string) => ({
          help: withError('', errorAt(errors, `${locale}.${name}`)),
          value: text(name),
          onChange: (next: string) => set(locale, name, next),
        });
        return (
          <>
            <TextControl
              __next40pxDefaultSize
              __nextHasNoMarginBottom
              label={__('Title', 'confab')}
              maxLength={200}
              {...common('title')}
            />
            <TextareaControl
              __nextHasNoMarginBottom
              label={__('What is stored, what for and for how long', 'confab')}
              rows={5}
              maxLength={4_000}
              {...common('body')}
            />
            <TextControl
              __next40pxDefaultSize
              __nextHasNoMarginBottom
              label={__('Button to accept', 'confab')}
              maxLength={60}
              {...common('acceptLabel')}
            />
            <TextControl
              __next40pxDefaultSize
              __nextHasNoMarginBottom
              label={__('Button to decline', 'confab')}
              maxLength={60}
              {...common('declineLabel')}
            />
          </>
        );
      }}
    </ByLocale>
  );
}

const textsIn = (all: JsonObject, locale: string): JsonObject => {
  const texts = all[locale];
  return isObject(texts) ? texts : {};
};
