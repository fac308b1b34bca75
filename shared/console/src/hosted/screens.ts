import { lazy } from '@wordpress/element';

/** The screens of the account, each in a chunk of its own. */
export const Sites = lazy(() => import(/* webpackChunkName: "sites" */ './sites/sites.tsx'));
export const NewSite = lazy(() => import(/* webpackChunkName: "new-site" */ './sites/new-site.tsx'));
export const Connection = lazy(() => import(/* webpackChunkName: "connection" */ './sites/connection.tsx'));
export const Team = lazy(() => import(/* webpackChunkName: "team" */ './team/team.tsx'));
export const Account = lazy(() => import(/* webpackChunkName: "account" */ './account/account.tsx'));
export const Billing = lazy(() => import(/* webpackChunkName: "billing" */ './billing/billing.tsx'));
export const PlanBanner = lazy(() => import(/* webpackChunkName: "plan-banner" */ './billing/banner.tsx'));
export const AuditLog = lazy(() => import(/* webpackChunkName: "audit" */ './account/audit.tsx'));
export const NewAccount = lazy(() => import(/* webpackChunkName: "new-account" */ './account/new-account.tsx'));
