/** Whether a text has no line break and no other control character, so that it can stand in a header. */
export const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
