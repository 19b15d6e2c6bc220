// What a converter does: bytes of a record → a JSON value. Implementations are looked up by Java class.
import type { RecordError } from '../errors.ts';
import type { Precision, RowObject } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';

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
  /**
   * Decodes the values of one poll, in order; never throws for a bad record. Answers with a promise when somebody has to be
   * asked first, e.g. a registry for a schema.
   */
  decode(records: readonly KafkaRecord[]): Decoded[] | Promise<Decoded[]>;
  /** One that was decoded before, once more, without asking anybody. */
  redecode(record: KafkaRecord): Decoded;
  /**
   * Decodes one record again, with its numbers as exact as `precision` says. For a record of the last poll it may do so
   * in the row that `decode` gave.
   */
  decodeExact(record: KafkaRecord, precision: Exclude<Precision, 'nearest'>): Decoded;
}

/** One that asks nobody. */
export interface LocalConverter extends ValueConverter {
  decode(records: readonly KafkaRecord[]): Decoded[];
}

export interface KeyConverter {
  /** Checks that the key is what the converter reads, as Connect does; the error if it is not. */
  check(record: KafkaRecord): RecordError | undefined;
}
