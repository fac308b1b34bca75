import type { AccountOfUser, AccountSite, Me } from '@confab/contract';
import { Button } from '@wordpress/components';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { ComponentProps, ReactNode } from 'react';
import { type Client, ClientProvider, mayAs } from '../client.ts';
import { keepFocusIn } from '../focus.ts';
import { Section, Waiting } from '../parts.tsx';
import { screens as siteScreens } from '../site/index.ts';
import { askOnce } from './api.ts';
import { Boundary } from './boundary.tsx';
import { Menu } from './menu.tsx';
import { remember, remembered } from './remember.ts';
import { go, usePathname } from './router.ts';
import { BASE, BILLING, type Route, siteAddress } from './routes.ts';
import { Account, AuditLog, Billing, Connection, NewAccount, NewSite, PlanBanner, Sites, Team } from './screens.ts';
import { type Session, SessionProvider, useSession } from './session.ts';
import { clientAt, eventsOf, siteClient } from './site-client.ts';

/** A site, and the account by which somebody sees it. */
type Place = { account: AccountOfUser; site: AccountSite };

/** What stays around every screen: where one is, where one may go, and who one is. */
export default function Shell({
  route,
  me,
  check,
  isEnded,
}: {
  route: Route;
  me: Me;
  check: () => Promise<void>;
  /** The session has ended, and everything waits unseen. */
  isEnded: boolean;
}) {
  const places = useMemo(
    () => me.accounts.flatMap(account => account.sites.map((site): Place => ({ account, site }))),
    [me],
  );
  const place = usePlace(route, places);
  const { account, choose } = useChosenAccount(me, place, route);
  const [said, setSaid] = useState('');
  const session: Session = useMemo(
    () => ({ me, account, choose, reload: check, tell: setSaid }),
    [me, account, choose, check],
  );
  const client = useSiteClient(me, place, check);
  const title = titleOf(route, place !== undefined);
  const main = useRef<HTMLElement>(null);
  useArrival({ title, site: route.page === 'site' ? place?.site.name : undefined, isEnded });
  useEffect(() => {
    if (main.current) keepFocusIn(main.current);
  }, []);
  useEffect(() => {
    if (route.page === 'start') go(startOf(place), { replace: true });
  }, [route.page, place]);

  return (
    <SessionProvider value={session}>
      <a className="confab-skip" href="#main">
        {__('Skip to the content', 'confab')}
      </a>
      <Header places={places} place={place} route={route} />
      <main id="main" className="confab-main confab-screens" ref={main} tabIndex={-1}>
        <h1 tabIndex={-1}>{title}</h1>
        {account?.deleteAt && <Ending account={account} />}
        <Boundary key={JSON.stringify(route)}>
          <Suspense fallback={<Waiting />}>
            <Screen route={route} place={place} client={client} />
          </Suspense>
        </Boundary>
      </main>
      <Said words={said} clear={() => setSaid('')} />
    </SessionProvider>
  );
}

function Screen({ route, place, client }: { route: Route; place: Place | undefined; client: Client | undefined }) {
  const { account } = useSession();
  if (route.page === 'site') {
    if (!place || !client) return <NoSite />;
    if (route.screen === 'connection')
      return <Connection key={route.siteId} site={place.site} role={place.account.role} />;
    const found = siteScreens.find(({ id }) => id === route.screen);
    if (!found) return <NotFound />;
    return (
      <ClientProvider value={client}>
        {route.screen === 'home' && <Banner accountId={place.account.accountId} limits={['conversations']} />}
        <found.Screen key={route.siteId} />
      </ClientProvider>
    );
  }
  if (route.page === 'start') return <Waiting />;
  if (route.page === 'account') return <Account />;
  if (!['sites', 'sites/new', 'team', 'account/billing', 'account/audit'].includes(route.page)) return <NotFound />;
  if (!account) return <NewAccount />;
  const { accountId, role } = account;
  return (
    <>
      <WhichAccount />
      <ClientProvider value={clientAt(`/v1/accounts/${accountId}`, role)}>
        {route.page === 'sites' && (
          <>
            <Banner accountId={accountId} limits={['conversations', 'sites']} />
            <Sites key={accountId} />
          </>
        )}
        {route.page === 'sites/new' && (
          <ForOwners what={__('Only owners of the account add sites to it.', 'confab')}>
            <NewSite key={accountId} />
          </ForOwners>
        )}
        {route.page === 'team' && <Team key={accountId} />}
        {route.page === 'account/billing' && <Billing key={accountId} />}
        {route.page === 'account/audit' && (
          <ForOwners what={__('Only owners of the account see its audit log.', 'confab')}>
            <AuditLog key={accountId} />
          </ForOwners>
        )}
      </ClientProvider>
    </>
  );
}

/** Nothing waits for it, and where it cannot be had nothing is missing. */
function Banner(props: ComponentProps<typeof PlanBanner>) {
  return (
    <Suspense fallback={null}>
      <PlanBanner key={props.accountId} {...props} />
    </Suspense>
  );
}

