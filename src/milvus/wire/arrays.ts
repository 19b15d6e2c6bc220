// The arrays of schema.proto that several types are written as: packed numbers, strings, and runs of bytes.
import type { Codec } from './column.ts';
import { utf8Length, varintLength, type WireWriter } from './writer.ts';

/** Field 1 of an array message, length-delimited: `data`, whatever it holds. */
export const DATA = 0x0a;

/**
 * Packed numbers: `repeated T data = 1`, absent when there are none.
 * @param tag of the array in ScalarField
 * @param length bytes of one value
 * @param put writes them
 */
export function packedNumbers(
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

/**
 * `repeated string data = 1`; JSON's `repeated bytes data = 1` looks the same.
 * @param tag of the array in ScalarField
 */
export function strings(tag: number): Codec {
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

/**
 * Vectors that are bytes, all of one length: one run of them.
 * @param tag of the bytes in VectorField
 */
export function byteVectors(tag: number): Codec {
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
