import type { Session, SessionState } from '../session.ts';
import { webAddress } from '../web-address.ts';
import { button, element, setText } from './element.ts';
import { outwardLink } from './markdown-view.ts';

/** The consent notice. Both answers are the same kind of button, side by side: neither is the easier one to give. */
export function createConsent({ accept, decline }: Session) {
  const note = element('p', { class: 'note' });
  const title = element('h3', { id: 'consent-title', tabindex: '-1' });
  const body = element('p', { id: 'consent-body', class: 'prose' });
  const policy = element('p');
  let isDeciding = false;
  const acceptButton = button('button', () => isDeciding || accept());
  const declineButton = button('button', () => isDeciding || decline());
  const buttons = element('div', { class: 'choice' }, acceptButton, declineButton);
  const view = element(
    'section',
    { class: 'consent', role: 'group', 'aria-labelledby': 'consent-title', 'aria-describedby': 'consent-body' },
    note,
    title,
    body,
    policy,
    buttons,
  );

  return {
    element: view,
    focus: () => title.focus(),
    update({ phase, config, texts, deciding, note: noted }: SessionState) {
      isDeciding = deciding;
      view.setAttribute('aria-busy', String(deciding));
      setText(note, phase === 'asking' && noted ? texts[noted] : '');
      if (!config) return;
      const { consent } = config;
      setText(title, consent.title);
      setText(body, consent.body);
      setText(acceptButton, deciding ? texts.working : consent.acceptLabel);
      setText(declineButton, consent.declineLabel);
      const href = consent.policyUrl && webAddress(consent.policyUrl);
      if (href && policy.firstElementChild?.getAttribute('href') !== href) {
        policy.replaceChildren(outwardLink(href, texts.policy));
      }
    },
  };
}