function ForOwners({ what, children }: { what: string; children: ReactNode }) {
  const { account } = useSession();
  if (account?.role === 'owner') return children;
  return (
    <Section title={__('Your role does not allow this', 'confab')}>
      <p>{what}</p>
      <p>
        <a href={`${BASE}/team`}>{__('See who the owners are', 'confab')}</a>
      </p>
    </Section>
  );
}

function NoSite() {
  return (
    <Section title={__('There is no such site, or none that you may see', 'confab')}>
      <p>{__('An owner of its account can give you access to it.', 'confab')}</p>
      <p>
        <a href={`${BASE}/sites`}>{__('See your sites', 'confab')}</a>
      </p>
    </Section>
  );
}

function NotFound() {
  return (
    <Section title={__('There is nothing here', 'confab')}>
      <p>{__('The address may be mistyped, or what was here has moved.', 'confab')}</p>
      <p>
        <a href={`${BASE}/`}>{__('To the start', 'confab')}</a>
      </p>
    </Section>
  );
}

/** Who belongs to several accounts says which one is meant. */
function WhichAccount() {
  const { me, account, choose } = useSession();
  if (me.accounts.length < 2 || !account) return null;
  return (
    <div className="confab-which">
      <Menu
        label={account.name}
        name={sprintf(/* translators: %s: its name */ __('Account: %s', 'confab'), account.name)}
      >
        <ul>
          {me.accounts.map(({ accountId, name }) => (
            <li key={accountId}>
              <button
                type="button"
                aria-current={accountId === account.accountId ? 'true' : undefined}
                onClick={() => choose(accountId)}
              >
                {name}
              </button>
            </li>
          ))}
        </ul>
      </Menu>
    </div>
  );
}

function Ending({ account }: { account: AccountOfUser }) {
  return (
    <p className="confab-ending">
      {sprintf(
        /* translators: 1: the name of an account, 2: a day */
        __('The account “%1$s” will be deleted on %2$s.', 'confab'),
        account.name,
        new Date(account.deleteAt ?? '').toLocaleDateString(document.documentElement.lang),
      )}{' '}
      {account.role === 'owner' && <a href={`${BASE}/account`}>{__('Keep it', 'confab')}</a>}
    </p>
  );
}

function Header({ places, place, route }: { places: Place[]; place: Place | undefined; route: Route }) {
  const [isOpen, setOpen] = useState(false);
  const pathname = usePathname();
  useEffect(() => setOpen(false), [pathname]);
  return (
    <>
      <header className="confab-header">
        <Button
          className="confab-nav-button"
          variant="tertiary"
          __next40pxDefaultSize
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          {__('Menu', 'confab')}
        </Button>
        <a className="confab-brand" href={`${BASE}/`}>
          Confab
        </a>
        <SiteMenu places={places} place={place} />
        <AccountMenu />
      </header>
      <nav id="navigation" className={`confab-nav${isOpen ? ' is-open' : ''}`} aria-label={__('Console', 'confab')}>
        {place && (
          <Links
            label={place.site.name}
            links={[
              ...siteScreens.map(({ id, title }): Link => [siteAddress(place.site.siteId, id), title()]),
              [siteAddress(place.site.siteId, 'connection'), __('Connection', 'confab')],
            ]}
            isHere={address => route.page === 'site' && address === siteAddress(route.siteId, route.screen)}
          />
        )}
        <AccountLinks route={route} />
      </nav>
    </>
  );
}

type Link = [address: string, title: string];

function AccountLinks({ route }: { route: Route }) {
  const { account } = useSession();
  return (
    <Links
      label={account?.name ?? __('Account', 'confab')}
      links={[
        [`${BASE}/sites`, __('Sites', 'confab')],
        [`${BASE}/team`, __('Team', 'confab')],
        [BILLING, __('Plan and usage', 'confab')],
        [`${BASE}/account`, __('Account', 'confab')],
        ...(account?.role === 'owner' ? [[`${BASE}/account/audit`, __('Audit log', 'confab')] as Link] : []),
      ]}
      isHere={address => address === `${BASE}/${route.page}`}
    />
  );
}

