import { Button, TextControl, ToggleControl } from '@wordpress/components';
import { __, sprintf } from '@wordpress/i18n';
import { isObject, type Json, type JsonObject, valueAt } from '../../json.ts';
import { replaced, without } from '../../list-edits.ts';
import { translated } from '../../translated.ts';
import type { FieldProps } from './fields.tsx';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const dayNames = (): Record<(typeof DAYS)[number], string> => ({
  monday: __('Monday', 'confab'),
  tuesday: __('Tuesday', 'confab'),
  wednesday: __('Wednesday', 'confab'),
  thursday: __('Thursday', 'confab'),
  friday: __('Friday', 'confab'),
  saturday: __('Saturday', 'confab'),
  sunday: __('Sunday', 'confab'),
});

const WORKING_WEEK: Json = DAYS.slice(0, 5).map(day => ({ day, opens: '09:00', closes: '17:00' }));

const objectsIn = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** When the site is open. `null`, which is always, has a switch of its own. */
export function WeeklyHours({ field, value, onChange, help }: FieldProps) {
  const isAlways = !Array.isArray(value);
  const spans = objectsIn(value);
  const names = dayNames();
  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      <ToggleControl
        __nextHasNoMarginBottom
        label={__('Always open', 'confab')}
        checked={isAlways}
        onChange={(always: boolean) => onChange(always ? null : WORKING_WEEK)}
      />
      {!isAlways && (
        <ul className="confab-week">
          {DAYS.map(day => (
            <li key={day}>
              <span className="confab-day">{names[day]}</span>
              <div className="confab-spans">
                {spans.every(span => span.day !== day) && (
                  <span className="confab-closed">{__('Closed', 'confab')}</span>
                )}
                {spans.map((span, index) =>
                  span.day === day ? (
                    <Span
                      // biome-ignore lint/suspicious/noArrayIndexKey: spans have nothing else that tells them apart
                      key={index}
                      of={names[day]}
                      span={span}
                      onChange={changed => onChange(replaced(spans, index, changed))}
                      onRemove={() => onChange(without(spans, index))}
                    />
                  ) : null,
                )}
                <Button
                  size="compact"
                  variant="tertiary"
                  onClick={() => onChange([...spans, { day, opens: '09:00', closes: '17:00' }])}
                >
                  {__('Add hours', 'confab')}
                  <span className="screen-reader-text"> {names[day]}</span>
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      <p className="confab-help">{help}</p>
    </fieldset>
  );
}

export function Holidays({ field, value, onChange, help }: FieldProps) {
  if (value === undefined) return null; // no weekly hours, so there is nothing to close
  const days = objectsIn(value);
  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      {days.map((day, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a new day has nothing else that tells it apart
        <div key={index} className="confab-row">
          <TextControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            type="date"
            label={__('Day', 'confab')}
            value={String(day.date ?? '')}
            onChange={(date: string) => onChange(replaced(days, index, { ...day, date }))}
          />
          <TextControl
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={__('Name', 'confab')}
            value={String(day.name ?? '')}
            maxLength={100}
            onChange={(name: string) => onChange(replaced(days, index, { ...day, name }))}
          />
          <Button variant="tertiary" isDestructive size="compact" onClick={() => onChange(without(days, index))}>
            {__('Remove', 'confab')}
            <span className="screen-reader-text"> {String(day.name || day.date)}</span>
          </Button>
        </div>
      ))}
      <Button variant="secondary" size="compact" onClick={() => onChange([...days, { date: '', name: '' }])}>
        {__('Add a holiday', 'confab')}
      </Button>
      <p className="confab-help">{help}</p>
    </fieldset>
  );
}

/** Days on which the site opens otherwise than in the week. */
export function Exceptions({ field, value, onChange, help, settings }: FieldProps) {
  if (!isObject(valueAt(settings, 'hours'))) return null; // always open, so there is nothing to except
  const days = objectsIn(value);
  return (
    <fieldset className="confab-group">
      <legend>{translated(field.label)}</legend>
      {days.map((day, index) => {
        const spans = objectsIn(day.spans);
        const name = String(day.name || day.date || __('Day', 'confab'));
        const change = (changes: JsonObject) => onChange(replaced(days, index, { ...day, ...changes }));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a new day has nothing else that tells it apart
          <div key={index} className="confab-exception">
            <div className="confab-row">
              <TextControl
                __next40pxDefaultSize
                __nextHasNoMarginBottom
                type="date"
                label={__('Day', 'confab')}
                value={String(day.date ?? '')}
                onChange={(date: string) => change({ date })}
              />
              <TextControl
                __next40pxDefaultSize
                __nextHasNoMarginBottom
                label={__('Name', 'confab')}
                value={String(day.name ?? '')}
                maxLength={100}
                onChange={(text: string) => change({ name: text })}
              />
              <Button variant="tertiary" isDestructive size="compact" onClick={() => onChange(without(days, index))}>
                {__('Remove', 'confab')}
                <span className="screen-reader-text"> {name}</span>
              </Button>
            </div>
            <div className="confab-spans">
              {spans.map((span, at) => (
                <Span
                  // biome-ignore lint/suspicious/noArrayIndexKey: spans have nothing else that tells them apart
                  key={at}
                  of={name}
                  span={span}
                  onChange={changed => change({ spans: replaced(spans, at, changed) })}
                  onRemove={spans.length > 1 ? () => change({ spans: without(spans, at) }) : undefined}
                />
              ))}
              <Button
                size="compact"
                variant="tertiary"
                onClick={() => change({ spans: [...spans, { opens: '09:00', closes: '17:00' }] })}
              >
                {__('Add hours', 'confab')}
                <span className="screen-reader-text"> {name}</span>
              </Button>
            </div>
          </div>
        );
      })}
      <Button
        variant="secondary"
        size="compact"
        onClick={() => onChange([...days, { date: '', name: '', spans: [{ opens: '09:00', closes: '13:00' }] }])}
      >
        {__('Add a day with other hours', 'confab')}
      </Button>
      <p className="confab-help">{help}</p>
    </fieldset>
  );
}

/** From when until when, on the day that `of` names. */
function Span({
  of,
  span,
  onChange,
  onRemove,
}: {
  of: string;
  span: JsonObject;
  onChange: (span: JsonObject) => void;
  onRemove?: (() => void) | undefined;
}) {
  return (
    <span className="confab-span">
      <input
        type="time"
        aria-label={sprintf(/* translators: %s: a day of the week, or another day */ __('%s, opens', 'confab'), of)}
        value={String(span.opens ?? '')}
        onChange={event => onChange({ ...span, opens: event.target.value })}
      />
      –
      <input
        type="time"
        aria-label={sprintf(/* translators: %s: a day of the week, or another day */ __('%s, closes', 'confab'), of)}
        value={String(span.closes ?? '')}
        onChange={event => onChange({ ...span, closes: event.target.value })}
      />
      {onRemove && (
        <Button
          size="compact"
          icon="no-alt"
          label={sprintf(
            /* translators: %s: a day of the week, or another day */ __('Remove these hours of %s', 'confab'),
            of,
          )}
          onClick={onRemove}
        />
      )}
    </span>
  );
}
