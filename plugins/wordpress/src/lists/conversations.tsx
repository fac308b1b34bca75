import { Button, Notice } from '@wordpress/components';
import { useCallback, useEffect, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { api, type Passage, type ReadConversation } from '../api.ts';
import { formatMoment, formatNumber, languageName, pageLocale } from '../format.ts';
import { isObject, type Json, valueAt } from '../json.ts';
import { Address, Facts, Problem, Section, Waiting } from '../parts.tsx';
import { useLoaded } from '../use-loaded.ts';
import { EntryForm, type Writing } from './entry-form.tsx';
import { type Column, PagedList } from './paged-list.tsx';

type Conversation = {
  id: string;
  createdAt: string;
  lastMessageAt: string | null;
  messages: number;
  locale: string | null;
  pageUrl: string | null;
  restricted: boolean;
};

/** The stored conversations, and one of them to read; which one is in the address. */
export function Conversations() {
  const [open, setOpen] = useState(openConversation);
  useEffect(() => {
    const follow = () => setOpen(openConversation());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = useCallback((id: string | null) => {
    const query = new URLSearchParams(location.search);
    if (id) query.set('conversation', id);
    else query.delete('conversation');
    history.pushState(null, '', `?${query}`);
    setOpen(id);
  }, []);
  return open ? <Reading id={open} close={() => go(null)} /> : <List open={go} />;
}

const openConversation = () => new URLSearchParams(location.search).get('conversation');

function List({ open }: { open: (id: string) => void }) {
  const [columns] = useState<Column<Conversation>[]>(() => [
    {
      id: 'createdAt',
      label: __('Begun', 'confab'),
      show: ({ id, createdAt }) => (
        <Button variant="link" onClick={() => open(id)}>
          {formatMoment(createdAt)}
        </Button>
      ),
    },
    { id: 'messages', label: __('Messages', 'confab'), show: ({ messages }) => formatNumber(messages) },
    {
      id: 'lastMessageAt',
      label: __('Last message', 'confab'),
      show: ({ lastMessageAt }) => formatMoment(lastMessageAt),
    },
    {
      id: 'locale',
      label: __('Language', 'confab'),
      show: ({ locale }) => (locale ? languageName(locale) : '–'),
    },
    {
      id: 'pageUrl',
      label: __('Page', 'confab'),
      show: ({ restricted, pageUrl }) =>
        restricted ? __('Use restricted by the visitor', 'confab') : <Address url={pageUrl} />,
    },
  ]);
  return (
    <PagedList<Conversation>
      name="conversations"
      title={__('Conversations', 'confab')}
      intro={__('Of visitors who agreed that their chat is stored. Those of others exist nowhere.', 'confab')}
      empty={__('There is no stored conversation yet. They appear here when visitors agree and chat.', 'confab')}
      columns={columns}
      idOf={({ id }) => id}
    />
  );
}

function Reading({ id, close }: { id: string; close: () => void }) {
  const { answer, error, reload } = useLoaded(
    useCallback(async () => {
      // Without the questions the answers are shown as they are stored.
      const questions = api.settings().then(
        ({ settings }) => valueAt(settings, 'prechat.fields'),
        () => undefined,
      );
      return { conversation: await api.conversation(id), questions: await questions };
    }, [id]),
  );
  return (
    <>
      <p>
        <Button variant="link" onClick={close}>
          {__('← All conversations', 'confab')}
        </Button>
      </p>
      {error && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && <Transcript {...answer} />}
    </>
  );
}

function Transcript({ conversation, questions }: { conversation: ReadConversation; questions: Json | undefined }) {
  const { createdAt, restricted, locale, pageUrl, prechat, messages } = conversation;
  const [writing, setWriting] = useState<Writing>();
  const [isSaved, setSaved] = useState(false);
  const correct = (place: number) => {
    const question = messages.slice(0, place).findLast(({ role }) => role === 'visitor')?.text ?? '';
    const { id: messageId, text = '', outcome, citations: [citation] = [] } = messages[place] ?? {};
    // What says that the pages do not tell is no beginning of an answer.
    const answer = outcome === 'unanswered' ? '' : text.replace(/ ?\[\d{1,2}\]/g, '').replace(/^> /gm, '');
    const links = citation?.url ? [{ title: '', url: citation.url }] : [];
    setSaved(false);
    setWriting({ draft: { question: question.slice(0, 500), answer, links, messageId } });
  };
  const names = {
    visitor: __('Visitor', 'confab'),
    assistant: __('Assistant', 'confab'),
    agent: __('Team', 'confab'),
  };
  return (
    <Section
      title={sprintf(/* translators: %s: date and time */ __('Conversation of %s', 'confab'), formatMoment(createdAt))}
    >
      {restricted ? (
        <Notice status="info" isDismissible={false} className="confab-notice">
          {__(
            'The visitor has restricted the use of this conversation, so nobody may read it until they allow it again.',
            'confab',
          )}
        </Notice>
      ) : (
        <>
          <Facts
            facts={[
              [__('Language', 'confab'), locale ? languageName(locale) : '–'],
              [__('Page', 'confab'), <Address key="page" url={pageUrl} />],
              ...Object.entries(prechat ?? {}).map(entry => asAsked(entry, questions)),
            ]}
          />
          <div role="status">
            {isSaved && (
              <Notice status="success" onRemove={() => setSaved(false)} className="confab-notice">
                {__('Saved. The assistant answers from it in a moment.', 'confab')}
              </Notice>
            )}
          </div>
          {writing && (
            <EntryForm
              writing={writing}
              done={saved => {
                setWriting(undefined);
                setSaved(saved);
              }}
            />
          )}
          <ol className="confab-transcript">
            {messages.map(({ id, role, text, citations, passages, outcome, status, createdAt: at }, place) => (
              <li key={id} className={`is-${role}`}>
                <p className="confab-who">
                  <strong>{names[role]}</strong> <time dateTime={at}>{formatMoment(at)}</time>
                </p>
                <Said text={text} />
                {status === 'interrupted' && (
                  <p className="confab-hint">{__('The visitor left before the end of this answer.', 'confab')}</p>
                )}
                {status === 'failed' && <p className="confab-hint">{__('This answer failed.', 'confab')}</p>}
                {outcome === 'unanswered' && (
                  <p className="confab-hint">{__('Your pages did not hold the answer.', 'confab')}</p>
                )}
                {citations.length > 0 && (
                  <ul className="confab-citations" aria-label={__('Sources', 'confab')}>
                    {citations.map(({ index, title, url }) => (
                      <li key={index}>
                        [{index}] {title} – <Address url={url} />
                      </li>
                    ))}
                  </ul>
                )}
                {passages && passages.length > 0 && <Why passages={passages} />}
                {role === 'assistant' && (
                  <Button variant="link" onClick={() => correct(place)}>
                    {__('Put this answer right', 'confab')}
                  </Button>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
    </Section>
  );
}

/** What an answer rests on, as it stood in the pages then. */
function Why({ passages }: { passages: Passage[] }) {
  return (
    <details className="confab-why">
      <summary>{__('Why did it say that?', 'confab')}</summary>
      {passages.map(({ index, title, heading, text }, place) => (
        // two passages may be of one document
        <figure key={place}>
          <figcaption dir="auto">
            [{index}] {heading && !title.includes(heading) ? `${title} – ${heading}` : title}
          </figcaption>
          <blockquote dir="auto">{text}</blockquote>
        </figure>
      ))}
    </details>
  );
}

/** What was said, with the quotes from pages set apart as in the chat. */
function Said({ text }: { text: string }) {
  return (
    <div className="confab-said" dir="auto">
      {text.split(/\n(?=> )|(?<=^> .*)\n/m).map((part, index) => {
        const isQuote = part.startsWith('> ');
        const Part = isQuote ? 'blockquote' : 'p';
        // parts of a text have nothing else that tells them apart
        return part.trim() && <Part key={index}>{isQuote ? part.slice(2) : part.trim()}</Part>;
      })}
    </div>
  );
}

/** A question before the chat and its answer, in the words that the settings have for them now. */
function asAsked([name, value]: [string, string], questions: Json | undefined): [string, string] {
  const fields = Array.isArray(questions) ? questions.filter(isObject) : [];
  const field = fields.find(each => each.name === name);
  const options = Array.isArray(field?.options) ? field.options.filter(isObject) : [];
  return [saying(field?.label) ?? name, saying(options.find(each => each.value === value)?.label) ?? value];
}

function saying(texts: Json | undefined): string | undefined {
  if (!isObject(texts)) return undefined;
  const text = texts[pageLocale()] ?? texts[pageLocale().slice(0, 2)] ?? Object.values(texts)[0];
  return typeof text === 'string' ? text : undefined;
}
