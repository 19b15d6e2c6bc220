// From records to rows, natively or not; and what is said about fields that are not written: once, and at the right time.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { KeyConverter, ValueConverter } from '../../../src/decode/contract.ts';
import { createKeyConverter, createValueConverter } from '../../../src/decode/registry.ts';
import type { ConverterSettings } from '../../../src/decode/settings.ts';
import { RowQueue } from '../../../src/deliver/row-queue.ts';
import { RecordError } from '../../../src/errors.ts';
import type { Reading } from '../../../src/map/contract.ts';
import { FieldNotes } from '../../../src/map/field-notes.ts';
import { RowReader } from '../../../src/map/row-reader.ts';
import { planCollection } from '../../../src/milvus/collection/plan.ts';
import type { CollectionSchema } from '../../../src/milvus/collection/schema.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import type { TaskEvents } from '../../../src/observe/events.ts';
import type { Logger } from '../../../src/observe/log.ts';
import { Profile } from '../../../src/observe/profile.ts';
import { Chunk } from '../../../src/record/chunk.ts';
import { nativeRows } from '../../../src/record/native-rows.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';
import { chunkOf, encodedChunk, ownedBy } from '../../support/encoded.ts';
import { field, ID, RECORD, schemaOf } from '../../support/rows.ts';

const JSON_CONVERTER: ConverterSettings = {
  javaClass: 'org.apache.kafka.connect.json.JsonConverter',
  options: { 'schemas.enable': false },
};

const STRING_CONVERTER: ConverterSettings = {
  javaClass: 'org.apache.kafka.connect.storage.StringConverter',
  options: {},
};
const NAME = field('name', DataType.VarChar, { maxLength: 9 });
const TARGET = { database: 'default', collection: 'articles' };
const PLAN = { insertMode: 'upsert', jsonMaxBytes: 65_536 } as const;

function reading(
  schema: CollectionSchema,
  valueConverter = createValueConverter(JSON_CONVERTER),
  keyConverter: KeyConverter = { check: () => undefined },
) {
  const said: string[] = [];
  let dropped = 0;
  const reader = new RowReader({
    settings: {
      insertMode: 'upsert',
      insertModeExplicit: true,
      milvus: { jsonMaxBytes: 65_536 },
    },
    schema,
    valueConverter,
    keyConverter,
    events: {
      fieldsDropped: (fields: number) => {
        dropped += fields;
      },
    } as unknown as TaskEvents,
    fieldNotes: new FieldNotes({ warn: line => void said.push(line) }),
    log: { warn: (line: string) => void said.push(line) } as unknown as Logger,
    profile: new Profile(false, () => 0),
  });
  const take = (value: string) => {
    const record = { ...RECORD, value: Buffer.from(value) };
    const row = reader.reread(record);
    if (row instanceof RecordError) throw row;
    return 'skipped' in row ? row.skipped : row.values;
  };
  return { reader, said, take, dropped: () => dropped };
}

const CHUNKS = field('chunks', DataType.ArrayOfStruct, { nullable: true });
const REF = field('ref', 31 as DataType, { hasDefault: true });

test('a type that is not written is told at start, with what becomes of the field, and not again per record', () => {
  const { reader, said, take, dropped } = reading(schemaOf([ID, CHUNKS, REF]));
  expect(said).toEqual([
    'field "chunks": its type ArrayOfStruct is not written by this version: it is null in every row',
    'field "ref": its type UUID is not written by this version: every row gets its default',
  ]);
  expect(take('{"id":1,"chunks":[],"ref":"x"}')).toEqual([1]);
  reader.use(schemaOf([ID, CHUNKS, REF]));
  expect(said).toHaveLength(2);
  expect(dropped()).toBe(2);
});

test('a field that the schema lacks and one that the server fills are told apart', () => {
  const computed = field('bm25', DataType.SparseFloatVector, { functionOutput: true });
  const { said, take } = reading(schemaOf([ID, computed]));
  expect(said).toEqual([]);
  take('{"id":1,"bm25":{},"colour":"red"}');
  take('{"id":2,"bm25":{},"colour":"red"}');
  expect(said).toEqual([
    'field "bm25": it is filled by the server: dropped from every record',
    'field "colour": collection articles lacks it: dropped from every record',
  ]);
});

