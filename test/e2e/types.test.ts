// Every column type that the servers have, written by the executable and read back by pymilvus.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { FieldSpec, Row } from '../../scripts/stack/client.ts';
import { startSink } from '../../scripts/stack/sink.ts';
import {
  MILVUS_2_3,
  MILVUS_LITE,
  type MilvusUnderTest,
  missing,
  type Stage,
  stage,
  unique,
} from '../support/e2e.ts';

// Servers take seconds to start, and bun's default for a test or a hook is five.
setDefaultTimeout(120_000);

const SCALARS: FieldSpec[] = [
  { name: 'id', type: 'INT64', is_primary: true },
  { name: 'flag', type: 'BOOL' },
  { name: 'i8', type: 'INT8' },
  { name: 'i16', type: 'INT16' },
  { name: 'i32', type: 'INT32' },
  { name: 'i64', type: 'INT64' },
  { name: 'f32', type: 'FLOAT' },
  { name: 'f64', type: 'DOUBLE' },
  { name: 'text', type: 'VARCHAR', max_length: 64 },
  { name: 'doc', type: 'JSON' },
  { name: 'numbers', type: 'ARRAY', element_type: 'INT64', max_capacity: 8 },
  { name: 'words', type: 'ARRAY', element_type: 'VARCHAR', max_capacity: 8, max_length: 32 },
  { name: 'flags', type: 'ARRAY', element_type: 'BOOL', max_capacity: 8 },
  { name: 'reals', type: 'ARRAY', element_type: 'DOUBLE', max_capacity: 8 },
];
const VECTOR: FieldSpec = { name: 'vector', type: 'FLOAT_VECTOR', dim: 4 };

/**
 * Three rows as JSON text, since JSON.stringify could not write the integers. No key is 2^63-1: Milvus 2.3.5 counts such
 * a row and returns it to nobody, whoever wrote it.
 */
const ROWS = [
  `{"id": 9007199254740993, "flag": true, "i8": -128, "i16": -32768, "i32": -2147483648, "i64": -9223372036854775808,
    "f32": 0.1, "f64": 0.1, "text": "größer 🐟", "doc": {"a": [1, {"b": null}], "big": 9007199254740993},
    "numbers": [9223372036854775807, 0, -1], "words": ["a", "", "ß"], "flags": [true, false], "reals": [0.1, -2.5],
    "vector": [0.1, -0.2, 3, 4]}`,
  `{"id": 9223372036854775806, "flag": false, "i8": 127, "i16": 32767, "i32": 2147483647, "i64": 9223372036854775807,
    "f32": -3.4e38, "f64": 1.7976931348623157e308, "text": "", "doc": {}, "numbers": [], "words": [], "flags": [],
    "reals": [], "vector": [0, 0, 0, 0]}`,
  `{"id": -9223372036854775808, "flag": false, "i8": 0, "i16": 0, "i32": 0, "i64": 0, "f32": 0, "f64": 0, "text": "0",
    "doc": {"k": "v"}, "numbers": [1], "words": ["w"], "flags": [true], "reals": [1], "vector": [1, 2, 3, 4]}`,
].map(text => text.replace(/\n\s*/g, ' '));

