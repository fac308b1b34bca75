import type { AccountSite, Role } from '@confab/contract';
import { CheckboxControl, RadioControl } from '@wordpress/components';
import { __, sprintf } from '@wordpress/i18n';
import { roles, useAccount } from '../session.ts';
import { roleMeans, roleName } from '../words.ts';

/** What somebody may do, and at which sites; null: at all of them. */
export type Grant = { role: Role; siteIds: string[] | null };

/** As the relay takes it: an owner sees every site. */
export const grantOf = ({ role, siteIds }: Grant): Grant => ({ role, siteIds: role === 'owner' ? null : siteIds });

/** The sites in words. */
export function sitesOf(siteIds: string[] | null, sites: AccountSite[]): string {
  if (siteIds === null) return __('All', 'confab');
  const names = sites.filter(({ siteId }) => siteIds.includes(siteId)).map(({ name }) => name);
  return names.length > 0 ? names.join(', ') : __('None', 'confab');
}

export function GrantFields({ grant, setGrant }: { grant: Grant; setGrant: (grant: Grant) => void }) {
  const { sites } = useAccount();
  const { role, siteIds } = grant;
  return (
    <>
      <RadioControl
        label={__('Role', 'confab')}
        selected={role}
        onChange={value => setGrant({ ...grant, role: value as Role })}
        options={roles.map(value => ({ value, label: roleName(value), description: roleMeans(value) }))}
      />
      {role !== 'owner' && sites.length > 0 && (
        <fieldset className="confab-group">
          <legend>{__('Sites', 'confab')}</legend>
          <CheckboxControl
            __nextHasNoMarginBottom
            label={__('All sites, also later ones', 'confab')}
            checked={siteIds === null}
            onChange={all => setGrant({ ...grant, siteIds: all ? null : [] })}
          />
          {siteIds !== null &&
            sites.map(({ siteId, name }) => (
              <CheckboxControl
                key={siteId}
                __nextHasNoMarginBottom
                label={name}
                checked={siteIds.includes(siteId)}
                onChange={isIn =>
                  setGrant({ ...grant, siteIds: isIn ? [...siteIds, siteId] : siteIds.filter(id => id !== siteId) })
                }
              />
            ))}
          {siteIds !== null && siteIds.length === 0 && (
            <p className="confab-help">
              {sprintf(
                /* translators: %s: a role */ __('Without a site, %s sees nothing yet.', 'confab'),
                roleName(role),
              )}
            </p>
          )}
        </fieldset>
      )}
    </>
  );
}