test('what was decoded for a collection that has changed by then is decoded for the present one', async () => {
  const asked = Promise.withResolvers<void>();
  const json = createValueConverter(JSON_CONVERTER);
  // As one that asks a registry.
  const converter: ValueConverter = {
    expect: vectors => json.expect(vectors),
    decode: records => asked.promise.then(() => decoded(records)),
    redecode: record => json.redecode(record),
    decodeExact: (record, precision) => json.decodeExact(record, precision),
  };
  const vector = (type: DataType) => field('v', type, { dim: 64 });
  const { reader } = reading(schemaOf([ID, vector(DataType.FloatVector)]), converter);
  const value = Buffer.from(JSON.stringify({ id: 1, v: Array(64).fill(1) }));
  const records = [{ ...RECORD, value, size: value.length }];
  // For the collection as it is now: natively, which a field of another type does not take.
  const early = json.decode(records);
  const decoded = (_: readonly KafkaRecord[]) => early;
  const batch = Chunk.of(records);
  const answer = reader.read(batch);
  reader.use(schemaOf([ID, vector(DataType.Float16Vector)]));
  asked.resolve();
  expect(await answer).toMatchObject({ tombstones: [], rejected: [] });
  const request = encodedChunk(TARGET, reader.rows, batch);
  // 64 times 1.0 in 16 bits.
  expect(request.includes(Buffer.from('003c'.repeat(64), 'hex'))).toBe(true);
});

describe.each([
  ['natively', true],
  ['in JavaScript', false],
])('a batch whose plain records are read %s', (_, natively) => {
  const read = (values: (string | null)[], key: string | null = null, keyConverter = JSON_CONVERTER) => {
    const made = reading(schemaOf([ID, NAME]), undefined, createKeyConverter(keyConverter));
    const chunk = Chunk.of(
      values.map((value, offset) => ({
        ...RECORD,
        offset,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        size: value?.length ?? 0,
      })),
      natively ? made.reader.rows.handle : null,
    );
    return { ...made, chunk, result: made.reader.read(chunk) as Reading };
  };

  test('has its rows in it, and says what is none: tombstones, and bad records with their errors', () => {
    const { reader, chunk, result } = read([
      '{"id":1,"name":"a"}',
      null,
      '{"id":"2","name":"b"}',
      '{"id":3}',
      '{"id":4,"name":"caf\u00e9"}',
      'null',
      '{"id":5,"name":"e"',
    ]);
    expect(result.tombstones).toEqual([1, 5]);
    expect(result.rejected.map(({ place, record, error }) => [place, record.offset, error.code])).toEqual([
      [3, 3, 'ROW_FIELD_MISSING'],
      [6, 6, 'RECORD_NOT_JSON'],
    ]);
    const columns = planCollection(reader.schema, PLAN).columns;
    const expected = [
      [1, 'a'],
      [2, 'b'],
      [4, 'café'],
    ];
    expect(encodedChunk(TARGET, reader.rows, chunk)).toEqual(
      encodedChunk(TARGET, reader.rows, chunkOf(reader.rows, columns, expected)),
    );
  });

  test('a bad key is a bad record before its value is looked at, also of a tombstone', () => {
    const { result } = read(['{"id":1,"name":"a"}', null, 'x'], '{bad');
    expect(result.rejected.map(({ place, error }) => [place, error.stage])).toEqual([
      [0, 'KEY_CONVERTER'],
      [1, 'KEY_CONVERTER'],
      [2, 'KEY_CONVERTER'],
    ]);
    expect(read(['{"id":1,"name":"a"}', null], '{bad', STRING_CONVERTER).result).toMatchObject({
      tombstones: [1],
      rejected: [],
    });
    expect(read(['{"id":1,"name":"a"}'], '{"any":["json"]}').result.rejected).toEqual([]);
  });

  test('a field that the collection lacks is told once, counted each time, and no longer in the way', () => {
    const { reader, chunk, result, said, dropped } = read(['{"id":1,"name":"a","colour":"red"}']);
    expect(result.rejected).toEqual([]);
    chunk.release();
    expect(dropped()).toBe(1);
    const value = Buffer.from('{"colour":["red",{"x":1}],"id":2,"name":"b"}');
    const next = Chunk.of([{ ...RECORD, value, size: value.length }], natively ? reader.rows.handle : null);
    expect(next.notRows().declined).toEqual(natively ? [] : [0]);
    reader.read(next);
    expect(dropped()).toBe(2);
    expect(said).toEqual(['field "colour": collection articles lacks it: dropped from every record']);
  });
});

