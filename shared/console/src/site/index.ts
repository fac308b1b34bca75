import { lazy } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ComponentType } from 'react';

/** A screen of one site: its place in addresses, its name, and what it shows once that is loaded. */
export type SiteScreen = { id: string; title: () => string; Screen: ComponentType };

/** Every screen of a site, in the order of the navigation. Each asks for its data by `useClient()`. */
export const screens: readonly SiteScreen[] = [
  {
    id: 'home',
    title: () => __('Home', 'confab'),
    Screen: lazy(() => import(/* webpackChunkName: "home" */ './home.tsx')),
  },
  {
    id: 'conversations',
    title: () => __('Conversations', 'confab'),
    Screen: lazy(() => import('./conversations.tsx')),
  },
  { id: 'visitors', title: () => __('Visitors now', 'confab'), Screen: lazy(() => import('./visitors.tsx')) },
  { id: 'leads', title: () => __('Leads', 'confab'), Screen: lazy(() => import('./leads.tsx')) },
  {
    id: 'knowledge',
    title: () => __('Knowledge', 'confab'),
    Screen: lazy(() => import('./knowledge/knowledge.tsx')),
  },
  { id: 'settings', title: () => __('Settings', 'confab'), Screen: lazy(() => import('./settings/screen.tsx')) },
  {
    id: 'integrations',
    title: () => __('Integrations', 'confab'),
    Screen: lazy(() => import('./integrations/integrations.tsx')),
  },
  { id: 'privacy', title: () => __('Privacy', 'confab'), Screen: lazy(() => import('./privacy/privacy.tsx')) },
];
