import { expect, test } from 'bun:test';
import { renderFields } from '../../../src/cli/check-connections.ts';
import { describeType, planFields } from '../../../src/cli/field-plan.ts';
import type { CollectionSchema } from '../../../src/milvus/collection/schema.ts';
import type { FieldSchema } from '../../../src/milvus/field/schema.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';

function field(name: string, type: DataType, more: Partial<FieldSchema> = {}): FieldSchema {
  const flags = { primary: false, autoId: false, nullable: false, hasDefault: false, partitionKey: false };
  return { name, type, ...flags, functionOutput: false, ...more };
}

function schema(fields: FieldSchema[], dynamic = false): CollectionSchema {
  const where = { database: 'default', collection: 'c', schemaTimestamp: 0n };
  return { ...where, fields, primary: fields.find(f => f.primary)!, dynamic };
}

const ID = field('id', DataType.Int64, { primary: true });
const AUTO_ID = { ...ID, autoId: true };

const filled = (s: CollectionSchema, mode: 'upsert' | 'insert' = 'upsert') =>
  Object.fromEntries(planFields(s, mode).map(({ field, filledFrom }) => [field, filledFrom]));

test('each way of filling a field is told', () => {
  const plan = filled(
    schema([
      ID,
      field('title', DataType.VarChar, { maxLength: 10 }),
      field('note', DataType.VarChar, { nullable: true }),
      field('lang', DataType.VarChar, { hasDefault: true, defaultValue: 'en' }),
      field('rank', DataType.Int64, { hasDefault: true }),
      field('bm25', DataType.SparseFloatVector, { functionOutput: true }),
    ]),
  );
  expect(plan).toEqual({
    id: 'record, required',
    title: 'record, required',
    note: 'record, null when absent',
    lang: 'record, the default "en" when absent',
    rank: 'record, the default when absent',
    bm25: 'computed by Milvus (function)',
    '(any other)': 'dropped, counted and said once',
  });
});

test('an autoID key is given by Milvus on insert and needed on upsert', () => {
  expect(filled(schema([AUTO_ID]), 'insert').id).toBe('given by Milvus (autoID)');
  expect(filled(schema([AUTO_ID]), 'upsert').id).toBe('record, required');
});

test('what the server fills takes nothing from the record', () => {
  const computed = field('v', DataType.SparseFloatVector, { functionOutput: true });
  const [id, v] = planFields(schema([AUTO_ID, computed]), 'insert');
  expect([id!.takes, v!.takes]).toEqual(['', '']);
});

test('other fields go into $meta where there is one', () => {
  expect(filled(schema([ID], true))['(any other)']).toBe('record, kept in $meta');
});

test('what this version does not write is left null or at its default, and says so', () => {
  const uuid = 31 as DataType;
  const plan = planFields(
    schema([
      ID,
      field('chunks', DataType.ArrayOfStruct, { nullable: true }),
      field('ref', uuid, { hasDefault: true }),
      field('all', DataType.Array, { elementType: uuid, nullable: true }),
    ]),
    'upsert',
  );
  expect(plan.slice(1, 4).map(({ type, filledFrom, takes }) => [type, filledFrom, takes])).toEqual([
    ['ArrayOfStruct', 'left null: this version does not write the type', ''],
    ['UUID', 'left at its default: this version does not write the type', ''],
    ['Array<UUID>', 'left null: this version does not write the type', ''],
  ]);
});

test('a JSON column of Milvus before 2.4 takes objects', () => {
  const doc = field('doc', DataType.JSON);
  const takes = (s: CollectionSchema) => planFields(s, 'upsert')[1]!.takes;
  expect(takes(schema([ID, doc]))).toBe('any JSON');
  expect(takes({ ...schema([ID, doc]), jsonObjectsOnly: true })).toBe('JSON object');
});

test('every type of Milvus has a name', () => {
  for (const [name, type] of Object.entries(DataType)) {
    expect(describeType(field('f', type))).toStartWith(name === 'Array' ? 'Array<' : name);
  }
  expect(describeType(field('f', DataType.FloatVector, { dim: 768 }))).toBe('FloatVector(768)');
  expect(describeType(field('f', DataType.VarChar, { maxLength: 9, partitionKey: true }))).toBe(
    'VarChar(9), partition key',
  );
  expect(describeType(field('f', DataType.Array, { elementType: DataType.VarChar, maxLength: 32 }))).toBe(
    'Array<VarChar(32)>',
  );
});

test('the table is aligned, and a name cannot paint on the terminal', () => {
  const text = renderFields(planFields(schema([ID, field('a\u001b[31m', DataType.JSON)]), 'upsert'));
  expect(text).not.toContain('\u001b');
  expect(text.split('\n')).toEqual([
    'field        type                filled from                     takes',
    'id           Int64, primary key  record, required                integer',
    'a\\x1b[31m    JSON                record, required                any JSON',
    '(any other)                      dropped, counted and said once',
  ]);
});
