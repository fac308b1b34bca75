import { Button, Modal, TextareaControl, TextControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { Entry } from '../../../../contract/src/entries.ts';
import { type ApiError, asApiError, useClient } from '../../client.ts';
import { Problem } from '../../parts.tsx';

/** An answer while it is written; `messageId` is of the answer that it puts right. */
export type EntryDraft = Pick<Entry, 'question' | 'answer' | 'links'> & { locale?: string | null; messageId?: string };

/** What is being written: a new answer, perhaps to a visitor's question, or one that is there. */
export type Writing = { draft: EntryDraft; entry?: Entry };

/** Writes one of the owner's own answers. What was typed stays until it is saved or given up. */
export function EntryForm({ writing, done }: { writing: Writing; done: (saved: boolean) => void }) {
  const { entry } = writing;
  const { request } = useClient();
  const [draft, setDraft] = useState(writing.draft);
  const [error, setError] = useState<ApiError>();
  const [isSaving, setSaving] = useState(false);
  const change = (part: Partial<EntryDraft>) => setDraft(before => ({ ...before, ...part }));
  const isComplete = draft.question.trim() !== '' && draft.answer.trim() !== '';

  const save = async () => {
    setSaving(true);
    setError(undefined);
    try {
      await (entry
        ? request('PUT', `/entries/${entry.entryId}`, { body: given(draft) })
        : request('POST', '/entries', { body: given(draft) }));
      done(true);
    } catch (refusal) {
      setError(asApiError(refusal));
      setSaving(false);
    }
  };

  return (
    <Modal
      title={entry ? __('Change this answer', 'confab') : __('Write an answer', 'confab')}
      onRequestClose={() => !isSaving && done(false)}
      shouldCloseOnClickOutside={false}
      size="medium"
    >
      <form
        className="confab-form"
        onSubmit={event => {
          event.preventDefault();
          if (isComplete && !isSaving) void save();
        }}
      >
        {error && <Problem error={error} />}
        <TextControl
          __nextHasNoMarginBottom
          __next40pxDefaultSize
          label={__('Question', 'confab')}
          help={__(
            'As visitors would ask it. Take out names, addresses and order numbers: it is kept until you remove it.',
            'confab',
          )}
          value={draft.question}
          maxLength={500}
          onChange={(question: string) => change({ question })}
        />
        <TextareaControl
          __nextHasNoMarginBottom
          label={__('Answer', 'confab')}
          help={__('The assistant answers from this as it does from your pages.', 'confab')}
          rows={6}
          value={draft.answer}
          maxLength={8_000}
          onChange={(answer: string) => change({ answer })}
        />
        <TextControl
          __nextHasNoMarginBottom
          __next40pxDefaultSize
          type="url"
          dir="ltr"
          label={__('Page to read more', 'confab')}
          help={__('The address of a page that the answer links to. May stay empty.', 'confab')}
          value={draft.links[0]?.url ?? ''}
          maxLength={2_048}
          onChange={(url: string) => change({ links: withFirst(draft.links, url) })}
        />
        <div className="confab-actions">
          <Button
            variant="primary"
            __next40pxDefaultSize
            type="submit"
            isBusy={isSaving}
            disabled={!isComplete || isSaving}
            accessibleWhenDisabled
          >
            {__('Save answer', 'confab')}
          </Button>
          <Button variant="tertiary" __next40pxDefaultSize disabled={isSaving} onClick={() => done(false)}>
            {__('Cancel', 'confab')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** The links with another address of the first one; the others stay. */
const withFirst = ([first, ...others]: EntryDraft['links'], url: string): EntryDraft['links'] => [
  { title: first?.title ?? '', url },
  ...others,
];

/** As the relay takes it: without a link that is empty, or a language that is not said. */
const given = ({ locale, ...draft }: EntryDraft) => {
  const links = draft.links.map(({ title, url }) => ({ title, url: url.trim() }));
  return { ...draft, ...(locale && { locale }), links: links.filter(({ url }) => url !== '') };
};
