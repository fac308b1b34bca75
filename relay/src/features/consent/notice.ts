import { builtInLanguages, type NoticeWording } from '@confab/contract';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { bestTag } from '../../lib/language-tag.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Site } from '../sites/index.ts';

/** What a visitor is shown before deciding, and what the consent log keeps of it. */
export type Notice = {
  hash: string;
  version: string;
  locale: string;
  wording: NoticeWording & { policyUrl: string | null };
};

/** The notice of a site in the best language it has for this visitor. */
export function noticeFor(site: Site, locale: string): Notice {
  const notices = noticesOf(site);
  const best = bestTag(
    notices.map(notice => notice.locale),
    [locale, site.settings.locale],
  );
  return notices.find(notice => notice.locale === best) ?? (notices[0] as Notice);
}

/**
 * The notices that the site shows at present, one for each language. Who wrote one has thought about what it must say,
 * so the built-in ones are only for who wrote none.
 */
export function noticesOf(site: Site): Notice[] {
  const { notices, policyUrl } = site.settings.consent;
  const own = Object.entries(notices);
  const all =
    own.length > 0 ? own : Object.entries(builtInLanguages).map(([tag, { notice }]) => [tag, notice] as const);
  return all.map(([locale, words]) => noticeOf(locale, { ...words, policyUrl }));
}

function noticeOf(locale: string, wording: Notice['wording']): Notice {
  const hash = sha256(canonicalJson({ locale, wording }));
  return { hash, version: versionOf(hash), locale, wording };
}

/**
 * The words beside the box for marketing e-mails, as the log keeps them. A box has no title and no buttons; so nobody can
 * decide on it as if it were the notice.
 */
export function boxNotice(locale: string, body: string): Notice {
  return noticeOf(locale, { title: '', body, acceptLabel: '', declineLabel: '', policyUrl: null });
}

/** Whether these are the words of a box. */
export const isBox = ({ wording }: Notice): boolean => wording.title === '';

/** The version names the wording itself: who changes a comma has made a new version, and nobody can forget to. */
export const versionOf = (hash: string): string => hash.slice(0, 12);
