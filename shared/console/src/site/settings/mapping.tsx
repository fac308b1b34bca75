import { Button, SelectControl, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { isObject, type Json, valueAt } from '../../json.ts';
import { translated } from '../../translated.ts';
import type { FieldProps } from './fields.tsx';

/** Which field of a lead goes where: a row for each field that was chosen, those of the site's own questions too. */
export function Mapping({ field, value, onChange, help, settings }: FieldProps) {
  const mapped = isObject(value) ? value : {};
  const own = (field.options ?? []).map(option => ({ ...option, label: translated(option.label) }));
  const asked = questionNames(settings).filter(name => own.every(option => option.value !== name));
  const offered = [...own, ...asked.map(name => ({ value: name, label: name }))];
  const rest = offered.filter(option => !Object.hasOwn(mapped, option.value));
  const [chosen, setChosen] = useState('');
  const next = rest.find(option => option.value === chosen) ?? rest[0];
  const nameOf = (name: string) => offered.find(option => option.value === name)?.label ?? name;
  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      {Object.entries(mapped).map(([name, property]) => (
        <div key={name} className="confab-row">
          <TextControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={sprintf(/* translators: %s: a field of a form */ __('“%s” goes into', 'confab'), nameOf(name))}
            value={String(property ?? '')}
            maxLength={100}
            onChange={(text: string) => onChange({ ...mapped, [name]: text })}
          />
          <Button variant="tertiary" isDestructive size="compact" onClick={() => onChange(omit(mapped, name))}>
            {__('Remove', 'confab')}
            <span className="screen-reader-text"> {nameOf(name)}</span>
          </Button>
        </div>
      ))}
      {next && (
        <div className="confab-row">
          <SelectControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={__('Field of the form', 'confab')}
            value={next.value}
            options={rest}
            onChange={setChosen}
          />
          <Button variant="secondary" size="compact" onClick={() => onChange({ ...mapped, [next.value]: '' })}>
            {__('Add this field', 'confab')}
          </Button>
        </div>
      )}
      <p className="confab-help">{help}</p>
    </fieldset>
  );
}

const omit = (mapped: { [key: string]: Json }, name: string): Json =>
  Object.fromEntries(Object.entries(mapped).filter(([key]) => key !== name));

/** What the site's own questions before the chat are kept under. */
function questionNames(settings: Json): string[] {
  const questions = valueAt(settings, 'prechat.fields');
  if (!Array.isArray(questions)) return [];
  return questions.flatMap(question =>
    isObject(question) && typeof question.name === 'string' ? [question.name] : [],
  );
}