for (const milvus of [MILVUS_2_3, MILVUS_LITE]) {
  describe.skipIf(missing !== undefined)(`types on ${milvus.title}`, () => {
    let s: Stage;
    beforeAll(async () => {
      s = await stage(milvus);
    });

    test(`${milvus.title}: scalars, JSON, arrays and Int64 extremes arrive as sent`, async () => {
      const rows = await through(s, milvus, { fields: [...SCALARS, VECTOR] }, ROWS);
      const big = rows.get('int:9007199254740993')!;
      expect(big).toMatchObject({
        ...{ flag: true, i8: -128, i16: -32768, i32: -2147483648, i64: 'int:-9223372036854775808' },
        ...{ f64: 0.1, text: 'größer 🐟', flags: [true, false], words: ['a', '', 'ß'], reals: [0.1, -2.5] },
        numbers: ['int:9223372036854775807', 0, -1],
      });
      expect(Math.fround(big.f32 as number)).toBe(Math.fround(0.1));
      expect((big.vector as number[]).map(Math.fround)).toEqual([0.1, -0.2, 3, 4].map(Math.fround));
      expect((big.doc as Row).a).toEqual([1, { b: null }]);
      expect((big.doc as Row).big).toBe('int:9007199254740993');
      expect(rows.get('int:9223372036854775806')).toMatchObject({
        ...{ flag: false, i8: 127, i16: 32767, i32: 2147483647, i64: 'int:9223372036854775807' },
        ...{ f64: 1.7976931348623157e308, text: '', numbers: [], words: [] },
      });
      expect(rows.get('int:-9223372036854775808')).toMatchObject({ i64: 0, text: '0', doc: { k: 'v' } });
    });

    test(`${milvus.title}: a VarChar key, and fields that the schema lacks go into the dynamic field`, async () => {
      const fields = [{ name: 'id', type: 'VARCHAR', is_primary: true, max_length: 64 }, VECTOR];
      const rows = await through(s, milvus, { fields, dynamic: true }, [
        '{"id": "a\\"] or id != [\\"", "vector": [1, 2, 3, 4], "extra": {"n": 1}, "colour": "red"}',
        '{"id": "ß", "vector": [1, 2, 3, 4], "more": [1, 2]}',
      ]);
      expect(rows.get('a"] or id != ["')).toMatchObject({ extra: { n: 1 }, colour: 'red' });
      expect(rows.get('ß')).toMatchObject({ more: [1, 2] });
    });

    test(`${milvus.title}: an autoID collection gets one row for each record`, async () => {
      const fields = [
        { name: 'id', type: 'INT64', is_primary: true, auto_id: true },
        { name: 'text', type: 'VARCHAR', max_length: 64 },
        VECTOR,
      ];
      const rows = await through(s, milvus, { fields, auto_id: true }, [
        '{"text": "one", "vector": [1, 2, 3, 4]}',
        '{"text": "two", "vector": [1, 2, 3, 4]}',
      ]);
      expect([...rows.values()].map(row => row.text).sort()).toEqual(['one', 'two']);
    });

    test(`${milvus.title}: a partition key`, async () => {
      const fields = [
        { name: 'id', type: 'INT64', is_primary: true },
        { name: 'tenant', type: 'VARCHAR', max_length: 64, is_partition_key: true },
        VECTOR,
      ];
      const rows = await through(s, milvus, { fields }, [
        '{"id": 1, "tenant": "x", "vector": [1, 2, 3, 4]}',
        '{"id": 2, "tenant": "y", "vector": [1, 2, 3, 4]}',
      ]);
      expect(rows.get(1)!.tenant).toBe('x');
      expect(rows.get(2)!.tenant).toBe('y');
    });
  });
}

