import { Button, CheckboxControl, Notice } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { type ApiError, api, asApiError, type Choices, type Preferences } from './api.ts';
import { Problem, Waiting } from './parts.tsx';
import { useLoaded } from './use-loaded.ts';

/** Some of the preferences, as they are being edited. */
export type PreferencesEditor = {
  now: Preferences;
  choices: Choices;
  change: (changes: Partial<Preferences>) => void;
  /** The button that saves them, and what came of it. */
  saving: (label: string) => JSX.Element;
};

/** Draws a part of the preferences once they are there. WordPress keeps them; the relay is not asked. */
export function WithPreferences({
  children,
  onSaved,
}: {
  children: (editor: PreferencesEditor) => JSX.Element;
  onSaved?: () => void;
}) {
  const { answer, error, reload, set } = useLoaded(
    useCallback(() => Promise.all([api.preferences(), api.choices()]), []),
  );
  const [draft, setDraft] = useState<Partial<Preferences>>({});
  const [saveError, setSaveError] = useState<ApiError>();
  const [isSaving, setSaving] = useState(false);
  const [wasSaved, setWasSaved] = useState(false);
  if (!answer) return error ? <Problem error={error} retry={reload} /> : <Waiting />;
  const [saved, choices] = answer;

  const save = async () => {
    setSaving(true);
    setSaveError(undefined);
    try {
      set([await api.savePreferences(draft), choices]);
      setDraft({});
      setWasSaved(true);
      onSaved?.();
    } catch (problem) {
      setSaveError(asApiError(problem));
    }
    setSaving(false);
  };

  return children({
    now: { ...saved, ...draft },
    choices,
    change: changes => {
      setWasSaved(false);
      setDraft({ ...draft, ...changes });
    },
    saving: label => (
      <>
        {saveError && <Problem error={saveError} />}
        {wasSaved && (
          <Notice status="success" isDismissible={false} className="confab-notice">
            {__('Saved.', 'confab')}
          </Notice>
        )}
        <Button
          variant="primary"
          __next40pxDefaultSize
          isBusy={isSaving}
          disabled={isSaving || Object.keys(draft).length === 0}
          accessibleWhenDisabled
          onClick={save}
        >
          {label}
        </Button>
      </>
    ),
  });
}

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
