import { __ } from '@wordpress/i18n';
import { Answers } from './answers.tsx';
import { Documents } from './documents.tsx';
import { Search } from './search.tsx';
import { Sources } from './sources.tsx';
import { Uploads } from './uploads.tsx';

/** What the assistant knows, where from, and what it was asked in vain. */
export default function Knowledge() {
  return (
    <>
      <Search />
      <Answers />
      <Sources />
      <Uploads />
      <Documents empty={__('Nothing is known yet. Add your website or a file above, or connect a plugin.', 'confab')} />
    </>
  );
}
