// A row's values → its cells, for rows that were not read natively: in the bytes that src/native/decode/decode.h describes.
import type { Codec, Column } from './column.ts';
import { WireWriter } from './writer.ts';

/** The cells of rows, one row after the other, and of each row one cell a column. */
export interface Cells {
  bytes: Uint8Array;
  /** Of each cell; ABSENT where there is none. */
  lengths: Uint32Array;
}

/** The length of a value that is not there. */
export const ABSENT = 0xffff_ffff;

/**
 * @param rows of each the checked values, one for each column; undefined: absent
 * @throws TypeError when a column lacks a value that its rows must have
 */
export function cellsOf(columns: readonly Column[], rows: ReadonlyArray<readonly unknown[]>): Cells {
  const writer = new WireWriter(FIRST_BYTES);
  const lengths = new Uint32Array(rows.length * columns.length);
  let cell = 0;
  for (const values of rows) {
    for (let i = 0; i < columns.length; i++) {
      const { name, optional, codec } = columns[i]!;
      const from = writer.at;
      if (values[i] !== undefined) codec.cell(values[i], writer);
      else if (!optional) throw new TypeError(`column "${name}" lacks a value that its rows must have`);
      lengths[cell++] = values[i] === undefined ? ABSENT : writer.at - from;
    }
  }
  return { bytes: writer.written, lengths };
}

/** The cell of one value. */
export function cellOf(codec: Codec, value: unknown): Uint8Array {
  const writer = new WireWriter(SMALL_BYTES);
  codec.cell(value, writer);
  return writer.written;
}

// --- internal ---

const FIRST_BYTES = 4096;
const SMALL_BYTES = 32;