function Links({ label, links, isHere }: { label: string; links: Link[]; isHere: (address: string) => boolean }) {
  return (
    <div className="confab-nav-group">
      <p className="confab-nav-label">{label}</p>
      <ul>
        {links.map(([address, title]) => (
          <li key={address}>
            <a href={address} aria-current={isHere(address) ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function SiteMenu({ places, place }: { places: Place[]; place: Place | undefined }) {
  const { me, account } = useSession();
  const label = place?.site.name ?? __('No site yet', 'confab');
  return (
    <Menu label={label} name={sprintf(/* translators: %s: its name */ __('Site: %s', 'confab'), label)}>
      {me.accounts.map(({ accountId, name }) => (
        <div key={accountId}>
          {me.accounts.length > 1 && <p className="confab-nav-label">{name}</p>}
          <ul>
            {places
              .filter(one => one.account.accountId === accountId)
              .map(({ site }) => (
                <li key={site.siteId}>
                  <a
                    href={siteAddress(site.siteId, 'home')}
                    aria-current={site.siteId === place?.site.siteId ? 'true' : undefined}
                  >
                    {site.name}
                  </a>
                </li>
              ))}
          </ul>
        </div>
      ))}
      {account && mayAs(account.role, 'owner') && (
        <ul>
          <li>
            <a href={`${BASE}/sites/new`}>{__('Add a site', 'confab')}</a>
          </li>
        </ul>
      )}
    </Menu>
  );
}

function AccountMenu() {
  const { me, tell } = useSession();
  const signOut = async () => {
    try {
      await askOnce('POST', '/v1/auth/sign-out');
    } catch {
      return tell(__('You could not be signed out. Please try again.', 'confab'));
    }
    // A page of its own, so that nothing that was read stays in memory.
    location.assign(`${BASE}/sign-in`);
  };
  return (
    <div className="confab-user">
      <Menu
        label={me.user.name}
        name={sprintf(/* translators: %s: a name */ __('Signed in as %s', 'confab'), me.user.name)}
      >
        <p className="confab-nav-label">{me.user.email}</p>
        <ul>
          <li>
            <a href={`${BASE}/account`}>{__('Account', 'confab')}</a>
          </li>
          <li>
            <button type="button" onClick={signOut}>
              {__('Sign out', 'confab')}
            </button>
          </li>
        </ul>
      </Menu>
    </div>
  );
}

const SAID_MS = 6_000;

/** What was done just now, for eyes and ears. */
function Said({ words, clear }: { words: string; clear: () => void }) {
  const latest = useRef(clear);
  latest.current = clear;
  useEffect(() => {
    if (!words) return;
    const timer = setTimeout(() => latest.current(), SAID_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <div className="confab-said-now" role="status">
      {words && <p>{words}</p>}
    </div>
  );
}

function titleOf(route: Route, isThere: boolean): string {
  switch (route.page) {
    case 'site':
      if (!isThere) return __('Not found', 'confab');
      if (route.screen === 'connection') return __('Connection', 'confab');
      return siteScreens.find(({ id }) => id === route.screen)?.title() ?? __('Not found', 'confab');
    case 'start':
      return __('Home', 'confab');
    case 'sites':
      return __('Sites', 'confab');
    case 'sites/new':
      return __('Add a site', 'confab');
    case 'team':
      return __('Team', 'confab');
    case 'account':
      return __('Account', 'confab');
    case 'account/billing':
      return __('Plan and usage', 'confab');
    case 'account/audit':
      return __('Audit log', 'confab');
    default:
      return __('Not found', 'confab');
  }
}

const startOf = (place: Place | undefined): string =>
  place ? siteAddress(place.site.siteId, 'home') : `${BASE}/sites`;

/** The site that the screen is about; on a screen of the account the last one, which the navigation still leads to. */
function usePlace(route: Route, places: Place[]): Place | undefined {
  const siteId = route.page === 'site' ? route.siteId : remembered('site');
  const found = places.find(({ site }) => site.siteId === siteId);
  const place = route.page === 'site' ? found : (found ?? places[0]);
  const id = place?.site.siteId;
  useEffect(() => {
    if (id) remember('site', id);
  }, [id]);
  return place;
}

/** The account of the site, or the one chosen among several. */
function useChosenAccount(me: Me, place: Place | undefined, route: Route) {
  // A link in a mail says which account it is about.
  const [chosen, setChosen] = useState(
    () => new URLSearchParams(location.search).get('account') ?? remembered('account'),
  );
  const ofSite = route.page === 'site' ? place?.account.accountId : undefined;
  const choose = useCallback((accountId: string) => {
    remember('account', accountId);
    setChosen(accountId);
  }, []);
  useEffect(() => {
    if (ofSite) choose(ofSite);
  }, [ofSite, choose]);
  const account = me.accounts.find(({ accountId }) => accountId === (ofSite ?? chosen)) ?? me.accounts[0];
  return { account, choose };
}

/** The data client of the site, whose stream of events is also what says that somebody's session or role has ended. */
function useSiteClient(me: Me, place: Place | undefined, check: () => Promise<void>): Client | undefined {
  const siteId = place?.site.siteId;
  const events = useMemo(() => (siteId ? eventsOf(siteId, check) : undefined), [siteId, check]);
  useEffect(() => events?.(() => {}), [events]);
  const account = place?.account;
  return useMemo(
    () => (siteId && account ? siteClient({ account, siteId, user: me.user, events }) : undefined),
    [siteId, account, me.user, events],
  );
}

/** Whoever goes to another screen is told its name, by the title of the page and by its heading. */
function useArrival({ title, site, isEnded }: { title: string; site: string | undefined; isEnded: boolean }): void {
  const pathname = usePathname();
  const last = useRef(pathname);
  useEffect(() => {
    if (isEnded) return;
    document.title = [title, site, 'Confab'].filter(Boolean).join(' – ');
    if (last.current === pathname) return;
    last.current = pathname;
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('#main h1')?.focus({ preventScroll: true });
  }, [pathname, title, site, isEnded]);
}
