/** Microseconds of the machine's monotonic clock, which all processes share: one stamps with it, another reads. */
export const nowUs = (): number => Math.round(Number(process.hrtime.bigint()) / 1_000);
