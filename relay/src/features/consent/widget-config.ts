import { defaultTexts, type WidgetConfig } from '@confab/contract';
import type { Site } from '../sites/index.ts';
import { noticeFor } from './notice.ts';

/** What the panel of a site learns when a visitor opens it, in the best language the site has for the visitor. */
export function widgetConfig(site: Site, wantedLocale: string | undefined): WidgetConfig {
  const { settings } = site;
  const notice = noticeFor(site, wantedLocale ?? settings.locale);
  const texts = { ...defaultTexts, ...settings.texts[notice.locale] };
  return {
    version: site.settingsVersion,
    locale: notice.locale,
    texts,
    appearance: settings.appearance,
    consent: { required: true, noticeVersion: notice.version, ...notice.wording },
    // Pre-chat fields, opening hours and contact features come with the leads; a site has none of them yet.
    prechat: { enabled: false, fields: [] },
    hours: { open: true, nextOpenAt: null, timezone: 'UTC' },
    disclosure: texts.disclosure,
    retentionDays: settings.retention.conversationDays,
    features: { transcript: false, callback: false, leads: false },
  };
}