describe.skipIf(missing !== undefined)('types that only one of the servers has', () => {
  const ID: FieldSpec = { name: 'id', type: 'INT64', is_primary: true };

  test('Milvus 2.3.5: BinaryVector', async () => {
    const s = await stage(MILVUS_2_3);
    const fields = [ID, { name: 'bits', type: 'BINARY_VECTOR', dim: 16 }];
    const rows = await through(s, MILVUS_2_3, { fields }, ['{"id": 1, "bits": [170, 1]}']);
    expect((rows.get(1)!.bits as unknown[]).flat()).toEqual([170, 1]);
  });

  test('Milvus 2.3.5: a default value stands in for an absent field', async () => {
    const s = await stage(MILVUS_2_3);
    const fields = [ID, { name: 'note', type: 'VARCHAR', max_length: 64, default_value: 'none' }, VECTOR];
    const rows = await through(s, MILVUS_2_3, { fields }, [
      '{"id": 1, "vector": [1, 2, 3, 4]}',
      '{"id": 2, "note": "given", "vector": [1, 2, 3, 4]}',
    ]);
    expect(rows.get(2)!.note).toBe('given');
    expect(rows.get(1)!.note).toBe('none');
  });

  test('milvus-lite 3.2.2: SparseFloatVector in each of its spellings, next to a second vector', async () => {
    const s = await stage(MILVUS_LITE);
    const fields = [ID, { name: 'sparse', type: 'SPARSE_FLOAT_VECTOR' }, VECTOR];
    const rows = await through(s, MILVUS_LITE, { fields }, [
      '{"id": 1, "sparse": {"7": 0.5, "1": 0.25}, "vector": [1, 2, 3, 4]}',
      '{"id": 2, "sparse": {"indices": [7, 1], "values": [0.5, 0.25]}, "vector": [1, 2, 3, 4]}',
      '{"id": 3, "sparse": [[7, 0.5], [1, 0.25]], "vector": [1, 2, 3, 4]}',
    ]);
    for (const id of [1, 2, 3]) expect(rows.get(id)!.sparse).toEqual({ '1': 0.25, '7': 0.5 });
  });

  test('milvus-lite 3.2.2: nullable fields and default values, given, absent and null', async () => {
    const s = await stage(MILVUS_LITE);
    const fields = [
      ID,
      { name: 'note', type: 'VARCHAR', max_length: 64, nullable: true },
      { name: 'level', type: 'INT32', default_value: 7 },
      VECTOR,
    ];
    const rows = await through(s, MILVUS_LITE, { fields }, [
      '{"id": 1, "note": "n", "level": 3, "vector": [1, 2, 3, 4]}',
      '{"id": 2, "vector": [1, 2, 3, 4]}',
      '{"id": 3, "note": null, "level": 4, "vector": [1, 2, 3, 4]}',
    ]);
    expect(rows.get(1)).toMatchObject({ note: 'n', level: 3 });
    expect(rows.get(2)).toMatchObject({ note: null, level: 7 });
    expect(rows.get(3)).toMatchObject({ note: null, level: 4 });
  });
});

const SKIP = { connector: { 'errors.tolerance': 'all', 'errors.log.enable': 'true' } };

