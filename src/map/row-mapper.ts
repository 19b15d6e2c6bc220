// Record → row: one reader per field is built once from the schema; a record passes through them.

import { SinkError } from '../errors.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { arrayReader } from '../milvus/field/array.ts';
import { isPlainObject, type JsonLimits, jsonReader, jsonText } from '../milvus/field/json.ts';
import type { Reader } from '../milvus/field/reader.ts';
import { describe, refuse } from '../milvus/field/refuse.ts';
import { GEOMETRY, plainReader, stringReader } from '../milvus/field/scalar.ts';
import { type FieldSchema, typeName } from '../milvus/field/schema.ts';
import { sparseVectorReader } from '../milvus/field/sparse.ts';
import { timestamptzReader } from '../milvus/field/timestamptz.ts';
import {
  bfloat16VectorReader,
  binaryVectorReader,
  float16VectorReader,
  floatVectorReader,
  int8VectorReader,
} from '../milvus/field/vector.ts';
import type { Column } from '../milvus/wire/column.ts';
import { type DataType, DataType as T } from '../milvus/wire/data-type.ts';
import { utf8Length } from '../milvus/wire/writer.ts';
import type { NeedsMore, Precision, RowObject } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { PrimaryKey, Row } from './row.ts';

export interface RowMapperOptions {
  /** `insert` leaves an autoID key to the server; `upsert` needs it in the record. */
  insertMode: 'upsert' | 'insert';
  /** milvus.json.max.bytes: of a JSON value, and of all dynamic fields of a row together. */
  jsonMaxBytes: number;
  /** Fields of a record that are not sent, called per record and field. */
  onDropped(field: string, reason: DropReason): void;
}

/** Why a field is not sent: the schema lacks it, the server fills it, or its type cannot be written here. */
export type DropReason = 'unknown' | 'generated' | 'unwritable';

export interface RowMapper {
  /**
   * @param precision with which `value` was decoded, `nearest` by default. With `integers` the answer is never
   *   NEEDS_EXACT, with `sources` it is a row
   * @throws RecordError stage TASK_PUT, naming record, field, expected and found
   */
  map(value: RowObject, record: KafkaRecord, precision?: Precision): Row | NeedsMore;
  /** The columns that its rows' values follow. */
  readonly columns: readonly Column[];
  /** Fields that no row fills, since their type cannot be written here: they stay null, or at their default. */
  readonly leftOut: readonly FieldSchema[];
}

/** Whether rows can have a value of the field. */
export function isWritable(field: FieldSchema): boolean {
  return readerOf(field, { maxBytes: 0, objectsOnly: false }) !== undefined;
}

/**
 * Builds the mapper of a collection.
 *
 * Every field is checked as the server would: type, range, bytes, dimension. Absent or null values become the default
 * or null where the schema has one. Names that the schema lacks go into `$meta` in a dynamic collection, else they are
 * dropped; what functions of the collection compute, and an autoID key in `insert` mode, is dropped always. A field whose
 * type cannot be written is left out where the schema allows it.
 * @throws SinkError MILVUS_FIELD_UNSUPPORTED when a required field has a type that cannot be written
 */
export function createRowMapper(schema: CollectionSchema, options: RowMapperOptions): RowMapper {
  const limits = { maxBytes: options.jsonMaxBytes, objectsOnly: schema.jsonObjectsOnly === true };
  const { fields, dropped, leftOut } = plan(schema, options.insertMode, limits);
  const columns: Column[] = fields.map(field => field.column);
  if (schema.dynamic) columns.push(META_COLUMN);
  const names = new Set(fields.map(field => field.name));
  const width = columns.length;
  const metaIndex = schema.dynamic ? width - 1 : -1;
  const keyIndex = fields.findIndex(field => field.primary);
  const fixedBytes = fields.reduce((sum, field) => sum + field.reader.fixedBytes, schema.dynamic ? 4 : 0);

  return {
    columns,
    leftOut,
    map(value: RowObject, record: KafkaRecord, precision: Precision = 'nearest'): Row | NeedsMore {
      const values = new Array<unknown>(width);
      let bytes = fixedBytes;
      let matched = 0;
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i]!;
        const raw = field.inherited && !Object.hasOwn(value, field.name) ? undefined : value[field.name];
        let checked: unknown;
        if (raw !== undefined) matched++;
        if (raw === undefined || raw === null) checked = absent(field, raw, record);
        else {
          checked = field.reader.read(raw, record, precision);
          if (typeof checked === 'symbol') return checked as NeedsMore;
        }
        values[i] = checked;
        if (field.reader.extraBytes && checked !== undefined) bytes += field.reader.extraBytes(checked);
      }
      if (ownKeys(value) !== matched) {
        const meta = extras(value, record);
        if (metaIndex >= 0 && meta) {
          const text = jsonText(META, meta, record, precision, limits.maxBytes);
          if (typeof text === 'symbol') return text;
          values[metaIndex] = text;
          bytes += utf8Length(text);
        } else if (metaIndex >= 0) values[metaIndex] = '{}';
        drop(value);
      } else if (metaIndex >= 0) values[metaIndex] = '{}';
      const key = keyIndex < 0 ? undefined : (values[keyIndex] as PrimaryKey);
      return { key, values, columns, bytes, record };
    },
  };

  /** What goes into `$meta`, if anything does. */
  function extras(value: RowObject, record: KafkaRecord): Record<string, unknown> | undefined {
    if (!schema.dynamic) return undefined;
    // Without a prototype, since a record may well have a field called __proto__.
    const meta: Record<string, unknown> = Object.create(null);
    let some = false;
    const given = value[META];
    if (given !== undefined && given !== null) {
      if (!isPlainObject(given)) {
        refuse('ROW_FIELD_TYPE', record, META, 'an object', describe(given));
      }
      for (const name of Object.keys(given)) {
        // Milvus refuses both (verifyDynamicFieldData), and the whole batch with them.
        if (name === META || names.has(name)) {
          refuse(
            'ROW_FIELD_RESERVED',
            record,
            `${META}.${name}`,
            'names that the schema lacks',
            'one that it has',
          );
        }
        meta[name] = given[name];
        some = true;
      }
    }
    for (const name of Object.keys(value)) {
      if (name === META || names.has(name) || dropped.has(name)) continue;
      meta[name] = value[name];
      some = true;
    }
    return some ? meta : undefined;
  }

  function drop(value: RowObject): void {
    for (const name of Object.keys(value)) {
      const reason = dropped.get(name) ?? (schema.dynamic || names.has(name) ? undefined : 'unknown');
      if (reason) options.onDropped(name, reason);
    }
  }
}

