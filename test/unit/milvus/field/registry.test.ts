// What the contract of a type promises, of every type that is registered.
import { describe, expect, test } from 'bun:test';
import { notationOf, typeOf } from '../../../../src/milvus/field/registry.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { field } from '../../../support/rows.ts';

const LIMITS = { jsonMaxBytes: 65_536, jsonObjectsOnly: false };
const COMPLETE = { dim: 8, maxLength: 9, maxCapacity: 3, elementType: DataType.Int64 };
const ALL = Object.entries(DataType).map(([name, type]) => ({ name, type }));
const WRITTEN = ALL.filter(({ type }) => typeOf(field('f', type)));

test('what is not written is known by name', () => {
  const unwritten = ALL.filter(({ type }) => !typeOf(field('f', type))).map(({ name }) => name);
  expect(unwritten).toEqual([
    ...['Mol', 'Date', 'Time', 'Decimal', 'UUID'],
    ...['ArrayOfVector', 'ArrayOfStruct', 'Struct'],
  ]);
  expect(typeOf(field('f', 999 as DataType))).toBeUndefined();
});

describe.each(WRITTEN)('$name', ({ name, type }) => {
  const one = field('f', type, COMPLETE);
  const fieldType = typeOf(one)!;

  test('a field whose schema is complete is read, written and described', () => {
    expect(fieldType.type).toBe(type);
    expect(fieldType.reader(one, LIMITS)).toBeDefined();
    expect(fieldType.codec(one).vector).toBe(name.endsWith('Vector'));
    expect(fieldType.codec(one).dim).toBe(
      name.endsWith('Vector') && name !== 'SparseFloatVector' ? 8 : undefined,
    );
    expect(fieldType.takes(one, LIMITS)).not.toMatch(/^$|undefined|NaN/);
    expect(notationOf(one)).toStartWith(name);
  });

  test('as an element of an Array it is a field of its own, or the Array is not written', () => {
    const array = field('f', DataType.Array, { ...COMPLETE, elementType: type });
    const reader = typeOf(array)!.reader(array, LIMITS);
    const scalar = /^(Bool|Int\d+|Float|Double|String|VarChar)$/.test(name);
    expect(reader !== undefined).toBe(scalar);
    if (reader) expect(typeOf(array)!.codec(array)).toMatchObject({ tag: 0x42, vector: false });
  });
});

test('these are read natively, by what limits them; the others by their readers alone', () => {
  const kinds = WRITTEN.map(({ name, type }) => [
    name,
    typeOf(field('f', type, COMPLETE))!.native?.(field('f', type, COMPLETE), LIMITS),
  ]);
  expect(Object.fromEntries(kinds.filter(([, kind]) => kind))).toEqual({
    Bool: { kind: 'bool' },
    Int8: { kind: 'integer', bits: 8 },
    Int16: { kind: 'integer', bits: 16 },
    Int32: { kind: 'integer', bits: 32 },
    Int64: { kind: 'integer', bits: 64 },
    Float: { kind: 'float' },
    Double: { kind: 'double' },
    String: { kind: 'text', maxBytes: 9 },
    VarChar: { kind: 'text', maxBytes: 9 },
    Text: { kind: 'text', maxBytes: 9 },
    JSON: { kind: 'json', maxBytes: 65_536, objectsOnly: false },
    Array: { kind: 'array', element: { kind: 'integer', bits: 64 }, elementTag: 0x1a, maxItems: 3 },
    FloatVector: { kind: 'floatVector', dim: 8 },
    SparseFloatVector: { kind: 'sparse' },
  });
});

test('the notation is that of Milvus', () => {
  expect(notationOf(field('f', DataType.FloatVector, { dim: 768 }))).toBe('FloatVector(768)');
  expect(notationOf(field('f', DataType.VarChar, { maxLength: 9 }))).toBe('VarChar(9)');
  expect(notationOf(field('f', DataType.Text))).toBe('Text');
  expect(notationOf(field('f', DataType.Array, { elementType: DataType.VarChar, maxLength: 32 }))).toBe(
    'Array<VarChar(32)>',
  );
  expect(notationOf(field('f', DataType.Array))).toBe('Array<?>');
  expect(notationOf(field('f', DataType.ArrayOfVector, { dim: 4 }))).toBe('ArrayOfVector(4)');
  expect(notationOf(field('f', 999 as DataType))).toBe('type 999');
});
