import { isRTL } from '@wordpress/i18n';
import type { Tab } from '../tabs.ts';
import { Answers } from './answers.tsx';
import { Conversations } from './conversations.tsx';
import { Documents } from './documents.tsx';
import { Leads } from './leads.tsx';
import { PrivacyLogs } from './privacy-logs.tsx';

// Two files, since WordPress turns only stylesheets round that it has enqueued itself; and by their path, since the build takes
// every other import of @wordpress for a script that WordPress has.
void (isRTL()
  ? import(/* webpackChunkName: "lists-rtl" */ '../../node_modules/@wordpress/dataviews/build-style/style-rtl.css')
  : import(/* webpackChunkName: "lists-ltr" */ '../../node_modules/@wordpress/dataviews/build-style/style.css'));

/** The lists of a tab. The only part that needs DataViews. */
export default function Lists({ tab }: { tab: Tab }) {
  switch (tab) {
    case 'conversations':
      return <Conversations />;
    case 'leads':
      return <Leads />;
    case 'knowledge':
      return (
        <>
          <Answers />
          <Documents />
        </>
      );
    default:
      return <PrivacyLogs />;
  }
}
