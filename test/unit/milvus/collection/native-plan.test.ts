// What of a collection's plan the native decoder is told.
import { expect, test } from 'bun:test';
import { nativePlanOf } from '../../../../src/milvus/collection/native-plan.ts';
import { planCollection } from '../../../../src/milvus/collection/plan.ts';
import type { CollectionSchema } from '../../../../src/milvus/collection/schema.ts';
import type { FieldSchema } from '../../../../src/milvus/field/schema.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field, ID, schemaOf } from '../../../support/rows.ts';

const planOf = (fields: FieldSchema[], more: Partial<CollectionSchema> = {}) =>
  planCollection(schemaOf([ID, ...fields], more), { insertMode: 'upsert', jsonMaxBytes: 1000 });

test('columns are those of the plan, with what their values are checked by', () => {
  const plan = planOf([
    field('name', DataType.VarChar, { maxLength: 9, nullable: true }),
    field('v', DataType.FloatVector, { dim: 4 }),
    field('j', DataType.JSON),
    field('s', DataType.SparseFloatVector),
    field('a', DataType.Array, { elementType: DataType.VarChar, maxLength: 9, maxCapacity: 5 }),
  ]);
  expect(nativePlanOf(plan)).toEqual({
    columns: [
      { name: 'id', kind: 'integer', bits: 64, optional: false },
      { name: 'name', kind: 'text', maxBytes: 9, optional: true },
      { name: 'v', kind: 'floatVector', dim: 4, optional: false },
      { name: 'j', kind: 'json', maxBytes: 1000, objectsOnly: false, optional: false },
      { name: 's', kind: 'sparse', optional: false },
      {
        name: 'a',
        kind: 'array',
        element: { kind: 'text', maxBytes: 9 },
        elementTag: 0x32,
        maxItems: 5,
        optional: false,
      },
    ],
    dropped: [],
    declined: [],
  });
});

test('a default is the cell that is sent in place of an absent value', () => {
  const fallback = (type: DataType, defaultValue?: string | number | boolean) => {
    const plan = planOf([
      field('f', type, { hasDefault: true, ...(defaultValue !== undefined && { defaultValue }) }),
    ]);
    return nativePlanOf(plan)!.columns[1]!.fallback;
  };
  expect(fallback(DataType.Int64, '300')).toEqual(Uint8Array.of(0xac, 0x02));
  expect(fallback(DataType.Bool, false)).toEqual(Uint8Array.of(0));
  expect(fallback(DataType.VarChar, 'ab')).toEqual(Uint8Array.of(0x0a, 2, 0x61, 0x62));
  expect(fallback(DataType.VarChar, '')).toEqual(Uint8Array.of(0x0a, 0));
  // Of those the server knows the form.
  expect(fallback(DataType.JSON, '{}')).toBeUndefined();
  expect(fallback(DataType.Int8)).toBeUndefined();
});

test("a dynamic collection's $meta is the last column, and an object on every server", () => {
  const plan = planOf([field('j', DataType.JSON)], { dynamic: true, jsonObjectsOnly: true });
  const { columns } = nativePlanOf(plan)!;
  expect(columns.map(column => column.name)).toEqual(plan.columns.map(column => column.name));
  expect(columns.slice(1)).toMatchObject([
    { name: 'j', objectsOnly: true },
    { name: '$meta', kind: 'json', dynamic: true, optional: false, objectsOnly: false, maxBytes: 1000 },
  ]);
});

test('a field that no row fills sends its records the general way, until it has been told about', () => {
  const plan = planOf([
    field('bm25', DataType.SparseFloatVector, { functionOutput: true }),
    field('parts', DataType.ArrayOfStruct, { nullable: true }),
  ]);
  expect(nativePlanOf(plan)).toMatchObject({ dropped: [], declined: ['bm25', 'parts'] });
  expect(nativePlanOf(plan, ['bm25', 'colour', 'bm25'])).toMatchObject({
    dropped: ['bm25', 'colour'],
    declined: ['parts'],
  });
});

test('one column of a type that is not read natively is enough for none to be', () => {
  for (const [type, more] of [
    [DataType.Int8Vector, { dim: 4 }],
    [DataType.BinaryVector, { dim: 8 }],
    [DataType.Timestamptz, { nullable: true }],
    [DataType.Float16Vector, { dim: 4 }],
  ] as const)
    expect(nativePlanOf(planOf([field('f', type, more)]))).toBeUndefined();
});
