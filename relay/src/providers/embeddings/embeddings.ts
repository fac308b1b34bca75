/** How many numbers a vector has. */
export const DIMENSIONS = 512;

/** One vector for each text, in order, and how many tokens of them the vendor counted. */
export type Embedded = { vectors: Float32Array[]; inputTokens: number };

/** Turns texts into vectors of length 1 that are near each other where their meanings are. */
export interface Embeddings {
  readonly provider: string;
  readonly model: string;
  /**
   * Vectors of `DIMENSIONS` numbers. Of a text that is longer than the model takes, its beginning counts. Throws nothing
   * but `ProviderError`, which is `timed_out` where the signal aborts.
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embedded>;
}
