// What is converted because nothing is lost, on the whole way from a record's text to the row's value.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RecordError } from '../../../../src/errors.ts';
import { DataType as T } from '../../../../src/milvus/wire/data-type.ts';
import { envelopeThrough, field, fieldThrough, through } from '../../../support/rows.ts';

const of = (type: T, more = {}) => field('f', type, more);
const varchar = of(T.VarChar, { maxLength: 100 });

describe('a VarChar takes', () => {
  test.each([
    '7',
    '-7',
    '0',
    '-0',
    '1.50',
    '1.5',
    '1e3',
    '1E+03',
    '7.0',
    '12345678901234567890',
    '-9007199254740993',
    '0.1000000000000000055511151231257827',
    '1e400',
    '123456789012345678901234567890.5',
  ])('the number %s as it is written', text => {
    expect(fieldThrough(varchar, text)).toBe(text);
  });

  test('any JSON number as it is written, also beside a vector and after long integers', () => {
    const vector = field('v', T.FloatVector, { dim: 24 });
    const sign = fc.constantFrom('', '-');
    const integer = fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String);
    const fraction = fc.constantFrom('', '.0', '.50', '.125', '.00000000000000000001');
    const exponent = fc.constantFrom('', 'e0', 'E5', 'e-7', 'e+300');
    const number = fc.tuple(sign, integer, fraction, exponent).map(parts => parts.join(''));
    const numbers = `[${new Array(24).fill(0.5)}]`;
    fc.assert(
      fc.property(number, text => {
        const value = `{"id":9007199254740993,"v":${numbers},"f":${text}}`;
        const values = through([vector, varchar], value) as unknown[];
        expect(values[0]).toBe(9007199254740993n);
        expect(values[1]).toEqual(new Float32Array(24).fill(0.5));
        expect(values[2]).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('a number as its primary key', () => {
    const key = field('id', T.VarChar, { primary: true, maxLength: 64 });
    expect(through([], '{"id":7}', { key })).toEqual(['7']);
    expect(through([], '{"id":12345678901234567890}', { key })).toEqual(['12345678901234567890']);
  });

  test('true and false', () => {
    expect(fieldThrough(varchar, 'true')).toBe('true');
    expect(fieldThrough(varchar, 'false')).toBe('false');
  });

  test('no object and no array: their text in Java has lost the quotes', () => {
    expect(fieldThrough(varchar, '{"a":1}')).toBe('ROW_FIELD_TYPE');
    expect(fieldThrough(varchar, '[1]')).toBe('ROW_FIELD_TYPE');
    expect(fieldThrough(varchar, 'null')).toBe('ROW_FIELD_MISSING');
  });

  test('a number whose text is too long no more than a string', () => {
    expect(fieldThrough(of(T.VarChar, { maxLength: 3 }), '1234')).toBe('ROW_VARCHAR_TOO_LONG');
  });

  test('numbers in an Array of VarChar', () => {
    const words = of(T.Array, { elementType: T.VarChar, maxLength: 9, maxCapacity: 4 });
    expect(fieldThrough(words, '["a",1.50,true,7]')).toEqual(['a', '1.50', 'true', '7']);
  });
});

describe('the other fields of a record whose numbers are read as text', () => {
  test('have the values that they always have', () => {
    const fields = [
      varchar,
      field('i', T.Int32),
      field('l', T.Int64),
      field('d', T.Double),
      field('j', T.JSON),
      field('v', T.FloatVector, { dim: 2 }),
      field('h', T.Float16Vector, { dim: 2 }),
      field('b', T.Int8Vector, { dim: 2 }),
      field('s', T.SparseFloatVector),
      field('a', T.Array, { elementType: T.Int64, maxCapacity: 3 }),
    ];
    const rest =
      '"i":5.0,"l":7e2,"d":1.50,"j":{"a":[1.50,1e2,9007199254740993,-0]},"v":[1.50,1e0],"h":[1.0,2.0],' +
      '"b":[1.0,-2e0],"s":{"1":0.50},"a":[1.0,2,3e0]}';
    const asText = through(fields, `{"id":1.0,"f":"7",${rest}`) as unknown[];
    const asNumber = through(fields, `{"id":1.0,"f":7,${rest}`) as unknown[];
    // Of the vector the floats count, not what holds them.
    for (const values of [asText, asNumber]) values[6] = Array.from(values[6] as number[]);
    expect(asNumber).toEqual(asText);
    expect(asNumber.slice(0, 6)).toEqual([1, '7', 5, 700, 1.5, '{"a":[1.5,100,9007199254740993,0]}']);
  });
});

describe('numeric text', () => {
  test.each([
    [T.Int8, '"-128"', -128],
    [T.Int8, '"+7"', 7],
    [T.Int16, '"007"', 7],
    [T.Int32, '"2147483647"', 2147483647],
    [T.Int32, '"7.0"', 7],
    [T.Int32, '"1e3"', 1000],
    [T.Int64, '"9223372036854775807"', 9223372036854775807n],
    [T.Int64, '"1e18"', 10n ** 18n],
    [T.Int64, '1e18', 10n ** 18n],
    [T.Float, '"0.1"', 0.1],
    [T.Float, '" 1.5 "', 1.5],
    [T.Double, '"1e-7"', 1e-7],
    [T.Double, '".5"', 0.5],
    [T.Double, '"5."', 5],
  ])('type %i takes %s', (type, text, value) => {
    expect(fieldThrough(of(type), text)).toBe(value);
  });

  test.each([
    [T.Int8, '"128"', 'ROW_FIELD_RANGE'],
    [T.Int32, '"2147483648"', 'ROW_FIELD_RANGE'],
    [T.Int64, '"9223372036854775808"', 'ROW_FIELD_RANGE'],
    [T.Int64, '1e19', 'ROW_FIELD_RANGE'],
    [T.Int32, '"7.5"', 'ROW_FIELD_TYPE'],
    [T.Int32, '"1.00000000000000000001"', 'ROW_FIELD_TYPE'],
    [T.Int32, '" 7"', 'ROW_FIELD_TYPE'],
    [T.Int32, '"0x7"', 'ROW_FIELD_TYPE'],
    [T.Int32, '""', 'ROW_FIELD_TYPE'],
    [T.Int32, 'true', 'ROW_FIELD_TYPE'],
    [T.Float, '"1e39"', 'ROW_FIELD_RANGE'],
    [T.Double, '"1e400"', 'ROW_FIELD_RANGE'],
    [T.Double, '"Infinity"', 'ROW_FIELD_TYPE'],
    [T.Double, '"1.5f"', 'ROW_FIELD_TYPE'],
    [T.Double, '"."', 'ROW_FIELD_TYPE'],
    [T.Double, '"1 5"', 'ROW_FIELD_TYPE'],
  ])('type %i refuses %s', (type, text, code) => {
    expect(fieldThrough(of(type), text)).toBe(code);
  });
});

describe('a Bool takes', () => {
  test.each([
    ['"true"', true],
    ['"False"', false],
    ['"TRUE"', true],
  ])('%s', (text, value) => {
    expect(fieldThrough(of(T.Bool), text)).toBe(value);
  });

  test.each(['"yes"', '"1"', '1', '0', '""', '"true "'])('not %s, which Java makes false of', text => {
    expect(fieldThrough(of(T.Bool), text)).toBe('ROW_FIELD_TYPE');
  });
});

describe('vectors take', () => {
  test.each(['"[1,2.5]"', '" [ 1 , 2.5 ] "', '"1,2.5"', '["1","2.5"]', '["1",2.5]', '[1.0,25e-1]'])(
    '%s',
    text => {
      expect(fieldThrough(of(T.FloatVector, { dim: 2 }), text)).toEqual([1, 2.5]);
      const half = new Uint8Array([0x00, 0x3c, 0x00, 0x41]);
      expect(fieldThrough(of(T.Float16Vector, { dim: 2 }), text)).toEqual(half);
      const bfloat = new Uint8Array([0x80, 0x3f, 0x20, 0x40]);
      expect(fieldThrough(of(T.BFloat16Vector, { dim: 2 }), text)).toEqual(bfloat);
    },
  );

  test('text for integers and sparse entries', () => {
    expect(fieldThrough(of(T.BinaryVector, { dim: 16 }), '"[170, 1]"')).toEqual(new Uint8Array([170, 1]));
    expect(fieldThrough(of(T.Int8Vector, { dim: 2 }), '["-1","7"]')).toEqual(new Uint8Array([255, 7]));
    const sparse = fieldThrough(of(T.SparseFloatVector), '{"1":0.5,"7":1}');
    for (const text of [
      '"{\\"1\\":0.5,\\"7\\":1}"',
      '{"1":"0.5","7":"1"}',
      '{"indices":["1","7"],"values":[0.5,"1"]}',
    ]) {
      expect(fieldThrough(of(T.SparseFloatVector), text)).toEqual(sparse);
    }
  });

  test.each([
    ['"[1,2,3]"', 'ROW_VECTOR_DIM'],
    ['"[1,x]"', 'ROW_FIELD_TYPE'],
    ['"[1,]"', 'ROW_FIELD_TYPE'],
    ['"[1,1e39]"', 'ROW_VECTOR_VALUE'],
    ['["1","NaN"]', 'ROW_FIELD_TYPE'],
    ['{"0":1,"1":2}', 'ROW_FIELD_TYPE'],
  ])('not %s', (text, code) => {
    expect(fieldThrough(of(T.FloatVector, { dim: 2 }), text)).toBe(code);
  });
});

describe('of an envelope, the schema says what a value is', () => {
  const DECIMAL = (scale: number) => ({
    type: 'bytes',
    name: 'org.apache.kafka.connect.data.Decimal',
    version: 1,
    parameters: { scale: String(scale) },
  });
  const logical = (type: string, name: string) => ({ type, name: `org.apache.kafka.connect.data.${name}` });
  const json = of(T.JSON);

  test.each([
    ['int32', '7', '7'],
    ['int32', '7.0', '7'],
    ['int64', '9007199254740993', '9007199254740993'],
    ['double', '1.50', '1.5'],
    ['double', '0.1', '0.1'],
    ['boolean', 'true', 'true'],
    ['bytes', '"AQL/"', 'AQL/'],
  ])('%s %s is the text %s', (type, payload, text) => {
    expect(envelopeThrough(varchar, { type }, payload)).toBe(text);
  });

  test.each([
    [2, '"BOI="', '12.50', 12.5],
    [18, '"DeC2s6dkAAE="', '1.000000000000000001', 1],
    [-2, '"AJ4="', '15800', 15800],
    [2, '12.50', '12.50', 12.5],
  ])(
    'a Decimal of scale %i, %s: plain text, the nearest double, one form in JSON',
    (scale, value, text, x) => {
      expect(envelopeThrough(varchar, DECIMAL(scale), value)).toBe(text);
      expect(envelopeThrough(of(T.Double), DECIMAL(scale), value)).toBe(x);
      expect(envelopeThrough(of(T.Float), DECIMAL(scale), value)).toBe(x);
      expect(envelopeThrough(json, DECIMAL(scale), value)).toBe(text);
    },
  );

  test('a Decimal without a fraction is an integer, of any size that fits', () => {
    expect(envelopeThrough(of(T.Int8), DECIMAL(2), '"BLA="')).toBe(12);
    expect(envelopeThrough(of(T.Int64), DECIMAL(0), '"f/////////8="')).toBe(2n ** 63n - 1n);
    expect(envelopeThrough(of(T.Int64), DECIMAL(2), '"BOI="')).toBe('ROW_FIELD_TYPE');
    expect(envelopeThrough(of(T.Int64), DECIMAL(-19), '"CQ=="')).toBe('ROW_FIELD_RANGE');
    expect(envelopeThrough(of(T.Bool), DECIMAL(0), '"AQ=="')).toBe('ROW_FIELD_TYPE');
    expect(envelopeThrough(of(T.Double), DECIMAL(-400), '"AQ=="')).toBe('ROW_FIELD_RANGE');
  });

  test('Decimals are the components of a vector', () => {
    const list = { type: 'array', items: DECIMAL(1) };
    expect(envelopeThrough(of(T.FloatVector, { dim: 2 }), list, '["AQ==","BQ=="]')).toEqual([0.1, 0.5]);
  });

  test('Timestamp, Date and Time: numbers in number and JSON columns, ISO 8601 as text', () => {
    const timestamp = logical('int64', 'Timestamp');
    expect(envelopeThrough(of(T.Int64), timestamp, '1769860800123')).toBe(1769860800123);
    expect(envelopeThrough(json, timestamp, '1769860800123')).toBe('1769860800123');
    expect(envelopeThrough(varchar, timestamp, '1769860800123')).toBe('2026-01-31T12:00:00.123Z');
    expect(envelopeThrough(of(T.Int64), timestamp, '9007199254740993')).toBe(9007199254740993n);
    const date = logical('int32', 'Date');
    expect(envelopeThrough(of(T.Int32), date, '20484')).toBe(20484);
    expect(envelopeThrough(varchar, date, '20484')).toBe('2026-01-31');
    const time = logical('int32', 'Time');
    expect(envelopeThrough(of(T.Int32), time, '43200001')).toBe(43200001);
    expect(envelopeThrough(varchar, time, '43200001')).toBe('12:00:00.001');
    expect(envelopeThrough(varchar, time, '86400000')).toBe('24:00:00.000');
  });

  test('a payload that is a logical value and no struct is no row', () => {
    const text = `{"schema":${JSON.stringify(DECIMAL(0))},"payload":"AQ=="}`;
    const error = through([], text, { envelope: true });
    expect(error).toBeInstanceOf(RecordError);
    expect(error).toMatchObject({ code: 'RECORD_NOT_OBJECT', details: { found: 'a Decimal' } });
  });

  test('numbers of a payload without a schema are texts as they are written', () => {
    const text = '{"schema":null,"payload":{"id":1,"f":1.50}}';
    expect(through([varchar], text, { envelope: true })).toEqual([1, '1.50']);
  });
});
