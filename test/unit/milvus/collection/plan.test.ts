import { describe, expect, test } from 'bun:test';
import { planCollection } from '../../../../src/milvus/collection/plan.ts';
import type { FieldSchema } from '../../../../src/milvus/field/schema.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field, ID, refusal, schemaOf } from '../../../support/rows.ts';

const planOf = (...fields: FieldSchema[]) =>
  planCollection(schemaOf([ID, ...fields]), { insertMode: 'upsert', jsonMaxBytes: 65_536 });
const names = (plan: ReturnType<typeof planOf>) => plan.columns.map(column => column.name);

describe('a type that is not written', () => {
  test('is refused at once where Milvus wants a value', () => {
    const error = refusal(() => planOf(field('parts', DataType.ArrayOfStruct)));
    expect(error).toMatchObject({ code: 'MILVUS_FIELD_UNSUPPORTED', kind: 'milvus' });
    expect(error.message).toContain('parts');
    expect(error.message).toContain('ArrayOfStruct');
    expect(refusal(() => planOf(field('f', DataType.UUID))).message).toContain('UUID');
    expect(refusal(() => planOf(field('f', 99 as DataType))).message).toContain('type 99');
    const structs = field('f', DataType.Array, { elementType: DataType.Struct });
    expect(refusal(() => planOf(structs))).toMatchObject({
      code: 'MILVUS_FIELD_UNSUPPORTED',
      details: { found: 'Array of Struct' },
    });
  });

  test('says what can be done: not to make the field nullable, which Milvus does not', () => {
    const error = refusal(() => planOf(field('parts', DataType.ArrayOfStruct)));
    expect(error.details.fix).toMatch(/no field of an existing collection nullable: .* collection without/);
  });

  test('is left out where the field has a default or may be null', () => {
    for (const type of [DataType.ArrayOfStruct, 999 as DataType]) {
      for (const more of [{ nullable: true }, { hasDefault: true, defaultValue: 'x' }]) {
        const plan = planOf(field('f', type, more));
        expect(names(plan)).toEqual(['id']);
        expect([...plan.unwritten]).toEqual([['f', 'unwritable']]);
      }
    }
  });

  test('does not matter where a function fills the field', () => {
    const plan = planOf(field('f', 999 as DataType, { functionOutput: true }));
    expect([...plan.unwritten]).toEqual([['f', 'generated']]);
  });

  test('is also one that lacks what its values are checked by', () => {
    expect([...planOf(field('v', DataType.FloatVector, { nullable: true })).unwritten]).toEqual([
      ['v', 'unwritable'],
    ]);
    expect([...planOf(field('a', DataType.Array, { nullable: true })).unwritten]).toEqual([
      ['a', 'unwritable'],
    ]);
  });
});

test('columns are in the order of the schema, that of $meta last', () => {
  const fields = [field('b', DataType.Bool), ID, field('a', DataType.JSON, { nullable: true })];
  const plan = planCollection(schemaOf(fields, { dynamic: true }), {
    insertMode: 'upsert',
    jsonMaxBytes: 65_536,
  });
  expect(plan.columns).toMatchObject([
    { name: 'b', optional: false, dynamic: false },
    { name: 'id', optional: false, dynamic: false },
    { name: 'a', optional: true, dynamic: false },
    { name: '$meta', optional: false, dynamic: true },
  ]);
  expect(plan.fields.map(one => one.column)).toEqual(plan.columns.slice(0, 3));
});

test('a default is checked once, as a value of a record would be', () => {
  const fallback = (type: DataType, defaultValue: string | number) =>
    planOf(field('f', type, { hasDefault: true, defaultValue })).fields[1]!.fallback;
  expect(fallback(DataType.Int64, '9007199254740993')).toBe(9007199254740993n);
  expect(fallback(DataType.Int8, 1000)).toBeUndefined();
  expect(fallback(DataType.JSON, '{}')).toBeUndefined();
});
