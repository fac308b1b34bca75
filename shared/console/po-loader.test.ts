import { describe, expect, it } from 'vitest';
import { catalogueOf } from './po-loader.mjs';

const source = `msgid ""
msgstr ""
"Language: fr\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

#: src/a.ts:1
msgid "Save"
msgstr "Enregistrer"

msgctxt "noun"
msgid ""
"A long "
"text"
msgstr "Un \\"texte\\"\\n"

msgid "%d site"
msgid_plural "%d sites"
msgstr[0] "%d site"
msgstr[1] "%d sites"

#, fuzzy
msgid "Unsure"
msgstr "Incertain"

msgid "Nothing yet"
msgstr ""
`;

describe('a catalogue of translations', () => {
  it('becomes what @wordpress/i18n takes, without what is unsure or missing', () => {
    expect(catalogueOf(source)).toEqual({
      '': { domain: 'confab', lang: 'fr', 'plural-forms': 'nplurals=2; plural=(n > 1);' },
      Save: ['Enregistrer'],
      'noun\u0004A long text': ['Un "texte"\n'],
      '%d site': ['%d site', '%d sites'],
    });
  });
});
