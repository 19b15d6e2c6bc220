// A column of a write request: whose values it has, and what writes them.
import type { DataType } from './data-type.ts';
import type { LengthTape, WireWriter } from './writer.ts';

/** The schema's side of what a row holds at the same index. */
export interface Column {
  name: string;
  type: DataType;
  /** Nullable or with a default: the column carries valid_data. */
  optional: boolean;
  /** `$meta`. */
  dynamic: boolean;
  codec: Codec;
}

/**
 * How many bytes the values of one column take inside schema.proto's arrays, and those bytes. For each request
 * `measure` is called once, then `write` once with the same values, columns in the same order; that of an Array's elements
 * once for each row of the column.
 */
export interface Codec {
  /** Tag byte of the array in ScalarField's or VectorField's oneof. */
  readonly tag: number;
  /** In VectorField rather than ScalarField. */
  readonly vector: boolean;
  /** VectorField's dim; absent for scalars, and for sparse vectors, whose array has its own. */
  readonly dim?: number;
  /**
   * @param values those that are there, none undefined, each as the field's reader gave it
   * @param tape takes lengths that `write` would have to find again
   * @returns bytes of the array message (of the bytes themselves for byte vectors)
   */
  measure(values: readonly unknown[], tape: LengthTape): number;
  /** Writes what `measure` measured, and takes from the tape what it put there. */
  write(values: readonly unknown[], tape: LengthTape, writer: WireWriter): void;
}
