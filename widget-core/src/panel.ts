import { createClient, customerTokenFrom } from './client.ts';
import { conversationCookie } from './cookie.ts';
import type { Launcher } from './launcher.ts';
import { loadFile } from './load-file.ts';
import { directionOf, localeOf } from './locale.ts';
import { parseMarkdown, plainText } from './markdown.ts';
import type { Options } from './options.ts';
import { currentPage } from './page.ts';
import type { Pages } from './pages/pages.ts';
import css from './panel.css';
import type { PlatformConsent } from './platform-consent.ts';
import { createSession, type SessionState } from './session.ts';
import { createComposer } from './ui/composer.ts';
import { createConsent } from './ui/consent.ts';
import { button, element, icon, setName, setText } from './ui/element.ts';
import { createIntroduction } from './ui/introduction.ts';
import { NEW_TAB_ID } from './ui/markdown-view.ts';
import { createMenu, type MenuAction, type PageAction } from './ui/menu.ts';
import { comingPage, type Page } from './ui/page.ts';
import { agentLine, createThread, offerIn } from './ui/thread.ts';

/** The loaded chat, as the loader knows it. */
export interface Panel {
  /** Opens or closes it. In the flow of the page it stays open, and gets the focus. */
  toggle(): void;
  /** Looks whether the visitor has decided on the platform. */
  followPlatform(): Promise<void>;
}

export type MountPanel = typeof mountPanel;

/** On screens this small the panel covers everything, and is modal: focus behind it could not be seen. */
const COVERS_PAGE = '(max-width: 480px), (max-height: 480px)';

/** By then every screen reader has taken up what the live region held. */
const SAID_AFTER_MS = 7_000;

