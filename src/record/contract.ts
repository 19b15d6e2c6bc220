// What moves through a task: one poll's batch of records; and what a stage makes of each of them.
//
// A batch is read-only, and stays in native memory: plain records become rows there without an object of JavaScript's.
// Whoever needs a record asks for it by its place and gets it whole, raw bytes included, until its row is acknowledged.
import type { RecordError } from '../errors.ts';
import type { KafkaRecord } from './record.ts';

/** Neighbours in a batch that are of one partition. */
export interface PartitionRun {
  topic: string;
  partition: number;
  /** Place of the first. */
  start: number;
  /** One past the place of the last. */
  end: number;
  /** Bytes of their values. */
  valueBytes: number;
}

/** What one poll brought, in the order of reading: within a partition that of offsets, unless offsets were reset. */
export interface RecordBatch {
  readonly length: number;
  /** All of it, in order. Neighbouring runs are of different partitions. */
  readonly runs: readonly PartitionRun[];
  /** Bytes of values. */
  readonly valueBytes: number;
  /** Bytes of values, keys and headers, about. */
  readonly bytes: number;
  /** @param place 0 to length - 1 */
  record(place: number): KafkaRecord;
}

/** A record that is done with although nothing is written for it. */
export interface Skipped {
  readonly skipped: 'tombstone';
}

/**
 * What a stage makes of a record, exactly one of these: what the next stage takes (in the end a mutation of the
 * collection), skipped with its reason, or rejected with its error, which names the stage. What becomes of a rejected
 * record is decided in one place (task/tolerance.ts).
 */
export type Outcome<T> = T | Skipped | RecordError;

export const TOMBSTONE: Skipped = { skipped: 'tombstone' };
