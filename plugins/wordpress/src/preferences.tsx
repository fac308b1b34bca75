import { Button, Notice } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../../shared/console/src/client.ts';
import { Problem, Waiting } from '../../../shared/console/src/parts.tsx';
import { useLoaded } from '../../../shared/console/src/use-loaded.ts';
import { api, type Choices, type Preferences } from './api.ts';

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
