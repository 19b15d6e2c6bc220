// A row: one record's values, checked against the collection's schema and ready to be encoded.

import type { EncodableRow } from '../milvus/wire/encode.ts';
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
