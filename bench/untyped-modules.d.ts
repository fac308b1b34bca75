declare module 'lunr' {
  type Result = { ref: string; score: number };
  type Builder = { ref(name: string): void; field(name: string): void; add(document: object): void };
  type Query = { term(term: unknown, options: object): void };
  type Index = { query(build: (query: Query) => void): Result[] };
  type Lunr = ((build: (this: Builder) => void) => Index) & { tokenizer(text: string): unknown[] };
  const lunr: Lunr;
  export default lunr;
}

declare module 'wink-bm25-text-search' {
  type Engine = {
    defineConfig(config: { fldWeights: Record<string, number> }): void;
    definePrepTasks(tasks: ((input: never) => unknown)[]): void;
    addDoc(document: object, id: string): void;
    consolidate(): void;
    search(text: string, limit: number): [string, number][];
  };
  const bm25: () => Engine;
  export default bm25;
}

declare module 'wink-nlp-utils' {
  const nlp: {
    string: { lowerCase(text: string): string; tokenize0(text: string): string[] };
    tokens: { removeWords(tokens: string[]): string[]; stem(tokens: string[]): string[] };
  };
  export default nlp;
}
