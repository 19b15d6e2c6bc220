// From a batch to rows: the stage between what was polled and what is delivered.
import type { Outcome, RecordBatch } from '../record/contract.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { Row } from './row.ts';

/**
 * Decodes and maps. Two calls never overlap: whoever reads waits for the answer to one before the next.
 * Rows are made for the collection as it is when they are made: a promise may outlast a change of it.
 */
export interface BatchReader {
  /** @returns what becomes of each record, by its place in the batch; a promise when a converter had to ask for a schema */
  read(batch: RecordBatch): Outcome<Row>[] | Promise<Outcome<Row>[]>;
  /**
   * A record once more, since the collection is another one by now. Its key may be gone: it was good, and stays so. Asks
   * nobody: what its converter needs was there at the first reading.
   */
  reread(record: KafkaRecord): Outcome<Row>;
}
