// Rows that Milvus refuses for their content: the error of each, and when there are too many of them to go on.
import { place, RecordError, SinkError } from '../errors.ts';
import type { Failure } from '../milvus/client/failure.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { ErrorsSettings } from './settings.ts';

export class Refusals {
  private inARow = 0;

  constructor(private readonly errors: Pick<ErrorsSettings, 'tolerance' | 'maxConsecutive'>) {}

  /** Milvus has taken a row. */
  accepted(): void {
    this.inARow = 0;
  }

  /**
   * One more is refused. `errors.tolerance=all` is for single bad records: when nothing but refusals comes, something else
   * is wrong.
   * @returns what ends the connector, at `errors.max.consecutive` in a row
   */
  refused(record: KafkaRecord, failure: Failure): SinkError | undefined {
    this.inARow++;
    const { tolerance, maxConsecutive } = this.errors;
    if (tolerance !== 'all' || maxConsecutive === 0 || this.inARow < maxConsecutive) return undefined;
    return everythingRefused(record, failure, this.inARow);
  }
}

/** The error of a record that Milvus refuses for its content, once it stands alone. */
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

// --- internal ---

function everythingRefused(record: KafkaRecord, failure: Failure, inARow: number): SinkError {
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
