import { Button } from '@wordpress/components';
import { __, sprintf } from '@wordpress/i18n';
import type { KeptPassage, OwnedMessage } from '../../../contract/src/conversation.ts';
import { formatMoment } from '../format.ts';
import { Address } from '../parts.tsx';

/** What was said, by whom, and on what each answer rests. `correct` is there for whoever may put an answer right. */
export function Transcript({
  messages,
  correct,
}: {
  messages: OwnedMessage[];
  correct?: ((place: number) => void) | undefined;
}) {
  return (
    <ol className="confab-transcript">
      {messages.map(({ id, role, author, text, citations, passages, outcome, status, createdAt }, place) => (
        <li key={id} className={`is-${role}`}>
          <p className="confab-who">
            <strong dir="auto">{author ?? nameOf(role)}</strong>{' '}
            {author && <span className="confab-team">{__('Team', 'confab')}</span>}{' '}
            <time dateTime={createdAt}>{formatMoment(createdAt)}</time>
          </p>
          <Said text={text} />
          {status === 'streaming' && <p className="confab-hint">{__('Is being written…', 'confab')}</p>}
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
          {role === 'assistant' && correct && status !== 'streaming' && (
            <Button variant="link" onClick={() => correct(place)}>
              {__('Put this answer right', 'confab')}
            </Button>
          )}
        </li>
      ))}
    </ol>
  );
}

/** What says who wrote something where no name does. */
export const nameOf = (role: OwnedMessage['role']): string =>
  ({
    visitor: __('Visitor', 'confab'),
    assistant: __('Assistant', 'confab'),
    agent: __('Team', 'confab'),
  })[role];

/** A message as it is read out when it arrives. */
export const announced = ({ role, author, text }: OwnedMessage): string =>
  sprintf(/* translators: 1: who wrote 2: what */ __('%1$s: %2$s', 'confab'), author ?? nameOf(role), text);

/** What an answer rests on, as it stood in the pages then. */
function Why({ passages }: { passages: KeptPassage[] }) {
  return (
    <details className="confab-why">
      <summary>{__('Why did it say that?', 'confab')}</summary>
      {passages.map(({ index, title, heading, text }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two passages may be of one document
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
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have nothing else that tells them apart
        return part.trim() && <Part key={index}>{isQuote ? part.slice(2) : part.trim()}</Part>;
      })}
    </div>
  );
}
