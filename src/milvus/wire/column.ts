// A column of a write request: whose values it has, and what writes them.
import type { DataType } from './data-type.ts';
import type { WireWriter } from './writer.ts';

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
 * How values become cells, and what a column has around them. A cell is one value in the very bytes that it has inside of
 * its column: a column is its cells, one after the other, behind a head (src/native/rows/encode.cc puts them together).
 */
export interface Codec {
  /** Tag byte of the array in ScalarField's or VectorField's oneof. */
  readonly tag: number;
  /** In VectorField rather than ScalarField. */
  readonly vector: boolean;
  /** VectorField's dim; absent for scalars, and for sparse vectors, whose array has its own. */
  readonly dim?: number;
  /** All cells stand together behind one head (`repeated T data = 1`, packed); absent when there are none. */
  readonly packed?: true;
  /** The array has a dim behind the cells: the largest index of its rows plus one. */
  readonly sparse?: true;
  /** What the array has behind the cells in any case. */
  readonly trailer?: Uint8Array;
  /** Writes one value, as the field's reader gave it. */
  cell(value: unknown, writer: WireWriter): void;
}
