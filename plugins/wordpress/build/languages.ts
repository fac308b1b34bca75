import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf, LOCALES, moOf, phpOf, poOf, readPo, type Translations } from './catalogue.ts';
import { adminMessages, allMessages, type Messages, scriptMessages } from './messages.ts';

const plugin = join(import.meta.dirname, '../plugin');
const consoleLanguages = join(import.meta.dirname, '../../../shared/console/languages');

/** The .po file of the console's texts, in the sources; the console knows languages without their country. */
export const consolePoFile = (locale: string): string => join(consoleLanguages, `${locale.slice(0, 2)}.po`);

/** The .po file of what only the plugin says. */
export const poFile = (locale: string): string => join(plugin, `languages/confab-${locale}.po`);

/** What is translated so far, of the plugin and of the console. */
export const translationsOf = (locale: string): Translations =>
  new Map([...read(poFile(locale)), ...read(consolePoFile(locale))]);

const read = (file: string): Translations => (existsSync(file) ? readPo(readFileSync(file, 'utf8')) : new Map());

/** The scripts with texts of their own, by the handle that PHP gives them. */
export const scripts = (): Record<string, Messages> => ({
  'confab-admin': adminMessages(),
  'confab-chat-editor-script': scriptMessages(join(plugin, 'block/chat/index.js')),
  'confab-faq-editor-script': scriptMessages(join(plugin, 'block/faq/index.js')),
});

/** The files of the folder `languages`: the template, and of each locale one for PHP twice over and one for each script. */
export function languageFiles(): Map<string, Uint8Array> {
  const messages = allMessages();
  const files = new Map<string, Uint8Array>();
  const add = (name: string, content: string | Uint8Array) =>
    files.set(name, typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content));
  add('confab.pot', poOf(messages));
  for (const locale of Object.keys(LOCALES)) {
    const translations = translationsOf(locale);
    add(`confab-${locale}.mo`, moOf(messages, locale, translations));
    add(`confab-${locale}.l10n.php`, phpOf(messages, locale, translations));
    for (const [handle, texts] of Object.entries(scripts())) {
      add(`confab-${locale}-${handle}.json`, jsonOf(texts, locale, translations));
    }
  }
  return files;
}
