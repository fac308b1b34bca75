import { Button, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { SearchResponse } from '../../../../contract/src/documents.ts';
import { useClient } from '../../client.ts';
import { Address, Problem, Section } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';

const MOST = 8;

/** What the assistant would find for a question, by the very search that its answers use. */
export function Search() {
  const { request } = useClient();
  const [question, setQuestion] = useState('');
  const [found, setFound] = useState<{ question: string; answer: SearchResponse }>();
  const { act, isBusy, error } = useAction();
  const ask = () =>
    act(async () => {
      const { answer } = await request<SearchResponse>('GET', '/search', { query: { q: question, limit: MOST } });
      setFound({ question, answer });
    });
  return (
    <Section
      title={__('What would the assistant find?', 'confab')}
      intro={__(
        'Ask as a visitor would. Nothing is answered, and nothing of this is kept or costs anything.',
        'confab',
      )}
    >
      <form
        className="confab-filters"
        onSubmit={event => {
          event.preventDefault();
          if (question.trim()) void ask();
        }}
      >
        <TextControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          className="confab-wide"
          type="search"
          label={__('Question', 'confab')}
          value={question}
          maxLength={4_000}
          onChange={setQuestion}
        />
        <Button
          variant="secondary"
          __next40pxDefaultSize
          type="submit"
          isBusy={isBusy}
          disabled={isBusy || !question.trim()}
          accessibleWhenDisabled
        >
          {__('Search', 'confab')}
        </Button>
      </form>
      {error && <Problem error={error} retry={ask} />}
      <div role="status">{found && !isBusy && <Found {...found} />}</div>
    </Section>
  );
}

function Found({ question, answer: { items, answerable } }: { question: string; answer: SearchResponse }) {
  return (
    <>
      <p>
        <strong>
          {answerable
            ? sprintf(
                /* translators: %s: a question */ __('“%s” can be answered from what is known.', 'confab'),
                question,
              )
            : sprintf(
                /* translators: %s: a question */
                __('“%s” cannot be answered from what is known. The assistant would say so.', 'confab'),
                question,
              )}
        </strong>
      </p>
      {items.length === 0 ? (
        <p className="confab-empty">{__('Nothing was found.', 'confab')}</p>
      ) : (
        <ol className="confab-found">
          {items.map(({ title, url, excerpt }, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two passages may be of one document
            <li key={place}>
              <strong dir="auto">{title}</strong> <Address url={url} />
              <blockquote className="confab-said" dir="auto">
                {excerpt}
              </blockquote>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
