// How each field of the collection will be filled, in words: what `validate --connect` shows.

import { isWritable } from '../map/row-mapper.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { FieldSchema } from '../milvus/field/schema.ts';
import { DataType, nameOf } from '../milvus/wire/data-type.ts';

export interface PlannedField {
  field: string;
  /** As Milvus writes it, e.g. `VarChar(256)`, `FloatVector(768)`, `Array<Int64>`. */
  type: string;
  filledFrom: string;
  /** What a record's JSON value has to be; empty when nothing is read. */
  takes: string;
}

/**
 * One line per field in the schema's order, then one for what the schema lacks.
 * @param mode the mode that will be used, after autoID has had its say
 */
export function planFields(schema: CollectionSchema, mode: 'upsert' | 'insert'): PlannedField[] {
  const planned = schema.fields.map(field => {
    const filledFrom = sourceOf(field, mode);
    const read = !field.functionOutput && !generated(field, mode);
    return {
      field: field.name,
      type: describeType(field),
      filledFrom,
      takes: read && isWritable(field) ? takes(field, schema) : '',
    };
  });
  planned.push({
    field: '(any other)',
    type: schema.dynamic ? 'dynamic field' : '',
    filledFrom: schema.dynamic ? 'record, kept in $meta' : 'dropped, counted and said once',
    takes: schema.dynamic ? 'any JSON' : '',
  });
  return planned;
}

/** The type as Milvus writes it. */
export function describeType(field: FieldSchema): string {
  const name = nameOf(field.type);
  const notes = [
    ...(field.primary ? ['primary key'] : []),
    ...(field.partitionKey ? ['partition key'] : []),
  ].join(', ');
  let type = name;
  if (field.type === DataType.Array) {
    const element = field.elementType === undefined ? '?' : nameOf(field.elementType);
    type = `Array<${element}${field.maxLength === undefined ? '' : `(${field.maxLength})`}>`;
  } else if (field.dim !== undefined && field.dim > 0) type = `${name}(${field.dim})`;
  else if (field.maxLength !== undefined && field.maxLength > 0) type = `${name}(${field.maxLength})`;
  return notes ? `${type}, ${notes}` : type;
}

// --- internal ---

function generated(field: FieldSchema, mode: 'upsert' | 'insert'): boolean {
  return field.primary && field.autoId && mode === 'insert';
}

function sourceOf(field: FieldSchema, mode: 'upsert' | 'insert'): string {
  if (field.functionOutput) return 'computed by Milvus (function)';
  if (generated(field, mode)) return 'given by Milvus (autoID)';
  if (!isWritable(field)) {
    if (field.hasDefault) return 'left at its default: this version does not write the type';
    return field.nullable
      ? 'left null: this version does not write the type'
      : 'nothing: it cannot be written';
  }
  if (field.hasDefault) {
    const value = field.defaultValue === undefined ? '' : ` ${quoted(field.defaultValue)}`;
    return `record, the default${value} when absent`;
  }
  return field.nullable ? 'record, null when absent' : 'record, required';
}

function quoted(value: boolean | number | bigint | string): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function takes(field: FieldSchema, schema: CollectionSchema): string {
  const { type, dim } = field;
  const T = DataType;
  switch (type) {
    case T.Bool:
      return 'true or false';
    case T.Int8:
    case T.Int16:
    case T.Int32:
    case T.Int64:
      return 'integer';
    case T.Float:
    case T.Double:
      return 'number';
    case T.String:
    case T.VarChar:
    case T.Text:
      return field.maxLength ? `string, at most ${field.maxLength} bytes` : 'string';
    case T.JSON:
      return schema.jsonObjectsOnly ? 'JSON object' : 'any JSON';
    case T.Array:
      return field.maxCapacity ? `array, at most ${field.maxCapacity} elements` : 'array';
    case T.FloatVector:
    case T.Float16Vector:
    case T.BFloat16Vector:
      return `array of ${dim ?? '?'} numbers`;
    case T.Int8Vector:
      return `array of ${dim ?? '?'} integers -128 to 127`;
    case T.BinaryVector:
      return `array of ${dim === undefined ? '?' : dim / 8} bytes`;
    case T.SparseFloatVector:
      return 'object of index to value, {"indices","values"}, or pairs';
    case T.Timestamptz:
      return 'ISO 8601 date and time, zone or none';
    case T.Geometry:
      return 'well-known text';
    default:
      return '';
  }
}
