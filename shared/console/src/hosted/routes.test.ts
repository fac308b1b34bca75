import { describe, expect, it } from 'vitest';
import { routeOf, siteAddress } from './routes.ts';

const SITE = '0199a0a0-0000-7000-8000-000000000001';

describe('what an address of the console shows', () => {
  it.each([
    ['/console', { page: 'start' }],
    ['/console/', { page: 'start' }],
    ['/console/sites', { page: 'sites' }],
    ['/console/sites/new', { page: 'sites/new' }],
    ['/console/account/audit/', { page: 'account/audit' }],
    ['/console/reset/new', { page: 'reset/new' }],
    [`/console/sites/${SITE}`, { page: 'site', siteId: SITE, screen: 'home' }],
    [`/console/sites/${SITE}/leads`, { page: 'site', siteId: SITE, screen: 'leads' }],
    [siteAddress(SITE, 'settings'), { page: 'site', siteId: SITE, screen: 'settings' }],
    ['/console/sites/nothing', { page: 'not-found' }],
    [`/console/sites/${SITE}/leads/and/more`, { page: 'not-found' }],
    ['/console/elsewhere', { page: 'not-found' }],
  ])('%s', (address, route) => {
    expect(routeOf(address)).toEqual(route);
  });
});
