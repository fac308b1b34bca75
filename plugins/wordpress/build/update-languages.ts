import { writeFileSync } from 'node:fs';
import { LOCALES, poOf } from './catalogue.ts';
import { consolePoFile, poFile, translationsOf } from './languages.ts';
import { consoleMessages, type Messages, ownMessages } from './messages.ts';

// `npm run languages`: takes new texts into the .po files, to be translated there, and drops those that are no longer said.
// What the console says stands in its own catalogue, also where the plugin says the same.
const ofConsole = consoleMessages();
const ofPlugin: Messages = new Map([...ownMessages()].filter(([key]) => !ofConsole.has(key)));
for (const locale of Object.keys(LOCALES)) {
  const translations = translationsOf(locale);
  for (const [name, messages, file] of [
    ['console', ofConsole, consolePoFile(locale)],
    ['plugin', ofPlugin, poFile(locale)],
  ] as const) {
    writeFileSync(file, poOf(messages, locale, translations));
    const missing = [...messages.keys()].filter(key => !translations.has(key)).length;
    console.log(`${locale}, ${name}: ${messages.size - missing} of ${messages.size} texts are translated`);
  }
}
