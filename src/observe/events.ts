// What happens in a pipeline, told to whoever wants to count it. The data path knows no metrics library.

/** Why a record was read and not written. */
export type SkipReason = 'tombstone' | 'bad_record';

export interface WriteReport {
  rows: number;
  /** Encoded request, bytes. */
  bytes: number;
  /** ms from sending to the answer. */
  latencyMs: number;
}

export interface SinkEvents {
  /** One poll's yield. */
  polled(topic: string, records: number, bytes: number): void;
  skipped(reason: SkipReason, records: number): void;
  /** Fields of records that the collection lacks (and has no dynamic field for). */
  fieldsDropped(count: number): void;
  /** Milvus acknowledged a request. */
  written(operation: 'upsert' | 'insert' | 'delete', report: WriteReport): void;
  /** Rows of a batch that a later record of the same key replaced before sending. */
  superseded(rows: number): void;
  /** Record timestamp → acknowledgement, s; once a record. */
  endToEnd(seconds: number): void;
  /** A request failed and will be tried again; `code` is a short bounded label. */
  retried(code: string): void;
  inFlight(requests: number, limit: number): void;
  buffered(rows: number, bytes: number): void;
  lag(topic: string, partition: number, records: number): void;
  committed(topic: string, partition: number, offset: number): void;
  rebalanced(kind: 'assigned' | 'revoked' | 'lost'): void;
  /** A partition left this process: its gauges go. */
  forgotten(topic: string, partition: number): void;
  /** A topic that matched a pattern has left this process: its counters go. */
  topicGone(topic: string): void;
}
