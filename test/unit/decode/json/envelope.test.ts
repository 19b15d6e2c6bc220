import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RecordError } from '../../../../src/errors.ts';
import type { RowObject } from '../../../../src/record/decoded.ts';
import { DateValue, DecimalValue, TimestampValue, TimeValue } from '../../../../src/record/typed.ts';
import { decodeAll, decodeOne, envelope, errorOf, record } from '../support.ts';

// What Connect does with these is taken from its JsonConverter 4.3.1, run on the same texts.

const wrap = (schema: unknown, payload: unknown) => JSON.stringify({ schema, payload });
/** An envelope of a struct with one field, `f`; `payload` as JSON text, so that numbers stand as written. */
const oneField = (field: object, payload: string) =>
  `{"schema":${JSON.stringify({ type: 'struct', optional: true, fields: [{ field: 'f', ...field }] })},"payload":${payload}}`;
const decodeField = (field: object, value: string) =>
  (decodeOne(envelope(), oneField(field, `{"f":${value}}`)) as RowObject).f;
const fieldError = (field: object, value: string) =>
  errorOf(decodeOne(envelope(), oneField(field, `{"f":${value}}`)));
const DECIMAL = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } };

describe('the envelope', () => {
  test.each([
    '',
    ' ',
    'null',
    '1',
    '{}',
    '{"schema":null}',
    '{"payload":{}}',
    '{"schema":null,"payload":{},"x":1}',
    '[]',
  ])('%j is none', text => {
    const error = errorOf(decodeOne(envelope(), text));
    expect(error).toMatchObject({ code: 'RECORD_ENVELOPE', stage: 'VALUE_CONVERTER' });
    expect(error.message).toContain('value.converter.schemas.enable=false');
  });

  test('a null value is a tombstone, a null payload as well where the schema lets it', () => {
    expect(decodeOne(envelope(), null)).toBeNull();
    expect(decodeOne(envelope(), '{"schema":null,"payload":null}')).toBeNull();
    expect(decodeOne(envelope(), wrap({ type: 'struct', optional: true, fields: [] }, null))).toBeNull();
    expect(errorOf(decodeOne(envelope(), wrap({ type: 'struct', fields: [] }, null))).code).toBe(
      'RECORD_SCHEMA',
    );
  });

  test('without a schema the payload is taken as it is', () => {
    expect(decodeOne(envelope(), '{"payload":{"a":[1,{"b":null}]},"schema":null}')).toEqual({
      a: [1, { b: null }],
    });
  });

  test.each([
    ['"x"', '{"type":"string"}'],
    ['[1]', '{"type":"array","items":{"type":"int8"}}'],
    ['"AQ=="', '{"type":"bytes"}'],
    ['5', 'null'],
  ])('a payload %s is no row', (payload, schema) => {
    expect(errorOf(decodeOne(envelope(), `{"schema":${schema},"payload":${payload}}`))).toMatchObject({
      code: 'RECORD_NOT_OBJECT',
      stage: 'TASK_PUT',
    });
  });

  test('records that share a schema text, or nearly, are each read by their own', () => {
    const converter = envelope();
    const int =
      '{"schema":{"type":"struct","fields":[{"field":"payload","type":"int32"}]},"payload":{"payload":1}}';
    const text = int.replace('int32', 'string');
    expect(decodeOne(converter, int)).toEqual({ payload: 1 });
    expect(decodeOne(converter, int.replace(':1}}', ':2}} '))).toEqual({ payload: 2 });
    expect(errorOf(decodeOne(converter, text)).code).toBe('RECORD_SCHEMA');
    expect(decodeOne(converter, text.replace(':1}}', ':"x"}}'))).toEqual({ payload: 'x' });
    expect(errorOf(decodeOne(converter, int.replace(':1}}', ':"x"}}'))).code).toBe('RECORD_SCHEMA');
    expect(errorOf(decodeOne(converter, int.replace(':1}}', ':1},"x":2}'))).code).toBe('RECORD_ENVELOPE');
    expect(errorOf(decodeOne(converter, int.replace(':1}}', ':1}'))).code).toBe('RECORD_NOT_JSON');
    expect(errorOf(decodeOne(converter, int.replace(':1}}', ':1}}}'))).details.found).toBe(
      `"}" at byte ${int.length}`,
    );
    // The last of two schemas wins, in its record only.
    expect(decodeOne(converter, int.replace(':1}}', ':1},"schema":null}'))).toEqual({ payload: 1 });
    expect(errorOf(decodeOne(converter, int.replace(':1}}', ':"x"}}'))).code).toBe('RECORD_SCHEMA');
  });

  test('a second schema that wins in its record is not taken for the next ones', () => {
    const head = '{"schema":{"type":"struct","fields":[{"field":"a","type":"string"}]},"payload":';
    const converter = envelope();
    expect(decodeOne(converter, `${head}{"a":1},"schema":null}`)).toEqual({ a: 1 });
    expect(errorOf(decodeOne(converter, `${head}{"a":1}}`)).code).toBe('RECORD_SCHEMA');
  });

  test('deep payloads are refused, also behind a known schema', () => {
    const converter = envelope();
    const nested = (levels: number) =>
      `{"schema":null,"payload":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    expect(decodeOne(converter, nested(1))).toEqual({ a: [] });
    expect(decodeOne(converter, nested(998))).toHaveProperty('a');
    for (const levels of [999, 100_000]) {
      expect(errorOf(decodeOne(converter, nested(levels))).code).toBe('RECORD_TOO_DEEP');
      expect(errorOf(converter.decodeExact(record(nested(levels)), 'integers')).code).toBe('RECORD_TOO_DEEP');
    }
  });
});

describe('schemas that are none', () => {
  test.each([
    [{}, 'an object with a "type"'],
    [1, 'an object with a "type"'],
    [{ type: 'foo' }, "one of Connect's types"],
    [{ type: 'toString' }, "one of Connect's types"],
    [{ type: 'array' }, 'an object with a "type"'],
    [{ type: 'map', keys: { type: 'string' } }, 'an object with a "type"'],
    [{ type: 'struct' }, '"fields" with an array'],
    [{ type: 'struct', fields: [{ type: 'int8' }] }, 'fields with a "field" name'],
    [
      {
        type: 'struct',
        fields: [
          { field: 'a', type: 'int8' },
          { field: 'a', type: 'int8' },
        ],
      },
      'each field once',
    ],
    [{ type: 'struct', fields: [{ field: 'a', type: 'int32', default: 'x' }] }, 'int32'],
    [{ ...DECIMAL, parameters: { scale: 'x' } }, '"parameters" with a "scale" within ±10000'],
    [{ ...DECIMAL, parameters: undefined }, '"parameters" with a "scale" within ±10000'],
  ])('%j', (schema, expected) => {
    expect(errorOf(decodeOne(envelope(), wrap(schema, { a: 1 })))).toMatchObject({
      code: 'RECORD_SCHEMA',
      stage: 'VALUE_CONVERTER',
      details: { expected },
    });
  });
});

describe('values by their schema', () => {
  test.each([
    ['boolean', 'true', true],
    ['int8', '-128', -128],
    ['int16', '32767', 32767],
    ['int32', '-2147483648', -2147483648],
    ['int32', '1.0', 1],
    ['int64', '5', 5],
    ['float', '0.1', 0.1],
    ['double', '1e300', 1e300],
    ['string', '"x"', 'x'],
  ])('%s %s', (type, text, value) => {
    expect(decodeField({ type }, text)).toBe(value);
  });

  // Connect takes most of these: 300 as 44, 1.7 as 1, "5" as 0. That would be data that nobody wrote.
  test.each([
    ['int8', '300', 'an integer out of its range'],
    ['int16', '-32769', 'an integer out of its range'],
    ['int32', '2147483648', 'an integer out of its range'],
    ['int32', '1.7', 'a fraction'],
    ['int64', '9223372036854777856', 'an integer out of its range'],
    ['int64', '"5"', 'a string'],
    ['boolean', '1', 'a number'],
    ['string', '5', 'a number'],
    ['double', '"x"', 'a string'],
    ['float', '1e39', 'a number out of its range'],
    ['bytes', '"AQI"', 'a string that is not base64'],
    ['bytes', '"A_-="', 'a string that is not base64'],
    ['bytes', '5', 'a number'],
    ['int32', 'null', 'null'],
  ])('%s %s is refused', (type, text, found) => {
    const error = fieldError({ type }, text);
    expect(error).toMatchObject({ code: 'RECORD_SCHEMA', details: { found } });
    expect(error.message).toContain('at payload.f');
  });

  test('int64 is exact when asked for, over its whole range and no further', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), id => {
        const converter = envelope();
        const text = oneField({ type: 'int64' }, `{"f":${id}}`);
        const exact = id === BigInt(Number(id)) && Number.isSafeInteger(Number(id)) ? Number(id) : id;
        for (let i = 0; i < 2; i++) {
          expect(decodeAll(converter, [record(text)])).toEqual([{ f: Number(id) }]);
          expect(converter.decodeExact(record(text), 'integers')).toEqual({ f: exact });
        }
      }),
    );
    const beyond = record(oneField({ type: 'int64' }, '{"f":9223372036854775808}'));
    expect(errorOf(envelope().decodeExact(beyond, 'integers')).code).toBe('RECORD_SCHEMA');
  });

  test('fields that the schema lacks go, optional ones that are missing are null', () => {
    expect(decodeOne(envelope(), oneField({ type: 'int32' }, '{"f":1,"g":2}'))).toEqual({ f: 1 });
    expect(decodeOne(envelope(), oneField({ type: 'int32', optional: true }, '{}'))).toEqual({ f: null });
    expect(
      errorOf(decodeOne(envelope(), oneField({ type: 'int32', optional: 'true' }, '{}'))).details.found,
    ).toBe('nothing');
    expect(errorOf(decodeOne(envelope(), oneField({ type: 'int32' }, '{}'))).code).toBe('RECORD_SCHEMA');
  });

  test('defaults stand for null and missing, unless replace.null.with.default is false', () => {
    const keep = () => envelope({ 'replace.null.with.default': false });
    for (const payload of ['{}', '{"f":null}']) {
      const optional = oneField({ type: 'int32', optional: true, default: 7 }, payload);
      expect(decodeOne(envelope(), optional)).toEqual({ f: 7 });
      expect(decodeOne(keep(), optional)).toEqual({ f: null });
      const required = oneField({ type: 'int32', default: 7 }, payload);
      expect(decodeOne(envelope(), required)).toEqual({ f: 7 });
      expect(errorOf(decodeOne(keep(), required)).code).toBe('RECORD_SCHEMA');
      const none = oneField({ type: 'int32', default: null }, payload);
      expect(errorOf(decodeOne(envelope(), none)).code).toBe('RECORD_SCHEMA');
    }
  });

  test('structs, arrays and maps nest', () => {
    const schema = {
      type: 'struct',
      fields: [
        { field: 's', type: 'struct', fields: [{ field: 'x', type: 'int8' }] },
        { field: 'v', type: 'array', items: { type: 'float' } },
        {
          field: 'm',
          type: 'map',
          keys: { type: 'string' },
          values: { type: 'array', items: { type: 'string', optional: true } },
        },
        { field: 'n', type: 'map', keys: { type: 'int32' }, values: { type: 'boolean' } },
      ],
    };
    const payload = {
      s: { x: 1, y: 2 },
      v: [0.5, 1],
      m: { a: ['x', null], __proto: [] },
      n: [
        [1, true],
        [2, false],
      ],
    };
    expect(decodeOne(envelope(), wrap(schema, payload))).toEqual({
      s: { x: 1 },
      v: [0.5, 1],
      m: { a: ['x', null], __proto: [] },
      n: { 1: true, 2: false },
    });
    const failing: Array<[string, object]> = [
      ['payload.s.x', { ...payload, s: { x: 'secret' } }],
      ['payload.s', { ...payload, s: [] }],
      ['payload.v[]', { ...payload, v: [1, null] }],
      ['payload.v', { ...payload, v: { a: 1 } }],
      ['payload.m{}[]', { ...payload, m: { secret: [5] } }],
      ['payload.m', { ...payload, m: [['a', []]] }],
      ['payload.n', { ...payload, n: { 1: true } }],
      ['payload.n', { ...payload, n: [[1]] }],
      ['payload.n{key}', { ...payload, n: [['secret', true]] }],
    ];
    for (const [path, value] of failing) {
      const error = errorOf(decodeOne(envelope(), wrap(schema, value)));
      expect(error.message).toContain(`at ${path};`);
      expect(error.message).not.toContain('secret');
    }
  });

  test('a map with string keys is a row, and __proto__ in it a field', () => {
    const schema = '{"type":"map","keys":{"type":"string"},"values":{"type":"int32"}}';
    const row = decodeOne(envelope(), `{"schema":${schema},"payload":{"a":1,"__proto__":2}}`) as RowObject;
    expect(Object.entries(row)).toEqual([
      ['a', 1],
      ['__proto__', 2],
    ]);
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });

  test('bytes are a Buffer in a column, base64 deeper inside', () => {
    expect(decodeField({ type: 'bytes' }, '"AQL/"')).toEqual(Buffer.from([1, 2, 255]));
    expect(decodeField({ type: 'bytes' }, '""')).toEqual(Buffer.from([]));
    expect(decodeField({ type: 'array', items: { type: 'bytes' } }, '["AQI="]')).toEqual(['AQI=']);
    expect(fieldError({ type: 'array', items: { type: 'bytes' } }, '["A"]').code).toBe('RECORD_SCHEMA');
  });
});

describe('logical types', () => {
  test('Date, Time and Timestamp are the numbers that they are sent as, and know their kind', () => {
    const named = (type: string, name: string) => ({
      type,
      name: `org.apache.kafka.connect.data.${name}`,
      version: 1,
    });
    const date = decodeField(named('int32', 'Date'), '19723');
    expect(date).toEqual(new DateValue(19723));
    expect(date).toMatchObject({ digits: '19723', json: '19723', text: '2024-01-01' });
    const time = decodeField(named('int32', 'Time'), '86399999');
    expect(time).toEqual(new TimeValue(86399999));
    expect(time).toMatchObject({ digits: '86399999', text: '23:59:59.999' });
    const timestamp = decodeField(named('int64', 'Timestamp'), '1700000000000');
    expect(timestamp).toEqual(new TimestampValue(1700000000000));
    expect(timestamp).toMatchObject({ digits: '1700000000000', text: '2023-11-14T22:13:20.000Z' });
    for (const bad of ['-1', '86400001'])
      expect(fieldError(named('int32', 'Time'), bad).code).toBe('RECORD_SCHEMA');
    // One that may have lost digits is a bare number, of which the mapper asks for the rest.
    expect(decodeField(named('int64', 'Timestamp'), '9007199254740993')).toBe(9007199254740992);
  });

  test.each([
    ['"AJ4="', '2', '1.58'],
    ['"AJ4="', '-2', '15800'],
    ['"BOI="', '2', '12.50'],
    ['"AA=="', '9', '0.000000000'],
    ['"/w=="', '1', '-0.1'],
    ['"A+g="', '3', '1.000'],
    ['"G8Ju0zrg6gc="', '2', '20002830380108948.55'],
    ['1.5', '2', '1.5'],
    ['12.50', '2', '12.50'],
    ['12345678901234567.25', '2', '12345678901234567.25'],
    ['-0.10000000000000000001', '2', '-0.10000000000000000001'],
    ['0.10', '2', '0.10'],
    ['1e3', '2', '1000'],
  ])('Decimal %s with scale %s is a Decimal of %s', (text, scale, value) => {
    const decimal = decodeField({ ...DECIMAL, parameters: { scale } }, text);
    expect(decimal).toBeInstanceOf(DecimalValue);
    expect(decimal).toMatchObject({ text: value, digits: value, json: value });
  });

  test.each(['""', 'true', '{}', '"A"', `"${'A'.repeat(4000)}"`])('Decimal %.20s is refused', text => {
    expect(fieldError(DECIMAL, text).code).toBe('RECORD_SCHEMA');
  });

  test('a Decimal keeps each of its digits, from base64 and from a number, however exactly it is asked for', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
        fc.integer({ min: -3, max: 25 }),
        fc.boolean(),
        (unscaled, scale, numeric) => {
          const text = plainText(unscaled, scale);
          const value = numeric ? text : `"${base64(unscaled)}"`;
          const message = record(
            oneField({ ...DECIMAL, parameters: { scale: String(scale) } }, `{"f":${value}}`),
          );
          const [quick] = decodeAll(envelope(), [message]) as [RowObject];
          expect(quick.f).toMatchObject({ text });
          expect((envelope().decodeExact(message, 'sources') as RowObject).f).toEqual(quick.f);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('beside a Decimal, integers and floats are read as ever', () => {
    const both = (type: string, value: string) =>
      decodeOne(
        envelope(),
        `{"schema":{"type":"struct","fields":[{"field":"d",${JSON.stringify({ ...DECIMAL }).slice(1)},{"field":"n","type":"${type}"}]},"payload":{"d":"AJ4=","n":${value}}}`,
      ) as RowObject;
    expect(both('int32', '7.0').n).toBe(7);
    expect(both('int64', '1e3').n).toBe(1000);
    expect(both('double', '1.50').n).toBe(1.5);
    expect(both('int32', '7.5')).toBeInstanceOf(RecordError);
  });
});

function plainText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return (unscaled * 10n ** BigInt(-scale)).toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Big-endian two's complement, as Java's BigInteger.toByteArray gives it. */
function base64(value: bigint): string {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++;
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  return Buffer.from(hex, 'hex').toString('base64');
}
