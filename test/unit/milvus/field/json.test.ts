// JSON columns and dynamic fields: what Milvus refuses for its content, with the whole batch, is a bad record here.
import { describe, expect, test } from 'bun:test';
import { RecordError } from '../../../../src/errors.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { NEEDS_EXACT } from '../../../../src/record/decoded.ts';
import { envelopeThrough, field, fieldThrough, mapOne, refusedWith, through } from '../../../support/rows.ts';

const json = field('f', DataType.JSON);
const dynamic = { schema: { dynamic: true } };

/** The `$meta` of a record of a dynamic collection, or the code of its refusal. */
function meta(text: string): unknown {
  const values = through([], text, dynamic);
  return values instanceof RecordError ? values.code : values[1];
}

describe('values', () => {
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

describe('length', () => {
  const text = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`;

  test('65,536 bytes pass, one more is a bad record that names the key', () => {
    expect(fieldThrough(json, text(65_536))).toHaveLength(65_536);
    const error = through([json], `{"id":1,"f":${text(65_537)}}`) as RecordError;
    expect(error).toMatchObject({
      code: 'ROW_JSON_TOO_LONG',
      details: { expected: 'at most 65536 bytes of JSON', found: '65537 bytes' },
    });
    expect(error.message).toContain('milvus.json.max.bytes');
  });

  test('bytes count, not characters', () => {
    expect(fieldThrough(json, `"${'ä'.repeat(32_767)}"`)).toHaveLength(32_769);
    expect(fieldThrough(json, `"${'ä'.repeat(32_768)}"`)).toBe('ROW_JSON_TOO_LONG');
  });

  test('what is sent counts, not what was received', () => {
    expect(fieldThrough(json, `{ "a" :${' '.repeat(70_000)}1.${'0'.repeat(500)} }`)).toBe('{"a":1}');
  });

  test('dynamic fields count together', () => {
    const fields = (bytes: number) => `{"id":1,"a":"${'a'.repeat(40_000)}","b":"${'b'.repeat(bytes)}"}`;
    expect(meta(fields(65_536 - 40_015))).toHaveLength(65_536);
    expect(meta(fields(65_536 - 40_014))).toBe('ROW_JSON_TOO_LONG');
    expect(meta(`{"id":1,"extra":"${'x'.repeat(70_000)}"}`)).toBe('ROW_JSON_TOO_LONG');
  });
});

describe('numbers beyond a double', () => {
  test.each(['1e400', '-1e400', '{"a":1e400}', '[{"b":[1,-1e400]}]', '{"a":9007199254740993,"b":1e400}'])(
    '%s is a bad record, never null',
    text => {
      expect(fieldThrough(json, text)).toBe('ROW_FIELD_RANGE');
      expect(meta(`{"id":1,"extra":${text}}`)).toBe('ROW_FIELD_RANGE');
      expect(meta(`{"id":1,"$meta":{"extra":${text}}}`)).toBe('ROW_FIELD_RANGE');
    },
  );

  test('also beside a number that is read as text, and as a Decimal', () => {
    const name = field('name', DataType.VarChar, { maxLength: 9 });
    const error = through([name, json], '{"id":1,"name":7,"f":{"a":1e400}}');
    expect(error).toMatchObject({ code: 'ROW_FIELD_RANGE' });
    const decimal = {
      type: 'bytes',
      name: 'org.apache.kafka.connect.data.Decimal',
      parameters: { scale: '-400' },
    };
    expect(envelopeThrough(json, decimal, '"AQ=="')).toBe('ROW_FIELD_RANGE');
  });

  test('the largest one is none of them', () => {
    expect(fieldThrough(json, '{"a":1.7976931348623157e308}')).toBe('{"a":1.7976931348623157e+308}');
  });
});

describe('bytes are base64', () => {
  const nested = { type: 'struct', fields: [{ field: 'b', type: 'bytes' }] };

  test('in a JSON column, at every depth', () => {
    expect(envelopeThrough(json, { type: 'bytes' }, '"AQL/"')).toBe('"AQL/"');
    expect(envelopeThrough(json, nested, '{"b":"AQL/"}')).toBe('{"b":"AQL/"}');
    expect(envelopeThrough(json, { type: 'array', items: { type: 'bytes' } }, '["AQL/"]')).toBe('["AQL/"]');
  });

  test('in dynamic fields', () => {
    const schema = `{"type":"struct","fields":[{"field":"id","type":"int32"},{"field":"raw","type":"bytes"},${JSON.stringify({ ...nested, field: 'deep' })}]}`;
    const text = `{"schema":${schema},"payload":{"id":1,"raw":"AQL/","deep":{"b":"AQ=="}}}`;
    expect(through([], text, { ...dynamic, envelope: true })).toEqual([
      1,
      '{"raw":"AQL/","deep":{"b":"AQ=="}}',
    ]);
  });
});

test('values of an envelope with a kind of their own are numbers in dynamic fields too', () => {
  const named = (name: string, type: string, kind: string, more = {}) =>
    JSON.stringify({ field: name, type, name: `org.apache.kafka.connect.data.${kind}`, ...more });
  const fields = [
    '{"field":"id","type":"int32"}',
    named('price', 'bytes', 'Decimal', { parameters: { scale: '2' } }),
    named('at', 'int64', 'Timestamp'),
    named('day', 'int32', 'Date'),
  ];
  const text = `{"schema":{"type":"struct","fields":[${fields}]},"payload":{"id":1,"price":"BOI=","at":5,"day":6}}`;
  expect(through([], text, { ...dynamic, envelope: true })).toEqual([1, '{"price":12.50,"at":5,"day":6}']);
});

describe('Milvus before 2.4', () => {
  const old = { schema: { jsonObjectsOnly: true } };

  test.each(['1', '"a"', 'true', '[1]', '[]'])('refuses %s, so that it is a bad record', text => {
    const error = through([json], `{"id":1,"f":${text}}`, old) as RecordError;
    expect(error).toMatchObject({ code: 'ROW_FIELD_TYPE' });
    expect(error.details.expected).toContain('object');
    expect(fieldThrough(json, text)).toBe(text);
  });

  test('takes objects', () => {
    expect(through([json], '{"id":1,"f":{"a":[1]}}', old)).toEqual([1, '{"a":[1]}']);
  });
});
