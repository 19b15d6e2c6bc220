import { describe, expect, test } from 'bun:test';
import { createRowMapper, type DropReason } from '../../../src/map/row-mapper.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import { NEEDS_EXACT } from '../../../src/record/decoded.ts';
import {
  field,
  ID,
  mapOne,
  mapperOf,
  RECORD,
  refusal,
  refusedWith,
  rowOf,
  schemaOf,
} from '../../support/rows.ts';

describe('absent values', () => {
  test('a required field is missed by name', () => {
    const one = field('f', DataType.Int32);
    expect(refusedWith(one, undefined)).toBe('ROW_FIELD_MISSING');
    expect(refusedWith(one, null)).toBe('ROW_FIELD_MISSING');
    expect(refusal(() => mapperOf([]).map({}, RECORD)).code).toBe('ROW_FIELD_MISSING');
  });

  test('nullable and default fields may be absent or null', () => {
    for (const more of [{ nullable: true }, { hasDefault: true }]) {
      expect(mapOne(field('f', DataType.VarChar, more), undefined)).toBeUndefined();
      expect(mapOne(field('f', DataType.VarChar, more), null)).toBeUndefined();
    }
  });

  test('a known default is sent in their place', () => {
    expect(mapOne(field('f', DataType.Int64, { hasDefault: true, defaultValue: '7' }), null)).toBe(7);
    expect(mapOne(field('f', DataType.Bool, { hasDefault: true, defaultValue: false }), undefined)).toBe(
      false,
    );
    expect(
      mapOne(field('f', DataType.Int8, { hasDefault: true, defaultValue: 'x' }), undefined),
    ).toBeUndefined();
  });

  test('a default of a type with a form of its own is left to the server', () => {
    for (const type of [DataType.JSON, DataType.Geometry, DataType.Timestamptz]) {
      const one = field('f', type, { hasDefault: true, defaultValue: '2026-01-31' });
      expect(mapOne(one, null)).toBeUndefined();
    }
  });

  test('names of Object.prototype are not taken for values', () => {
    const one = field('constructor', DataType.VarChar, { nullable: true });
    expect(mapOne(one, undefined)).toBeUndefined();
    expect(mapOne(one, 'x')).toBe('x');
  });
});

describe('names that are not written', () => {
  function collect(schema: ReturnType<typeof schemaOf>, insertMode: 'upsert' | 'insert' = 'upsert') {
    const dropped: [string, DropReason][] = [];
    const mapper = createRowMapper(schema, {
      insertMode,
      jsonMaxBytes: 65_536,
      onDropped: (name, reason) => dropped.push([name, reason]),
    });
    return { mapper, dropped };
  }

  test('unknown ones are dropped and counted', () => {
    const { mapper, dropped } = collect(schemaOf([ID]));
    mapper.map({ id: 1 }, RECORD);
    expect(dropped).toEqual([]);
    expect(rowOf(mapper.map({ extra: 1, id: 1, $meta: {} }, RECORD)).values).toEqual([1]);
    expect(dropped).toEqual([
      ['extra', 'unknown'],
      ['$meta', 'unknown'],
    ]);
  });

  test('a record to be decoded again is not counted twice', () => {
    const { mapper, dropped } = collect(schemaOf([ID]));
    expect(mapper.map({ extra: 1, id: 2 ** 60 }, RECORD)).toBe(NEEDS_EXACT);
    expect(dropped).toEqual([]);
  });

  test('unknown ones go into $meta of a dynamic collection, as does an explicit $meta', () => {
    const { mapper, dropped } = collect(schemaOf([ID], { dynamic: true }));
    const meta = (value: Record<string, unknown>) => rowOf(mapper.map(value, RECORD)).values[1];
    expect(mapper.plan.columns[1]).toMatchObject({ name: '$meta', dynamic: true });
    expect(meta({ id: 1 })).toBe('{}');
    expect(meta({ id: 1, $meta: null })).toBe('{}');
    expect(meta({ id: 1, a: 'x', n: null })).toBe('{"a":"x","n":null}');
    expect(meta({ id: 1, $meta: { a: 1, b: 2 }, b: 3 })).toBe('{"a":1,"b":3}');
    expect(meta(JSON.parse('{"id":1,"__proto__":5}'))).toBe('{"__proto__":5}');
    expect(mapper.map({ id: 1, a: [2 ** 60] }, RECORD)).toBe(NEEDS_EXACT);
    expect(rowOf(mapper.map({ id: 1, a: [2n ** 60n] }, RECORD, 'integers')).values[1]).toBe(
      '{"a":[1152921504606846976]}',
    );
    expect(dropped).toEqual([]);
  });

  test('what functions compute is left to the server, also in a dynamic collection', () => {
    const sparse = field('bm25', DataType.SparseFloatVector, { functionOutput: true });
    const { mapper, dropped } = collect(schemaOf([ID, sparse], { dynamic: true }));
    expect(mapper.plan.columns.map(column => column.name)).toEqual(['id', '$meta']);
    expect(rowOf(mapper.map({ id: 1, bm25: { '1': 1 } }, RECORD)).values).toEqual([1, '{}']);
    expect(dropped).toEqual([['bm25', 'generated']]);
  });

  test('an autoID key is left to the server in insert mode and required in upsert mode', () => {
    const auto = field('id', DataType.Int64, { primary: true, autoId: true });
    const inserting = collect(schemaOf([auto, field('n', DataType.Int8)]), 'insert');
    expect(inserting.mapper.map({ id: 5, n: 1 }, RECORD)).toEqual({ values: [1] });
    expect(inserting.dropped).toEqual([['id', 'generated']]);
    const upserting = collect(schemaOf([auto]));
    expect(upserting.mapper.map({ id: 5 }, RECORD)).toEqual({ values: [5] });
    expect(refusal(() => upserting.mapper.map({}, RECORD)).code).toBe('ROW_FIELD_MISSING');
  });
});

test('keys are numbers when safe, bigint beyond, or strings', () => {
  expect(mapperOf([]).map({ id: '12' }, RECORD)).toEqual({ values: [12] });
  expect(mapperOf([]).map({ id: 2n ** 60n }, RECORD, 'integers')).toEqual({ values: [2n ** 60n] });
  const byName = createRowMapper(
    schemaOf([field('name', DataType.VarChar, { primary: true, maxLength: 9 })]),
    {
      insertMode: 'upsert',
      jsonMaxBytes: 65_536,
      onDropped: () => {},
    },
  );
  expect(byName.map({ name: 'é' }, RECORD)).toEqual({ values: ['é'] });
});
