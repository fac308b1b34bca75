import type { PanelTextName } from '@confab/contract/texts';
import type { SessionState } from '../session.ts';
import { button, element, icon, setName, setText } from './element.ts';
import { offerIn } from './thread.ts';

/** Every choice and when there is one: the way to a person first, then in the order in which a worried visitor looks. */
const choices = {
  leaveDetails: ({ config }: SessionState) => config?.features.leads === true || config?.features.callback === true,
  transcript: ({ begun, restricted, config }: SessionState) =>
    begun && !restricted && config?.features.transcript === true,
  changeMind: ({ stored }: SessionState) => !stored,
  showData: () => true,
  withdraw: ({ stored }: SessionState) => stored,
  restrict: ({ begun, restricted }: SessionState) => begun && !restricted,
  allowUse: ({ begun, restricted }: SessionState) => begun && restricted,
  correct: ({ begun }: SessionState) => begun,
  receipt: () => true,
  newChat: ({ stored }: SessionState) => !stored,
} satisfies Partial<Record<PanelTextName, (state: SessionState) => boolean>>;

export type MenuAction = keyof typeof choices;

/** The choices that lead to a page of their own. */
export type PageAction = Exclude<MenuAction, 'changeMind' | 'newChat'>;

/** The visitor's rights and choices, as a button that shows and hides a list of buttons. */
export function createMenu(choose: (action: MenuAction) => void) {
  const toggle = button('plain', () => open(!isOpen()), icon('M5 12h.01M12 12h.01M19 12h.01'));
  toggle.setAttribute('aria-controls', 'menu');
  const list = element('ul', { id: 'menu', class: 'menu' });
  const view = element('div', { class: 'menu-holder' }, toggle, list);
  const items = new Map<MenuAction, HTMLButtonElement>();
  for (const action of Object.keys(choices) as MenuAction[]) {
    const item = button('', () => {
      close();
      toggle.focus(); // where the focus returns to, unless the choice leads elsewhere
      choose(action);
    });
    items.set(action, item);
    list.append(element('li', {}, item));
  }

  const isOpen = () => !list.hidden;
  const open = (shown: boolean) => {
    list.hidden = !shown;
    toggle.setAttribute('aria-expanded', String(shown));
  };
  const close = () => open(false);
  close();
  view.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && view.contains(relatedTarget))) close();
  });

  return {
    element: view,
    /** Closes the list if it is open, and says whether it was. */
    dismiss(): boolean {
      const wasOpen = isOpen();
      if (wasOpen) toggle.focus();
      close();
      return wasOpen;
    },
    update(state: SessionState) {
      view.hidden = state.phase !== 'ready' && state.phase !== 'introducing';
      setName(toggle, state.texts.menu);
      for (const [action, item] of items) {
        setText(item, action === 'leaveDetails' ? offerIn({ offer: 'lead' }, state) : state.texts[action]);
        if (item.parentElement) item.parentElement.hidden = !choices[action](state);
      }
    },
  };
}
