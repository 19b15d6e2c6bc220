// What a converter does: bytes of a record → a JSON value. Implementations are looked up by Java class.
import type { RecordError } from '../errors.ts';
import type { KafkaRecord } from '../record/record.ts';

/**
 * How exactly numbers are read: as the nearest double; integers beyond ±(2^53-1) as bigint; or as they are written,
 * which is NumberText where `String(number)` would give another text.
 */
export type Precision = 'nearest' | 'integers' | 'sources';

/**
 * A decoded record: field name → JSON value. A value may also be
 * - `bigint`: an integer outside ±(2^53-1), only from `decodeExact`;
 * - `TypedValue`: a number with its text, from `decodeExact` only, or a logical type of an envelope;
 * - `Float32Array`: a vector that the native decoder read. Only it makes them, and it has checked that the
 *   length is the hint's `dim` and that every number is finite; it is valid as long as it is referenced;
 * - `Uint8Array`: the bytes of a `bytes` field of an envelope (deeper inside, bytes stay base64 text).
 */
export type RowObject = Record<string, unknown>;

/** null is a tombstone; an error stands for this record alone. */
export type Decoded = RowObject | null | RecordError;

/** A FloatVector field of the collection: worth reading natively when it is long. */
export interface VectorHint {
  name: string;
  dim: number;
}

export interface ValueConverter {
  /** Tells which vector fields the collection has; called again when the schema changes. */
  expect(vectors: readonly VectorHint[]): void;
  /** Decodes the values of one poll, in order; never throws for a bad record. */
  decode(records: readonly KafkaRecord[]): Decoded[];
  /**
   * Decodes one record again, with its numbers as exact as `precision` says. For a record of the last poll it may do so
   * in the row that `decode` gave.
   */
  decodeExact(record: KafkaRecord, precision: Exclude<Precision, 'nearest'>): Decoded;
}

export interface KeyConverter {
  /** Checks that the key is what the converter reads, as Connect does; the error if it is not. */
  check(record: KafkaRecord): RecordError | undefined;
}
