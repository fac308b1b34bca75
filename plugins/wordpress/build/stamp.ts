/** Where the version stands in the sources, and what is to be found there exactly once. */
const PLACES: Record<string, readonly RegExp[]> = {
  'confab.php': [/^( \* Version: +)0\.0\.0$/m, /(define\( 'CONFAB_VERSION', ')0\.0\.0(?=' \))/],
  'readme.txt': [/^(Stable tag: )0\.0\.0$/m],
};

/** The file with the version written where the sources say 0.0.0; any other file as it is. */
export function stamped(path: string, bytes: Uint8Array, version: string): Uint8Array {
  const places = PLACES[path];
  if (!places) return bytes;
  let text = new TextDecoder().decode(bytes);
  for (const place of places) {
    if (!place.test(text)) throw new Error(`${path} has no place for the version: nothing in it fits ${place}`);
    text = text.replace(place, `$1${version}`);
  }
  return new TextEncoder().encode(text);
}
