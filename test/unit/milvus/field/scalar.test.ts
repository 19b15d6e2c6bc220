// Bool, integers and floats: what is in range goes through as it is, the rest is refused, never cut.
import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { NEEDS_EXACT, NEEDS_SOURCES } from '../../../../src/record/decoded.ts';
import { NumberText } from '../../../../src/record/typed.ts';
import { field, mapOne, refusedWith } from '../../../support/rows.ts';

describe('scalars', () => {
  const bool = field('f', DataType.Bool);
  const int8 = field('f', DataType.Int8);
  const int16 = field('f', DataType.Int16);
  const int32 = field('f', DataType.Int32);
  const int64 = field('f', DataType.Int64);
  const float = field('f', DataType.Float);
  const double = field('f', DataType.Double);

  test.each([
    [bool, true, true],
    [bool, false, false],
    [int8, -128, -128],
    [int8, 127, 127],
    [int16, -32768, -32768],
    [int32, 2147483647, 2147483647],
    [int64, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [int64, '5', 5],
    [int64, '-9223372036854775808', -(2n ** 63n)],
    [int64, '9007199254740993', 9007199254740993n],
    [float, 3.4028234663852886e38, 3.4028234663852886e38],
    [double, 1.7976931348623157e308, 1.7976931348623157e308],
    [double, 1e300, 1e300],
  ])('%#: takes what is in range', (one, value, checked) => {
    expect(mapOne(one, value)).toBe(checked);
  });

  test.each([
    [bool, 1, 'ROW_FIELD_TYPE'],
    [bool, 'yes', 'ROW_FIELD_TYPE'],
    [int8, 128, 'ROW_FIELD_RANGE'],
    [int8, -129, 'ROW_FIELD_RANGE'],
    [int8, 1.5, 'ROW_FIELD_TYPE'],
    [int8, true, 'ROW_FIELD_TYPE'],
    [int8, 'one', 'ROW_FIELD_TYPE'],
    [int16, 32768, 'ROW_FIELD_RANGE'],
    [int32, 2147483648, 'ROW_FIELD_RANGE'],
    [int32, 2 ** 60, 'ROW_FIELD_RANGE'],
    [int64, 1.5, 'ROW_FIELD_TYPE'],
    [int64, true, 'ROW_FIELD_TYPE'],
    [int64, '1.5', 'ROW_FIELD_TYPE'],
    [int64, 'abc', 'ROW_FIELD_TYPE'],
    [int64, '', 'ROW_FIELD_TYPE'],
    [int64, ' 1', 'ROW_FIELD_TYPE'],
    [int64, '9223372036854775808', 'ROW_FIELD_RANGE'],
    [int64, '9'.repeat(100), 'ROW_FIELD_RANGE'],
    [int64, [1], 'ROW_FIELD_TYPE'],
    [float, '1f', 'ROW_FIELD_TYPE'],
    [float, 'NaN', 'ROW_FIELD_TYPE'],
    [float, 3.4028235677973366e38, 'ROW_FIELD_RANGE'],
    [float, 1e39, 'ROW_FIELD_RANGE'],
    [double, Number.POSITIVE_INFINITY, 'ROW_FIELD_RANGE'],
    [double, Number.NaN, 'ROW_FIELD_RANGE'],
    [double, {}, 'ROW_FIELD_TYPE'],
  ])('%#: refuses what is not', (one, value, code) => {
    expect(refusedWith(one, value)).toBe(code);
  });

  test('an Int64 beyond 2^53 is asked for again, and is exact then', () => {
    expect(mapOne(int64, 9007199254740992)).toBe(NEEDS_EXACT);
    expect(mapOne(int64, 9007199254740993n, 'integers')).toBe(9007199254740993n);
    expect(mapOne(int64, 7n, 'integers')).toBe(7);
    expect(mapOne(int64, 2n ** 63n - 1n, 'integers')).toBe(2n ** 63n - 1n);
    expect(refusedWith(int64, 2n ** 63n, 'integers')).toBe('ROW_FIELD_RANGE');
    // Written as 1e17 or 9007199254740993.0: a double that the exact decoder left alone.
    expect(mapOne(int64, 1e17, 'integers')).toBe(NEEDS_SOURCES);
    expect(mapOne(int64, new NumberText('1e17'), 'sources')).toBe(10n ** 17n);
    expect(mapOne(int64, new NumberText('9007199254740993.0'), 'sources')).toBe(9007199254740993n);
    expect(refusedWith(int64, new NumberText('9007199254740993.5'), 'sources')).toBe('ROW_FIELD_TYPE');
  });

  test('numbers of a record that was decoded exactly fit the float types', () => {
    expect(mapOne(float, 2n ** 60n, 'integers')).toBe(2 ** 60);
    expect(mapOne(double, 10n ** 20n, 'integers')).toBe(1e20);
    expect(mapOne(field('f', DataType.FloatVector, { dim: 2 }), [1, 2n ** 60n], 'integers')).toEqual([
      1,
      2 ** 60,
    ]);
    expect(refusedWith(int32, 2n ** 60n, 'integers')).toBe('ROW_FIELD_RANGE');
  });
});