for (const milvus of [MILVUS_2_3, MILVUS_LITE]) {
  describe.skipIf(missing !== undefined)(`conversions on ${milvus.title}`, () => {
    let s: Stage;
    beforeAll(async () => {
      s = await stage(milvus);
    });

    test(`${milvus.title}: what the Java connector converts arrives, numbers in a VarChar key as they are written`, async () => {
      const fields = [
        { name: 'id', type: 'VARCHAR', is_primary: true, max_length: 64 },
        ...SCALARS.filter(({ name }) => ['flag', 'i8', 'i32', 'i64', 'f32', 'f64', 'text'].includes(name)),
        VECTOR,
      ];
      const rows = await through(s, milvus, { fields }, [
        '{"id": 7, "flag": "true", "i8": "-128", "i32": "+7", "i64": "9007199254740993", "f32": "0.5", "f64": "1e-7", "text": 1.50, "vector": "[1,2,3,4]"}',
        '{"id": 12345678901234567890, "flag": "False", "i8": 1.0, "i32": "1e3", "i64": 1e15, "f32": 1, "f64": "2", "text": true, "vector": ["1", "2.5", "3", "4"]}',
      ]);
      expect(rows.get('7')).toMatchObject({
        ...{ flag: true, i8: -128, i32: 7, i64: 'int:9007199254740993', f32: 0.5, f64: 1e-7, text: '1.50' },
        vector: [1, 2, 3, 4],
      });
      expect(rows.get('12345678901234567890')).toMatchObject({
        ...{ flag: false, i8: 1, i32: 1000, i64: 1e15, f32: 1, f64: 2, text: 'true', vector: [1, 2.5, 3, 4] },
      });
    });

    test(`${milvus.title}: bytes, Decimals and times of an envelope, in columns and in the dynamic field`, async () => {
      const kafka = 'org.apache.kafka.connect.data';
      const decimal = { type: 'bytes', name: `${kafka}.Decimal`, parameters: { scale: '2' } };
      const schema = {
        type: 'struct',
        fields: [
          { field: 'id', type: 'int64' },
          { field: 'text', ...decimal },
          { field: 'f64', ...decimal },
          { field: 'doc', type: 'struct', fields: [{ field: 'raw', type: 'bytes' }] },
          { field: 'vector', type: 'array', items: { type: 'float' } },
          { field: 'price', ...decimal },
          { field: 'at', type: 'int64', name: `${kafka}.Timestamp` },
          { field: 'raw', type: 'bytes' },
        ],
      };
      const payload = {
        ...{ id: 1, text: 'BOI=', f64: 'BOI=', doc: { raw: 'AQL/' }, vector: [1, 2, 3, 4] },
        ...{ price: 'BOI=', at: 1769860800123, raw: 'AQL/' },
      };
      const fields = [...SCALARS.filter(({ name }) => ['id', 'f64', 'text', 'doc'].includes(name)), VECTOR];
      const rows = await through(
        s,
        milvus,
        { fields, dynamic: true },
        [JSON.stringify({ schema, payload })],
        {
          connector: {
            'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
            'value.converter.schemas.enable': 'true',
          },
        },
      );
      expect(rows.get(1)).toMatchObject({
        ...{ text: '12.50', f64: 12.5, doc: { raw: 'AQL/' } },
        ...{ price: 12.5, at: 1769860800123, raw: 'AQL/' },
      });
    });

    test(`${milvus.title}: a dynamic field of 70 kB is one bad record, and the nineteen others are written`, async () => {
      const fields = [{ name: 'id', type: 'INT64', is_primary: true }, VECTOR];
      const records = Array.from({ length: 20 }, (_, i) => {
        const extra = i === 5 ? 'x'.repeat(70_000) : 'x';
        return JSON.stringify({ id: i, vector: [1, 2, 3, 4], extra });
      });
      const rows = await through(s, milvus, { fields, dynamic: true }, records, {
        ...SKIP,
        ...{ rows: 19, said: ['ROW_JSON_TOO_LONG'] },
      });
      expect([...rows.keys()].sort((a, b) => Number(a) - Number(b))).toEqual(
        [...Array(20).keys()].filter(i => i !== 5),
      );
    });
  });
}

