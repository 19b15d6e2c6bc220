// How long to wait before the next try: exponential with jitter, so that many sinks do not return at once.

export interface BackoffOptions {
  /** First pause, ms. */
  baseMs: number;
  /** Longest pause, ms. */
  maxMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

/**
 * Pause before try `attempt` (1 is the first repetition), ms: between half and all of `base * 2^(attempt-1)`,
 * capped at `maxMs`.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const ceiling = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling * (0.5 + options.random() / 2);
}
