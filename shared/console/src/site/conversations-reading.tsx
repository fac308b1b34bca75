import { Button, Notice } from '@wordpress/components';
import { useCallback, useEffect, useMemo, useRef, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { OwnedConversation, OwnedMessage } from '../../../contract/src/conversation.ts';
import type { Visitors } from '../../../contract/src/live.ts';
import { type LiveEvent, useClient } from '../client.ts';
import { formatMoment, languageName, pageLocale } from '../format.ts';
import { gathered } from '../gather.ts';
import { isObject, type Json, valueAt } from '../json.ts';
import { Address, Done, Facts, Problem, Section, Waiting } from '../parts.tsx';
import { useLive } from '../use-live.ts';
import { useLoaded } from '../use-loaded.ts';
import { DataActions } from './conversations-actions.tsx';
import { newsOf, withSent } from './conversations-news.ts';
import { Composer, Takeover } from './conversations-takeover.tsx';
import { announced, Transcript } from './conversations-transcript.tsx';
import { EntryForm, type Writing } from './knowledge/entry-form.tsx';
import { LiveNotice } from './live-notice.tsx';

/** A busy conversation is read again at most this often. */
const AGAIN_MS = 500;

/** How long whoever typed a moment ago is shown as typing. */
const TYPING_MS = 5_000;

/** One conversation as it goes on: what was said, on what it rests, and a way to talk with the visitor. */
export function Reading({ id, close, erased }: { id: string; close: () => void; erased: () => void }) {
  const { request } = useClient();
  const read = useCallback(
    async () => (await request<OwnedConversation>('GET', `/conversations/${encodeURIComponent(id)}`)).answer,
    [request, id],
  );
  const { answer, error, reload, set } = useLoaded(read);
  const [isGone, setGone] = useState(false);
  const visitor = useVisitor(id);
  const again = useMemo(() => gathered(reload, AGAIN_MS), [reload]);
  useEffect(() => again.stop, [again]);
  const state = useLive({
    hear(event) {
      if (event.conversationId !== id) return;
      if (event.type === 'ended') setGone(true);
      else if (event.type === 'message' || event.type === 'conversation') again.ask();
      visitor.hear(event);
    },
    again() {
      again.ask();
      visitor.look();
    },
  });
  const isErased = isGone || error?.code === 'conversation_not_found';

  return (
    <>
      <p className="confab-back">
        <Button variant="link" onClick={close}>
          {__('← All conversations', 'confab')}
        </Button>
      </p>
      <LiveNotice state={state} />
      {isErased && (
        <Notice status="info" isDismissible={false} className="confab-notice">
          {__('This conversation is not stored any more: it was erased, or its time was over.', 'confab')}
        </Notice>
      )}
      {error && !isErased && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && !isErased && (
        <Conversation
          conversation={answer}
          visitor={visitor}
          erased={erased}
          changed={async () => set(await read().catch(() => answer))}
          sent={message => set({ ...answer, messages: withSent(answer.messages, message) })}
        />
      )}
    </>
  );
}

function Conversation({
  conversation,
  visitor,
  erased,
  changed,
  sent,
}: {
  conversation: OwnedConversation;
  visitor: VisitorNow;
  erased: () => void;
  changed: () => Promise<void>;
  sent: (message: OwnedMessage) => void;
}) {
  const { id, createdAt, restricted, locale, pageUrl, prechat, messages, takenOverBy } = conversation;
  const { may, me } = useClient();
  const [writing, setWriting] = useState<Writing>();
  const [said, setSaid] = useState('');
  const [draft, setDraft] = useState('');
  const questions = useQuestions(prechat !== null);
  const isMine = me !== undefined && takenOverBy?.userId === me.userId;
  const { end, unseen, toEnd } = useEnd(messages);
  const heard = useAnnounced(messages, isMine ? 'agent' : undefined);
  const correct = (place: number) => {
    setSaid('');
    setWriting({ draft: draftOf(messages, place) });
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
        <Facts
          facts={[
            [__('Language', 'confab'), locale ? languageName(locale) : '–'],
            [__('Page', 'confab'), <Address key="page" url={pageUrl} />],
            ...Object.entries(prechat ?? {}).map(entry => asAsked(entry, questions)),
          ]}
        />
      )}
      <DataActions id={id} erased={erased} />
      <Done said={said} onRemove={() => setSaid('')} />
      {!restricted && (
        <>
          {writing && (
            <EntryForm
              writing={writing}
              done={saved => {
                setWriting(undefined);
                if (saved) setSaid(__('Saved. The assistant answers from it in a moment.', 'confab'));
              }}
            />
          )}
          <Transcript messages={messages} correct={may('agent') ? correct : undefined} />
          <div role="log" aria-live="polite" className="screen-reader-text">
            {heard.map(message => (
              <p key={message.id}>{announced(message)}</p>
            ))}
          </div>
          <div ref={end} className="confab-end" />
          <div className={`confab-talk${isMine ? ' is-mine' : ''}`}>
            {unseen > 0 && (
              <Button variant="secondary" size="compact" className="confab-unseen" onClick={toEnd}>
                {__('New messages below', 'confab')}
              </Button>
            )}
            <p className="confab-visitor-state" role="status">
              {visitor.isTyping
                ? __('The visitor is writing…', 'confab')
                : visitor.isPresent === undefined
                  ? ''
                  : visitor.isPresent
                    ? __('The visitor has the chat open.', 'confab')
                    : __('The visitor is not there. What you write is shown when they come back.', 'confab')}
            </p>
            <Takeover conversation={conversation} changed={changed} />
            {isMine && <Composer id={id} text={draft} setText={setDraft} sent={sent} begun={toEnd} />}
          </div>
        </>
      )}
    </Section>
  );
}

