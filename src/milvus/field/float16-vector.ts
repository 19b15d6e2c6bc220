// Float16Vector: IEEE's half precision.
import { DataType } from '../wire/data-type.ts';
import { halfVector } from './dense-vector.ts';

export const float16Vector = halfVector(DataType.Float16Vector, 'Float16', 0x22, (view, at, x) => {
  // 65520 is half a unit above the largest finite float16 and would round to infinity.
  if (!(x < 65520 && x > -65520)) return false;
  view.setFloat16(at, x, true);
  return true;
});
