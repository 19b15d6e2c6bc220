// One codec per kind of column: how many bytes its values take inside schema.proto's arrays, and those bytes.
import { type DataType, DataType as T } from './data-type.ts';
import { int64Length, type LengthTape, utf8Length, varintLength, type WireWriter } from './writer.ts';

/** A column of the request: the schema's side of what a row holds at the same index. */
export interface Column {
  name: string;
  type: DataType;
  /** Nullable or with a default: the column carries valid_data. */
  optional: boolean;
  /** `$meta`. */
  dynamic: boolean;
  dim?: number;
  elementType?: DataType;
}

export interface Codec {
  /** Tag byte of the array in ScalarField's or VectorField's oneof. */
  tag: number;
  /** In VectorField (with a dim unless sparse) rather than ScalarField. */
  vector: boolean;
  /** Bytes of the array message (of the bytes themselves for byte vectors). */
  measure(values: readonly unknown[], tape: LengthTape): number;
  /** Writes what `measure` measured. */
  write(values: readonly unknown[], tape: LengthTape, writer: WireWriter): void;
}

/** @throws TypeError for a type that no mapper makes columns of */
export function codecOf(type: DataType, elementType?: DataType): Codec {
  if (type === T.Array) return arrayCodec(elementType!);
  const codec = CODECS.get(type);
  if (!codec) throw new TypeError(`no codec for data type ${type}`);
  return codec;
}

// --- internal ---

const DATA = 0x0a;

/** Packed numbers: `repeated T data = 1`, absent when there are none. */
function packed(
  tag: number,
  length: (value: unknown) => number,
  put: (writer: WireWriter, value: unknown) => void,
): Codec {
  return {
    tag,
    vector: false,
    measure(values, tape) {
      let bytes = 0;
      for (let i = 0; i < values.length; i++) bytes += length(values[i]);
      tape.push(bytes);
      return bytes === 0 ? 0 : 1 + varintLength(bytes) + bytes;
    },
    write(values, tape, writer) {
      const bytes = tape.pop();
      if (bytes === 0) return;
      writer.head(DATA, bytes);
      for (let i = 0; i < values.length; i++) put(writer, values[i]);
    },
  };
}

/** `repeated string data = 1`; JSON's `repeated bytes data = 1` looks the same. */
function strings(tag: number): Codec {
  return {
    tag,
    vector: false,
    measure(values, tape) {
      let bytes = 0;
      for (let i = 0; i < values.length; i++) {
        const length = utf8Length(values[i] as string);
        tape.push(length);
        bytes += 1 + varintLength(length) + length;
      }
      return bytes;
    },
    write(values, tape, writer) {
      for (let i = 0; i < values.length; i++) {
        const length = tape.pop();
        writer.head(DATA, length);
        writer.text(values[i] as string, length);
      }
    },
  };
}

/** `repeated ScalarField data = 1; DataType element_type = 2`. */
function arrayCodec(elementType: DataType): Codec {
  const element = codecOf(elementType);
  return {
    tag: 0x42,
    vector: false,
    measure(values, tape) {
      let bytes = 2;
      for (let i = 0; i < values.length; i++) {
        const place = tape.reserve();
        const inner = element.measure(values[i] as readonly unknown[], tape);
        tape.fill(place, inner);
        const field = 1 + varintLength(inner) + inner;
        bytes += 1 + varintLength(field) + field;
      }
      return bytes;
    },
    write(values, tape, writer) {
      for (let i = 0; i < values.length; i++) {
        const inner = tape.pop();
        writer.head(DATA, 1 + varintLength(inner) + inner);
        writer.head(element.tag, inner);
        element.write(values[i] as readonly unknown[], tape, writer);
      }
      writer.byte(0x10);
      writer.byte(elementType);
    },
  };
}

