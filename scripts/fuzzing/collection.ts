// Collections as plain data, so that a failure can be kept and replayed; and random ones, of every type that the native
// decoder reads.
import type { CollectionSchema } from '../../src/milvus/collection/schema.ts';
import { type FieldSchema, plainField } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import type { Random } from './random.ts';

/** What decides how a text is read. */
export interface CollectionCase {
  fields: FieldSchema[];
  dynamic: boolean;
  jsonObjectsOnly: boolean;
  jsonMaxBytes: number;
  /** Names that the native decoder drops without asking. */
  dropped: string[];
}

export function schemaOf({ fields, dynamic, jsonObjectsOnly }: CollectionCase): CollectionSchema {
  const primary = fields.find(field => field.primary)!;
  return {
    database: 'default',
    collection: 'fuzz',
    fields,
    primary,
    dynamic,
    schemaTimestamp: 0n,
    ...(jsonObjectsOnly && { jsonObjectsOnly }),
  };
}

/** Names that no collection here has a field for. */
export const STRANGE_NAMES = [
  'extra',
  'unused',
  'x',
  'größe',
  '',
  'a b',
  '7',
  '01',
  'constructor',
  '4294967295',
];

export function randomCollection(random: Random): CollectionCase {
  const primary = {
    ...(random.chance(0.7) ? plainField('id', DataType.Int64) : text('id', random)),
    primary: true,
  };
  const names = [...FIELD_NAMES].sort(() => random.next() - 0.5).slice(0, random.below(8));
  const fields = [primary, ...names.map(name => randomField(name, random))];
  const dynamic = random.chance(0.4);
  const unwritten = fields.filter(field => field.functionOutput).map(field => field.name);
  return {
    fields,
    dynamic,
    jsonObjectsOnly: random.chance(0.2),
    jsonMaxBytes: random.pick([65_536, 65_536, 64, 12]),
    dropped: [...(dynamic ? [] : STRANGE_NAMES), ...unwritten].filter(() => random.chance(0.6)),
  };
}

/** About what decode-target.cc has, whose arrays are short ones or of any length. */
export function collectionOfTarget(): CollectionCase {
  const fields = [
    { ...plainField('id', DataType.Int64), primary: true },
    plainField('t', DataType.VarChar),
    { ...plainField('v', DataType.FloatVector), dim: 3 },
    plainField('j', DataType.JSON),
    plainField('b', DataType.Bool),
    plainField('f', DataType.Float),
    plainField('d', DataType.Double),
    plainField('i', DataType.Int8),
    plainField('s', DataType.SparseFloatVector),
    ...[DataType.Double, DataType.VarChar, DataType.Int64].map((type, i) => arrayField(`a${i}`, type, 200)),
  ];
  return {
    fields,
    dynamic: false,
    jsonObjectsOnly: false,
    jsonMaxBytes: 65_536,
    dropped: ['x', 'größe', ''],
  };
}

// --- internal ---

const FIELD_NAMES = [
  'title',
  'vector',
  'price',
  'count',
  'flag',
  'attributes',
  'Überschrift',
  '標題',
  'with"quote',
  'toString',
  'a\tb',
  'tags',
  '42',
  'title_vector',
];

const ELEMENT_TYPES = [
  DataType.Bool,
  DataType.Int8,
  DataType.Int16,
  DataType.Int32,
  DataType.Int64,
  DataType.Float,
  DataType.Double,
  DataType.VarChar,
  DataType.VarChar,
];

const TYPES = [
  ...ELEMENT_TYPES,
  DataType.Text,
  DataType.JSON,
  DataType.JSON,
  DataType.FloatVector,
  DataType.FloatVector,
  DataType.Array,
  DataType.Array,
  DataType.SparseFloatVector,
];

function arrayField(name: string, elementType: DataType, maxCapacity: number): FieldSchema {
  return { ...plainField(name, DataType.Array), elementType, maxCapacity };
}

function arrayOf(elementType: DataType, random: Random): Partial<FieldSchema> {
  const maxCapacity = random.pick([undefined, 4096, 40, 4, 2]);
  return { elementType, ...(maxCapacity !== undefined && { maxCapacity }) };
}

function text(name: string, random: Random): FieldSchema {
  const maxLength = random.pick([undefined, 65_535, 200, 16, 5]);
  return { ...plainField(name, DataType.VarChar), ...(maxLength !== undefined && { maxLength }) };
}

function randomField(name: string, random: Random): FieldSchema {
  const type = random.pick(TYPES);
  const elementType = type === DataType.Array ? random.pick(ELEMENT_TYPES) : undefined;
  const isText = [type, elementType].some(one => one === DataType.VarChar || one === DataType.Text);
  const field: FieldSchema = {
    ...(isText ? text(name, random) : plainField(name, type)),
    type,
    ...(elementType !== undefined && arrayOf(elementType, random)),
  };
  if (type === DataType.FloatVector) field.dim = random.pick([1, 2, 3, 8, 17]);
  if (random.chance(0.1)) field.functionOutput = true;
  if (random.chance(0.3)) field.nullable = true;
  if (random.chance(0.3)) {
    field.hasDefault = true;
    const value = defaultOf(type, random);
    if (value !== undefined) field.defaultValue = value;
  }
  return field;
}

function defaultOf(type: DataType, random: Random): boolean | number | string | undefined {
  if (type === DataType.Bool) return random.chance(0.5);
  if (type === DataType.VarChar) return random.pick(['', 'none', 'größer als 5 Bytes']);
  if (type === DataType.Int64) return random.pick(['-9223372036854775808', 7, '9007199254740993']);
  return random.pick([0, 1.5, -1, 127, undefined]);
}
