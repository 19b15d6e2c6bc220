// The arrays of schema.proto that several types are written as: packed numbers, strings, and runs of bytes.
import type { Codec } from './column.ts';
import { utf8Length, type WireWriter } from './writer.ts';

/** Field 1 of an array message, length-delimited: `data`, whatever it holds. */
export const DATA = 0x0a;

/**
 * Packed numbers: `repeated T data = 1`, absent when there are none.
 * @param tag of the array in ScalarField
 * @param put writes one value, of at most ten bytes
 */
export function packedNumbers(tag: number, put: (writer: WireWriter, value: unknown) => void): Codec {
  return {
    tag,
    vector: false,
    packed: true,
    cell(value, writer) {
      writer.reserve(MAX_NUMBER_BYTES);
      put(writer, value);
    },
  };
}

/**
 * `repeated string data = 1`; JSON's `repeated bytes data = 1` looks the same.
 * @param tag of the array in ScalarField
 */
export function strings(tag: number): Codec {
  return {
    tag,
    vector: false,
    cell(value, writer) {
      const length = utf8Length(value as string);
      writer.reserve(MAX_HEAD_BYTES + length);
      writer.head(DATA, length);
      writer.text(value as string, length);
    },
  };
}

/**
 * Vectors that are bytes, all of one length: one run of them.
 * @param tag of the bytes in VectorField
 */
export function byteVectors(tag: number): Codec {
  return {
    tag,
    vector: true,
    cell(value, writer) {
      const bytes = value as Uint8Array;
      writer.reserve(bytes.length);
      writer.bytes(bytes);
    },
  };
}

/** A tag and a length. */
export const MAX_HEAD_BYTES = 6;

// --- internal ---

/** A negative integer takes that much. */
const MAX_NUMBER_BYTES = 10;
