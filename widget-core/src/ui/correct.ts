import type { Correction, Session } from '../session.ts';
import { createField } from './field.ts';
import { formPage } from './form-page.ts';
import type { Page } from './page.ts';

/** A page to correct contact details on. It stays with what came of it, as that can be "nothing". */
export function correctPage({ state: { texts }, correct }: Session, back: () => void): Page {
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
      failed: texts.requestFailed,
      path: 'changes.',
      refuse: changes =>
        Object.keys(changes).length > 0 ? undefined : { field: fields[0], reason: texts.correctEmpty },
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
