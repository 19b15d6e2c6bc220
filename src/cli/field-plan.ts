// How each field of the collection will be filled, in words: what `validate --connect` shows.
import { planCollection, type UnwrittenReason } from '../milvus/collection/plan.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { notationOf } from '../milvus/field/registry.ts';
import type { FieldSchema } from '../milvus/field/schema.ts';
import type { WriteOperation } from '../milvus/wire/request.ts';

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
 * @param mode as it will be used: that of chooseInsertMode
 * @throws SinkError MILVUS_FIELD_UNSUPPORTED when a required field has a type that cannot be written
 */
export function planFields(schema: CollectionSchema, mode: WriteOperation): PlannedField[] {
  const { fields, unwritten, limits } = planCollection(schema, { insertMode: mode, jsonMaxBytes: 0 });
  const types = new Map(fields.map(field => [field.schema.name, field.type]));
  const planned = schema.fields.map(field => ({
    field: field.name,
    type: describeType(field),
    filledFrom: sourceOf(field, unwritten.get(field.name)),
    takes: types.get(field.name)?.takes(field, limits) ?? '',
  }));
  planned.push({
    field: '(any other)',
    type: schema.dynamic ? 'dynamic field' : '',
    filledFrom: schema.dynamic ? 'record, kept in $meta' : 'dropped, counted and said once',
    takes: schema.dynamic ? 'any JSON' : '',
  });
  return planned;
}

/** The type as Milvus writes it, and what the field is besides. */
export function describeType(field: FieldSchema): string {
  const parts = [notationOf(field)];
  if (field.primary) parts.push('primary key');
  if (field.partitionKey) parts.push('partition key');
  return parts.join(', ');
}

// --- internal ---

function sourceOf(field: FieldSchema, unwritten: UnwrittenReason | undefined): string {
  if (unwritten === 'generated')
    return field.functionOutput ? 'computed by Milvus (function)' : 'given by Milvus (autoID)';
  if (unwritten === 'unwritable') {
    return field.hasDefault
      ? 'left at its default: this version does not write the type'
      : 'left null: this version does not write the type';
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
