import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { NEEDS_EXACT } from '../../../../src/record/decoded.ts';
import { field, mapOne, refusedWith } from '../../../support/rows.ts';

describe('arrays', () => {
  const array = (elementType: DataType, more = {}) =>
    field('f', DataType.Array, { elementType, maxCapacity: 3, maxLength: 4, ...more });

  test('check their elements as fields', () => {
    expect(mapOne(array(DataType.Int64), [1, '2', -3])).toEqual([1, 2, -3]);
    expect(mapOne(array(DataType.Int64), [1, 2 ** 53])).toBe(NEEDS_EXACT);
    expect(mapOne(array(DataType.VarChar), ['abcd', ''])).toEqual(['abcd', '']);
    expect(mapOne(array(DataType.Bool), [])).toEqual([]);
    expect(refusedWith(array(DataType.Int8), [1, 128])).toBe('ROW_FIELD_RANGE');
    expect(refusedWith(array(DataType.Float), [1, 'x'])).toBe('ROW_FIELD_TYPE');
    expect(refusedWith(array(DataType.VarChar), ['abcde'])).toBe('ROW_VARCHAR_TOO_LONG');
    expect(refusedWith(array(DataType.Double), [null])).toBe('ROW_FIELD_TYPE');
  });

  test('have a capacity', () => {
    expect(refusedWith(array(DataType.Int32), [1, 2, 3, 4])).toBe('ROW_ARRAY_TOO_LONG');
    expect(refusedWith(array(DataType.Int32), 'abc')).toBe('ROW_FIELD_TYPE');
  });
});
