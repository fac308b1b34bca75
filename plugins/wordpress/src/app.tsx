import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { MouseEvent } from 'react';
import { ClientProvider } from '../../../shared/console/src/client.ts';
import { Problem, Waiting } from '../../../shared/console/src/parts.tsx';
import { SettingsScreen } from '../../../shared/console/src/site/settings/settings.tsx';
import { useSettings } from '../../../shared/console/src/site/settings/use-settings.ts';
import { useLoaded } from '../../../shared/console/src/use-loaded.ts';
import { api, type Status } from './api.ts';
import { clientOf } from './client.ts';
import { Home } from './home/home.tsx';
import { Knowledge } from './knowledge.tsx';
import { Placement } from './placement.tsx';
import { addressOf, type Tab, tabOf, tabs } from './tabs.ts';

// DataViews weighs more than all the rest, so it comes when a list is opened.
const Lists = lazy(() => import(/* webpackChunkName: "lists" */ './lists/lists.tsx'));

/** The admin page: one screen at a time, each with an address of its own. */
export function App() {
  const status = useLoaded(api.status);
  const { tab, go } = useTab();
  const { answer, error, isLoading, reload, set } = status;
  const relayUrl = answer?.relayUrl;
  const ofSite = useMemo(() => clientOf(relayUrl), [relayUrl]);

  if (!answer) return error ? <Problem error={error} retry={reload} /> : <Waiting />;
  return (
    <>
      {answer.state === 'connected' ? (
        <ClientProvider value={ofSite}>
          <Connected status={answer} setStatus={set} reload={reload} tab={tab} go={go} />
        </ClientProvider>
      ) : (
        <Home status={answer} setStatus={set} reload={reload} />
      )}
      {error && !isLoading && <Problem error={error} retry={reload} />}
    </>
  );
}

function Connected({
  status,
  setStatus,
  reload,
  tab,
  go,
}: {
  status: Status;
  setStatus: (status: Status) => void;
  reload: () => void;
  tab: Tab;
  go: (tab: Tab) => void;
}) {
  // Kept here, so that looking at another tab costs nobody what they have typed.
  const settings = useSettings(tab === 'settings');
  const labels: Record<Tab, string> = {
    home: __('Overview', 'confab'),
    settings: __('Settings', 'confab'),
    knowledge: __('Knowledge', 'confab'),
    conversations: __('Conversations', 'confab'),
    leads: __('Leads', 'confab'),
    integrations: __('Integrations', 'confab'),
    privacy: __('Privacy', 'confab'),
  };
  const follow = (event: MouseEvent, name: Tab) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(name);
  };
  return (
    <>
      <nav className="nav-tab-wrapper confab-tabs" aria-label={__('Confab', 'confab')}>
        {tabs.map(name => (
          <a
            key={name}
            href={addressOf(name, location.search)}
            className={`nav-tab${name === tab ? ' nav-tab-active' : ''}`}
            aria-current={name === tab ? 'page' : undefined}
            onClick={(event: MouseEvent) => follow(event, name)}
          >
            {labels[name]}
            {name === 'settings' && settings.isDirty && (
              <span className="confab-dot" title={__('Not saved yet', 'confab')}>
                <span className="screen-reader-text">{__('(not saved yet)', 'confab')}</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      {tab === 'home' && <Home status={status} setStatus={setStatus} reload={reload} />}
      {tab === 'settings' && <SettingsScreen settings={settings} others={[placement()]} />}
      {tab === 'knowledge' && <Knowledge setSync={sync => setStatus({ ...status, sync })} />}
      {tab !== 'home' && tab !== 'settings' && (
        <Suspense
          fallback={
            <Waiting
              what={sprintf(/* translators: %s: a tab such as "Leads" */ __('Loading %s…', 'confab'), labels[tab])}
            />
          }
        >
          <Lists tab={tab} />
        </Suspense>
      )}
    </>
  );
}

/** What WordPress adds to the settings. */
const placement = () => ({
  id: 'placement',
  title: __('Where the chat shows', 'confab'),
  content: <Placement />,
});

/** The tab in the address, so that the back button and a reload lead where one expects. */
function useTab() {
  const [tab, setTab] = useState<Tab>(() => tabOf(location.search));
  useEffect(() => {
    const follow = () => setTab(tabOf(location.search));
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = useCallback((next: Tab) => {
    history.pushState(null, '', addressOf(next, location.search));
    setTab(next);
  }, []);
  return { tab, go };
}
