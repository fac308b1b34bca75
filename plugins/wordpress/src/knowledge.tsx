import { Button, CheckboxControl, Notice } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type ApiError, api, asApiError, type SyncStatus } from './api.ts';
import { Problem, Section, Waiting } from './parts.tsx';
import { SyncProgress } from './sync.tsx';
import { useLoaded } from './use-loaded.ts';

/** What the assistant knows of the site: how far the sync is, and which types are synced. The list comes below. */
export function Knowledge({ setSync }: { setSync: (sync: SyncStatus) => void }) {
  const { answer: sync, error, reload, set } = useLoaded(api.sync);
  const tell = (next: SyncStatus) => {
    set(next);
    setSync(next);
  };
  return (
    <>
      <Section
        title={__('Sync', 'confab')}
        intro={__(
          'Published public content goes to the relay when it changes, and is forgotten there when it is unpublished or deleted.',
          'confab',
        )}
      >
        {sync ? (
          <SyncProgress sync={sync} setSync={tell} />
        ) : error ? (
          <Problem error={error} retry={reload} />
        ) : (
          <Waiting />
        )}
      </Section>
      <PostTypes onSaved={reload} />
    </>
  );
}

function PostTypes({ onSaved }: { onSaved: () => void }) {
  const { answer, error, reload, set } = useLoaded(
    useCallback(() => Promise.all([api.preferences(), api.choices()]), []),
  );
  const [draft, setDraft] = useState<string[]>();
  const [saveError, setSaveError] = useState<ApiError>();
  const [isSaving, setSaving] = useState(false);
  const [wasSaved, setWasSaved] = useState(false);
  if (!answer) return error ? <Problem error={error} retry={reload} /> : <Waiting />;
  const [preferences, choices] = answer;
  const chosen = draft ?? preferences.post_types;

  const save = async () => {
    setSaving(true);
    setSaveError(undefined);
    try {
      set([await api.savePreferences({ post_types: chosen }), choices]);
      setDraft(undefined);
      setWasSaved(true);
      onSaved();
    } catch (problem) {
      setSaveError(asApiError(problem));
    }
    setSaving(false);
  };

  return (
    <Section title={__('What the assistant may know', 'confab')}>
      <fieldset className="confab-group">
        <legend>{__('Types of content', 'confab')}</legend>
        {choices.postTypes.map(({ value, label }) => (
          <CheckboxControl
            key={value}
            __nextHasNoMarginBottom
            label={label}
            checked={chosen.includes(value)}
            onChange={(isIn: boolean) => {
              setWasSaved(false);
              setDraft(isIn ? [...chosen, value] : chosen.filter(each => each !== value));
            }}
          />
        ))}
        <p className="confab-help">
          {__(
            'What belongs to a type that you take out is forgotten at the relay. A single post can be left out in the editor.',
            'confab',
          )}
        </p>
      </fieldset>
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
        disabled={isSaving || draft === undefined}
        accessibleWhenDisabled
        onClick={save}
      >
        {__('Save types', 'confab')}
      </Button>
    </Section>
  );
}
