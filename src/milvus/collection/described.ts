// The SDK's DescribeCollection answer → the collection's schema as the sink needs it.
import { SinkError } from '../../errors.ts';
import { META } from '../field/meta.ts';
import { type FieldSchema, plainField } from '../field/schema.ts';
import { DataType, dataTypeOf } from '../wire/data-type.ts';
import type { CollectionSchema } from './schema.ts';

/** What is read of the SDK's answer. Enums come as names; as numbers where the SDK does not know the name. */
export interface DescribedCollection {
  schema: {
    fields: DescribedField[];
    struct_array_fields?: { name: string; nullable?: boolean }[];
    functions?: { output_field_names?: string[] }[];
    enable_dynamic_field?: boolean;
    autoID?: boolean;
  };
  update_timestamp?: string | number;
  update_timestamp_str?: string;
}

export interface DescribedField {
  name: string;
  data_type: string | number;
  is_primary_key?: boolean;
  autoID?: boolean;
  nullable?: boolean;
  is_partition_key?: boolean;
  is_dynamic?: boolean;
  is_function_output?: boolean;
  element_type?: string | number | undefined;
  /** The value itself: the SDK unwraps the ValueField message. null or undefined when there is none. */
  default_value?: unknown;
  type_params?: { key: string; value: string | number }[];
}

/**
 * A type that is unknown here is kept by its number: whether it matters is the mapper's to say.
 * @param serverVersion as Connect tells it, e.g. `v2.3.5-lite`
 * @throws SinkError MILVUS_SCHEMA when there is no primary key
 */
export function toCollectionSchema(
  described: DescribedCollection,
  where: { database: string; collection: string },
  serverVersion = '',
): CollectionSchema {
  const { schema } = described;
  const computed = new Set((schema.functions ?? []).flatMap(f => f.output_field_names ?? []));
  const fields: FieldSchema[] = [];
  for (const field of schema.fields) {
    if (field.is_dynamic || field.name === META) continue;
    fields.push(toField(field, computed, schema.autoID ?? false));
  }
  for (const struct of schema.struct_array_fields ?? []) {
    fields.push({ ...plainField(struct.name, DataType.ArrayOfStruct), nullable: struct.nullable ?? false });
  }
  const primary = fields.find(field => field.primary);
  if (!primary) {
    throw new SinkError('MILVUS_SCHEMA', 'the collection has no primary key', {
      where: where.collection,
    });
  }
  return {
    database: where.database,
    collection: where.collection,
    fields,
    primary,
    dynamic: schema.enable_dynamic_field ?? false,
    schemaTimestamp: BigInt(described.update_timestamp_str || described.update_timestamp || 0),
    ...(isBefore24(serverVersion) && { jsonObjectsOnly: true }),
  };
}

// --- internal ---

function toField(field: DescribedField, computed: ReadonlySet<string>, autoId: boolean): FieldSchema {
  const type = dataTypeOf(field.data_type);
  const primary = field.is_primary_key ?? false;
  const parameters = new Map((field.type_params ?? []).map(({ key, value }) => [key, value]));
  const schema: FieldSchema = {
    ...plainField(field.name, type),
    primary,
    autoId: field.autoID === true || (primary && autoId),
    nullable: field.nullable ?? false,
    hasDefault: field.default_value !== null && field.default_value !== undefined,
    partitionKey: field.is_partition_key ?? false,
    functionOutput: field.is_function_output === true || computed.has(field.name),
  };
  // Typed loosely by the SDK; the mapper takes what it can use and leaves the rest to the server.
  if (schema.hasDefault)
    schema.defaultValue = field.default_value as NonNullable<FieldSchema['defaultValue']>;
  const number = (key: string) => (parameters.has(key) ? Number(parameters.get(key)) : undefined);
  const dim = number('dim');
  const maxLength = number('max_length');
  const maxCapacity = number('max_capacity');
  if (dim !== undefined) schema.dim = dim;
  if (maxLength !== undefined) schema.maxLength = maxLength;
  if (maxCapacity !== undefined) schema.maxCapacity = maxCapacity;
  const elementType = field.element_type === undefined ? undefined : dataTypeOf(field.element_type);
  if (type === DataType.Array && elementType !== undefined) schema.elementType = elementType;
  return schema;
}

/** Versions that are not told, or not in numbers (milvus-lite's), are taken for newer ones. */
function isBefore24(version: string): boolean {
  const parts = /^v?(\d+)\.(\d+)\./.exec(version);
  return parts !== null && (Number(parts[1]) < 2 || (Number(parts[1]) === 2 && Number(parts[2]) < 4));
}
