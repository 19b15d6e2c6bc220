// A row: one record's values, checked against the collection's schema and ready to be encoded.

import type { Precision, RowObject } from '../decode/contract.ts';
import type { Column } from '../milvus/wire/column.ts';
import type { KafkaRecord } from '../record/record.ts';

/** Primary key; Int64 keys are numbers when safe, else bigint. undefined in an autoID collection. */
export type PrimaryKey = number | bigint | string | undefined;

export interface Row {
  key: PrimaryKey;
  /** One checked value per column of the mapper's plan, same index; undefined: absent (null or default). */
  values: unknown[];
  /** The plan that `values` follow, the mapper's own array: rows of another one cannot go into the same request. */
  columns: readonly Column[];
  /** Estimated encoded size, bytes. */
  bytes: number;
  /** Where it came from, for errors and acknowledgement. */
  record: KafkaRecord;
}

/** Returned by the mapper when an integer may have lost digits: decode the record with `integers` and map it again. */
export const NEEDS_EXACT: unique symbol = Symbol('needs exact integers');
/** Returned by the mapper when a number's text is wanted: decode the record with `sources` and map it again. */
export const NEEDS_SOURCES: unique symbol = Symbol('needs the texts of numbers');
export type NeedsMore = typeof NEEDS_EXACT | typeof NEEDS_SOURCES;

export interface RowMapper {
  /**
   * @param precision with which `value` was decoded, `nearest` by default. With `integers` the answer is never
   *   NEEDS_EXACT, with `sources` it is a row
   * @throws RecordError stage TASK_PUT, naming record, field, expected and found
   */
  map(value: RowObject, record: KafkaRecord, precision?: Precision): Row | NeedsMore;
}
