import { lazy, Suspense, useCallback, useEffect, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { Done, Waiting } from '../parts.tsx';
import { Reading } from './conversations-reading.tsx';
import './conversations.css';

// DataViews weighs more than all the rest, and whoever follows a link to one conversation waits for no list.
const List = lazy(() => import(/* webpackChunkName: "conversations-list" */ './conversations-list.tsx'));

/** The stored conversations, and one of them to read; which one is in the address. */
export default function Conversations() {
  const [open, setOpen] = useState(openConversation);
  const [said, setSaid] = useState('');
  useEffect(() => {
    const follow = () => setOpen(openConversation());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = useCallback((id: string | null, done = '') => {
    const query = new URLSearchParams(location.search);
    if (id) query.set('conversation', id);
    else query.delete('conversation');
    history.pushState(null, '', `?${query}`);
    setOpen(id);
    setSaid(done);
    scrollTo(0, 0);
  }, []);
  return (
    <>
      <Done said={said} onRemove={() => setSaid('')} />
      {open ? (
        <Reading
          key={open}
          id={open}
          close={() => go(null)}
          erased={() => go(null, __('The conversation is erased.', 'confab'))}
        />
      ) : (
        <Suspense fallback={<Waiting />}>
          <List open={go} />
        </Suspense>
      )}
    </>
  );
}

const openConversation = () => new URLSearchParams(location.search).get('conversation');
