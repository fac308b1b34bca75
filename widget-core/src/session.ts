import type {
  Citation,
  ConsentRequest,
  LeadRequest,
  Message,
  MessageStatus,
  ProductCard,
  Receipt,
  TurnEvent,
  TurnRequest,
  VisitorEvent,
  WidgetConfig,
} from '@confab/contract';
import { TEXT_MAX } from '@confab/contract/constants';
import { type PanelTextName, panelTexts } from '@confab/contract/texts';
import { type Client, RelayError } from './client.ts';
import type { ConversationCookie } from './cookie.ts';
import { createFollowing } from './following.ts';
import { timeZone } from './locale.ts';
import type { PlatformConsent } from './platform-consent.ts';
import { carriedTranscript, storedTranscript, type Transcript } from './transcript.ts';
import { uuid } from './uuid.ts';

/** How the visitor may turn to a person. */
export type Offer = Extract<TurnEvent, { event: 'suggestion' }>['data']['kind'];

/** One message as the panel shows it. */
export interface ShownMessage {
  readonly key: number;
  readonly role: 'visitor' | 'assistant' | 'agent';
  /** Of the team's: its id, who wrote it, and when. */
  readonly said?: { id: string; author: string; at: string };
  text: string;
  status: MessageStatus;
  citations: Citation[];
  /** What the answer speaks of, to look at and to buy. */
  products: ProductCard[];
  /** A person to turn to: the form for contact details, which the answer offers. */
  offer?: Offer;
  /** Why there is no whole answer here. */
  problem?: PanelTextName;
}

/** Everything that the panel shows. The session changes it and says so; the panel only reads it. */
export interface SessionState {
  /**
   * `asking`: the visitor has to answer the consent notice before anything else. `introducing`: who agreed is asked for
   * what the owner wants to know before a stored chat.
   */
  phase: 'loading' | 'unreachable' | 'asking' | 'introducing' | 'ready';
  config?: WidgetConfig;
  texts: Record<PanelTextName, string>;
  /** Whether the chat is stored, from now on or already. */
  stored: boolean;
  /** The relay has begun to store it, so there is something to have rights over. */
  begun: boolean;
  /** The visitor has stopped the use of the stored chat. */
  restricted: boolean;
  messages: ShownMessage[];
  /** An answer is on its way. */
  answering: boolean;
  /** The last question can be asked again. */
  retryable: boolean;
  /** The relay wants a pause: nothing can be asked until it is over. */
  waiting: boolean;
  /** A decision is on its way to the relay. */
  deciding: boolean;
  /** The pre-chat fields that the relay did not take as they were filled in. */
  wrongFields: string[];
  /** Who of the team has taken over, and answers in the assistant's place. */
  agent?: string | undefined;
  /** They are writing, or have left their console for the moment. */
  agentWrites: boolean;
  agentAway: boolean;
  /** What has just happened, in one line. */
  note?: PanelTextName;
  /** What the visitor has typed and not yet asked. */
  draft: string;
}

export type Session = ReturnType<typeof createSession>;

export interface SessionParts {
  client: Client;
  cookie: ConversationCookie;
  locale: string;
  /** The browser sends Global Privacy Control. */
  privacySignal: boolean;
  /** The consent manager of the whole site, where there may be one. */
  platform?: PlatformConsent | undefined;
  /** Proof of who is signed in to the shop, where the page says that somebody is. */
  customerToken?: (() => Promise<string | undefined>) | undefined;
  /** Solves a challenge of the relay. */
  solve(challenge: string): Promise<string>;
  page(): TurnRequest['page'];
  changed(): void;
}

/** Contact details as they shall be; what is not given stays as it is. */
export type ContactDetails = { email?: string; phone?: string; name?: string };

/** What came of a correction: how many records hold the new details, or that the law forbids any change for now. */
export type Correction = { places: number; isHeld: boolean };

/** What is known about the visitor: one list for each class of data, in `data`; and the same as a page, where there is one. */
export type OwnData = { document: { data: Record<string, object[]> }; page?: Blob };

/** What a visitor leaves to be reached. */
export type LeftDetails = Pick<LeadRequest, 'kind' | 'fields' | 'callbackAt' | 'marketing'>;

/** A question on its way. It keeps its id until the relay says that this attempt is over, so no answer is paid for twice. */
type Turn = { id: string; text: string; wasSent: boolean };

