// From a batch to rows: the stage between what was polled and what is delivered.
import type { RecordError } from '../errors.ts';
import type { Chunk } from '../record/chunk.ts';
import type { Outcome } from '../record/contract.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { Row } from './row.ts';

/** What became of a batch's records that are no rows; all others are. Places in order. */
export interface Reading {
  tombstones: readonly number[];
  rejected: readonly Rejected[];
  /** Bytes of records that were taken out of native memory for it: garbage by now. */
  garbageBytes: number;
}

export interface Rejected {
  place: number;
  record: KafkaRecord;
  error: RecordError;
}

/**
 * Decodes and maps what was not read natively. Two calls never overlap: whoever reads waits for the answer to one before
 * the next. Rows are made for the collection as it is when they are made: a promise may outlast a change of it.
 */
export interface BatchReader {
  /** Makes rows of the batch's records, in the batch; a promise when a converter had to ask for a schema. */
  read(batch: Chunk): Reading | Promise<Reading>;
  /**
   * A record once more, since the collection is another one by now. Asks nobody: what its converter needs was there at the
   * first reading.
   */
  reread(record: KafkaRecord): Outcome<Row>;
}