test('rows of another schema have another number, and are read by it', () => {
  const { reader } = reading(schemaOf([ID, NAME]), undefined, createKeyConverter(JSON_CONVERTER));
  const before = reader.rows;
  reader.use(schemaOf([ID, field('renamed', DataType.VarChar, { maxLength: 9 })]));
  expect(reader.rows.id).not.toBe(before.id);
  const value = Buffer.from('{"id":1,"renamed":"b"}');
  const chunk = Chunk.of([{ ...RECORD, value, size: value.length }], reader.rows.handle);
  expect(chunk.notRows().declined).toEqual([]);
  expect(() => encodedChunk(TARGET, before, chunk)).toThrow('another schema');
});

test('nothing is read natively where a key or a value has to be converted first', () => {
  const value = Buffer.from('{"id":1,"name":"a"}');
  const envelopes = { ...JSON_CONVERTER, options: { 'schemas.enable': true } };
  for (const [values, keys] of [
    [JSON_CONVERTER, envelopes],
    [envelopes, JSON_CONVERTER],
  ] as const) {
    const { reader } = reading(schemaOf([ID, NAME]), createValueConverter(values), createKeyConverter(keys));
    const chunk = Chunk.of([{ ...RECORD, value, size: value.length }], reader.rows.handle);
    expect(chunk.notRows().declined).toEqual([0]);
  }
});

