// What is said about fields that are not written: once, at the right time, and true.
import { expect, test } from 'bun:test';
import type { ValueConverter } from '../../../src/decode/contract.ts';
import { createValueConverter } from '../../../src/decode/registry.ts';
import { RecordError } from '../../../src/errors.ts';
import { FieldNotes } from '../../../src/map/field-notes.ts';
import { RowReader } from '../../../src/map/row-reader.ts';
import type { CollectionSchema } from '../../../src/milvus/collection/schema.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import type { TaskEvents } from '../../../src/observe/events.ts';
import type { Logger } from '../../../src/observe/log.ts';
import { Profile } from '../../../src/observe/profile.ts';
import { PolledBatch } from '../../../src/record/polled-batch.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';
import { field, ID, RECORD, schemaOf } from '../../support/rows.ts';

const JSON_CONVERTER = {
  javaClass: 'org.apache.kafka.connect.json.JsonConverter',
  options: { 'schemas.enable': false },
};

function reading(schema: CollectionSchema, valueConverter = createValueConverter(JSON_CONVERTER)) {
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
    keyConverter: { check: () => undefined },
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
  const outcomes = reader.read(new PolledBatch(records));
  reader.use(schemaOf([ID, vector(DataType.Float16Vector)]));
  asked.resolve();
  const [outcome] = await outcomes;
  expect(outcome).toHaveProperty('values.0', 1);
});
