/** Where a fault happened. A value of another shape than its name promises is left out of the report. */
export type FaultContext = {
  route?: string | undefined;
  requestId?: string | undefined;
  siteId?: string | undefined;
  queue?: string | undefined;
  jobId?: string | undefined;
};

/** Tells the operator of a fault of ours. Never throws, never waits, and never repeats what a visitor wrote. */
export interface Reporter {
  report(error: unknown, context?: FaultContext): void;
  /** Sends what is waiting, for at most this long. Whatever is reported afterwards is not sent. */
  close(ms: number): Promise<void>;
}
