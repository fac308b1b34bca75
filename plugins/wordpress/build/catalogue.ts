/// <reference path="./gettext-parser.d.ts" />
import { mo, po } from 'gettext-parser';
import { keyOf, type Message, type Messages } from './messages.ts';

/** A translated text: one form, or one for each of the language's plural forms. */
export type Translations = Map<string, string[]>;

const HEADERS = {
  'Content-Type': 'text/plain; charset=utf-8',
  'Content-Transfer-Encoding': '8bit',
  'MIME-Version': '1.0',
  'X-Domain': 'confab',
};

/** The languages that the plugin comes in, and how each of them forms plurals. */
export const LOCALES: Record<string, string> = {
  de_DE: 'nplurals=2; plural=(n != 1);',
  fr_FR: 'nplurals=2; plural=(n > 1);',
  es_ES: 'nplurals=2; plural=(n != 1);',
};

/** The texts as a .po file: of a locale with what is translated so far, or without one as the template. */
export function poOf(messages: Messages, locale?: string, translations: Translations = new Map()): string {
  const entries = [...messages].map(([key, message]) => entryOf(message, translations.get(key)));
  const headers = { ...HEADERS, ...(locale && { Language: locale, 'Plural-Forms': LOCALES[locale] }) };
  return `${po.compile({ charset: 'utf-8', headers, translations: byContext(entries) }, { foldLength: 0 })}\n`;
}

/** What a .po file translates, without what is still empty there. */
export function readPo(text: string): Translations {
  const translations: Translations = new Map();
  for (const entries of Object.values(po.parse(text).translations)) {
    for (const { msgid, msgctxt, msgstr } of Object.values(entries)) {
      if (msgid && msgstr.every(Boolean)) translations.set(keyOf(msgid, msgctxt), msgstr);
    }
  }
  return translations;
}

/** The .mo file that every WordPress reads. */
export function moOf(messages: Messages, locale: string, translations: Translations): Uint8Array {
  const entries = translated(messages, translations).map(([message, forms]) => entryOf(message, forms));
  const headers = { ...HEADERS, Language: locale, 'Plural-Forms': LOCALES[locale] };
  return mo.compile({ charset: 'utf-8', headers, translations: byContext(entries) });
}

/** The same as PHP, which WordPress takes first because it is in memory already. */
export function phpOf(messages: Messages, locale: string, translations: Translations): string {
  const lines = translated(messages, translations).map(
    ([{ msgid, context }, forms]) => `${php(context ? keyOf(msgid, context) : msgid)}=>${php(forms.join('\0'))}`,
  );
  return `<?php\nreturn array('domain'=>'confab','plural-forms'=>${php(LOCALES[locale] ?? '')},'language'=>${php(locale)},'messages'=>array(${lines.join(',')}));\n`;
}

/** The texts of one script, as WordPress hands them to wp.i18n. */
export function jsonOf(messages: Messages, locale: string, translations: Translations): string {
  const texts = translated(messages, translations).map(([{ msgid, context }, forms]) => [
    context ? keyOf(msgid, context) : msgid,
    forms,
  ]);
  const head = { domain: 'confab', lang: locale, 'plural-forms': LOCALES[locale] };
  return JSON.stringify({
    domain: 'confab',
    locale_data: { confab: { '': head, ...Object.fromEntries(texts) } },
  });
}

function translated(messages: Messages, translations: Translations): [Message, string[]][] {
  return [...messages].flatMap(([key, message]) => {
    const forms = translations.get(key);
    return forms ? [[message, forms] as [Message, string[]]] : [];
  });
}

function entryOf({ msgid, plural, context, comments, files }: Message, forms?: string[]) {
  return {
    msgid,
    ...(context && { msgctxt: context }),
    ...(plural && { msgid_plural: plural }),
    msgstr: forms ?? (plural ? ['', ''] : ['']),
    comments: {
      extracted: [...comments].join('\n'),
      reference: [...files].join('\n'),
      translator: '',
      flag: '',
      previous: '',
    },
  };
}

function byContext(entries: ReturnType<typeof entryOf>[]) {
  const result: Record<string, Record<string, ReturnType<typeof entryOf>>> = {};
  for (const entry of entries) {
    const context = entry.msgctxt ?? '';
    result[context] ??= {};
    result[context][entry.msgid] = entry;
  }
  return result;
}

/** PHP's single quotes know two escapes; a zero byte, which parts plural forms, needs the double ones. */
const php = (text: string) =>
  text
    .split('\0')
    .map(part => `'${part.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join('."\\0".');
