import type { TextName } from '@confab/contract/texts';
import type { SessionState } from '../session.ts';
import { element, icon, setName, setText } from './element.ts';

/** Every choice and when there is one: the way to a person first, then in the order in which a worried visitor looks. */
const choices = {
  leaveDetails: ({ config }: SessionState) => config?.features.leads === true,
  changeMind: ({ stored }: SessionState) => !stored,
  showData: () => true,
  withdraw: ({ stored }: SessionState) => stored,
  restrict: ({ begun, restricted }: SessionState) => begun && !restricted,
  allowUse: ({ begun, restricted }: SessionState) => begun && restricted,
  correct: ({ begun }: SessionState) => begun,
  receipt: () => true,
  newChat: ({ stored }: SessionState) => !stored,
} satisfies Partial<Record<TextName, (state: SessionState) => boolean>>;

export type MenuAction = keyof typeof choices;

/** The visitor's rights and choices, as a button that shows and hides a list of buttons. */
export function createMenu(choose: (action: MenuAction) => void) {
  const button = element(
    'button',
    { type: 'button', class: 'plain', 'aria-expanded': 'false', 'aria-controls': 'menu' },
    icon('M5 12h.01M12 12h.01M19 12h.01'),
  );
  const list = element('ul', { id: 'menu', class: 'menu' });
  const view = element('div', { class: 'menu-holder' }, button, list);
  const items = new Map<MenuAction, HTMLButtonElement>();
  for (const action of Object.keys(choices) as MenuAction[]) {
    const item = element('button', { type: 'button' });
    item.addEventListener('click', () => {
      close();
      button.focus(); // where the focus returns to, unless the choice leads elsewhere
      choose(action);
    });
    items.set(action, item);
    list.append(element('li', {}, item));
  }

  const isOpen = () => !list.hidden;
  const open = (shown: boolean) => {
    list.hidden = !shown;
    button.setAttribute('aria-expanded', String(shown));
  };
  const close = () => open(false);
  close();
  button.addEventListener('click', () => open(!isOpen()));
  view.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && view.contains(relatedTarget))) close();
  });

  return {
    element: view,
    /** Closes the list if it is open, and says whether it was. */
    dismiss(): boolean {
      const wasOpen = isOpen();
      if (wasOpen) button.focus();
      close();
      return wasOpen;
    },
    update(state: SessionState) {
      view.hidden = state.phase !== 'ready';
      setName(button, state.texts.menu);
      for (const [action, item] of items) {
        setText(item, state.texts[action]);
        if (item.parentElement) item.parentElement.hidden = !choices[action](state);
      }
    },
  };
}
