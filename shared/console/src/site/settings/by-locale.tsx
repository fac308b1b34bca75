import { Button, SelectControl, TextareaControl, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { defaultTexts } from '../../../../contract/src/texts.ts';
import type { FieldError } from '../../client.ts';
import { languageName } from '../../format.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { translated } from '../../translated.ts';
import { LANGUAGES } from './choices.ts';
import type { FieldProps } from './fields.tsx';

/** What is said in several languages: one block for each, and a way to add another. */
export function ByLocale({
  field,
  help,
  locale: main,
  value,
  onChange,
  empty,
  children,
}: Pick<FieldProps, 'field' | 'help' | 'locale' | 'onChange'> & {
  value: JsonObject;
  /** What a language begins with. */
  empty: JsonObject;
  children: (locale: string) => React.ReactNode;
}) {
  const locales = Object.keys(value);
  const free = [main, ...LANGUAGES.filter(locale => locale !== main)].filter(locale => !locales.includes(locale));
  const [next, setNext] = useState('');
  const chosen = free.includes(next) ? next : (free[0] ?? '');
  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      <p className="confab-help">{help}</p>
      {locales.map(locale => (
        <details key={locale} className="confab-locale" open={locales.length === 1}>
          <summary>{languageName(locale)}</summary>
          {children(locale)}
          <Button variant="tertiary" size="compact" isDestructive onClick={() => onChange(without(value, locale))}>
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
        <Button variant="secondary" __next40pxDefaultSize onClick={() => onChange({ ...value, [chosen]: empty })}>
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

export function TextsByLocale({ value, ...props }: FieldProps) {
  const { field, onChange, errors } = props;
  const all = isObject(value) ? value : {};
  const set = (locale: string, name: string, text: string) => {
    const others = without(textsIn(all, locale), name);
    onChange({ ...all, [locale]: text === '' ? others : { ...others, [name]: text } });
  };
  return (
    <ByLocale {...props} value={all} empty={{}}>
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

export function NoticesByLocale({ value, ...props }: FieldProps) {
  const { onChange, errors } = props;
  const all = isObject(value) ? value : {};
  const empty = { title: '', body: '', acceptLabel: '', declineLabel: '' };
  const set = (locale: string, name: string, text: string) =>
    onChange({ ...all, [locale]: { ...textsIn(all, locale), [name]: text } });
  return (
    <ByLocale {...props} value={all} empty={empty}>
      {locale => {
        const common = (name: string) => ({
          help: withError('', errorAt(errors, `${locale}.${name}`)),
          value: String(textsIn(all, locale)[name] ?? ''),
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

function without(all: JsonObject, name: string): JsonObject {
  const { [name]: _, ...others } = all;
  return others;
}

const textsIn = (all: JsonObject, locale: string): JsonObject => {
  const texts = all[locale];
  return isObject(texts) ? texts : {};
};
