import { Button, SelectControl, TextControl } from '@wordpress/components';
import { useMemo, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import type { Query } from './client.ts';
import { queryNarrowed } from './filter-address.ts';

/** One way to narrow a list, by the name that the relay knows it by. */
export type FilterField = {
  name: string;
  label: string;
  kind: 'text' | 'date' | 'choice';
  /** Of a choice; that of no value is added. */
  options?: { value: string; label: string }[];
};

export type FilterValues = Record<string, string>;

/** From the one day to the other, as most lists can be narrowed. */
export const dayFields = (): FilterField[] => [
  { name: 'from', label: __('From', 'confab'), kind: 'date' },
  { name: 'to', label: __('Until', 'confab'), kind: 'date' },
];

/** The form of a list in the order of time, and what it has the relay asked for. */
export function usePeriod(): { filters: ReactNode; query: Query } {
  const [value, setValue] = useState<FilterValues>({});
  const query = useMemo(() => queryNarrowed(value), [value]);
  return { filters: <Filters fields={dayFields()} value={value} onChange={setValue} />, query };
}

/** A form that narrows a list when it is sent, not while somebody types. */
export function Filters({
  fields,
  value,
  onChange,
}: {
  fields: FilterField[];
  value: FilterValues;
  onChange: (value: FilterValues) => void;
}) {
  const given = JSON.stringify(value);
  const [{ of, draft }, setState] = useState({ of: given, draft: value });
  // By the back button the list may be narrowed by something else than was typed here.
  if (of !== given) setState({ of: given, draft: value });
  const setDraft = (next: FilterValues) => setState({ of: given, draft: next });
  const isSet = Object.values(value).some(Boolean);
  return (
    <form
      className="confab-filters"
      onSubmit={event => {
        event.preventDefault();
        onChange(draft);
      }}
    >
      {fields.map(({ name, label, kind, options = [] }) => {
        const common = {
          label,
          value: draft[name] ?? '',
          onChange: (next: string) => setDraft({ ...draft, [name]: next }),
        };
        return kind === 'choice' ? (
          <SelectControl
            key={name}
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            {...common}
            options={[{ value: '', label: __('All', 'confab') }, ...options]}
          />
        ) : (
          <TextControl
            key={name}
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            type={kind === 'date' ? 'date' : 'search'}
            maxLength={200}
            {...common}
          />
        );
      })}
      <Button variant="secondary" __next40pxDefaultSize type="submit">
        {__('Filter', 'confab')}
      </Button>
      {isSet && (
        <Button
          variant="tertiary"
          __next40pxDefaultSize
          onClick={() => {
            setDraft({});
            onChange({});
          }}
        >
          {__('Show all', 'confab')}
        </Button>
      )}
    </form>
  );
}
