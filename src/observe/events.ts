// What happens in a task, for whoever wants to count it: plain data, once for each poll, request or rebalance. The data path knows no metrics library.

/** Why a record was read and not written. */
export type SkipReason = 'tombstone' | 'bad_record';

export interface WriteReport {
  rows: number;
  /** Encoded request, bytes. */
  bytes: number;
  /** ms from sending to the answer. */
  latencyMs: number;
}

/** What is a state and not an event (lag, what is buffered) is in a TaskSnapshot. */
export interface TaskEvents {
  /** One poll's records of a topic. @param bytes of their values */
  polled(topic: string, records: number, bytes: number): void;
  skipped(reason: SkipReason, records: number): void;
  /** Fields of records that the collection lacks (and has no dynamic field for). */
  fieldsDropped(count: number): void;
  /** Milvus acknowledged a request. */
  written(operation: 'upsert' | 'insert' | 'delete', report: WriteReport): void;
  /** Rows of a batch that a later record of the same key replaced before sending. */
  superseded(rows: number): void;
  /** Record timestamp → acknowledgement, s. @param records that have it */
  endToEnd(seconds: number, records: number): void;
  /** A request failed and will be tried again; `code` is a short bounded label. */
  retried(code: string): void;
  rebalanced(kind: 'assigned' | 'revoked' | 'lost'): void;
}

/** What happens to a connector besides its tasks' events. */
export interface ConnectorEvents extends TaskEvents {
  /** A topic that matched a pattern has left this process: its counters go. */
  topicGone(topic: string): void;
}
