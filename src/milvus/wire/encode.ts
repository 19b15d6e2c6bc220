// Rows → the bytes of milvus.proto's InsertRequest or UpsertRequest, column by column: measured once, written once.
import type { Column } from './column.ts';
import { LengthTape, utf8Length, varintLength, WireWriter } from './writer.ts';

/** What of a row is encoded. */
export interface EncodableRow {
  /** One checked value per column, same index; undefined: absent (null or default). */
  readonly values: readonly unknown[];
  /** The columns that `values` follow, the very array: rows of another one cannot go into the same request. */
  readonly columns: readonly Column[];
}

export type WriteOperation = 'upsert' | 'insert';

export interface WriteTarget {
  database: string;
  collection: string;
  /** CollectionSchema.schemaTimestamp: a newer schema on the server refuses the request. 0n or absent: not sent. */
  schemaTimestamp?: bigint;
}

/**
 * Encodes a write request, the same message for both operations. It names no partition: the server chooses, by the
 * partition key or its default.
 * @param columns of the mapper that made the rows
 * @param rows not empty
 * @returns the message, without gRPC's frame
 * @throws TypeError when a row was made for other columns: its values would land in the wrong fields, and be taken
 */
export function encodeWrite(
  target: WriteTarget,
  columns: readonly Column[],
  rows: readonly EncodableRow[],
): Buffer {
  const timestamp = target.schemaTimestamp ?? 0n;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]!.columns !== columns)
      throw new TypeError(`row ${i} of the request was made for another schema of ${target.collection}`);
  }
  tape.clear();

  let size = textSize(target.database) + textSize(target.collection);
  const parts: Part[] = [];
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const values = gather(rows, i);
    if (values.length < rows.length && !column.optional) {
      throw new TypeError(`column "${column.name}" lacks a value that its rows must have`);
    }
    const part = measureColumn(column, i, values, rows.length);
    parts.push(part);
    size += 1 + varintLength(part.size) + part.size;
  }
  size += 1 + varintLength(rows.length);
  if (timestamp !== 0n) size += 1 + timestampLength(timestamp);

  const writer = new WireWriter(size);
  writeText(writer, 0x12, target.database);
  writeText(writer, 0x1a, target.collection);
  for (const part of parts) writeColumn(writer, part, rows);
  writer.head(0x38, rows.length);
  if (timestamp !== 0n) {
    writer.byte(0x40);
    writer.int64(timestamp);
  }
  if (writer.at !== size) throw new Error(`wrote ${writer.at} bytes of ${size} measured`);
  return writer.buffer;
}

// --- internal ---

// One measuring at a time: encodeWrite never yields.
const tape = new LengthTape();

interface Part {
  column: Column;
  index: number;
  /** Those that are there: a column with valid_data holds only them (pymilvus; proxy's fillWithNullValue). */
  values: readonly unknown[];
  /** UTF-8 bytes of the field's name. */
  nameLength: number;
  /** Bytes of FieldData, ScalarField or VectorField, and the array in it. */
  size: number;
  body: number;
  inner: number;
}

function measureColumn(column: Column, index: number, values: readonly unknown[], rows: number): Part {
  const nameLength = utf8Length(column.name);
  const { codec } = column;
  const inner = codec.measure(values, tape);
  let body = 1 + varintLength(inner) + inner;
  if (codec.dim !== undefined) body += 1 + varintLength(codec.dim);
  let size =
    1 + varintLength(column.type) + 1 + varintLength(nameLength) + nameLength + 1 + varintLength(body) + body;
  if (column.dynamic) size += 2;
  if (column.optional) size += 1 + varintLength(rows) + rows;
  return { column, index, values, nameLength, size, body, inner };
}

function writeColumn(writer: WireWriter, part: Part, rows: readonly EncodableRow[]): void {
  const { column } = part;
  const { codec } = column;
  writer.head(0x2a, part.size);
  writer.head(0x08, column.type);
  writer.head(0x12, part.nameLength);
  writer.text(column.name, part.nameLength);
  writer.head(codec.vector ? 0x22 : 0x1a, part.body);
  if (codec.dim !== undefined) writer.head(0x08, codec.dim);
  writer.head(codec.tag, part.inner);
  codec.write(part.values, tape, writer);
  if (column.dynamic) writer.head(0x30, 1);
  if (column.optional) {
    writer.head(0x3a, rows.length);
    for (let i = 0; i < rows.length; i++) writer.byte(rows[i]!.values[part.index] === undefined ? 0 : 1);
  }
}

function gather(rows: readonly EncodableRow[], index: number): unknown[] {
  const values: unknown[] = [];
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]!.values[index];
    if (value !== undefined) values.push(value);
  }
  return values;
}

function textSize(text: string): number {
  const length = utf8Length(text);
  return length === 0 ? 0 : 1 + varintLength(length) + length;
}

function writeText(writer: WireWriter, tag: number, text: string): void {
  const length = utf8Length(text);
  if (length === 0) return;
  writer.head(tag, length);
  writer.text(text, length);
}

function timestampLength(timestamp: bigint): number {
  let length = 1;
  for (let rest = BigInt.asUintN(64, timestamp) >> 7n; rest > 0n; rest >>= 7n) length++;
  return length;
}
