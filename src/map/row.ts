// A row: one record's values, checked against the collection's schema and ready to be encoded.

import type { EncodableRow } from '../milvus/wire/encode.ts';
import type { NeedsMore, Precision, RowObject } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';

/** Primary key; Int64 keys are numbers when safe, else bigint. undefined in an autoID collection. */
export type PrimaryKey = number | bigint | string | undefined;

export interface Row extends EncodableRow {
  key: PrimaryKey;
  /** Estimated encoded size, bytes. */
  bytes: number;
  /** Where it came from, for errors and acknowledgement. */
  record: KafkaRecord;
}

export interface RowMapper {
  /**
   * @param precision with which `value` was decoded, `nearest` by default. With `integers` the answer is never
   *   NEEDS_EXACT, with `sources` it is a row
   * @throws RecordError stage TASK_PUT, naming record, field, expected and found
   */
  map(value: RowObject, record: KafkaRecord, precision?: Precision): Row | NeedsMore;
}
