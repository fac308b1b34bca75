import { CacheProvider } from '@emotion/react';
import type { ReactNode } from 'react';
import { emotionCache } from './style-nonce.ts';

/**
 * Stands in for the provider of the same name in @wordpress/components, which dialogs and menus bring: that one makes a
 * cache of its own, whose styles carry no nonce, so that the browser would take none of them.
 */
export const StyleProvider = ({ children }: { children: ReactNode }) => (
  <CacheProvider value={emotionCache}>{children}</CacheProvider>
);

export default StyleProvider;
