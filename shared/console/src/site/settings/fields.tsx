import { BaseControl, Button, SelectControl, TextareaControl, TextControl, ToggleControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { ComponentType, ReactNode } from 'react';
import type { SettingsField, SettingsFieldKind } from '../../../../contract/src/settings-fields.ts';
import { Checkboxes } from '../../checkboxes.tsx';
import type { FieldError } from '../../client.ts';
import { countryName, languageName } from '../../format.ts';
import type { Json } from '../../json.ts';
import { isObject } from '../../json.ts';
import { shifted, without } from '../../list-edits.ts';
import { translated } from '../../translated.ts';
import { NoticesByLocale, TextsByLocale } from './by-locale.tsx';
import { COUNTRIES, LANGUAGES, timezones } from './choices.ts';
import { Exceptions, Holidays, WeeklyHours } from './hours.tsx';
import { Mapping } from './mapping.tsx';
import { PrechatFields } from './prechat.tsx';

/** What every kind of field is given. */
export type FieldProps = {
  field: SettingsField;
  value: Json | undefined;
  onChange: (value: Json) => void;
  /** The field's help, and what the relay found wrong with it. */
  help: ReactNode;
  isWrong: boolean;
  /** Errors of what is inside the field, by their path from it. */
  errors: FieldError[];
  /** The main language of the site. */
  locale: string;
  /** All settings as the owner is changing them. */
  settings: Json;
};

/** One setting as its kind wants it. */
export function Field(props: FieldProps) {
  const Kind = kinds[props.field.kind];
  return (
    <div className={`confab-field confab-field-${props.field.kind}`} data-path={props.field.path}>
      <Kind {...props} />
    </div>
  );
}

/** The help of a field with its errors behind it: both are read out with the input. */
export function helpOf(field: SettingsField, errors: FieldError[]): ReactNode {
  return (
    <>
      {field.help && translated(field.help)}
      {errors.map(({ path, message }) => (
        <span key={path} className="confab-error">
          {message}
        </span>
      ))}
    </>
  );
}

const labelOf = ({ label, unit }: SettingsField) =>
  unit
    ? sprintf(
        /* translators: 1: name of a setting, 2: its unit, such as "days" */ __('%1$s (%2$s)', 'confab'),
        translated(label),
        translated(unit),
      )
    : translated(label);

const asText = (value: Json | undefined) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

function Text({ field, value, onChange, help, isWrong }: FieldProps) {
  return (
    <TextControl
      __next40pxDefaultSize
      __nextHasNoMarginBottom
      type={field.kind === 'url' ? 'url' : 'text'}
      label={labelOf(field)}
      help={help}
      aria-invalid={isWrong}
      value={asText(value)}
      maxLength={field.maxLength}
      onChange={(text: string) => onChange(text === '' && field.nullable ? null : text)}
    />
  );
}

function Textarea({ field, value, onChange, help, isWrong }: FieldProps) {
  return (
    <TextareaControl
      __nextHasNoMarginBottom
      label={labelOf(field)}
      help={help}
      aria-invalid={isWrong}
      rows={5}
      value={asText(value)}
      maxLength={field.maxLength}
      onChange={onChange}
    />
  );
}

function NumberField({ field, value, onChange, help, isWrong }: FieldProps) {
  return (
    <TextControl
      __next40pxDefaultSize
      __nextHasNoMarginBottom
      type="number"
      label={labelOf(field)}
      help={help}
      aria-invalid={isWrong}
      value={asText(value)}
      min={field.min}
      max={field.max}
      step={field.step}
      required={!field.nullable}
      // An emptied field that must not be empty stays empty until the relay or the owner says more.
      onChange={(text: string) => onChange(text !== '' ? Number(text) : field.nullable ? null : '')}
    />
  );
}

function Colour({ field, value, onChange, help }: FieldProps) {
  const id = `confab-${field.path}`;
  return (
    <BaseControl __nextHasNoMarginBottom id={id} label={labelOf(field)} help={help}>
      <input
        id={id}
        type="color"
        className="confab-colour"
        aria-describedby={`${id}__help`}
        value={asText(value) || '#000000'}
        onChange={event => onChange(event.target.value)}
      />{' '}
      <code>{asText(value)}</code>
    </BaseControl>
  );
}

function Choice({
  field,
  value,
  onChange,
  help,
  options,
}: FieldProps & { options: { value: string; label: string }[] }) {
  const current = asText(value);
  const known = options.some(option => option.value === current);
  return (
    <SelectControl
      __next40pxDefaultSize
      __nextHasNoMarginBottom
      label={labelOf(field)}
      help={help}
      value={current}
      onChange={(chosen: string) => onChange(chosen === '' && field.nullable ? null : chosen)}
      options={[
        ...(field.nullable ? [{ value: '', label: __('– not set –', 'confab') }] : []),
        ...(known || current === '' ? [] : [{ value: current, label: current }]),
        ...options,
      ]}
    />
  );
}

const Select = (props: FieldProps) => (
  <Choice
    {...props}
    options={(props.field.options ?? []).map(({ value, label }) => ({ value, label: translated(label) }))}
  />
);

const byLabel = (one: { label: string }, other: { label: string }) => one.label.localeCompare(other.label);

const Locale = (props: FieldProps) => (
  <Choice {...props} options={LANGUAGES.map(value => ({ value, label: languageName(value) })).sort(byLabel)} />
);

const Timezone = (props: FieldProps) => (
  <Choice {...props} options={timezones().map(value => ({ value, label: value.replaceAll('_', ' ') }))} />
);

const Country = (props: FieldProps) => (
  <Choice {...props} options={COUNTRIES.map(value => ({ value, label: countryName(value) })).sort(byLabel)} />
);

function Toggle({ field, value, onChange, help }: FieldProps) {
  return (
    <ToggleControl
      __nextHasNoMarginBottom
      label={labelOf(field)}
      help={help}
      checked={value === true}
      onChange={onChange}
    />
  );
}

/** A key that is written and never read back: what is known of it is its end. */
function Secret({ field, value, onChange, help }: FieldProps) {
  const [saved, setSaved] = useState<Json>(isObject(value) ? value : null);
  if (isObject(value) && value !== saved) setSaved(value);
  const isSet = isObject(value) && value.set === true;
  const wasSet = isObject(saved) && saved.set === true;
  const label = labelOf(field);

  if (isSet) {
    return (
      <fieldset className="confab-group">
        <legend>{label}</legend>
        <p className="confab-secret">
          <span>
            {sprintf(
              /* translators: %s: last four characters of a key */ __('A key that ends in %s is stored.', 'confab'),
              asText(value.last4),
            )}
          </span>
          <Button variant="secondary" size="compact" onClick={() => onChange('')}>
            {__('Replace', 'confab')}
            <span className="screen-reader-text"> {label}</span>
          </Button>
          <Button variant="tertiary" size="compact" isDestructive onClick={() => onChange(null)}>
            {__('Remove', 'confab')}
            <span className="screen-reader-text"> {label}</span>
          </Button>
        </p>
        <p className="confab-help">{help}</p>
      </fieldset>
    );
  }
  const keep = wasSet && (
    <Button variant="tertiary" size="compact" onClick={() => onChange(saved)}>
      {__('Keep the stored key', 'confab')}
    </Button>
  );
  if (value === null && wasSet) {
    return (
      <fieldset className="confab-group">
        <legend>{label}</legend>
        <p className="confab-secret">
          <span>{__('The key is removed when you save.', 'confab')}</span>
          {keep}
        </p>
      </fieldset>
    );
  }
  return (
    <>
      <TextControl
        __next40pxDefaultSize
        __nextHasNoMarginBottom
        type="password"
        autoComplete="new-password"
        label={label}
        help={help}
        value={typeof value === 'string' ? value : ''}
        // What is emptied again is as it was before anybody typed.
        onChange={(text: string) => onChange(text === '' && !wasSet ? saved : text)}
      />
      {keep}
    </>
  );
}

/** What is chosen, in an order: by buttons, so that the keyboard is enough. */
function Order({ field, value, onChange, help }: FieldProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const nameOf = (name: string) => translated(field.options?.find(option => option.value === name)?.label ?? name);
  const rest = (field.options ?? []).filter(option => !chosen.includes(option.value));
  return (
    <fieldset className="confab-group">
      <legend>{labelOf(field)}</legend>
      <ol className="confab-order">
        {chosen.map((name, index) => (
          <li key={name}>
            <span>{nameOf(name)}</span>
            <Button
              size="compact"
              icon="arrow-up-alt2"
              label={sprintf(/* translators: %s: a provider */ __('Move %s up', 'confab'), nameOf(name))}
              disabled={index === 0}
              accessibleWhenDisabled
              onClick={() => onChange(shifted(chosen, index, -1))}
            />
            <Button
              size="compact"
              icon="arrow-down-alt2"
              label={sprintf(/* translators: %s: a provider */ __('Move %s down', 'confab'), nameOf(name))}
              disabled={index === chosen.length - 1}
              accessibleWhenDisabled
              onClick={() => onChange(shifted(chosen, index, 1))}
            />
            <Button size="compact" variant="tertiary" isDestructive onClick={() => onChange(without(chosen, index))}>
              {__('Remove', 'confab')}
              <span className="screen-reader-text"> {nameOf(name)}</span>
            </Button>
          </li>
        ))}
      </ol>
      {rest.map(option => (
        <Button
          key={option.value}
          variant="secondary"
          size="compact"
          onClick={() => onChange([...chosen, option.value])}
        >
          {sprintf(/* translators: %s: a provider */ __('Add %s', 'confab'), translated(option.label))}
        </Button>
      ))}
      <p className="confab-help">{help}</p>
    </fieldset>
  );
}

/** What is ticked; what this form does not know stays. */
function Many({ field, value, onChange, help }: FieldProps) {
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const known = (field.options ?? []).map(option => ({ ...option, label: translated(option.label) }));
  const unknown = chosen.filter(name => known.every(option => option.value !== name));
  const choices = [...known, ...unknown.map(name => ({ value: name, label: name }))];
  return <Checkboxes legend={labelOf(field)} choices={choices} list={chosen} onChange={onChange} help={help} />;
}

/** A list with a line for each entry. */
function Lines({ field, value, onChange, help, isWrong }: FieldProps) {
  const lines = Array.isArray(value) ? value.map(String) : [];
  return (
    <TextareaControl
      __nextHasNoMarginBottom
      label={labelOf(field)}
      help={
        <>
          {__('One in each line.', 'confab')} {help}
        </>
      }
      rows={3}
      aria-invalid={isWrong}
      value={lines.join('\n')}
      onChange={(text: string) => onChange(text === '' ? [] : text.split('\n').map(line => line.trim()))}
    />
  );
}

const kinds: Record<SettingsFieldKind, ComponentType<FieldProps>> = {
  text: Text,
  url: Text,
  textarea: Textarea,
  number: NumberField,
  colour: Colour,
  select: Select,
  toggle: Toggle,
  secret: Secret,
  order: Order,
  many: Many,
  locale: Locale,
  timezone: Timezone,
  country: Country,
  origins: Lines,
  emails: Lines,
  mapping: Mapping,
  textsByLocale: TextsByLocale,
  noticesByLocale: NoticesByLocale,
  prechatFields: PrechatFields,
  weeklyHours: WeeklyHours,
  holidays: Holidays,
  exceptions: Exceptions,
};