/** Builds the chat next to its launcher. The relay is asked for nothing before the first `toggle`. */
export function mountPanel(launcher: Launcher, options: Options, platform: PlatformConsent | undefined): Panel {
  const { isInline } = launcher;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  launcher.root.adoptedStyleSheets.push(sheet);

  const session = createSession({
    client: createClient(options.relay, options.siteKey),
    cookie: conversationCookie(),
    locale: localeOf(options.locale, document.documentElement.lang),
    privacySignal: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true,
    platform,
    customerToken: options.customer ? customerTokenFrom(options.customer) : undefined,
    solve: async challenge => (await loadFile('proof')).solve(challenge),
    page: currentPage,
    changed: () => schedule(),
  });
  const { state } = session;

  const title = element('h2', { id: 'title' });
  const menu = createMenu(choose);
  const closeButton = button('plain', close, icon('m7 7 10 10M17 7 7 17'));
  const head = element('div', { class: 'head' }, title, menu.element, closeButton);
  const wait = element('span', { class: 'unseen' });
  const bars = [element('i'), element('i'), element('i')];
  const loading = element('div', { class: 'loading', 'aria-busy': 'true' }, wait, ...bars);
  const reason = element('p');
  const again = button('button', session.load);
  const unreachable = element('section', { class: 'unreachable' }, reason, again);
  const consent = createConsent(session);
  const introduction = createIntroduction(session);
  const thread = createThread(
    session,
    text => say(text),
    (offer, question) => choose('leaveDetails', { offer, question }),
  );
  const composer = createComposer(session);
  const chat = element('div', { class: 'chat' }, thread.element, composer.element);
  const pageHolder = element('div', { class: 'page-holder' });
  const live = element('p', { class: 'unseen', role: 'status' });
  const newTab = element('span', { id: NEW_TAB_ID, hidden: '' });
  const views = {
    ...{ loading, unreachable, asking: consent.element, introducing: introduction.element },
    ...{ ready: chat, page: pageHolder },
  };
  const role = isInline ? 'region' : 'dialog';
  const dialog = element(
    isInline ? 'section' : 'dialog',
    { role, class: 'panel', 'aria-labelledby': 'title', tabindex: '-1' },
    head,
    ...Object.values(views),
    live,
    newTab,
  );
  launcher.root.append(dialog);

  closeButton.hidden = isInline;

  let pages: Pages | undefined;
  /** The thread that the pages belong to: what was typed there goes with it. */
  let pagesOf: SessionState['messages'] | undefined;
  let page: Page | undefined;
  let shown: SessionState['phase'] | 'page' | undefined;

  // What is on its way to the screen waits for the next frame, so a fast stream paints once per frame.
  let isScheduled = false;
  function schedule() {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      render();
    });
  }

  function render(movesFocus = launcher.root.activeElement !== null) {
    const { config, texts, phase } = state;
    const { position, accent, theme } = config?.appearance ?? options.appearance;
    const keptPosition = options.keepsPosition ? options.appearance.position : position;
    launcher.dress({ position: keptPosition, accent, theme }, config?.texts.launcher ?? options.label);
    dialog.dataset.theme = theme;
    dialog.lang = config?.locale ?? 'en';
    dialog.dir = directionOf(dialog.lang);
    setText(title, texts.title);
    setText(newTab, texts.opensInNewTab);
    setName(closeButton, texts.close);
    setText(wait, texts.working);
    setText(reason, phase === 'unreachable' ? texts[state.note ?? 'unreachable'] : '');
    setText(again, texts.retry);

    const view = page ? 'page' : phase;
    for (const [name, element] of Object.entries(views)) element.hidden = name !== view;
    menu.update(state);
    consent.update(state);
    introduction.update(state);
    thread.update(state);
    composer.update(state);
    announce();
    // Whoever has gone on to something else on the page meanwhile is not called back from there.
    if (view !== shown && movesFocus) focusIn();
    shown = view;
  }

  /** Moves the focus to where the visitor goes on. */
  function focusIn() {
    if (!isOpen()) return;
    if (page) page.focus();
    else if (state.phase === 'asking') consent.focus();
    else if (state.phase === 'introducing') introduction.focus();
    else if (state.phase === 'ready') composer.focus();
    else dialog.focus();
  }

  let wasAnswering = false;
  let lastNote: SessionState['note'];
  let wasRestricted = false;
  let lastOfTeam: number | undefined;
  let lastAgent: string | undefined;
  let forget: ReturnType<typeof setTimeout> | undefined;
  function say(text: string) {
    live.textContent = text;
    // Said once; whoever reads through the panel later must not meet it a second time.
    clearTimeout(forget);
    forget = setTimeout(say, SAID_AFTER_MS, '');
  }

  /** Tells a screen reader what has happened: a finished answer as a whole, never its pieces. */
  function announce() {
    const { answering, messages, note, restricted, texts } = state;
    if (answering && !wasAnswering) say(texts.thinking);
    if (!answering && wasAnswering) {
      const answer = messages.at(-1);
      const said = answer?.role === 'assistant' ? plainText(parseMarkdown(answer.text, answer.citations)) : '';
      say([said, answer?.problem ? texts[answer.problem] : '', answer ? offerIn(answer, state) : ''].join(' ').trim());
    }
    const of = messages.findLast(({ said }) => said);
    if (of && lastOfTeam !== undefined && of.key > lastOfTeam) say(`${of.said?.author || texts.agent}: ${of.text}`);
    lastOfTeam = of?.key ?? -1;
    if (state.agent && state.agent !== lastAgent) say(agentLine(state));
    lastAgent = state.agent;
    if (restricted && !wasRestricted) say(texts.restricted);
    if (note && note !== lastNote) say(texts[note]);
    wasAnswering = answering;
    wasRestricted = restricted;
    lastNote = note;
  }

  function showPage(next?: Page, movesFocus = true) {
    page?.leave();
    page = next;
    pageHolder.replaceChildren(...(page ? [page.element] : []));
    shown = undefined;
    render(movesFocus);
  }

  function choose(action: MenuAction, about: Parameters<Pages[PageAction]>[1] = {}) {
    const isOfChat = action === 'changeMind' || action === 'newChat';
    if (isOfChat && page) showPage(); // else what comes of it stays hidden behind that
    if (action === 'changeMind') session.changeMind();
    else if (action === 'newChat') session.newChat().then(focusIn);
    else if (pages && pagesOf === state.messages) {
      // What is confirmed late, after the visitor has left the page, must not close another one.
      const next: Page = pages[action](() => page === next && showPage(), about);
      showPage(next, !page || launcher.root.activeElement !== null);
    } else showPage(pageToCome(action, about));
  }

  /** Stands in the place of a page until its code is there. */
  function pageToCome(action: PageAction, about: Parameters<Pages[PageAction]>[1]): Page {
    const { texts } = state;
    const fetch = async () => {
      const { createPages } = await loadFile('pages');
      pages = createPages(session);
      pagesOf = state.messages;
      if (page === coming) choose(action, about);
      return [];
    };
    const title = action === 'leaveDetails' ? offerIn({ offer: about.offer ?? 'lead' }, state) : texts[action];
    const coming = comingPage(texts, { title, fetch, failed: texts.pageFailed }, () => showPage());
    return coming;
  }

  const covers = matchMedia(COVERS_PAGE);
  const isOpen = () => dialog.hasAttribute('open');
  function open() {
    if (!(dialog instanceof HTMLDialogElement)) dialog.setAttribute('open', '');
    else if (covers.matches) dialog.showModal();
    else dialog.show();
    launcher.show('open');
    session.watch(true);
    if (shown) session.revisit();
    else session.load();
    render();
    focusIn();
  }
  function close() {
    if (!(dialog instanceof HTMLDialogElement)) return; // it has its place in the page, and stays there
    dialog.close();
    session.watch(false);
    launcher.show('closed');
    launcher.button.focus();
  }

  covers.addEventListener('change', () => {
    if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
    dialog.close();
    open();
  });
  launcher.root.addEventListener('keydown', event => {
    if (!(event instanceof KeyboardEvent) || event.key !== 'Escape' || event.isComposing || !isOpen()) return;
    event.preventDefault();
    if (!menu.dismiss()) close();
  });
  // The "back" gesture of Android asks a modal dialog to close.
  dialog.addEventListener('cancel', event => {
    event.preventDefault();
    close();
  });
  // A page's own shortcuts must not fire while somebody types here: from outside, the keys seem to hit no text field.
  for (const type of ['keydown', 'keypress', 'keyup']) {
    launcher.root.addEventListener(type, event => event.stopPropagation());
  }

  // The keyboard of a phone covers part of the window without changing its size, and may push it upwards.
  const viewport = window.visualViewport;
  const fit = () => {
    if (viewport?.scale !== 1) return; // zoomed in by hand
    dialog.style.setProperty('--window-height', `${viewport.height}px`);
    dialog.style.setProperty('--window-top', `${viewport.offsetTop}px`);
  };
  viewport?.addEventListener('resize', fit);
  viewport?.addEventListener('scroll', fit);

  // A page with an open connection cannot be kept for "back". The answer shows as cut short, with a way to go on.
  addEventListener('pagehide', () => {
    session.watch(false);
    session.stopAnswer();
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted || !isOpen()) return;
    session.watch(true);
    session.revisit();
  });

  return { toggle: () => (isOpen() && !isInline ? close() : open()), followPlatform: session.followPlatform };
}

window.confabPanel = { mountPanel };
