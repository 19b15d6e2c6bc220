// The plan of a collection: which of its fields rows fill, in which columns, and which they leave to the server.
import { SinkError } from '../../errors.ts';
import type { FieldLimits, FieldReader, FieldType } from '../field/contract.ts';
import { META_COLUMN } from '../field/meta.ts';
import { typeOf } from '../field/registry.ts';
import { type FieldSchema, typeName } from '../field/schema.ts';
import type { Column } from '../wire/column.ts';
import type { WriteOperation } from '../wire/request.ts';
import type { CollectionSchema } from './schema.ts';

export interface CollectionPlan {
  /** In the order of the columns. */
  readonly fields: readonly WrittenField[];
  /** Those of the fields, then that of `$meta` in a dynamic collection. */
  readonly columns: readonly Column[];
  /** The other fields of the schema by name, and why no row fills them. */
  readonly unwritten: ReadonlyMap<string, UnwrittenReason>;
  readonly limits: FieldLimits;
}

/** A field that rows fill. */
export interface WrittenField {
  readonly schema: FieldSchema;
  readonly type: FieldType;
  readonly reader: FieldReader;
  readonly column: Column;
  /** The default as the reader gives it, to be sent in place of an absent value; undefined when the server has to. */
  readonly fallback: unknown;
}

/** The server fills it (a function's output, an autoID key); or its type is not written here. */
export type UnwrittenReason = 'generated' | 'unwritable';

export interface PlanOptions {
  /** `insert` leaves an autoID key to the server; `upsert` needs it in the record. */
  insertMode: WriteOperation;
  /** milvus.json.max.bytes: of a JSON value, and of all dynamic fields of a row together. */
  jsonMaxBytes: number;
}

/** @throws SinkError MILVUS_FIELD_UNSUPPORTED when a required field has a type that cannot be written */
export function planCollection(schema: CollectionSchema, options: PlanOptions): CollectionPlan {
  const limits: FieldLimits = {
    jsonMaxBytes: options.jsonMaxBytes,
    jsonObjectsOnly: schema.jsonObjectsOnly === true,
  };
  const fields: WrittenField[] = [];
  const unwritten = new Map<string, UnwrittenReason>();
  for (const field of schema.fields) {
    if (field.functionOutput || (field.primary && field.autoId && options.insertMode === 'insert')) {
      unwritten.set(field.name, 'generated');
      continue;
    }
    const type = typeOf(field);
    const reader = type?.reader(field, limits);
    if (!type || !reader) {
      if (!mayBeAbsent(field)) throw unsupported(schema, field);
      unwritten.set(field.name, 'unwritable');
      continue;
    }
    fields.push({
      schema: field,
      type,
      reader,
      column: {
        name: field.name,
        type: field.type,
        optional: mayBeAbsent(field),
        dynamic: false,
        codec: type.codec(field),
      },
      fallback: type.plainDefault ? fallbackOf(field, reader) : undefined,
    });
  }
  const columns = fields.map(field => field.column);
  if (schema.dynamic) columns.push(META_COLUMN);
  return { fields, columns, unwritten, limits };
}

// --- internal ---

function mayBeAbsent(field: FieldSchema): boolean {
  return field.nullable || field.hasDefault;
}

function fallbackOf(field: FieldSchema, reader: FieldReader): unknown {
  if (field.defaultValue === undefined) return undefined;
  const nowhere = { topic: field.name, partition: 0, offset: 0, key: null, value: null, size: 0 };
  try {
    return reader.read(field.defaultValue, nowhere, 'sources');
  } catch {
    // A default in a form that we do not know: the server knows it.
    return undefined;
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
