import type { Session, SessionState } from '../session.ts';
import { button, element } from './element.ts';
import { createField, type Field, valuesOf } from './field.ts';

/** The form that a visitor who agreed to storage fills in before the chat. It can be skipped where nothing is required. */
export function createIntroduction({ introduce }: Session) {
  const view = element('section', { class: 'introduction', 'aria-labelledby': 'introduction-title' });
  const title = element('h3', { id: 'introduction-title', tabindex: '-1' });
  let fields: (Field & { required: boolean })[] = [];
  let builtFor: SessionState['config'];
  let shownWrong: string[] = [];

  function build({ config, texts }: SessionState) {
    const asked = config?.prechat.fields ?? [];
    const before = new Map(fields.map(field => [field.name, field.value()]));
    fields = asked.map(({ name, type: kind, label, required, purpose, options }, at) => {
      const parts = { id: `prechat-${at}`, name, kind, label, required, purpose, options, value: before.get(name) };
      return { ...createField(texts, parts), required };
    });
    const start = element('button', { type: 'submit', class: 'button' }, texts.prechatStart);
    const isOptional = fields.every(({ required }) => !required);
    const buttons = element(
      'div',
      { class: 'choice' },
      start,
      ...(isOptional ? [button('button', () => introduce(), texts.prechatSkip)] : []),
    );
    const form = element('form', { class: 'form', novalidate: '' }, ...fields.map(field => field.element), buttons);
    form.addEventListener('submit', event => {
      event.preventDefault();
      const missing = fields.filter(({ required, value }) => required && value() === '');
      for (const field of fields) field.reject('');
      for (const field of missing) field.rejectValue();
      if (missing[0]) missing[0].focus();
      else introduce(valuesOf(fields));
    });
    title.textContent = texts.prechatTitle;
    view.replaceChildren(title, form);
  }

  return {
    element: view,
    focus() {
      const wrong = fields.find(({ isRejected }) => isRejected());
      if (wrong) wrong.focus();
      else title.focus();
    },
    update(state: SessionState) {
      // What was filled in is kept as long as it may be needed again, and no longer.
      if (!state.stored || state.begun) {
        builtFor = undefined;
        fields = [];
        view.replaceChildren();
      }
      if (state.phase !== 'introducing') return;
      if (builtFor !== state.config) build(state);
      builtFor = state.config;
      if (shownWrong === state.wrongFields) return;
      shownWrong = state.wrongFields;
      for (const field of fields) if (shownWrong.includes(field.name)) field.rejectValue();
    },
  };
}