describe.skipIf(missing !== undefined)('what only one of the servers refuses', () => {
  const ID: FieldSpec = { name: 'id', type: 'INT64', is_primary: true };

  test('Milvus 2.3.5: JSON that is no object, too long or beyond a double is a bad record each', async () => {
    const s = await stage(MILVUS_2_3);
    const docs = ['{}', '1', '"a"', '[1]', 'true', '{"a":1e400}', `{"a":"${'x'.repeat(65_536)}"}`, '{"a":1}'];
    const longest = `{"a":"${'x'.repeat(65_536 - 8)}"}`;
    const records = [...docs, longest].map(
      (doc, id) => `{"id": ${id}, "vector": [1, 2, 3, 4], "doc": ${doc}}`,
    );
    const fields = [ID, { name: 'doc', type: 'JSON' }, VECTOR];
    const rows = await through(s, MILVUS_2_3, { fields }, records, {
      ...SKIP,
      ...{ rows: 3, said: ['ROW_FIELD_TYPE', 'ROW_FIELD_RANGE', 'ROW_JSON_TOO_LONG'] },
    });
    expect([...rows.keys()].sort()).toEqual([0, 7, 8]);
  });

  test('Milvus 2.3.5: what no check foresees costs its records and takes nobody down either', async () => {
    const s = await stage(MILVUS_2_3);
    const records = Array.from({ length: 60 }, (_, i) => {
      const extra = i % 20 === 5 ? 'x'.repeat(70_000) : 'x';
      return JSON.stringify({ id: i, vector: [1, 2, 3, 4], extra });
    });
    const connector = { ...SKIP.connector, 'milvus.json.max.bytes': '1000000' };
    const rows = await through(s, MILVUS_2_3, { fields: [ID, VECTOR], dynamic: true }, records, {
      connector,
      rows: 57,
    });
    for (const i of [5, 25, 45]) expect(rows.has(i)).toBe(false);
  });

  test('milvus-lite 3.2.2: a moment in each way of writing it, as text and as Connect has it', async () => {
    const s = await stage(MILVUS_LITE);
    const fields = [ID, { name: 'at', type: 'TIMESTAMPTZ' }, VECTOR];
    const inKolkata = ['2026-01-31T17:30', '2026-01-31 17:30:00'];
    const spellings = [
      ...['2026-01-31T12:00:00Z', '2026-01-31T12:00Z', '2026-01-31t12:00:00z', '2026-01-31T17:30:00+0530'],
      ...['2026-01-31 13:00+01', '2026-01-31T12:00:00.000Z'],
    ];
    const records = [...spellings, ...inKolkata, '2026-01-31'].map(
      (at, id) => `{"id": ${id}, "vector": [1, 2, 3, 4], "at": "${at}"}`,
    );
    const collection = { fields, properties: { timezone: 'Asia/Kolkata' } };
    const rows = await through(s, MILVUS_LITE, collection, records);
    const noon = Date.parse('2026-01-31T12:00:00Z');
    const moment = (row: Row) => Date.parse(String(row.at));
    for (let id = 0; id < spellings.length + inKolkata.length; id++) expect(moment(rows.get(id)!)).toBe(noon);
    expect(moment(rows.get(records.length - 1)!)).toBe(Date.parse('2026-01-31T00:00:00+05:30'));

    const schema = {
      type: 'struct',
      fields: [
        { field: 'id', type: 'int64' },
        { field: 'at', type: 'int64', name: 'org.apache.kafka.connect.data.Timestamp' },
        { field: 'vector', type: 'array', items: { type: 'float' } },
      ],
    };
    const payload = { id: 1, at: noon + 123, vector: [1, 2, 3, 4] };
    const connect = await through(s, MILVUS_LITE, { fields }, [JSON.stringify({ schema, payload })], {
      connector: {
        'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
        'value.converter.schemas.enable': 'true',
      },
    });
    expect(moment(connect.get(1)!)).toBe(noon + 123);
  });
});

/**
 * Sends records through the executable into a new collection; the rows by primary key.
 * @param more.rows how many there are in the end, where not each record is one
 * @param more.said what the log has of the others: they were refused before they were sent
 */
async function through(
  s: Stage,
  milvus: MilvusUnderTest,
  collection: {
    fields: FieldSpec[];
    dynamic?: boolean;
    auto_id?: boolean;
    properties?: Record<string, string>;
  },
  records: string[],
  more: { connector?: Record<string, string>; rows?: number; said?: string[] } = {},
): Promise<Map<unknown, Row>> {
  const topic = unique(`types_${milvus.kind}`);
  await s.client.create(s.at, topic, collection);
  await s.client.topic(s.bootstrap, topic);
  await s.client.produce(
    s.bootstrap,
    topic,
    records.map(value => ({ value })),
  );
  const sink = await startSink({
    ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: topic, topics: topic },
    token: s.at.token,
    connector: more.connector ?? {},
  });
  const expected = more.rows ?? records.length;
  // All committed or ended: a refused record ends the sink, and its reason is then the failure's text.
  const counted = s.client.count(s.at, topic, expected, 30);
  const ended = await Promise.race([counted.then(() => undefined), sink.exited]);
  if (ended !== undefined) throw new Error(`the sink ended with ${ended}:\n${sink.log}`);
  expect(await counted).toBe(expected);
  const rows = await s.client.query(s.at, topic);
  expect(await sink.stop()).toBe(0);
  expect(rows.length).toBe(expected);
  for (const code of more.said ?? []) expect(sink.log).toContain(code);
  // The bad ones were passed over as well.
  expect(await s.client.committed(s.bootstrap, sink.group, topic)).toEqual([records.length]);
  return new Map(rows.map(row => [row.id, row]));
}
