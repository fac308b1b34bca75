import type { Product } from '@confab/contract';

/** A page or file to read. `url` is where it was found: links are read against it. */
export type ExtractInput = {
  kind: 'html' | 'pdf' | 'markdown' | 'text';
  bytes: Uint8Array;
  url: string;
  contentType: string | null;
};

/** What a page says: either `html`, its main content without anything that runs, or `text`. */
export type Extracted = {
  title: string;
  html: string | null;
  text: string | null;
  locale: string | null;
  canonical: string | null;
  noindex: boolean;
  nofollow: boolean;
  links: string[];
  alternates: { locale: string; url: string }[];
  /** From the page's JSON-LD. */
  product: Product | null;
  attributes: Record<string, string>;
  modifiedAt: Date | null;
};

export type ExtractErrorCode =
  | 'timed_out'
  | 'out_of_memory'
  | 'too_large'
  | 'broken'
  | 'encrypted'
  | 'empty'
  | 'unsupported';

/** Nothing could be read of a page, and why. */
export class ExtractError extends Error {
  readonly code: ExtractErrorCode;

  constructor(code: ExtractErrorCode) {
    super(`nothing could be extracted: ${code}`);
    this.name = 'ExtractError';
    this.code = code;
  }
}

export type Extractor = {
  /** Reads one page in a process of its own. Throws ExtractError, or the signal's reason where it is aborted. */
  extract(input: ExtractInput, signal?: AbortSignal): Promise<Extracted>;
  /** Ends the workers; what is still waiting fails. */
  close(): Promise<void>;
};
