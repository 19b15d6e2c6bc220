// A failed call as the sink sees it: of which kind, in which words, and the error that it becomes when it is final.
import { type ErrorCode, SinkError } from '../../errors.ts';

/**
 * - `retry`: passes by itself; try again after a pause
 * - `overloaded`: the server limits the rate or lacks resources; try again, with less in flight
 * - `full`: memory, disk or quota; somebody must make room, so wait long and say so
 * - `tooLarge`: the request has too many bytes; halve it
 * - `badRow`: some row of the request is refused for its content
 * - `refused`: the operator's to fix; trying again is of no use
 * - `schemaChanged`: the collection is not what it was when it was described
 * - `unknown`: not in failure-table.ts; try again, and name it
 */
export type FailureKind =
  | 'retry'
  | 'overloaded'
  | 'full'
  | 'tooLarge'
  | 'badRow'
  | 'refused'
  | 'schemaChanged'
  | 'unknown';

export class Failure {
  constructor(
    readonly kind: FailureKind,
    /** Short, bounded: a metric's label value. */
    readonly label: string,
    /** The server's words, cut. */
    readonly reason: string,
    /** What the reader can do; empty when waiting is all. */
    readonly fix = '',
    /** Stable code of the error that it becomes. */
    readonly errorCode: ErrorCode = kind === 'badRow' || kind === 'tooLarge'
      ? 'MILVUS_REFUSED_ROW'
      : 'MILVUS_REFUSED',
  ) {}

  /** The error that ends the sink when this failure is final. */
  error(where?: string): SinkError {
    return new SinkError(this.errorCode, SUMMARY[this.kind], {
      found: `${this.label}: ${this.reason}`,
      ...(where === undefined ? {} : { where }),
      ...(this.fix === '' ? {} : { fix: this.fix }),
    });
  }
}

// --- internal ---

const SUMMARY: Record<FailureKind, string> = {
  retry: 'Milvus was not available for too long',
  overloaded: 'Milvus limited the rate for too long',
  full: 'Milvus has no room for more data',
  tooLarge: 'one row alone is larger than Milvus takes in a request',
  badRow: 'Milvus refuses a row for its content',
  refused: 'Milvus refuses the sink',
  schemaChanged: 'the collection keeps changing',
  unknown: 'Milvus answers with an error that is not known here',
};
