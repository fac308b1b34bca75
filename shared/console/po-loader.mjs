/**
 * Turns a catalogue of translations (.po) into what `setLocaleData` of @wordpress/i18n takes. Webpack's loader for
 * `languages/*.po`; texts without a translation are left out, so that they are shown in English.
 */
export default function poLoader(source) {
  return `export default ${JSON.stringify(catalogueOf(source))};`;
}

/** @param {string} source */
export function catalogueOf(source) {
  const catalogue = { '': {} };
  for (const block of source.split(/\r?\n\s*\r?\n/)) {
    const { msgctxt, msgid, ...more } = fieldsOf(block);
    if (msgid === undefined) continue;
    const forms = Object.keys(more)
      .filter(name => /^msgstr(\[\d+])?$/.test(name))
      .sort()
      .map(name => more[name]);
    if (msgid === '') catalogue[''] = headersOf(forms[0] ?? '');
    else if (!/^#,.*\bfuzzy\b/m.test(block) && forms.every(Boolean)) {
      catalogue[msgctxt === undefined ? msgid : `${msgctxt}\u0004${msgid}`] = forms;
    }
  }
  return catalogue;
}

function fieldsOf(block) {
  const fields = {};
  let name;
  for (const line of block.split(/\r?\n/)) {
    const [, keyword, text] =
      /^(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+])?)\s+)?("(?:[^"\\]|\\.)*")\s*$/.exec(line) ?? [];
    if (text === undefined) continue;
    if (keyword) name = keyword;
    if (name) fields[name] = (fields[name] ?? '') + JSON.parse(text);
  }
  return fields;
}

function headersOf(text) {
  const lines = text.split('\n').map(line => line.split(/:\s*/, 2));
  const header = name => lines.find(([key]) => key === name)?.[1];
  const plural = /^Plural-Forms:\s*(.*)$/m.exec(text)?.[1];
  return { domain: 'confab', lang: header('Language') ?? '', ...(plural && { 'plural-forms': plural }) };
}
