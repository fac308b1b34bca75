import { isTooLong, type Session, type SessionState } from '../session.ts';
import { button, element, icon, setName, setText } from './element.ts';

/** Where the visitor types. It stays usable while an answer streams; only sending has to wait. */
export function createComposer({ type, send, stopAnswer }: Session) {
  const field = element('textarea', {
    rows: '1',
    enterkeyhint: 'send',
    autocomplete: 'off',
    'aria-describedby': 'too-long',
  });
  const sendButton = element('button', { type: 'submit', class: 'round' }, icon('M12 19V5M6 11l6-6 6 6'));
  const stop = () => {
    field.focus();
    stopAnswer();
  };
  const stopButton = button('round', stop, icon('M8 8h8v8H8z'));
  const problem = element('p', { id: 'too-long', class: 'problem' });
  const storage = element('p', { class: 'storage' });
  const form = element('form', {}, element('div', { class: 'field' }, field, sendButton, stopButton));
  const view = element('div', { class: 'composer' }, problem, form, storage);

  field.addEventListener('input', () => type(field.value));
  field.addEventListener('keydown', event => {
    // Enter that ends the composition of a character (Japanese, Chinese, Korean) is not meant to send; Safari tells it
    // by the key code alone.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    field.focus();
    send();
  });

  return {
    element: view,
    focus: () => field.focus(),
    update({ texts, draft, answering, waiting, stored }: SessionState) {
      if (field.value !== draft) field.value = draft;
      const long = isTooLong(draft.trim());
      setName(field, texts.placeholder);
      field.placeholder = texts.placeholder;
      field.setAttribute('aria-invalid', String(long));
      setName(sendButton, texts.send);
      setName(stopButton, texts.stop);
      sendButton.hidden = answering;
      sendButton.disabled = waiting || long || draft.trim() === '';
      stopButton.hidden = !answering;
      setText(problem, long ? texts.tooLong : '');
      setText(storage, stored ? texts.stored : texts.notStored);
      // As high as its text; the style sheet sets the limit.
      field.style.height = 'auto';
      field.style.height = `${field.scrollHeight}px`;
    },
  };
}
