import type { Correction, Session } from '../session.ts';
import { createField } from '../ui/field.ts';
import { type FormPage, formPage } from './form-page.ts';
import { textsOf } from './texts.ts';

/** A page to correct contact details on. It stays with what came of it, as that can be "nothing". */
export function correctPage({ state, correct }: Session, back: () => void): FormPage {
  const texts = textsOf(state);
  const fields = (['email', 'phone', 'name'] as const).map(name =>
    createField(texts, { id: `correct-${name}`, name, kind: name, label: texts[name] }),
  );
  return formPage(
    texts,
    {
      title: texts.correct,
      explained: texts.correctExplained,
      fields,
      submit: texts.correctConfirmed,
      failed: () => texts.requestFailed,
      pathOf: name => `changes.${name}`,
      refuse(changes) {
        if (Object.keys(changes).length === 0) fields[0]?.reject(texts.correctEmpty);
      },
      async send(changes) {
        const correction = await correct(changes);
        return correction && said(correction);
      },
    },
    back,
  );

  function said({ places, isHeld }: Correction): string {
    if (isHeld) return texts.correctedHeld;
    return places > 0 ? texts.corrected.replace('{count}', String(places)) : texts.correctedNone;
  }
}
