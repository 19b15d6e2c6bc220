// BFloat16Vector: a float's range with 8 bits of precision.
import { DataType } from '../wire/data-type.ts';
import { halfVector } from './dense-vector.ts';

export const bfloat16Vector = halfVector(DataType.BFloat16Vector, 'BFloat16', 0x2a, (view, at, x) => {
  const bits = bfloat16Bits(x);
  if ((bits & 0x7f80) === 0x7f80) return false;
  view.setUint16(at, bits, true);
  return true;
});

/**
 * The bfloat16 nearest to a double, ties to even. The double goes through a float that is rounded to odd, so that
 * rounding twice gives what rounding once would.
 */
export function bfloat16Bits(x: number): number {
  FLOAT[0] = x;
  let bits = FLOAT_BITS[0]!;
  const rounded = FLOAT[0]!;
  if (rounded !== x) {
    if (Math.abs(rounded) > Math.abs(x)) bits -= 1;
    bits |= 1;
  }
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

// --- internal ---

const FLOAT = new Float32Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);
