import { useCallback, useEffect, useMemo, useState } from '@wordpress/element';
import { type ApiError, asApiError, type Client, type FieldError, useClient } from '../../client.ts';
import { isEqual, type Json } from '../../json.ts';
import { useLoaded } from '../../use-loaded.ts';
import { type Choice, type Difference, differences, merged } from './document.ts';

/** What came of a save that somebody else was quicker than: their version, and every place where it differs from ours. */
export type Conflict = { theirs: Json; etag: string; found: Difference[] };

/** What was changed and not saved when the screen was left, so that coming back costs nobody what they have typed. */
const left = new WeakMap<Client['request'], { answer: SettingsAnswer; draft: Json }>();

type SettingsAnswer = { settings: Json; etag: string };

export type SettingsState = {
  draft?: Json;
  saved?: Json;
  loadError?: ApiError;
  reload: () => void;
  isDirty: boolean;
  isSaving: boolean;
  wasSaved: boolean;
  saveError?: ApiError;
  /** What the relay refused, by setting. */
  refused: FieldError[];
  conflict?: Conflict;
  change: (edit: (draft: Json) => Json) => void;
  discard: () => void;
  save: () => Promise<void>;
  /** Saves what was agreed on. */
  settle: (choices: Record<string, Choice | undefined>) => Promise<void>;
};

/** The settings as they are at the relay and as the owner is changing them. Loaded when they are first wanted. */
export function useSettings(isWanted: boolean): SettingsState {
  const { request } = useClient();
  const [wasWanted, setWanted] = useState(isWanted);
  if (isWanted && !wasWanted) setWanted(true);
  const load = useCallback(async () => {
    if (!wasWanted) return undefined;
    return left.get(request)?.answer ?? answerOf(await request<Json>('GET', '/settings'));
  }, [request, wasWanted]);
  const { answer, error: loadError, reload, set } = useLoaded<SettingsAnswer | undefined>(load);
  const [draft, setDraft] = useState<Json | undefined>(() => left.get(request)?.draft);
  const [isSaving, setSaving] = useState(false);
  const [wasSaved, setWasSaved] = useState(false);
  const [saveError, setSaveError] = useState<ApiError>();
  const [conflict, setConflict] = useState<Conflict>();

  const saved = answer?.settings;
  const current = draft ?? saved;
  const isDirty = useMemo(() => draft !== undefined && !isEqual(draft, saved), [draft, saved]);
  useLeaveWarning(isDirty);
  useEffect(() => {
    if (isDirty && answer && draft !== undefined) left.set(request, { answer, draft });
    else if (answer) left.delete(request);
  }, [request, isDirty, answer, draft]);

  const put = async (document: Json, etag: string) => {
    setSaving(true);
    setSaveError(undefined);
    setWasSaved(false);
    try {
      set(answerOf(await request<Json>('PUT', '/settings', { body: document, ifMatch: etag })));
      setDraft(undefined);
      setConflict(undefined);
      setWasSaved(true);
    } catch (problem) {
      const error = asApiError(problem);
      const { current: theirs, etag: theirTag } = error;
      if (error.status === 412 && theirs && theirTag) {
        setConflict({ theirs, etag: theirTag, found: differences(saved, document, theirs) });
      } else {
        setSaveError(error);
      }
    }
    setSaving(false);
  };

  return {
    ...(current !== undefined && { draft: current }),
    ...(saved !== undefined && { saved }),
    ...(loadError && { loadError }),
    ...(saveError && { saveError }),
    ...(conflict && { conflict }),
    reload,
    isDirty,
    isSaving,
    wasSaved,
    refused: saveError?.errors ?? [],
    change(edit) {
      if (current === undefined) return;
      setWasSaved(false);
      setDraft(edit(current));
    },
    discard() {
      setDraft(undefined);
      setSaveError(undefined);
      setConflict(undefined);
    },
    async save() {
      if (current !== undefined && answer) await put(current, answer.etag);
    },
    async settle(choices) {
      if (!conflict) return;
      const agreed = merged(conflict.theirs, conflict.found, choices);
      // Their version is now what ours is compared with, should the relay refuse what was agreed on.
      set({ settings: conflict.theirs, etag: conflict.etag });
      setDraft(agreed);
      setConflict(undefined);
      await put(agreed, conflict.etag);
    },
  };
}

const answerOf = ({ answer, etag }: { answer: Json; etag: string | null }): SettingsAnswer => ({
  settings: answer,
  etag: etag ?? '',
});

/** The browser asks before it leaves a page with changes that nobody has saved. */
function useLeaveWarning(isDirty: boolean) {
  useEffect(() => {
    if (!isDirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isDirty]);
}