describe('both ways of reading make the same of a record', () => {
  const schema = schemaOf(
    [
      field('id', DataType.Int64, { primary: true }),
      field('b', DataType.Bool),
      field('i', DataType.Int16, { nullable: true }),
      field('f', DataType.Float, { nullable: true }),
      field('d', DataType.Double, { hasDefault: true, defaultValue: 1.5 }),
      field('t', DataType.VarChar, { maxLength: 12, nullable: true }),
      field('j', DataType.JSON, { nullable: true }),
      field('v', DataType.FloatVector, { dim: 3 }),
    ],
    {},
  );
  const PLAIN = '{"id":1,"b":true,"v":[1,2,3]}';
  const of = (name: string, text: string) => `{"id":1,"b":true,"v":[1,2,3],${JSON.stringify(name)}:${text}}`;
  const many = (name: string, texts: string[]) => texts.map(text => of(name, text));
  const cases: [string, string[]][] = [
    // As many as there are columns, so that counting them does not show that some are missing.
    [
      'names that come twice',
      [`{${'"id":7,'.repeat(6)}"b":true,"v":[1,2,3]}`, `{"b":false,${PLAIN.slice(1)}`],
    ],
    ['plain ones, in any order and with blanks', [PLAIN, ' { "v" : [1,2.5e0,-3] , "b":false,"id" : -7 }\n']],
    [
      'integers',
      many('i', ['0', '-0', '32767', '-32768', '32768', '7.0', '1e2', '"7"', '007', 'true', 'null']),
    ],
    ['floats', many('f', ['0.1', '-0', '1e38', '3.4028235677973366e38', '1e-50', '1e400', '"1.5"', '[]'])],
    ['doubles', many('d', ['0.1', '1e-400', '1.7976931348623157e308', '1e309', '.5', '5.', 'NaN', 'null'])],
    [
      'texts',
      many('t', [
        '""',
        '"\u00e9\\ud83d\\ude00"',
        '"\\ud800"',
        '"0123456789ab"',
        '"0123456789abc"',
        '1.50',
        'true',
      ]),
    ],
    [
      'JSON',
      many('j', [
        '{}',
        '[1,{"a" : null}]',
        '{"2":1,"1":2}',
        '{"a":1,"a":2}',
        '9007199254740993',
        '1e400',
        '"\t"',
        '{"__proto__":1}',
      ]),
    ],
    [
      'vectors',
      ['[1,2]', '[1,2,3,4]', '[1,"2",3]', '[1,1e39,3]', '"[1,2,3]"', 'null'].map(
        v => `{"id":1,"b":true,"v":${v}}`,
      ),
    ],
    [
      'keys of rows',
      ['9223372036854775807', '9223372036854775808', '"12"', '1.2e1', '9007199254740993', 'null'].map(
        id => `{"id":${id},"b":true,"v":[1,2,3]}`,
      ),
    ],
    [
      'what is no object',
      [
        'null',
        '',
        ' ',
        '[]',
        '5',
        '"x"',
        '{',
        `${PLAIN}x`,
        `\ufeff${PLAIN}`,
        '{"id":1,"id":2,"b":true,"v":[1,2,3]}',
      ],
    ],
    [
      'other fields',
      [of('x', '1'), of('$meta', '{"y":1}'), of('toString', '1'), of('__proto__', '[]'), of('x', '{')],
    ],
  ];

  /** What is made of the records by a reader of its own. */
  const made = (texts: (Buffer | null)[], collection: CollectionSchema, natively: boolean) => {
    const { reader, dropped, said } = reading(collection, undefined, createKeyConverter(JSON_CONVERTER));
    const read = () => {
      const chunk = Chunk.of(
        texts.map((value, offset) => ({ ...RECORD, offset, value, size: value?.length ?? 0 })),
        natively ? reader.rows.handle : null,
      );
      const taken = chunk.length - chunk.notRows().declined.length;
      const { tombstones, rejected } = reader.read(chunk) as Reading;
      const errors = rejected.map(({ place, record, error }) => [place, record.offset, error.message]);
      const none = tombstones.length + rejected.length === chunk.length;
      return { taken, result: { tombstones, errors, request: none ? '' : encodeAll(reader, chunk) } };
    };
    // The second time nothing is left to be told about dropped fields.
    const [first, second] = [read(), read()];
    return { taken: second.taken, results: [first.result, second.result], dropped: dropped(), said };
  };
  // One row a request, so that none is replaced by another one of its key.
  const encodeAll = (reader: RowReader, chunk: Chunk) => {
    const queue = new RowQueue();
    queue.add(chunk, ownedBy(chunk, 1), chunk.length);
    const requests: string[] = [];
    for (let batch = queue.take(1, 1e9); batch; batch = queue.take(1, 1e9)) {
      const { body } = queue.encode(batch, reader.rows.handle, reader.frame);
      requests.push(nativeRows().bytesOf(body).toString('latin1'));
      queue.finish(batch);
    }
    return requests.join();
  };
  const compare = (texts: (Buffer | null)[], collection: CollectionSchema) => {
    const [{ taken, ...one }, { taken: none, ...other }] = [true, false].map(way =>
      made(texts, collection, way),
    ) as [ReturnType<typeof made>, ReturnType<typeof made>];
    expect(one).toEqual(other);
    expect(none).toBe(0);
    return taken;
  };

  test.each(cases)('%s', (_, texts) => {
    // With a plain one, so that there is something to read natively.
    const values = [PLAIN, ...texts].map(text => Buffer.from(text));
    for (const dynamic of [false, true]) {
      expect(compare(values, { ...schema, dynamic })).toBeGreaterThan(0);
      for (const value of values) compare([value], { ...schema, dynamic });
    }
  });

  test('tombstones, and bytes that are no UTF-8', () => {
    const values = [null, Buffer.from(PLAIN), Buffer.from([0xff]), Buffer.from(of('t', '"\xff"'), 'latin1')];
    expect(compare(values, schema)).toBe(2);
  });

  test('whatever the values', () => {
    const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double(), fc.float());
    const value = fc.oneof(
      number,
      fc.string({ unit: 'binary', maxLength: 14 }),
      fc.boolean(),
      fc.jsonValue(),
    );
    const record = fc
      .record(
        {
          id: fc.oneof({ weight: 9, arbitrary: fc.maxSafeInteger() }, value),
          b: fc.oneof({ weight: 9, arbitrary: fc.boolean() }, value),
          i: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -40_000, max: 40_000 }) }, value),
          f: fc.oneof({ weight: 3, arbitrary: fc.float({ noNaN: true }) }, value),
          d: fc.oneof({ weight: 3, arbitrary: fc.double({ noNaN: true }) }, value),
          t: fc.oneof({ weight: 3, arbitrary: fc.string({ maxLength: 13 }) }, value),
          j: fc.jsonValue(),
          v: fc.oneof({ weight: 9, arbitrary: fc.array(fc.float(), { minLength: 3, maxLength: 3 }) }, value),
          other: value,
        },
        { requiredKeys: ['id', 'b', 'v'] },
      )
      .map(fields => Buffer.from(JSON.stringify(fields)));
    let taken = 0;
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), fc.boolean(), (values, dynamic) => {
        taken += compare(values, { ...schema, dynamic });
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('rows of the same key are the same row, however it is written and whoever has read it', () => {
    const { reader } = reading(schemaOf([ID, NAME]), undefined, createKeyConverter(JSON_CONVERTER));
    const values = ['12', '"12"', '1.2e1', '12.0', '13'].map((id, i) => `{"id":${id},"name":"${i}"}`);
    const records = values.map((text, offset) => ({
      ...RECORD,
      offset,
      value: Buffer.from(text),
      size: text.length,
    }));
    const chunk = Chunk.of(records, reader.rows.handle);
    const { declined } = chunk.notRows();
    expect(declined).not.toEqual([]);
    expect(declined.length).toBeLessThan(4);
    expect(reader.read(chunk)).toMatchObject({ rejected: [], garbageBytes: sizeOf(declined, records) });
    const queue = new RowQueue();
    queue.add(chunk, ownedBy(chunk, 1), chunk.length);
    expect(queue.take(100, 1e9)).toMatchObject({ rows: 2, taken: 5 });
  });
});

