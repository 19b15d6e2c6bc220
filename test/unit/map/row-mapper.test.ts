import { describe, expect, test } from 'bun:test';
import { createRowMapper, type DropReason } from '../../../src/map/row-mapper.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import { NEEDS_EXACT, NEEDS_SOURCES } from '../../../src/record/decoded.ts';
import { NumberText } from '../../../src/record/typed.ts';
import {
  field,
  ID,
  mapOne,
  mapperOf,
  RECORD,
  refusal,
  refusedWith,
  rowOf,
  schemaOf,
} from '../../support/rows.ts';

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

describe('strings', () => {
  const varchar = field('f', DataType.VarChar, { maxLength: 6 });

  test('max_length counts bytes of UTF-8', () => {
    expect(mapOne(varchar, 'abcdef')).toBe('abcdef');
    expect(mapOne(varchar, '漢字')).toBe('漢字');
    expect(refusedWith(varchar, 'abcdefg')).toBe('ROW_VARCHAR_TOO_LONG');
    expect(refusedWith(varchar, '漢字x')).toBe('ROW_VARCHAR_TOO_LONG');
  });

  test('a lone surrogate and other types are refused', () => {
    expect(refusedWith(varchar, 'a\ud800')).toBe('ROW_STRING_MALFORMED');
    expect(refusedWith(varchar, { a: 1 })).toBe('ROW_FIELD_TYPE');
    expect(refusedWith(varchar, [1])).toBe('ROW_FIELD_TYPE');
  });

  test('an error never quotes content', () => {
    const error = refusal(() => mapOne(varchar, 'my secret diary'));
    expect(error.message).toBe(
      'ROW_VARCHAR_TOO_LONG at articles-3@42: field "f" is too long; expected a string of at most 6 bytes (VarChar); found a string of 15 bytes',
    );
  });

  test('Text and Geometry take strings', () => {
    expect(mapOne(field('f', DataType.Text), 'x'.repeat(70_000))).toHaveLength(70_000);
    expect(mapOne(field('f', DataType.Geometry), 'POINT (1 2)')).toBe('POINT (1 2)');
    expect(refusedWith(field('f', DataType.Geometry), [1, 2])).toBe('ROW_FIELD_TYPE');
  });
});

describe('JSON', () => {
  const json = field('f', DataType.JSON);

  test.each([[{ a: [1, 'ü', null] }], [[1, 2]], ['text'], [5], [true]])('%#: takes any value', value => {
    expect(mapOne(json, value)).toBe(JSON.stringify(value));
  });

  test('null is an absent value', () => {
    expect(refusedWith(json, null)).toBe('ROW_FIELD_MISSING');
    expect(mapOne(field('f', DataType.JSON, { nullable: true }), null)).toBeUndefined();
  });

  test('keeps the digits of every integer', () => {
    expect(mapOne(json, { deep: [{ n: 2 ** 53 }] })).toBe(NEEDS_EXACT);
    expect(mapOne(json, { deep: [{ n: 9007199254740993n, m: -(10n ** 30n) }] }, 'integers')).toBe(
      '{"deep":[{"n":9007199254740993,"m":-1000000000000000000000000000000}]}',
    );
  });

  test('asks for exact integers once only', () => {
    expect(mapOne(json, { n: 1e300 })).toBe(NEEDS_EXACT);
    expect(mapOne(json, { n: 1e300 }, 'integers')).toBe('{"n":1e+300}');
  });

  test('refuses what is nested too deeply to be written', () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 500_000; depth++) value = [value];
    expect(refusedWith(json, value)).toBe('ROW_FIELD_TYPE');
  });
});

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

