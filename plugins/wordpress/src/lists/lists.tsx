import { __, isRTL } from '@wordpress/i18n';
import Conversations from '../../../../shared/console/src/site/conversations.tsx';
import Integrations from '../../../../shared/console/src/site/integrations/integrations.tsx';
import { Answers } from '../../../../shared/console/src/site/knowledge/answers.tsx';
import { Documents } from '../../../../shared/console/src/site/knowledge/documents.tsx';
import { Search } from '../../../../shared/console/src/site/knowledge/search.tsx';
import { Sources } from '../../../../shared/console/src/site/knowledge/sources.tsx';
import Leads from '../../../../shared/console/src/site/leads.tsx';
import Privacy from '../../../../shared/console/src/site/privacy/privacy.tsx';
import { WordpressTools } from '../privacy.tsx';
import type { Tab } from '../tabs.ts';

// Two files, since WordPress turns only stylesheets round that it has enqueued itself; and by their path, since the build takes
// every other import of @wordpress for a script that WordPress has.
void (isRTL()
  ? import(/* webpackChunkName: "dataviews-rtl" */ '../../node_modules/@wordpress/dataviews/build-style/style-rtl.css')
  : import(/* webpackChunkName: "dataviews-ltr" */ '../../node_modules/@wordpress/dataviews/build-style/style.css'));

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
          <Search />
          <Answers />
          <Documents empty={__('The relay knows nothing of your site yet. Press “Sync all” above.', 'confab')} />
          <Sources />
        </>
      );
    case 'integrations':
      return <Integrations />;
    default:
      return <Privacy hint={<WordpressTools />} />;
  }
}