test('what has been told of fields is told of the schema that lacks them: a new one begins anew', () => {
  const { reader, dropped } = reading(schemaOf([ID]), undefined, createKeyConverter(JSON_CONVERTER));
  const value = Buffer.from('{"id":1,"x":[1,2],"y":"z"}');
  const poll = () => Chunk.of([{ ...RECORD, value, size: value.length }], reader.rows.handle);
  const { id } = reader.rows;
  expect(poll().notRows().declined).toEqual([0]);
  reader.read(poll());
  // Of the same rows, which fit into a request with those before.
  expect(reader.rows.id).toBe(id);
  const natively = poll();
  expect([natively.notRows().declined, natively.dropped, dropped()]).toEqual([[], 2, 2]);
  expect(reader.read(natively)).toEqual({ tombstones: [], rejected: [], garbageBytes: 0 });
  expect(dropped()).toBe(4);
  reader.use(schemaOf([ID, field('x', DataType.JSON)]));
  expect(reader.rows.id).not.toBe(id);
  expect(poll().notRows().declined).toEqual([0]);
});

test('rows that were read for a schema that is no more are known by their number', () => {
  const { reader } = reading(schemaOf([ID]), undefined, createKeyConverter(JSON_CONVERTER));
  const value = Buffer.from('{"id":1}');
  const chunk = Chunk.of([{ ...RECORD, value, size: value.length }], reader.rows.handle);
  const before = reader.rows;
  reader.use(schemaOf([ID, { ...NAME, nullable: true }]));
  const queue = new RowQueue();
  queue.add(chunk, ownedBy(chunk, 1), 1);
  const batch = queue.take(1, 1e9)!;
  expect([queue.isStale(batch, before.id), queue.isStale(batch, reader.rows.id)]).toEqual([false, true]);
  expect(() => queue.encode(batch, reader.rows.handle, reader.frame)).toThrow('another schema');
  queue.remake(batch, reader.rows.handle, ({ record }) => {
    const row = reader.reread(record);
    return row instanceof RecordError || 'skipped' in row ? undefined : reader.cells(row);
  });
  expect(queue.isStale(batch, reader.rows.id)).toBe(false);
  expect(queue.encode(batch, reader.rows.handle, reader.frame).size).toBeGreaterThan(0);
});

test('a schema that cannot be written leaves the one before in its place', () => {
  const { reader } = reading(schemaOf([ID, NAME]));
  const { rows, frame, schema } = reader;
  expect(() => reader.use(schemaOf([ID, field('parts', DataType.ArrayOfStruct)]))).toThrow('parts');
  expect([reader.rows, reader.frame, reader.schema]).toEqual([rows, frame, schema]);
});

// --- internal ---

function sizeOf(places: readonly number[], records: readonly KafkaRecord[]): number {
  return places.reduce((sum, place) => sum + records[place]!.size, 0);
}
