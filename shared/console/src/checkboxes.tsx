import { CheckboxControl } from '@wordpress/components';
import type { ReactNode } from 'react';

/** One box for each choice, ticked where it is in the list. */
export function Checkboxes({
  legend,
  choices,
  list,
  onChange,
  help,
}: {
  legend: string;
  choices: { value: string; label: string }[];
  list: string[];
  onChange: (list: string[]) => void;
  help?: ReactNode;
}) {
  return (
    <fieldset className="confab-group">
      <legend>{legend}</legend>
      {choices.map(({ value, label }) => (
        <CheckboxControl
          key={value}
          __nextHasNoMarginBottom
          label={label}
          checked={list.includes(value)}
          onChange={(isIn: boolean) => {
            const others = list.filter(each => each !== value);
            onChange(isIn ? [...others, value] : others);
          }}
        />
      ))}
      {help && <p className="confab-help">{help}</p>}
    </fieldset>
  );
}
