import type { RetentionResponse } from '../../../../contract/src/retention.ts';
import { isObject, type Json } from '../../json.ts';

type RetentionWindows = RetentionResponse['windows'];

const NAMES = ['conversationDays', 'leadDays', 'pageViewDays', 'consentDays'] as const;

/** The windows that are shorter than the saved ones, where all of them are days at all. */
export function shorterWindows(
  windows: Json | undefined,
  saved: Json | undefined,
): Partial<RetentionWindows> | undefined {
  if (!isObject(windows) || !isObject(saved)) return undefined;
  const days = NAMES.map(name => [name, Number(windows[name]), Number(saved[name])] as const);
  if (days.some(([, now]) => !Number.isInteger(now) || now < 1 || now > 3_650)) return undefined;
  const shorter = days.filter(([, now, before]) => now < before);
  return shorter.length > 0 ? Object.fromEntries(shorter.map(([name, now]) => [name, now])) : undefined;
}
