// What a field reader is: it checks one JSON value against one field and gives what the encoder writes.
import type { KafkaRecord } from '../../source/record.ts';

/**
 * Checks a value (never undefined) and gives its encodable form, or NEEDS_EXACT when `exact` is false and the value
 * holds an integer beyond ±(2^53-1) that may have lost digits.
 * @throws RecordError
 */
export type Read = (value: unknown, record: KafkaRecord, exact: boolean) => unknown;

export interface Reader {
  read: Read;
  /** Encoded bytes of every value, tag and length included; of variable types the least. */
  fixedBytes: number;
  /** Bytes beyond `fixedBytes` of a value that `read` gave; absent when the type has a fixed size. */
  extraBytes?: (checked: unknown) => number;
}
