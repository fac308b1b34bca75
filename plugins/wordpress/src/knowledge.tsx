import { __ } from '@wordpress/i18n';
import { Checkboxes } from '../../../shared/console/src/checkboxes.tsx';
import { Problem, Section, Waiting } from '../../../shared/console/src/parts.tsx';
import { useLoaded } from '../../../shared/console/src/use-loaded.ts';
import { api, type SyncStatus } from './api.ts';
import { WithPreferences } from './preferences.tsx';
import { SyncProgress } from './sync.tsx';

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
  return (
    <WithPreferences onSaved={onSaved}>
      {({ now, choices, change, saving }) => (
        <Section title={__('What the assistant may know', 'confab')}>
          <Checkboxes
            legend={__('Types of content', 'confab')}
            choices={choices.postTypes}
            list={now.post_types}
            onChange={post_types => change({ post_types })}
            help={__(
              'What belongs to a type that you take out is forgotten at the relay. A single post can be left out in the editor.',
              'confab',
            )}
          />
          {saving(__('Save types', 'confab'))}
        </Section>
      )}
    </WithPreferences>
  );
}
