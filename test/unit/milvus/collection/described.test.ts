import { describe, expect, test } from 'bun:test';
import { type DescribedField, toCollectionSchema } from '../../../../src/milvus/collection/described.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';

const where = { database: 'default', collection: 'articles' };
const id: DescribedField = { name: 'id', data_type: 'Int64', is_primary_key: true };
const fields = (...more: DescribedField[]) =>
  toCollectionSchema({ schema: { fields: [id, ...more] } }, where).fields.slice(1);

describe('toCollectionSchema', () => {
  test('takes names, types and parameters', () => {
    const schema = toCollectionSchema(
      {
        schema: {
          fields: [
            id,
            { name: 'title', data_type: 'VarChar', type_params: [{ key: 'max_length', value: '512' }] },
            { name: 'v', data_type: 'FloatVector', type_params: [{ key: 'dim', value: '768' }] },
            {
              name: 'tags',
              data_type: 'Array',
              element_type: 'VarChar',
              nullable: true,
              type_params: [
                { key: 'max_capacity', value: '10' },
                { key: 'max_length', value: '64' },
              ],
            },
            { name: 'tenant', data_type: 'Int64', is_partition_key: true },
          ],
          enable_dynamic_field: true,
        },
        update_timestamp_str: '461234567890123456',
      },
      where,
    );
    const plain = {
      primary: false,
      autoId: false,
      nullable: false,
      hasDefault: false,
      partitionKey: false,
      functionOutput: false,
    };
    expect(schema.fields).toEqual([
      { ...plain, name: 'id', type: DataType.Int64, primary: true },
      { ...plain, name: 'title', type: DataType.VarChar, maxLength: 512 },
      { ...plain, name: 'v', type: DataType.FloatVector, dim: 768 },
      {
        ...plain,
        name: 'tags',
        type: DataType.Array,
        elementType: DataType.VarChar,
        maxCapacity: 10,
        maxLength: 64,
        nullable: true,
      },
      { ...plain, name: 'tenant', type: DataType.Int64, partitionKey: true },
    ]);
    expect(schema.primary).toBe(schema.fields[0]!);
    expect(schema).toMatchObject({ ...where, dynamic: true, schemaTimestamp: 461234567890123456n });
  });

  test('a server without update_timestamp has none', () => {
    const schema = toCollectionSchema({ schema: { fields: [id] }, update_timestamp_str: '' }, where);
    expect(schema.schemaTimestamp).toBe(0n);
  });

  test('$meta is no field', () => {
    expect(fields({ name: '$meta', data_type: 'JSON', is_dynamic: true })).toEqual([]);
  });

  test('defaults count even when they are 0, false or empty', () => {
    const withDefault = (value: unknown) =>
      fields({ name: 'a', data_type: 'Int64', default_value: value })[0]!.hasDefault;
    expect([0, false, '', '0', Buffer.alloc(0)].map(withDefault)).toEqual([true, true, true, true, true]);
    expect([null, undefined].map(withDefault)).toEqual([false, false]);
  });

  test('what functions compute is marked, by either of the two places that say so', () => {
    const schema = toCollectionSchema(
      {
        schema: {
          fields: [
            id,
            { name: 'bm25', data_type: 'SparseFloatVector' },
            { name: 'embedding', data_type: 'FloatVector', is_function_output: true },
            { name: 'text', data_type: 'VarChar' },
          ],
          functions: [{ output_field_names: ['bm25'] }],
        },
      },
      where,
    );
    expect(schema.fields.map(f => f.functionOutput)).toEqual([false, true, true, false]);
  });

  test('autoID said by the collection holds for its primary key alone', () => {
    const schema = toCollectionSchema(
      { schema: { fields: [id, { name: 'n', data_type: 'Int64' }], autoID: true } },
      where,
    );
    expect(schema.fields.map(f => f.autoId)).toEqual([true, false]);
  });

  test('struct arrays are fields', () => {
    const schema = toCollectionSchema(
      { schema: { fields: [id], struct_array_fields: [{ name: 'clips' }] } },
      where,
    );
    expect(schema.fields[1]).toMatchObject({ name: 'clips', type: DataType.ArrayOfStruct });
  });

  test('names with an underscore and bare numbers are types too', () => {
    expect(fields({ name: 'a', data_type: '_ArrayOfVector' })[0]!.type).toBe(DataType.ArrayOfVector);
    expect(fields({ name: 'a', data_type: 105 })[0]!.type).toBe(DataType.Int8Vector);
  });

  test.each([
    ['Mol', 27],
    ['UUID', 31],
    [999, 999],
    ['Novelty', 0],
  ])("type %p is kept as %p: whether it matters is the mapper's to say", (type, number) => {
    expect(fields({ name: 'formula', data_type: type })[0]).toMatchObject({ name: 'formula', type: number });
  });

  test.each([
    ['v2.3.5-lite', true],
    ['2.2.16', true],
    ['v2.4.0', undefined],
    ['v2.6.4', undefined],
    ['v3.0.1', undefined],
    ['milvus_lite', undefined],
    ['unknown', undefined],
  ])('JSON columns of %s: objects only %p', (version, only) => {
    expect(toCollectionSchema({ schema: { fields: [id] } }, where, version).jsonObjectsOnly).toBe(only);
  });

  test('no primary key: refused', () => {
    expect(() => toCollectionSchema({ schema: { fields: [] } }, where)).toThrow(/primary key/);
  });
});
