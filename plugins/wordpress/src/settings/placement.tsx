import { Button, CheckboxControl, FormTokenField, Notice, ToggleControl } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type ApiError, api, asApiError, type Preferences } from '../api.ts';
import { Problem, Waiting } from '../parts.tsx';
import { useLoaded } from '../use-loaded.ts';

/** Where on this site the chat shows. WordPress keeps this; the relay is not asked. */
export function Placement() {
  const { answer, error, reload, set } = useLoaded(
    useCallback(() => Promise.all([api.preferences(), api.choices()]), []),
  );
  const [draft, setDraft] = useState<Partial<Preferences>>({});
  const [saveError, setSaveError] = useState<ApiError>();
  const [isSaving, setSaving] = useState(false);
  const [wasSaved, setWasSaved] = useState(false);
  if (!answer) return error ? <Problem error={error} retry={reload} /> : <Waiting />;
  const [saved, choices] = answer;
  const now = { ...saved, ...draft };

  const change = (changes: Partial<Preferences>) => {
    setWasSaved(false);
    setDraft({ ...draft, ...changes });
  };
  const toggled = (list: string[], name: string, isIn: boolean) =>
    isIn ? [...new Set([...list, name])] : list.filter(each => each !== name);
  const save = async () => {
    setSaving(true);
    setSaveError(undefined);
    try {
      set([await api.savePreferences(draft), choices]);
      setDraft({});
      setWasSaved(true);
    } catch (problem) {
      setSaveError(asApiError(problem));
    }
    setSaving(false);
  };
  const titles = new Map(choices.pages.map(({ value, label }) => [Number(value), label]));
  // Two pages may have the same title, so the number goes with it.
  const tokenOf = (id: number) => `${titles.get(id) ?? ''} #${id}`.trim();

  return (
    <section className="confab-section" id="confab-placement" aria-labelledby="confab-placement-title">
      <h2 id="confab-placement-title">{__('Where the chat shows', 'confab')}</h2>
      <p className="confab-intro">{__('These are kept in WordPress and have a button of their own.', 'confab')}</p>
      <ToggleControl
        __nextHasNoMarginBottom
        label={__('Show the chat on this site', 'confab')}
        checked={now.widget}
        onChange={(widget: boolean) => change({ widget })}
      />
      {now.widget && (
        <>
          <fieldset className="confab-group">
            <legend>{__('Not on', 'confab')}</legend>
            {choices.postTypes.map(({ value, label }) => (
              <CheckboxControl
                key={value}
                __nextHasNoMarginBottom
                label={label}
                checked={now.hide_post_types.includes(value)}
                onChange={(isIn: boolean) => change({ hide_post_types: toggled(now.hide_post_types, value, isIn) })}
              />
            ))}
          </fieldset>
          <fieldset className="confab-group">
            <legend>{__('Not for people who are logged in as', 'confab')}</legend>
            {choices.roles.map(({ value, label }) => (
              <CheckboxControl
                key={value}
                __nextHasNoMarginBottom
                label={label}
                checked={now.hide_for_roles.includes(value)}
                onChange={(isIn: boolean) => change({ hide_for_roles: toggled(now.hide_for_roles, value, isIn) })}
              />
            ))}
          </fieldset>
          <FormTokenField
            __next40pxDefaultSize
            __nextHasNoMarginBottom
            label={__('Not on these pages', 'confab')}
            value={now.hide_on.map(tokenOf)}
            suggestions={choices.pages.map(({ value }) => tokenOf(Number(value)))}
            onChange={tokens =>
              change({
                hide_on: tokens.flatMap(token => {
                  const id = /#?(\d+)$/.exec(typeof token === 'string' ? token : token.value)?.[1];
                  return id ? [Number(id)] : [];
                }),
              })
            }
          />
        </>
      )}
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
        {__('Save where the chat shows', 'confab')}
      </Button>
    </section>
  );
}
