// Int8Vector.
import { byteVectors } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import { byteReader, denseVector } from './dense-vector.ts';

/** Takes an array of `dim` integers -128 to 127, or their two's complement bytes. */
export const int8Vector = denseVector({
  type: DataType.Int8Vector,
  takes: dim => `array of ${dim} integers -128 to 127`,
  codec: byteVectors(0x3a),
  reader: (field, dim) =>
    byteReader(field, dim, -128, 127, `a vector of ${dim} integers -128 to 127 (Int8Vector)`),
});