/** Whether the visitor has the chat open and is writing; undefined where that is not known. */
type VisitorNow = {
  isPresent: boolean | undefined;
  isTyping: boolean;
  hear: (event: LiveEvent) => void;
  look: () => void;
};

function useVisitor(id: string): VisitorNow {
  const { request, events } = useClient();
  const [isPresent, setPresent] = useState<boolean>();
  const [isTyping, setTyping] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = useCallback(() => {
    if (!events) return;
    // Without an answer it is not known, and nothing is said about it.
    request<Visitors>('GET', '/visitors').then(
      ({ answer }) => setPresent(answer.active.some(each => each.conversationId === id && each.present)),
      () => setPresent(undefined),
    );
  }, [request, events, id]);
  useEffect(look, [look]);
  const stopTyping = () => {
    clearTimeout(timer.current);
    setTyping(false);
  };
  return {
    isPresent,
    isTyping,
    look,
    hear({ type, role, present }) {
      if (type === 'presence') {
        setPresent(present);
        if (!present) stopTyping();
      } else if (type === 'message' && role === 'visitor') stopTyping();
      else if (type === 'typing' && role === 'visitor') {
        setPresent(true);
        setTyping(true);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setTyping(false), TYPING_MS);
      }
    },
  };
}

/** The messages that came since the conversation was opened, to be read out; not those that somebody wrote here. */
function useAnnounced(messages: OwnedMessage[], own: OwnedMessage['role'] | undefined): OwnedMessage[] {
  const [heard, setHeard] = useState<OwnedMessage[]>([]);
  const before = useRef(messages);
  useEffect(() => {
    const news = newsOf(before.current, messages).filter(({ role }) => role !== own);
    before.current = messages;
    if (news.length > 0) setHeard(those => [...those, ...news].slice(-5));
  }, [messages, own]);
  return heard;
}

/** Follows the conversation where its end is in sight; whoever reads further up is not moved, and told. */
function useEnd(messages: OwnedMessage[]) {
  const end = useRef<HTMLDivElement>(null);
  const isSeen = useRef(false);
  const before = useRef(messages);
  const [unseen, setUnseen] = useState(0);
  const toEnd = useCallback(() => {
    end.current?.scrollIntoView({ block: 'end' });
    setUnseen(0);
  }, []);
  useEffect(() => {
    const element = end.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => {
      isSeen.current = entry?.isIntersecting ?? false;
      if (isSeen.current) setUnseen(0);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const news = newsOf(before.current, messages);
    before.current = messages;
    if (news.length === 0) return;
    // What was sent here is seen, wherever one was reading.
    if (isSeen.current || news.at(-1)?.role === 'agent') toEnd();
    else setUnseen(count => count + news.length);
  }, [messages, toEnd]);
  return { end, unseen, toEnd };
}

/** The questions before the chat as the settings have them; without them the answers are shown as they are stored. */
function useQuestions(isNeeded: boolean): Json | undefined {
  const { request } = useClient();
  const [questions, setQuestions] = useState<Json>();
  useEffect(() => {
    if (!isNeeded) return;
    request<Json>('GET', '/settings').then(
      ({ answer }) => setQuestions(valueAt(answer, 'prechat.fields')),
      () => {},
    );
  }, [request, isNeeded]);
  return questions;
}

/** An answer that puts another one right, begun with what that one said. */
function draftOf(messages: OwnedMessage[], place: number): Writing['draft'] {
  const question = messages.slice(0, place).findLast(({ role }) => role === 'visitor')?.text ?? '';
  const { id: messageId = '', text = '', outcome, citations: [citation] = [] } = messages[place] ?? {};
  // What says that the pages do not tell is no beginning of an answer.
  const answer = outcome === 'unanswered' ? '' : text.replace(/ ?\[\d{1,2}\]/g, '').replace(/^> /gm, '');
  const links = citation?.url ? [{ title: '', url: citation.url }] : [];
  return { question: question.slice(0, 500), answer, links, messageId };
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
