import { COOKIE_NAME } from '@confab/contract/constants';

const HANDLE_COOKIE = new RegExp(`(?:^|; *)${COOKIE_NAME}=([0-9a-f]{8}(?:-[0-9a-f]{4}){4}[0-9a-f]{8}) *(?:;|$)`, 'i');

/** The browser's memory of a stored conversation: one cookie, set only when the relay has begun to store. */
export interface ConversationCookie {
  read(): string | undefined;
  remember(conversationId: string, days: number): void;
  forget(): void;
}

/** The handle of a stored conversation, if this browser has one. This file is the only one that touches document.cookie. */
export const readHandle = () => findHandle(document.cookie);

/** What the panel may do with the cookie. */
export function conversationCookie(): ConversationCookie {
  const secure = location.protocol === 'https:';
  return {
    read: readHandle,
    remember(conversationId, days) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs https, and Firefox has it since 2025 only.
      document.cookie = cookieLine(conversationId, days, secure);
    },
    forget() {
      // biome-ignore lint/suspicious/noDocumentCookie: as above.
      document.cookie = cookieLine('', 0, secure);
    },
  };
}

/** The conversation handle among the page's cookies; anything but a UUID counts as absent. */
export function findHandle(cookies: string): string | undefined {
  return HANDLE_COOKIE.exec(cookies)?.[1];
}

/** Host-only, since no Domain is named. A browser may shorten a long Max-Age (Chromium to 400 days), never lengthen it. */
export function cookieLine(value: string, days: number, secure: boolean): string {
  return `${COOKIE_NAME}=${value}; Path=/; Max-Age=${days * 86_400}; SameSite=Lax${secure ? '; Secure' : ''}`;
}
