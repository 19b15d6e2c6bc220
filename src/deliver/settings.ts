// How rows are gathered into requests, and how long a failing one is tried again.

export interface BatchSettings {
  maxRows: number;
  maxBytes: number;
  /** Ceiling of the learned number of requests in flight. */
  maxInFlight: number;
  /** Ceiling of bytes that are read and not yet acknowledged, over all tasks. */
  bufferMaxBytes: number;
}

export type ErrorsTolerance = 'none' | 'all';

export interface ErrorsSettings {
  tolerance: ErrorsTolerance;
  logEnable: boolean;
  logIncludeMessages: boolean;
  /** ms; 0 and -1: transient answers are retried for ever. */
  retryTimeoutMs: number;
  /** Longest pause between two tries, ms. */
  retryDelayMaxMs: number;
  /** Records that Milvus may refuse in a row under tolerance `all`; 0: no limit. */
  maxConsecutive: number;
}
