import { Button, SelectControl, TextControl, ToggleControl } from '@wordpress/components';
import { __, sprintf } from '@wordpress/i18n';
import { languageName } from '../../format.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { replaced, shifted, without } from '../../list-edits.ts';
import { translated } from '../../translated.ts';
import type { FieldProps } from './fields.tsx';

const typeNames = (): Record<string, string> => ({
  name: __('Name', 'confab'),
  email: __('E-mail address', 'confab'),
  phone: __('Phone number', 'confab'),
  choice: __('A choice', 'confab'),
  text: __('Text', 'confab'),
});

const objectsIn = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A name that is not taken yet, such as `text2`. */
function freeName(type: string, taken: JsonObject[]): string {
  const names = new Set(taken.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? type : `${type}${number}`;
    if (!names.has(name)) return name;
  }
}

/** The questions before a chat, each with what it is needed for. */
export function PrechatFields({ field, value, onChange, help, errors, locale: main }: FieldProps) {
  const fields = objectsIn(value);
  const types = typeNames();
  const inUse = fields.flatMap(each => [each.label, each.purpose].filter(isObject).flatMap(Object.keys));
  const locales = [...new Set([main, ...inUse])];

  const addOf = (type: string) => {
    const added: JsonObject = {
      name: freeName(type, fields),
      type,
      label: { [main]: types[type] ?? type },
      required: false,
      purpose: { [main]: '' },
      ...(type === 'choice' && { options: [{ value: '1', label: { [main]: '' } }] }),
    };
    onChange([...fields, added]);
  };

  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      <p className="confab-help">{help}</p>
      {fields.map((each, index) => {
        const set = (changes: JsonObject) => onChange(replaced(fields, index, { ...each, ...changes }));
        const name = sayingOf(each.label, main) || String(each.name);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the name of a question may change while it is typed
          <fieldset key={index} className="confab-question">
            <legend>
              {sprintf(
                /* translators: 1: a question, 2: its kind */ __('%1$s (%2$s)', 'confab'),
                name,
                types[String(each.type)] ?? String(each.type),
              )}
            </legend>
            <ByLanguage
              locales={locales}
              label={__('Question', 'confab')}
              value={each.label}
              maxLength={200}
              errors={errors}
              path={`${index}.label`}
              onChange={label => set({ label })}
            />
            <ByLanguage
              locales={locales}
              label={__('What you need it for', 'confab')}
              value={each.purpose}
              maxLength={500}
              errors={errors}
              path={`${index}.purpose`}
              onChange={purpose => set({ purpose })}
            />
            {each.type === 'choice' && (
              <Options options={objectsIn(each.options)} locales={locales} onChange={options => set({ options })} />
            )}
            <TextControl
              __next40pxDefaultSize
              __nextHasNoMarginBottom
              label={__('Stored as', 'confab')}
              help={__('A short word without spaces, such as orderNumber.', 'confab')}
              value={String(each.name ?? '')}
              maxLength={40}
              onChange={(text: string) => set({ name: text })}
            />
            <ToggleControl
              __nextHasNoMarginBottom
              label={__('Must be answered', 'confab')}
              checked={each.required === true}
              onChange={(required: boolean) => set({ required })}
            />
            <div className="confab-actions">
              <Button
                size="compact"
                icon="arrow-up-alt2"
                label={sprintf(/* translators: %s: a question */ __('Move %s up', 'confab'), name)}
                disabled={index === 0}
                accessibleWhenDisabled
                onClick={() => onChange(shifted(fields, index, -1))}
              />
              <Button
                size="compact"
                icon="arrow-down-alt2"
                label={sprintf(/* translators: %s: a question */ __('Move %s down', 'confab'), name)}
                disabled={index === fields.length - 1}
                accessibleWhenDisabled
                onClick={() => onChange(shifted(fields, index, 1))}
              />
              <Button size="compact" variant="tertiary" isDestructive onClick={() => onChange(without(fields, index))}>
                {__('Remove', 'confab')}
                <span className="screen-reader-text"> {name}</span>
              </Button>
            </div>
          </fieldset>
        );
      })}
      {fields.length < (field.max ?? 10) && (
        <SelectControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          label={__('Add a question', 'confab')}
          value=""
          onChange={(type: string) => type && addOf(type)}
          options={[
            { value: '', label: __('Choose what to ask for…', 'confab') },
            ...Object.entries(types).map(([type, label]) => ({ value: type, label })),
          ]}
        />
      )}
    </fieldset>
  );
}

function Options({
  options,
  locales,
  onChange,
}: {
  options: JsonObject[];
  locales: string[];
  onChange: (options: JsonObject[]) => void;
}) {
  return (
    <fieldset className="confab-group">
      <legend>{__('What can be chosen', 'confab')}</legend>
      {options.map((option, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the value may change while it is typed
        <div key={index} className="confab-row">
          <ByLanguage
            locales={locales}
            label={__('Choice', 'confab')}
            value={option.label}
            maxLength={200}
            errors={[]}
            path=""
            onChange={label => onChange(replaced(options, index, { ...option, label }))}
          />
          <Button
            variant="tertiary"
            isDestructive
            size="compact"
            disabled={options.length === 1}
            onClick={() => onChange(without(options, index))}
          >
            {__('Remove', 'confab')}
            <span className="screen-reader-text"> {sayingOf(option.label, locales[0] ?? '')}</span>
          </Button>
        </div>
      ))}
      <Button
        variant="secondary"
        size="compact"
        onClick={() => onChange([...options, { value: freeValue(options), label: { [locales[0] ?? 'en']: '' } }])}
      >
        {__('Add a choice', 'confab')}
      </Button>
    </fieldset>
  );
}

/** A value is what is stored, so an earlier one is not given to another choice. */
const freeValue = (options: JsonObject[]) => String(Math.max(0, ...options.map(({ value }) => Number(value) || 0)) + 1);

/** One text in each of the languages; one that is emptied is not said in that language. */
function ByLanguage({
  locales,
  label,
  value,
  maxLength,
  errors,
  path,
  onChange,
}: {
  locales: string[];
  label: string;
  value: Json | undefined;
  maxLength: number;
  errors: FieldProps['errors'];
  path: string;
  onChange: (value: JsonObject) => void;
}) {
  const texts = isObject(value) ? value : {};
  return (
    <>
      {locales.map(locale => {
        const wrong =
          errors.find(error => error.path === `${path}.${locale}`) ?? errors.find(error => error.path === path);
        return (
          <TextControl
            key={locale}
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={locales.length > 1 ? `${label} – ${languageName(locale)}` : label}
            help={wrong && <span className="confab-error">{wrong.message}</span>}
            value={String(texts[locale] ?? '')}
            maxLength={maxLength}
            onChange={(text: string) => {
              const { [locale]: _, ...others } = texts;
              onChange(text === '' ? others : { ...texts, [locale]: text });
            }}
          />
        );
      })}
    </>
  );
}

function sayingOf(texts: Json | undefined, locale: string): string {
  if (!isObject(texts)) return '';
  return String(texts[locale] ?? Object.values(texts)[0] ?? '');
}
