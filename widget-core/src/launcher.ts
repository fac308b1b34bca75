import type { Appearance } from '@confab/contract';
import { inkOn } from './ink-on.ts';
import css from './launcher.css';
import type { Options } from './options.ts';
import { element, icon } from './ui/element.ts';

/** The round button on the page, and what the panel may ask of it. */
export interface Launcher {
  root: ShadowRoot;
  /** It stands in the flow of the page, and so does the chat. */
  isInline: boolean;
  button: HTMLButtonElement;
  /** Takes on the look and the name that the site's owner chose. */
  dress(appearance: Appearance, label: string): void;
  /** `busy` while the panel is on its way, `failed` when it did not come. */
  show(state: 'closed' | 'busy' | 'open' | 'failed'): void;
}

/**
 * Builds the launcher in a host element of its own: fixed to the window, so that nothing of the page moves, or in the flow
 * of the page at the given place, as the beginning of a chat that stands there.
 */
export function createLauncher(hostName: string, options: Options, place?: Element): Launcher {
  const host = document.createElement(hostName);
  host.toggleAttribute('data-inline', !!place);
  (place ?? document.body).append(host);
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const speech = icon('M4 5h16v11H10l-5 4v-4H4z');
  const cross = icon('m7 7 10 10M17 7 7 17');
  const button = element('button', { type: 'button', class: 'launcher' }, speech, cross);
  if (!place) button.setAttribute('aria-haspopup', 'dialog');
  const message = element('p', { role: 'status', class: 'message' });
  root.append(button, message);

  const launcher: Launcher = {
    root,
    isInline: !!place,
    button,
    dress({ position, accent }, label) {
      host.dataset.position = position;
      host.style.setProperty('--confab-accent', accent);
      host.style.setProperty('--confab-on-accent', inkOn(accent));
      button.setAttribute('aria-label', label);
    },
    show(state) {
      button.dataset.state = state;
      button.setAttribute('aria-expanded', String(state === 'open'));
      button.setAttribute('aria-busy', String(state === 'busy'));
      message.textContent = state === 'failed' ? options.failed : '';
    },
  };
  launcher.dress(options.appearance, options.label);
  launcher.show('closed');
  return launcher;
}