/** FloatArray in VectorField: rows are arrays of numbers, or Float32Arrays from the native decoder. */
const floatVector: Codec = {
  tag: 0x12,
  vector: true,
  measure(values) {
    let floats = 0;
    for (let i = 0; i < values.length; i++) floats += (values[i] as ArrayLike<number>).length;
    return floats === 0 ? 0 : 1 + varintLength(floats * 4) + floats * 4;
  },
  write(values, _tape, writer) {
    if (values.length === 0) return;
    const dim = (values[0] as ArrayLike<number>).length;
    writer.head(DATA, values.length * dim * 4);
    if (dim > scratch.length) {
      scratch = new Float32Array(dim);
      scratchBytes = new Uint8Array(scratch.buffer);
    }
    const bytes = scratchBytes.subarray(0, dim * 4);
    for (let i = 0; i < values.length; i++) {
      const vector = values[i] as number[] | Float32Array;
      if (vector instanceof Float32Array) scratch.set(vector);
      else for (let j = 0; j < dim; j++) scratch[j] = vector[j]!;
      writer.bytes(bytes);
    }
  },
};

// The request's floats lie at any byte offset, where no Float32Array can: a row goes through here.
let scratch = new Float32Array(1024);
let scratchBytes = new Uint8Array(scratch.buffer);

/** Vectors that are bytes: one run of them. */
function byteVectors(tag: number): Codec {
  return {
    tag,
    vector: true,
    measure(values) {
      return values.length === 0 ? 0 : values.length * (values[0] as Uint8Array).length;
    },
    write(values, _tape, writer) {
      for (let i = 0; i < values.length; i++) writer.bytes(values[i] as Uint8Array);
    },
  };
}

/** `repeated bytes contents = 1; int64 dim = 2`; dim is the largest index of the batch plus one. */
const sparseVector: Codec = {
  tag: 0x32,
  vector: true,
  measure(values) {
    let bytes = 0;
    for (let i = 0; i < values.length; i++) {
      const { length } = values[i] as Uint8Array;
      bytes += 1 + varintLength(length) + length;
    }
    const dim = sparseDim(values);
    return dim === 0 ? bytes : bytes + 1 + varintLength(dim);
  },
  write(values, _tape, writer) {
    for (let i = 0; i < values.length; i++) {
      const row = values[i] as Uint8Array;
      writer.head(DATA, row.length);
      writer.bytes(row);
    }
    const dim = sparseDim(values);
    if (dim !== 0) writer.head(0x10, dim);
  },
};

function sparseDim(values: readonly unknown[]): number {
  let dim = 0;
  for (let i = 0; i < values.length; i++) {
    const row = values[i] as Uint8Array;
    if (row.length === 0) continue;
    const at = row.length - 8;
    const last = (row[at]! | (row[at + 1]! << 8) | (row[at + 2]! << 16) | (row[at + 3]! << 24)) >>> 0;
    if (last >= dim) dim = last + 1;
  }
  return dim;
}

const ints = packed(
  0x12,
  value => ((value as number) < 0 ? 10 : varintLength(value as number)),
  (writer, value) => writer.int64(value as number),
);

const CODECS = new Map<DataType, Codec>([
  [
    T.Bool,
    packed(
      0x0a,
      () => 1,
      (writer, value) => writer.byte(value ? 1 : 0),
    ),
  ],
  [T.Int8, ints],
  [T.Int16, ints],
  [T.Int32, ints],
  [
    T.Int64,
    packed(
      0x1a,
      value => int64Length(value as number),
      (writer, value) => writer.int64(value as number),
    ),
  ],
  [
    T.Float,
    packed(
      0x22,
      () => 4,
      (writer, value) => {
        writer.view.setFloat32(writer.at, value as number, true);
        writer.at += 4;
      },
    ),
  ],
  [
    T.Double,
    packed(
      0x2a,
      () => 8,
      (writer, value) => {
        writer.view.setFloat64(writer.at, value as number, true);
        writer.at += 8;
      },
    ),
  ],
  [T.String, strings(0x32)],
  [T.VarChar, strings(0x32)],
  [T.Text, strings(0x32)],
  [T.Timestamptz, strings(0x32)],
  [T.JSON, strings(0x4a)],
  [T.Geometry, strings(0x62)],
  [T.FloatVector, floatVector],
  [T.BinaryVector, byteVectors(0x1a)],
  [T.Float16Vector, byteVectors(0x22)],
  [T.BFloat16Vector, byteVectors(0x2a)],
  [T.Int8Vector, byteVectors(0x3a)],
  [T.SparseFloatVector, sparseVector],
]);