// --- internal ---

const META = '$meta';

const META_COLUMN: Column = { name: META, type: T.JSON, optional: false, dynamic: true };

const DENSE: ReadonlySet<DataType> = new Set([
  T.FloatVector,
  T.BinaryVector,
  T.Float16Vector,
  T.BFloat16Vector,
  T.Int8Vector,
]);

/** Types whose default means the same on the client's side; others have a form of their own in the schema. */
const PLAIN: ReadonlySet<DataType> = new Set([
  T.Bool,
  T.Int8,
  T.Int16,
  T.Int32,
  T.Int64,
  T.Float,
  T.Double,
  T.VarChar,
]);

interface PlannedField {
  name: string;
  primary: boolean;
  reader: Reader;
  column: Column;
  /** Object.prototype has a member of this name. */
  inherited: boolean;
  /** Sent in place of an absent value. */
  fallback: unknown;
}

function plan(schema: CollectionSchema, insertMode: 'upsert' | 'insert', limits: JsonLimits) {
  const fields: PlannedField[] = [];
  const dropped = new Map<string, DropReason>();
  const leftOut: FieldSchema[] = [];
  for (const field of schema.fields) {
    const generated = field.functionOutput || (field.primary && field.autoId && insertMode === 'insert');
    const reader = generated ? undefined : readerOf(field, limits);
    if (!reader) {
      if (!generated) {
        if (!field.nullable && !field.hasDefault) throw unsupported(schema, field);
        leftOut.push(field);
      }
      dropped.set(field.name, generated ? 'generated' : 'unwritable');
      continue;
    }
    fields.push({
      name: field.name,
      primary: field.primary,
      reader,
      inherited: field.name in Object.prototype,
      fallback: fallbackOf(field, reader),
      column: {
        name: field.name,
        type: field.type,
        optional: field.nullable || field.hasDefault,
        dynamic: false,
        ...(field.dim !== undefined && DENSE.has(field.type) && { dim: field.dim }),
        ...(field.elementType !== undefined && { elementType: field.elementType }),
      },
    });
  }
  return { fields, dropped, leftOut };
}

function readerOf(field: FieldSchema, limits: JsonLimits): Reader | undefined {
  const { name, type, dim, maxLength } = field;
  if (dim !== undefined && dim > 0) {
    switch (type) {
      case T.FloatVector:
        return floatVectorReader(name, dim);
      case T.BinaryVector:
        return binaryVectorReader(name, dim);
      case T.Float16Vector:
        return float16VectorReader(name, dim);
      case T.BFloat16Vector:
        return bfloat16VectorReader(name, dim);
      case T.Int8Vector:
        return int8VectorReader(name, dim);
      default:
    }
  }
  switch (type) {
    case T.Text:
      return stringReader(name, 'Text', maxLength);
    case T.Geometry:
      return stringReader(name, GEOMETRY, undefined);
    case T.Timestamptz:
      return timestamptzReader(name);
    case T.JSON:
      return jsonReader(name, limits);
    case T.Array:
      return arrayReader(name, field.elementType, maxLength, field.maxCapacity);
    case T.SparseFloatVector:
      return sparseVectorReader(name);
    default:
      return plainReader(name, type, maxLength);
  }
}

function unsupported(schema: CollectionSchema, field: FieldSchema): SinkError {
  return new SinkError(
    'MILVUS_FIELD_UNSUPPORTED',
    `field "${field.name}" has a type that this version does not write, and Milvus wants a value for it`,
    {
      expected: 'a scalar, array or vector type, or a field that is nullable or has a default',
      found: typeName(field),
      where: `${schema.database}.${schema.collection}`,
      fix:
        'Milvus makes no field of an existing collection nullable: write to a collection without the field, or one ' +
        'where it is nullable (struct arrays can be from Milvus 3.0 on)',
    },
  );
}

/** The default as a checked value; undefined where it is left to the server. */
function fallbackOf(field: FieldSchema, reader: Reader): unknown {
  if (field.defaultValue === undefined || !PLAIN.has(field.type)) return undefined;
  const nowhere = { topic: field.name, partition: 0, offset: 0, key: null, value: null, size: 0 };
  try {
    return reader.read(field.defaultValue, nowhere, 'sources');
  } catch {
    // A default in a form that we do not know: the server knows it.
    return undefined;
  }
}

function absent(field: PlannedField, raw: unknown, record: KafkaRecord): unknown {
  if (field.fallback !== undefined) return field.fallback;
  if (field.column.optional) return undefined;
  return refuse('ROW_FIELD_MISSING', record, field.name, 'a value, the field is not nullable', describe(raw));
}

function ownKeys(value: RowObject): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}
