import type { AccountSite } from '@confab/contract';
import { Button } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Address, Section } from '../../parts.tsx';
import { go } from '../router.ts';
import { BASE, siteAddress } from '../routes.ts';
import { useAccount, useSession } from '../session.ts';

export default function Sites() {
  const { role } = useAccount();
  const { reload } = useSession();
  // A site may have been connected meanwhile, from WordPress or by somebody else.
  useEffect(() => {
    void reload();
  }, [reload]);
  const [columns] = useState<Column<AccountSite>[]>(() => [
    {
      id: 'name',
      label: __('Site', 'confab'),
      show: ({ siteId, name }) => <a href={siteAddress(siteId, 'home')}>{name}</a>,
    },
    { id: 'address', label: __('Address', 'confab'), show: ({ homeUrl }) => <Address url={homeUrl} /> },
    { id: 'platform', label: __('Connected by', 'confab'), show: ({ platform }) => platformName(platform) },
    {
      id: 'state',
      label: __('State', 'confab'),
      show: ({ siteId, connected }) => (
        <>
          {connected ? __('Connected', 'confab') : __('Not connected', 'confab')}{' '}
          <a href={siteAddress(siteId, 'connection')}>{__('Connection', 'confab')}</a>
        </>
      ),
    },
  ]);
  return (
    <>
      <PagedList
        path="/sites"
        title={__('Your sites', 'confab')}
        empty={
          role === 'owner'
            ? __('There is no site yet. Add the first one.', 'confab')
            : __('There is no site that you may see yet. An owner of the account can give you access.', 'confab')
        }
        columns={columns}
        idOf={({ siteId }) => siteId}
      />
      {role === 'owner' && (
        <Section title={__('One more site', 'confab')}>
          <Button variant="primary" __next40pxDefaultSize onClick={() => go(`${BASE}/sites/new`)}>
            {__('Add a site', 'confab')}
          </Button>
        </Section>
      )}
    </>
  );
}

const platformName = (platform: AccountSite['platform']): string =>
  platform === 'wordpress' ? 'WordPress' : platform === 'shopify' ? 'Shopify' : __('Snippet', 'confab');
