import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field, mapOne, refusedWith } from '../../../support/rows.ts';

describe('sparse vectors', () => {
  test('SparseFloatVector: three forms, one result', () => {
    const one = field('f', DataType.SparseFloatVector);
    const bytes = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0x3f, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0x80, 0x3f]);
    expect(mapOne(one, { '4294967294': 1, '1': 0.5 })).toEqual(bytes);
    expect(mapOne(one, { indices: [4294967294, 1], values: [1, 0.5] })).toEqual(bytes);
    expect(
      mapOne(one, [
        [4294967294, 1],
        [1, 0.5],
      ]),
    ).toEqual(bytes);
    expect(mapOne(one, {})).toEqual(new Uint8Array(0));
  });

  test.each([
    [{ '4294967295': 1 }, 'ROW_VECTOR_VALUE'],
    [{ '1': -0.5 }, 'ROW_VECTOR_VALUE'],
    [{ '1': 1e39 }, 'ROW_VECTOR_VALUE'],
    [{ '1': null }, 'ROW_FIELD_TYPE'],
    [{ a: 1 }, 'ROW_FIELD_TYPE'],
    [{ '-1': 1 }, 'ROW_FIELD_TYPE'],
    [{ '01': 1, '1': 1 }, 'ROW_VECTOR_VALUE'],
    [{ indices: [1, 1], values: [1, 2] }, 'ROW_VECTOR_VALUE'],
    [{ indices: [1], values: [] }, 'ROW_VECTOR_DIM'],
    [{ indices: [1.5], values: [1] }, 'ROW_VECTOR_VALUE'],
    [[[1]], 'ROW_FIELD_TYPE'],
    [[1, 2], 'ROW_FIELD_TYPE'],
    ['1:2', 'ROW_FIELD_TYPE'],
  ])('%#: SparseFloatVector refuses', (value, code) => {
    expect(refusedWith(field('f', DataType.SparseFloatVector), value)).toBe(code);
  });
});
