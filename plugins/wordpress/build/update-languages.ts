import { writeFileSync } from 'node:fs';
import { LOCALES, poOf } from './catalogue.ts';
import { poFile, translationsOf } from './languages.ts';
import { allMessages } from './messages.ts';

// `npm run languages`: takes new texts into the .po files, to be translated there, and drops those that are no longer said.
const messages = allMessages();
for (const locale of Object.keys(LOCALES)) {
  const translations = translationsOf(locale);
  writeFileSync(poFile(locale), poOf(messages, locale, translations));
  const missing = [...messages.keys()].filter(key => !translations.has(key)).length;
  console.log(`${locale}: ${messages.size - missing} of ${messages.size} texts are translated`);
}
