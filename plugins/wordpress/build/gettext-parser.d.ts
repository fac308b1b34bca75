declare module 'gettext-parser' {
  interface Entry {
    msgid: string;
    msgctxt?: string;
    msgid_plural?: string;
    msgstr: string[];
  }
  interface Catalogue {
    charset: string;
    headers: Record<string, string | undefined>;
    translations: Record<string, Record<string, Entry>>;
  }
  export const po: {
    parse(text: string): Catalogue;
    compile(catalogue: Catalogue, options?: { foldLength: number }): Uint8Array;
  };
  export const mo: { compile(catalogue: Catalogue): Uint8Array };
}
