import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field, mapOne, refusal, refusedWith } from '../../../support/rows.ts';

describe('dense vectors', () => {
  const vector = (type: DataType, dim: number) => field('f', type, { dim });

  test('FloatVector: dimension, type and range', () => {
    const one = vector(DataType.FloatVector, 2);
    const native = new Float32Array([1, 2]);
    expect(mapOne(one, native)).toBe(native);
    expect(mapOne(one, [0.5, -1])).toEqual([0.5, -1]);
    expect(refusedWith(one, new Float32Array(3))).toBe('ROW_VECTOR_DIM');
    expect(refusedWith(one, [1])).toBe('ROW_VECTOR_DIM');
    expect(refusedWith(one, [1, 'x'])).toBe('ROW_FIELD_TYPE');
    expect(refusedWith(one, [1, null])).toBe('ROW_FIELD_TYPE');
    expect(refusedWith(one, [1, Number.NaN])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, [1, 3.41e38])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, '1;2')).toBe('ROW_VECTOR_DIM');
    expect(refusal(() => mapOne(one, [1, 1e300])).message).toContain('f[1]');
  });

  test('BinaryVector: bytes', () => {
    const one = vector(DataType.BinaryVector, 16);
    expect(mapOne(one, [0, 255])).toEqual(new Uint8Array([0, 255]));
    expect(mapOne(one, new Uint8Array([1, 2]))).toEqual(new Uint8Array([1, 2]));
    expect(refusedWith(one, [0, 256])).toBe('ROW_VECTOR_VALUE');
    expect(mapOne(one, [-1, -128])).toEqual(new Uint8Array([255, 128]));
    expect(refusedWith(one, [0, -129])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, [0, 0.5])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, new Array(16).fill(0))).toBe('ROW_VECTOR_DIM');
    expect(refusedWith(one, 'AAE=')).toBe('ROW_VECTOR_DIM');
  });

  test('Int8Vector: signed bytes', () => {
    const one = vector(DataType.Int8Vector, 2);
    expect(mapOne(one, [-128, 127])).toEqual(new Uint8Array([0x80, 0x7f]));
    expect(refusedWith(one, [0, 128])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, [0, true])).toBe('ROW_FIELD_TYPE');
  });

  test('Float16Vector rounds to nearest, ties to even', () => {
    const one = vector(DataType.Float16Vector, 4);
    // 1 + 2^-11 is halfway between 1 and 1 + 2^-10; 1 + 3×2^-11 halfway too, and even is above.
    expect(mapOne(one, [1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519])).toEqual(
      new Uint8Array([0x00, 0x3c, 0x00, 0x3c, 0x02, 0x3c, 0xff, 0x7b]),
    );
    expect(refusedWith(one, [0, 0, 0, 65520])).toBe('ROW_VECTOR_VALUE');
    expect(mapOne(one, new Uint8Array(8))).toEqual(new Uint8Array(8));
    expect(refusedWith(one, new Uint8Array(4))).toBe('ROW_VECTOR_DIM');
  });

  test('BFloat16Vector rounds to nearest, ties to even, once', () => {
    const one = vector(DataType.BFloat16Vector, 4);
    // The last: a float would first round it down onto the tie, and the tie down to even.
    expect(mapOne(one, [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -40])).toEqual(
      new Uint8Array([0x80, 0x3f, 0x80, 0x3f, 0x82, 0x3f, 0x81, 0x3f]),
    );
    expect(refusedWith(one, [0, 0, 0, 3.4e38])).toBe('ROW_VECTOR_VALUE');
    expect(refusedWith(one, [0, 0, 0, -1e39])).toBe('ROW_VECTOR_VALUE');
  });
});
