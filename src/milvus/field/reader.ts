// What a field reader is: it checks one JSON value against one field and gives what the encoder writes.
import type { Precision } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';

/**
 * Checks a value (never undefined) and gives its encodable form, or NEEDS_EXACT or NEEDS_SOURCES when the value holds a
 * number that was read with too little `precision` for the field.
 * @throws RecordError
 */
export type Read = (value: unknown, record: KafkaRecord, precision: Precision) => unknown;

export interface Reader {
  read: Read;
  /** Encoded bytes of every value, tag and length included; of variable types the least. */
  fixedBytes: number;
  /** Bytes beyond `fixedBytes` of a value that `read` gave; absent when the type has a fixed size. */
  extraBytes?: (checked: unknown) => number;
}