describe('vectors', () => {
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

describe('absent values', () => {
  test('a required field is missed by name', () => {
    const one = field('f', DataType.Int32);
    expect(refusedWith(one, undefined)).toBe('ROW_FIELD_MISSING');
    expect(refusedWith(one, null)).toBe('ROW_FIELD_MISSING');
    expect(refusal(() => mapperOf([]).map({}, RECORD)).code).toBe('ROW_FIELD_MISSING');
  });

  test('nullable and default fields may be absent or null', () => {
    for (const more of [{ nullable: true }, { hasDefault: true }]) {
      expect(mapOne(field('f', DataType.VarChar, more), undefined)).toBeUndefined();
      expect(mapOne(field('f', DataType.VarChar, more), null)).toBeUndefined();
    }
  });

  test('a known default is sent in their place', () => {
    expect(mapOne(field('f', DataType.Int64, { hasDefault: true, defaultValue: '7' }), null)).toBe(7);
    expect(mapOne(field('f', DataType.Bool, { hasDefault: true, defaultValue: false }), undefined)).toBe(
      false,
    );
    expect(
      mapOne(field('f', DataType.Int8, { hasDefault: true, defaultValue: 'x' }), undefined),
    ).toBeUndefined();
  });

  test('a default of a type with a form of its own is left to the server', () => {
    for (const type of [DataType.JSON, DataType.Geometry, DataType.Timestamptz]) {
      const one = field('f', type, { hasDefault: true, defaultValue: '2026-01-31' });
      expect(mapOne(one, null)).toBeUndefined();
    }
  });

  test('names of Object.prototype are not taken for values', () => {
    const one = field('constructor', DataType.VarChar, { nullable: true });
    expect(mapOne(one, undefined)).toBeUndefined();
    expect(mapOne(one, 'x')).toBe('x');
  });
});

describe('names that are not written', () => {
  function collect(schema: ReturnType<typeof schemaOf>, insertMode: 'upsert' | 'insert' = 'upsert') {
    const dropped: [string, DropReason][] = [];
    const mapper = createRowMapper(schema, {
      insertMode,
      jsonMaxBytes: 65_536,
      onDropped: (name, reason) => dropped.push([name, reason]),
    });
    return { mapper, dropped };
  }

  test('unknown ones are dropped and counted', () => {
    const { mapper, dropped } = collect(schemaOf([ID]));
    mapper.map({ id: 1 }, RECORD);
    expect(dropped).toEqual([]);
    expect(rowOf(mapper.map({ extra: 1, id: 1, $meta: {} }, RECORD)).values).toEqual([1]);
    expect(dropped).toEqual([
      ['extra', 'unknown'],
      ['$meta', 'unknown'],
    ]);
  });

  test('a record to be decoded again is not counted twice', () => {
    const { mapper, dropped } = collect(schemaOf([ID]));
    expect(mapper.map({ extra: 1, id: 2 ** 60 }, RECORD)).toBe(NEEDS_EXACT);
    expect(dropped).toEqual([]);
  });

  test('unknown ones go into $meta of a dynamic collection, as does an explicit $meta', () => {
    const { mapper, dropped } = collect(schemaOf([ID], { dynamic: true }));
    const meta = (value: Record<string, unknown>) => rowOf(mapper.map(value, RECORD)).values[1];
    expect(mapper.plan.columns[1]).toMatchObject({ name: '$meta', dynamic: true });
    expect(meta({ id: 1 })).toBe('{}');
    expect(meta({ id: 1, $meta: null })).toBe('{}');
    expect(meta({ id: 1, a: 'x', n: null })).toBe('{"a":"x","n":null}');
    expect(meta({ id: 1, $meta: { a: 1, b: 2 }, b: 3 })).toBe('{"a":1,"b":3}');
    expect(meta(JSON.parse('{"id":1,"__proto__":5}'))).toBe('{"__proto__":5}');
    expect(mapper.map({ id: 1, a: [2 ** 60] }, RECORD)).toBe(NEEDS_EXACT);
    expect(rowOf(mapper.map({ id: 1, a: [2n ** 60n] }, RECORD, 'integers')).values[1]).toBe(
      '{"a":[1152921504606846976]}',
    );
    expect(dropped).toEqual([]);
  });

  test('$meta holds an object without names of the schema', () => {
    const { mapper } = collect(schemaOf([ID], { dynamic: true }));
    const code = (value: unknown) => refusal(() => mapper.map({ id: 1, $meta: value }, RECORD)).code;
    expect(code([1])).toBe('ROW_FIELD_TYPE');
    expect(code(Buffer.from('{}'))).toBe('ROW_FIELD_TYPE');
    expect(code(new NumberText('1.50'))).toBe('ROW_FIELD_TYPE');
    expect(code({ id: 2 })).toBe('ROW_FIELD_RESERVED');
    expect(code({ $meta: 2 })).toBe('ROW_FIELD_RESERVED');
  });

  test('what functions compute is left to the server, also in a dynamic collection', () => {
    const sparse = field('bm25', DataType.SparseFloatVector, { functionOutput: true });
    const { mapper, dropped } = collect(schemaOf([ID, sparse], { dynamic: true }));
    expect(mapper.plan.columns.map(column => column.name)).toEqual(['id', '$meta']);
    expect(rowOf(mapper.map({ id: 1, bm25: { '1': 1 } }, RECORD)).values).toEqual([1, '{}']);
    expect(dropped).toEqual([['bm25', 'generated']]);
  });

  test('an autoID key is left to the server in insert mode and required in upsert mode', () => {
    const auto = field('id', DataType.Int64, { primary: true, autoId: true });
    const inserting = collect(schemaOf([auto, field('n', DataType.Int8)]), 'insert');
    expect(inserting.mapper.map({ id: 5, n: 1 }, RECORD)).toMatchObject({ key: undefined, values: [1] });
    expect(inserting.dropped).toEqual([['id', 'generated']]);
    const upserting = collect(schemaOf([auto]));
    expect(upserting.mapper.map({ id: 5 }, RECORD)).toMatchObject({ key: 5, values: [5] });
    expect(refusal(() => upserting.mapper.map({}, RECORD)).code).toBe('ROW_FIELD_MISSING');
  });
});

describe('the plan', () => {
  test('a required field of a type that cannot be written is refused at once', () => {
    const struct = field('parts', DataType.ArrayOfStruct);
    const error = refusal(() => mapperOf([struct]));
    expect(error).toMatchObject({ code: 'MILVUS_FIELD_UNSUPPORTED', kind: 'milvus' });
    expect(error.message).toContain('parts');
    expect(error.message).toContain('ArrayOfStruct');
    expect(refusal(() => mapperOf([field('f', 31 as DataType)])).message).toContain('UUID');
    expect(refusal(() => mapperOf([field('f', 99 as DataType)])).message).toContain('type 99');
    expect(refusal(() => mapperOf([field('f', DataType.Array, { elementType: DataType.Struct })])).code).toBe(
      'MILVUS_FIELD_UNSUPPORTED',
    );
  });

  test('a nullable one is left null', () => {
    const mapper = mapperOf([field('parts', DataType.ArrayOfStruct, { nullable: true })]);
    expect(mapper.plan.columns.map(column => column.name)).toEqual(['id']);
    expect(rowOf(mapper.map({ id: 1, parts: [] }, RECORD)).values).toEqual([1]);
    expect([...mapper.plan.unwritten]).toEqual([['parts', 'unwritable']]);
  });

  test('what can be done about a required one is said: not to make it nullable, which Milvus does not', () => {
    const error = refusal(() => mapperOf([field('parts', DataType.ArrayOfStruct)]));
    expect(error.details.fix).toMatch(/no field of an existing collection nullable: .* collection without/);
  });

  test('one of a type that is not known is left out where it has a default or may be null', () => {
    for (const more of [{ nullable: true }, { hasDefault: true, defaultValue: 'x' }]) {
      const mapper = mapperOf([field('formula', 999 as DataType, more)]);
      expect(rowOf(mapper.map({ id: 1, formula: 'x' }, RECORD)).values).toEqual([1]);
      expect([...mapper.plan.unwritten]).toEqual([['formula', 'unwritable']]);
    }
    const computed = mapperOf([field('formula', 999 as DataType, { functionOutput: true })]);
    expect([...computed.plan.unwritten]).toEqual([['formula', 'generated']]);
  });

  test('keys are numbers when safe, bigint beyond, or strings', () => {
    expect(mapperOf([]).map({ id: '12' }, RECORD)).toMatchObject({ key: 12 });
    expect(mapperOf([]).map({ id: 2n ** 60n }, RECORD, 'integers')).toMatchObject({ key: 2n ** 60n });
    const byName = createRowMapper(
      schemaOf([field('name', DataType.VarChar, { primary: true, maxLength: 9 })]),
      {
        insertMode: 'upsert',
        jsonMaxBytes: 65_536,
        onDropped: () => {},
      },
    );
    expect(byName.map({ name: 'é' }, RECORD)).toMatchObject({ key: 'é', record: RECORD });
  });
});
