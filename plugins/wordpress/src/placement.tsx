import { FormTokenField, ToggleControl } from '@wordpress/components';
import { __ } from '@wordpress/i18n';
import { Checkboxes } from '../../../shared/console/src/checkboxes.tsx';
import { type PreferencesEditor, WithPreferences } from './preferences.tsx';

/** Where on this site the chat shows. */
export function Placement() {
  return <WithPreferences>{editor => <PlacementForm {...editor} />}</WithPreferences>;
}

function PlacementForm({ now, choices, change, saving }: PreferencesEditor) {
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
          <Checkboxes
            legend={__('Not on', 'confab')}
            choices={choices.postTypes}
            list={now.hide_post_types}
            onChange={hide_post_types => change({ hide_post_types })}
          />
          <Checkboxes
            legend={__('Not for people who are logged in as', 'confab')}
            choices={choices.roles}
            list={now.hide_for_roles}
            onChange={hide_for_roles => change({ hide_for_roles })}
          />
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
      {saving(__('Save where the chat shows', 'confab'))}
    </section>
  );
}
