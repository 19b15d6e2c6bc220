// BinaryVector: a dimension is a bit.
import { byteVectors } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import { byteReader, denseVector } from './dense-vector.ts';

/** Takes an array of dim/8 bytes (first component in the high bit), or those bytes. Java's bytes are signed: -1 is 255. */
export const binaryVector = denseVector({
  type: DataType.BinaryVector,
  takes: dim => `array of ${dim / 8} bytes`,
  codec: byteVectors(0x1a),
  reader: (field, dim) =>
    byteReader(
      field,
      dim / 8,
      -128,
      255,
      `an array of ${dim / 8} bytes 0 to 255 (BinaryVector of ${dim} bits)`,
    ),
});
