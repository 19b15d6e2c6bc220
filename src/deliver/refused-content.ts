// The error for a record that Milvus refuses for its content, once it stands alone.
import { place, RecordError, SinkError } from '../errors.ts';
import type { Failure } from '../milvus/client/failure.ts';
import type { KafkaRecord } from '../record/record.ts';

export function refusedRecord(record: KafkaRecord, failure: Failure): RecordError {
  return new RecordError(
    failure.kind === 'tooLarge' ? 'MILVUS_ROW_TOO_LARGE' : 'MILVUS_REFUSED_ROW',
    'TASK_PUT',
    failure.kind === 'tooLarge'
      ? 'this row alone is larger than Milvus takes in a request'
      : 'Milvus refuses the row for its content',
    {
      where: place(record),
      found: failure.reason,
      fix: failure.fix || 'Mend what writes the record, or the schema of the collection',
    },
  );
}

/** `errors.tolerance=all` is for single bad records: when nothing but refusals comes, something else is wrong. */
export function everythingRefused(record: KafkaRecord, failure: Failure, inARow: number): SinkError {
  return new SinkError(
    'MILVUS_REFUSES_EVERYTHING',
    `Milvus refused ${inARow} records in a row for their content`,
    {
      where: `${place(record)}, the last of them`,
      expected: 'at most errors.max.consecutive of them without an accepted one',
      found: failure.reason,
      fix: 'Look whether the records fit the collection at all; they are not written, and the offsets of those after the last commit are read again',
    },
  );
}
