import { __ } from '@wordpress/i18n';
import type { DataRequest, DataRequestType } from '../../../../contract/src/data-request.ts';

/** A request about a person's data while it is written. */
export type RequestDraft = {
  type: DataRequestType;
  email?: string;
  phone?: string;
  conversationId?: string;
  externalId?: string;
  newName?: string;
  newEmail?: string;
  newPhone?: string;
  /** Of a restriction: false lifts it. */
  restricted?: boolean;
  reference?: string;
};

/** What the relay takes: only what was filled in, and changes only where the request is about them. */
export function requestOf(draft: RequestDraft): DataRequest {
  const { type, email, phone, conversationId, externalId, newName, newEmail, newPhone, restricted, reference } = draft;
  const changes =
    type === 'rectification'
      ? filled({ name: newName, email: newEmail, phone: newPhone })
      : type === 'restriction' && restricted === false
        ? { restricted: false }
        : undefined;
  return {
    type,
    subject: filled({ email, phone, conversationId, externalId }),
    ...(changes && { changes }),
    ...filled({ reference }),
  };
}

/** What has still to be filled in. */
export function whatIsMissing(draft: RequestDraft): string | undefined {
  const { subject, changes } = requestOf(draft);
  if (Object.keys(subject).length === 0) return __('Enter what the person is known by.', 'confab');
  if (draft.type === 'rectification' && Object.keys(changes ?? {}).length === 0) {
    return __('Enter what has to be corrected.', 'confab');
  }
  return undefined;
}

function filled<Name extends string>(values: Record<Name, string | undefined>): Partial<Record<Name, string>> {
  const given = Object.entries<string | undefined>(values).map(([name, value]) => [name, value?.trim()]);
  return Object.fromEntries(given.filter(([, value]) => value)) as Partial<Record<Name, string>>;
}