const newTurn = (text: string): Turn => ({ id: uuid(), text, wasSent: false });

/** The pause after `rate_limited` where the relay's own wish cannot be read. */
const PAUSE_MS = 5_000;

/** How long somebody who was said to be writing is shown as writing. */
const TYPING_MS = 6_000;

/** The chat of one page view: consent, thread and failures, without any display. */
export function createSession(parts: SessionParts) {
  const { client, cookie, locale, privacySignal, platform, customerToken, solve, page, changed } = parts;
  const state: SessionState = {
    phase: 'loading',
    texts: panelTexts,
    stored: false,
    begun: false,
    restricted: false,
    messages: [],
    answering: false,
    retryable: false,
    waiting: false,
    deciding: false,
    wrongFields: [],
    agentWrites: false,
    agentAway: false,
    draft: '',
  };
  let transcript: Transcript = carriedTranscript();
  let receipt: Receipt | undefined;
  let source: ConsentRequest['source'] = 'banner';
  let hasSeenNotice = false;
  let isLoading = false;
  /** What the visitor filled in before the chat. It goes with the turn that begins to store, and is forgotten then. */
  let introduction: Record<string, string> | undefined;
  let lastTurn: Turn | undefined;
  /** The words of the last question are in the composer again, to be changed or sent as they are. */
  let isGivenBack = false;
  let stop = () => {};
  let running: Promise<void> = Promise.resolve();
  let nextKey = 0;

  /** Somebody is looking at the chat. */
  let isWatched = false;
  let lastTyping = 0;
  let agentIsDone: ReturnType<typeof setTimeout> | undefined;
  const follow = createFollowing({
    client,
    hear: hearLive,
    refused: async error => {
      if (codeOf(error) !== 'conversation_not_found') return true;
      await loseEnded();
      return false;
    },
  });

  const show = (change: Partial<SessionState>) => {
    Object.assign(state, change);
    const { phase, begun, restricted, deciding } = state;
    // Who withdraws need not be told that the chat is gone.
    const isFollowed = isWatched && phase === 'ready' && begun && !restricted && !deciding;
    follow(isFollowed ? transcript.handle() : undefined);
    changed();
  };
  const add = (message: Pick<ShownMessage, 'role' | 'text' | 'status'> & Partial<ShownMessage>) => {
    const shown: ShownMessage = { citations: [], products: [], ...message, key: nextKey++ };
    state.messages.push(shown);
    return shown;
  };

  /** Reads the site's config and, where the cookie knows one, the stored conversation. */
  async function load(): Promise<void> {
    show({ phase: 'loading', note: undefined });
    isLoading = true;
    const handle = cookie.read();
    try {
      const [config, conversation] = await Promise.all([
        client.config(locale),
        handle ? client.conversation(handle).catch(unlessGone) : undefined,
        platform?.ready?.(),
      ]);
      useConfig(config);
      const answer = platform?.answer();
      if (handle && answer === false) await withdrawOnPlatform();
      // Nobody has withdrawn anything, so the stored chat stays, unused, until the platform allows it again.
      else if (handle && platform?.allows?.() === false) show({ phase: 'ready', note: 'platformForbids' });
      else if (handle && conversation) {
        transcript = storedTranscript(cookie, config.retentionDays, { conversationId: handle });
        state.messages = [];
        for (const { id, role, text, author, status, citations, products = [], createdAt } of conversation.messages) {
          const isWhole = status === 'completed' || role === 'visitor';
          add({
            role,
            text,
            citations,
            ...(role === 'agent' && { said: { id, author: author ?? '', at: createdAt } }),
            // What was so at that moment may be otherwise now.
            products: products.map(card => ({ ...card, asOf: card.asOf ?? createdAt })),
            ...(isWhole ? { status } : { status: 'interrupted', problem: 'interrupted' }),
          });
        }
        offerLastAgain();
        show({
          phase: 'ready',
          stored: true,
          begun: true,
          restricted: conversation.restricted,
          agent: conversation.takenOverBy ?? undefined,
        });
      } else if (handle) loseConversation();
      else if (privacySignal) await decline('gpc');
      else if (answer !== undefined) await takeFromPlatform(answer);
      else askConsent('banner');
    } catch (error) {
      show({ phase: 'unreachable', note: codeOf(error) === 'offline' ? 'noConnection' : 'unreachable' });
    } finally {
      isLoading = false;
    }
  }

  const takeFromPlatform = (isGranted: boolean) => (isGranted ? accept('platform') : decline('platform'));

  /**
   * The answer on the platform may have changed, or is known only now. A withdrawal there is one here; a first answer
   * takes the place of the one that our own notice is asking for. Where it forbids what was allowed, without a word of
   * the visitor, the chat goes on in memory.
   */
  async function followPlatform(): Promise<void> {
    if (isLoading || state.deciding) return; // loading looks by itself, when it has all it needs
    const answer = platform?.answer();
    if (answer === false && (state.stored || cookie.read())) await withdrawOnPlatform();
    else if (state.stored && platform?.allows?.() === false) await goOnInMemory();
    else if (answer === undefined) return;
    else if (state.phase === 'asking' && source === 'banner') await takeFromPlatform(answer);
  }

  async function goOnInMemory(): Promise<void> {
    await settle();
    startFresh();
    show({ phase: 'ready', note: 'platformForbids' });
  }

  function useConfig(config: WidgetConfig) {
    state.config = config;
    state.texts = { ...panelTexts, ...config.texts };
  }

  /** A question that got no whole answer in an earlier page view can be asked again. */
  function offerLastAgain() {
    const at = lastQuestion();
    const question = state.messages[at];
    state.retryable =
      question !== undefined &&
      !state.agent &&
      !state.messages.slice(at + 1).some(({ status }) => status === 'completed');
    lastTurn = question && newTurn(question.text);
  }

  const lastQuestion = () => state.messages.findLastIndex(({ role }) => role === 'visitor');

  function askConsent(from: typeof source, note?: PanelTextName) {
    source = from;
    hasSeenNotice = true;
    show({ phase: 'asking', note });
  }

  /** The relay no longer has the conversation of the cookie: purged, or erased elsewhere. */
  function loseConversation() {
    cookie.forget();
    startFresh();
    askConsent('banner', 'expired');
  }

  function startFresh() {
    transcript = carriedTranscript();
    lastTurn = undefined;
    isGivenBack = false;
    introduction = undefined;
    forgetStored();
    Object.assign(state, { messages: [], retryable: false, note: undefined });
  }

  const forgetStored = () =>
    Object.assign(state, { stored: false, begun: false, restricted: false, agent: undefined, agentWrites: false });

  const decision = (decided: ConsentRequest['decision'], from: typeof source): ConsentRequest => ({
    decision: decided,
    purposes: ['storage'],
    noticeVersion: state.config?.consent.noticeVersion ?? '',
    source: from,
    locale: state.config?.locale ?? locale,
  });

  async function accept(from: typeof source = source): Promise<void> {
    if (platform?.allows?.() === false) return decline('platform', 'platformForbids');
    const wasDenied = platform?.answer() === false;
    show({ deciding: true, note: undefined });
    try {
      const { receipt: received, consentToken } = await client.decide(decision('granted', from));
      receipt = received;
      if (!consentToken) throw new RelayError('internal');
      transcript = storedTranscript(cookie, state.config?.retentionDays ?? 0, { consentToken });
      if (wasDenied) platform?.tell(true);
      const { enabled, fields } = state.config?.prechat ?? { enabled: false, fields: [] };
      const phase = enabled && fields.length > 0 && !introduction ? 'introducing' : 'ready';
      show({ phase, stored: true, wrongFields: [], note: from === 'settings' ? 'stored' : undefined });
    } catch (error) {
      askConsent(source, (await noticeHasChanged(error)) ? 'noticeChanged' : 'decisionFailed');
    } finally {
      show({ deciding: false });
    }
    // Withdrawn on the platform meanwhile: that is the later decision.
    if (state.stored && !wasDenied) await followPlatform();
  }

  /** Takes what the visitor filled in before the chat; nothing where they would rather not. */
  function introduce(filledIn: Record<string, string> = {}): void {
    introduction = filledIn;
    show({ phase: 'ready', wrongFields: [], note: undefined });
  }

  /** A visitor who says no is served at once: the record of it must not stand in the way. */
  async function decline(from: typeof source = source, note?: PanelTextName): Promise<void> {
    show({ phase: 'ready', note });
    await client.decide(decision('declined', from)).then(
      answer => {
        receipt = answer.receipt;
      },
      () => {},
    );
  }

  /** The owner has written a new notice since this one was shown. */
  async function noticeHasChanged(error: unknown): Promise<boolean> {
    if (codeOf(error) !== 'validation_failed') return false;
    const shown = state.config?.consent.noticeVersion;
    const config = await client.config(locale, 'no-cache').catch(() => undefined);
    if (config) useConfig(config);
    return config !== undefined && config.consent.noticeVersion !== shown;
  }

  /** From the menu: store what is said from now on. The notice comes first where this page view has not shown it. */
  async function changeMind(): Promise<void> {
    // A chat that could not be used goes on; a second one would take its key away.
    const isForbidden = platform?.allows?.() === false || platform?.answer() === false;
    if (cookie.read() && platform && !isForbidden) return load();
    source = 'settings';
    if (hasSeenNotice) await accept();
    else askConsent('settings');
  }

  /** Withdraws consent. The cookie goes only when the relay has confirmed, so that no data are left without a key. */
  async function withdraw(): Promise<boolean> {
    await settle();
    show({ deciding: true, note: undefined });
    try {
      const note = await tellWithdrawn('settings', transcript.handle());
      startFresh();
      if (platform?.answer()) platform.tell(false); // else it would be granted again on the next page
      show({ phase: 'ready', deciding: false, note: note ?? 'withdrawn' });
      return true;
    } catch {
      show({ deciding: false, note: 'withdrawFailed' });
      return false;
    }
  }

  /** Tells the relay, which erases the conversation, and forgets the cookie when it has. Gives what to say of a hold. */
  async function tellWithdrawn(
    from: typeof source,
    conversationId: string | undefined,
  ): Promise<PanelTextName | undefined> {
    const post = () => client.decide({ ...decision('withdrawn', from), ...(conversationId && { conversationId }) });
    const answer = await post().catch(async error => {
      if (await noticeHasChanged(error)) return post();
      return unlessGone(error);
    });
    receipt = answer?.receipt ?? receipt;
    cookie.forget();
    return answer?.erased === false ? 'withdrawnHeld' : undefined;
  }

  /**
   * Consent was withdrawn on the platform. Nothing is stored from now on; the cookie stays only until the relay has erased
   * the conversation that it is the key to. Until then it is tried again on every page, and when the panel is opened.
   */
  async function withdrawOnPlatform(): Promise<void> {
    show({ deciding: true });
    await settle();
    const conversationId = transcript.handle() ?? cookie.read();
    startFresh();
    try {
      if (!state.config) useConfig(await client.config(locale));
      const note = await tellWithdrawn('platform', conversationId);
      show({ phase: 'ready', note: note ?? 'platformWithdrawn' });
    } catch {
      show({ phase: state.config ? 'ready' : 'unreachable', note: 'withdrawFailed' });
    }
    show({ deciding: false });
  }

  /**
   * Stops every use of the stored conversation, or allows it again. `false` where the relay has not confirmed that; a
   * conversation that is gone has no use either.
   */
  async function restrict(restricted: boolean): Promise<boolean> {
    try {
      await requestData({ type: 'restriction', changes: { restricted } });
    } catch (error) {
      return isGone(error);
    }
    show({ restricted, note: restricted ? undefined : 'useAllowed' });
    return true;
  }

  /**
   * Corrects the contact details that the visitor left with the stored conversation. Nothing where the conversation is
   * gone; throws a `RelayError`, with the `fields` that are wrong.
   */
  async function correct(changes: ContactDetails): Promise<Correction | undefined> {
    try {
      const { result } = await requestData({ type: 'rectification', changes });
      const places = Object.values(result.counts).reduce((sum, count) => sum + count, 0);
      return { places, isHeld: 'retained' in result && Object.keys(result.retained).length > 0 };
    } catch (error) {
      if (await isGone(error)) return undefined;
      throw error;
    }
  }

  const requestData = (request: Parameters<Client['requestData']>[1]) =>
    client.requestData(transcript.handle() ?? '', request);

  /** Whether the relay no longer has the conversation; if so, it is gone here as well. */
  async function isGone(error: unknown): Promise<boolean> {
    if (codeOf(error) !== 'conversation_not_found') return false;
    await settle();
    if (state.begun) loseConversation(); // else the answer that was running has found out first
    return true;
  }

  /** From the menu of a visitor who declined: what was said is forgotten. */
  async function newChat(): Promise<void> {
    await settle();
    startFresh();
    changed();
  }

  /** Asks what the visitor has typed. Words that came back after a failure replace the question that failed. */
  async function send(): Promise<void> {
    const text = state.draft.trim();
    if (text === '' || isTooLong(text) || state.answering || state.waiting) return;
    // Another tab hears what the visitor says there; this one can only look, before it has anything stored.
    if (state.stored && platform?.allows?.() === false) await followPlatform();
    const isSameTurn = isGivenBack && lastTurn?.text === text;
    if (isGivenBack) dropLastExchange();
    state.draft = '';
    await run(isSameTurn && lastTurn ? lastTurn : newTurn(text));
  }

  async function retry(): Promise<void> {
    if (!lastTurn || !state.retryable || state.answering || state.waiting) return;
    dropLastExchange();
    if (isGivenBack && state.draft.trim() === lastTurn.text) state.draft = '';
    await run(lastTurn);
  }

  function dropLastExchange() {
    state.messages.length = lastQuestion();
  }

  /** Stops a running answer, and waits until everything about it is settled. */
  async function settle() {
    stop();
    await running;
  }

  function run(turn: Turn): Promise<void> {
    running = ask(turn);
    return running;
  }

  async function ask(turn: Turn): Promise<void> {
    if (transcript.isFull()) transcript = carriedTranscript();
    const isReplay = turn.wasSent;
    const controller = new AbortController();
    stop = () => controller.abort();
    lastTurn = turn;
    isGivenBack = false;
    add({ role: 'visitor', text: turn.text, status: 'completed' });
    const answer = add({ role: 'assistant', text: '', status: 'streaming' });
    show({ answering: true, retryable: false, note: undefined });
    let isOver = false;
    try {
      for await (const event of eventsOf(turn, controller.signal)) {
        hear(event, turn, answer);
        isOver = event.event === 'completed' || event.event === 'failed';
      }
      if (!isOver) cutShort(answer); // the visitor stopped it, or left the page
    } catch (error) {
      await fail(error, turn, answer);
    }
    if (isOver && answer.status !== 'completed') {
      lastTurn = newTurn(turn.text);
      if (isReplay && answer.status === 'interrupted') {
        // The relay had only the same half answer once more, and the visitor wants a whole one.
        dropLastExchange();
        return ask(lastTurn);
      }
    }
    show({ answering: false });
  }

  async function* eventsOf(turn: Turn, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    const proof = state.config?.features.orders ? await customerToken?.() : undefined;
    turn.wasSent = true; // from here on the relay may know it
    const said = { clientTurnId: turn.id, text: turn.text, page: page(), locale };
    const request = { ...said, ...transcript.address(introduction), ...(proof && { customerToken: proof }) };
    yield* client.ask(request, signal, async challenge => {
      show({ note: 'checking' });
      return solve(challenge).finally(() => show({ note: undefined }));
    });
  }

  function hear({ event, data }: TurnEvent, turn: Turn, answer: ShownMessage) {
    if (event === 'started' && data.conversationId) {
      transcript.began(data.conversationId);
      introduction = undefined;
      state.begun = true;
    }
    if (event === 'delta') answer.text += data.text;
    if (event === 'citation') answer.citations = [...answer.citations, data];
    if (event === 'product') answer.products = [...answer.products, data];
    if (event === 'suggestion') answer.offer = data.kind;
    if (event === 'completed') {
      const isWhole = data.finishReason !== 'interrupted';
      const { text, citations, products = answer.products } = data;
      Object.assign(answer, { text, citations, products, status: 'completed' });
      if (data.finishReason === 'agent') state.messages.splice(state.messages.indexOf(answer), 1);
      else if (isWhole) transcript.answered(turn.text, data.text, data.seal);
      else cutShort(answer);
      if (transcript.isFull()) state.note = 'threadFull';
    }
    // Erased elsewhere while it was being written: the same as if the relay had refused the question for that.
    if (event === 'failed' && data.code === 'conversation_not_found') throw new RelayError(data.code);
    if (event === 'failed') {
      Object.assign(answer, { status: 'failed', problem: 'failed', offer: 'lead' });
      state.retryable = data.retryable;
      giveBack(turn, answer);
    }
    changed();
  }

  /** What the team said while nobody was listening, and who has the chat now. */
  async function readAgain(): Promise<void> {
    const { messages, takenOverBy } = await client.conversation(transcript.handle() ?? '');
    for (const message of messages) if (message.role === 'agent') addOfTeam(message);
    takeOver(takenOverBy ?? null);
  }

  /** An answer that is running learns of it, too, and gives its question back. */
  async function loseEnded(): Promise<void> {
    await running;
    if (state.begun) loseConversation();
  }

  function hearLive({ event, data }: VisitorEvent) {
    clearTimeout(agentIsDone);
    state.agentWrites = event === 'typing';
    if (event === 'message' && data.role === 'agent') addOfTeam(data);
    if (event === 'takeover') takeOver(data.by);
    // Also the first thing heard on every connection: what was said before it is read.
    if (event === 'takeover' || event === 'missed') readAgain().catch(() => {}); // the stream tells if it is gone
    if (event === 'presence') state.agentAway = !data.present;
    if (event === 'ended') void loseEnded();
    if (event === 'typing') agentIsDone = setTimeout(() => show({ agentWrites: false }), TYPING_MS);
    changed();
  }

  function takeOver(by: string | null) {
    if (state.agent === (by ?? undefined)) return;
    show({ agent: by ?? undefined, agentAway: false, note: by ? undefined : 'agentHasLeft' });
  }

  function addOfTeam({ id, text, author, createdAt }: Pick<Message, 'id' | 'text' | 'author' | 'createdAt'>) {
    if (state.messages.some(({ said }) => said?.id === id)) return;
    add({ role: 'agent', text, status: 'completed', said: { id, author: author ?? '', at: createdAt } });
    show({ note: undefined, retryable: false });
  }

  /** The visitor has the panel open, or has closed it. */
  function watch(isOpen: boolean) {
    isWatched = isOpen;
    show({});
  }

  /** The relay did not take what was filled in; the owner may also ask for something else by now. */
  async function introduceAgain(wrongFields: string[]) {
    introduction = undefined;
    await client.config(locale, 'no-cache').then(useConfig, () => {});
    show({ phase: state.config?.prechat.enabled ? 'introducing' : 'ready', wrongFields });
  }

  function cutShort(answer: ShownMessage) {
    Object.assign(answer, { status: 'interrupted', problem: 'interrupted' });
    state.retryable = true;
  }

  async function fail(error: unknown, turn: Turn, answer: ShownMessage) {
    const code = codeOf(error);
    const wrongFields = fieldsOf(error).filter(path => path.startsWith('prechat.'));
    if (code === 'conversation_not_found' || code === 'consent_required' || wrongFields.length > 0) {
      // The question leaves the thread, so its words go back to the composer, before any that were typed meanwhile.
      state.draft = [turn.text, state.draft].filter(words => words.trim() !== '').join('\n');
      if (code === 'conversation_not_found') return loseConversation();
      dropLastExchange();
      if (wrongFields.length > 0) return introduceAgain(wrongFields.map(path => path.replace('prechat.', '')));
      transcript = carriedTranscript();
      forgetStored();
      return askConsent('banner', 'askAgain');
    }
    const problem = problems[code] ?? 'failed';
    Object.assign(answer, { status: answer.text ? 'interrupted' : 'failed', problem });
    // Nobody answers, so a person shall.
    if (/failed|offline|unreachable/.test(problem)) answer.offer ??= 'lead';
    state.retryable = true;
    giveBack(turn, answer);
    // Neither is cured by sending the same thread again: the next attempt begins a fresh one.
    if (code === 'thread_not_sealed' || code === 'body_too_large') transcript = transcript.afresh();
    if (code === 'rate_limited') {
      state.waiting = true;
      const { retryAfterMs } = error as RelayError;
      setTimeout(() => show({ waiting: false }), retryAfterMs || PAUSE_MS);
    }
  }

  /** Puts the words of a failed question back into the composer, unless the visitor has begun to type others. */
  function giveBack(turn: Turn, answer: ShownMessage) {
    const question = state.messages[lastQuestion()];
    if (answer.text !== '' || state.draft.trim() !== '') return;
    if (question) question.status = 'failed';
    state.draft = turn.text;
    isGivenBack = true;
  }

  /** Sends what the visitor leaves to be reached, which needs no other consent. Throws a `RelayError`, with its `fields`. */
  async function leaveDetails(details: LeftDetails): Promise<void> {
    const handle = transcript.handle();
    const lead: LeadRequest = {
      ...details,
      page: page(),
      locale: state.config?.locale ?? locale,
      timezone: timeZone(),
      ...(handle && { conversationId: handle }),
    };
    try {
      await client.leaveDetails(lead);
    } catch (error) {
      // The name of a zone that the relay does not know must not cost the shop a lead.
      if (fieldsOf(error).includes('timezone')) delete lead.timezone;
      else if (await isGone(error)) delete lead.conversationId;
      else throw error;
      await client.leaveDetails(lead);
    }
  }

  /** Has the stored chat sent by e-mail. `false` where it is gone; throws a `RelayError`. */
  async function sendTranscript(email: string): Promise<boolean> {
    try {
      await client.sendTranscript(transcript.handle() ?? '', email);
      return true;
    } catch (error) {
      if (await isGone(error)) return false;
      throw error;
    }
  }

  /** Everything that is known about this visitor: what the relay holds, or what this page has in its memory. */
  async function myData(): Promise<OwnData> {
    const handle = transcript.handle();
    if (handle) {
      const [document, page] = await Promise.all([client.export(handle), client.exportPage(handle)]);
      return { document, page };
    }
    const messages = state.messages.map(({ role, text, citations, status }) => ({ role, text, citations, status }));
    return { document: { data: { messages, consents: receipt ? [{ receipt }] : [] } } };
  }

  /** The visitor's copy of the last decision. After a reload it is read from the relay's export. */
  async function myReceipt(): Promise<Receipt | undefined> {
    const handle = transcript.handle();
    if (receipt || !handle) return receipt;
    const { data } = await client.export(handle);
    const conversations = (data.conversations ?? []) as { consents?: { receipt: Receipt }[] }[];
    return conversations
      .flatMap(({ consents = [] }) => consents.map(consent => consent.receipt))
      .sort((a, b) => a.sequence - b.sequence)
      .at(-1);
  }

  /**
   * The visitor opens the panel again, or comes back to a page that the browser kept as it was. What could not be read
   * before is read now, and consent given on another page or in another tab meanwhile counts here as well.
   */
  async function revisit(): Promise<void> {
    if (state.phase === 'unreachable' || (state.phase === 'asking' && cookie.read())) await load();
    else await followPlatform();
  }

  function type(draft: string) {
    show({ draft });
    if (!state.agent || Date.now() < lastTyping + TYPING_MS / 2) return;
    lastTyping = Date.now();
    client.typing(transcript.handle() ?? '').catch(() => {}); // nobody waits for it
  }
  const stopAnswer = () => stop();

  return {
    state,
    load,
    watch,
    revisit,
    followPlatform,
    accept: () => accept(),
    introduce,
    decline: () => decline(),
    changeMind,
    withdraw,
    restrict,
    correct,
    leaveDetails,
    sendTranscript,
    newChat,
    type,
    send,
    retry,
    stopAnswer,
    myData,
    myReceipt,
  };
}

/** What the visitor reads about each refusal; everything else is `failed`. */
const problems: Partial<Record<RelayError['code'], PanelTextName>> = {
  offline: 'offline',
  unreachable: 'unreachable',
  unavailable: 'unreachable',
  origin_not_allowed: 'unreachable',
  site_not_found: 'unreachable',
  rate_limited: 'rateLimited',
  thread_not_sealed: 'threadLost',
  body_too_large: 'threadLost',
};

/** Whether the relay would refuse this text for its length, which is counted in characters as people see most of them. */
export const isTooLong = (text: string) => [...text].length > TEXT_MAX;

const codeOf = (error: unknown) => (error instanceof RelayError ? error.code : 'internal');

/** What the relay says is wrong in a request. */
const fieldsOf = (error: unknown) => (error instanceof RelayError ? error.fields : []);

/** A conversation that the relay does not have is an answer as well: there is none. */
function unlessGone(error: unknown): undefined {
  if (codeOf(error) !== 'conversation_not_found') throw error;
}
