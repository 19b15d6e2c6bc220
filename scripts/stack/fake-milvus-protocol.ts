// Milvus' messages as those see them who stand in for a Milvus: the SDK's definitions in protobufjs, and columns back
// into rows.
import definitions from '@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js';
import protobuf from 'protobufjs';
import { DataType } from '../../src/milvus/wire/data-type.ts';

/** Field of a fake collection; names and numbers as in schema.proto. */
export interface FakeField {
  name: string;
  type: DataType;
  primary?: boolean;
  autoId?: boolean;
  nullable?: boolean;
  /** As a ValueField message, e.g. `{ long_data: 7 }`. */
  default?: Record<string, unknown>;
  partitionKey?: boolean;
  functionOutput?: boolean;
  dim?: number;
  maxLength?: number;
  maxCapacity?: number;
  elementType?: DataType;
}

export interface FakeCollection {
  name: string;
  /** `default` unless said otherwise. */
  database?: string;
  fields: FakeField[];
  dynamic?: boolean;
  /** DescribeCollectionResponse.update_timestamp; a request that names another one is answered with code 109. */
  schemaTimestamp?: bigint;
}

/** The collection of the connector's guide. */
export function guideCollection(name: string, dim = 8): FakeCollection {
  return {
    name,
    fields: [
      { name: 'id', type: DataType.Int64, primary: true },
      { name: 'title', type: DataType.VarChar, maxLength: 512 },
      { name: 'title_vector', type: DataType.FloatVector, dim },
      { name: 'link', type: DataType.VarChar, maxLength: 512 },
    ],
  };
}

export type Message = Record<string, unknown>;

export interface FieldData {
  field_name: string;
  type: number;
  is_dynamic: boolean;
  valid_data?: boolean[];
  scalars?: Message;
  vectors?: Message;
}

export interface MethodCodec {
  request: protobuf.Type;
  response: protobuf.Type;
  /** The response is a common.Status itself. */
  bareStatus: boolean;
}

export const TO_OBJECT: protobuf.IConversionOptions = { longs: String, arrays: true, oneofs: true };

let loaded: { root: protobuf.Root; methods: Map<string, MethodCodec> } | undefined;

/** Loads the definitions once; a test that never starts a fake does not pay. */
export function protocol() {
  if (loaded) return loaded;
  const json =
    (definitions as { default?: protobuf.INamespace }).default ?? (definitions as protobuf.INamespace);
  const root = protobuf.Root.fromJSON(json);
  const service = root.lookupService('milvus.proto.milvus.MilvusService');
  const methods = new Map<string, MethodCodec>();
  for (const method of service.methodsArray) {
    method.resolve();
    const response = method.resolvedResponseType!;
    methods.set(method.name, {
      request: method.resolvedRequestType!,
      response,
      bareStatus: response.fullName === '.milvus.proto.common.Status',
    });
  }
  loaded = { root, methods };
  return loaded;
}

/** DescribeCollectionResponse as an object. */
export function describe(collection: FakeCollection, database: string): Message {
  const pairs = (field: FakeField) => {
    const parameters: { key: string; value: string }[] = [];
    if (field.dim !== undefined) parameters.push({ key: 'dim', value: String(field.dim) });
    if (field.maxLength !== undefined) parameters.push({ key: 'max_length', value: String(field.maxLength) });
    if (field.maxCapacity !== undefined) {
      parameters.push({ key: 'max_capacity', value: String(field.maxCapacity) });
    }
    return parameters;
  };
  return {
    status: {},
    schema: {
      name: collection.name,
      fields: collection.fields.map((field, i) => ({
        fieldID: String(100 + i),
        name: field.name,
        is_primary_key: field.primary ?? false,
        data_type: field.type,
        type_params: pairs(field),
        autoID: field.autoId ?? false,
        nullable: field.nullable ?? false,
        is_partition_key: field.partitionKey ?? false,
        is_function_output: field.functionOutput ?? false,
        ...(field.elementType === undefined ? {} : { element_type: field.elementType }),
        ...(field.default === undefined ? {} : { default_value: field.default }),
      })),
      enable_dynamic_field: collection.dynamic ?? false,
      autoID: collection.fields.some(field => field.autoId),
      ...(collection.fields.some(field => field.functionOutput)
        ? {
            functions: [
              {
                name: 'computed',
                type: 1,
                output_field_names: collection.fields.filter(f => f.functionOutput).map(f => f.name),
              },
            ],
          }
        : {}),
    },
    collectionID: '450',
    collection_name: collection.name,
    db_name: database,
    shards_num: 1,
    ...(collection.schemaTimestamp === undefined
      ? {}
      : {
          update_timestamp: String(collection.schemaTimestamp),
          update_timestamp_str: String(collection.schemaTimestamp),
        }),
  };
}

/** One value a row; null where valid_data says so. Empty when the column's lengths do not fit together. */
export function decodeColumn(data: FieldData, field: FakeField, rows: number): unknown[] {
  const values = data.vectors
    ? vectorValues(data.vectors, field)
    : scalarValues(data.scalars ?? {}, field.type, field.elementType);
  const valid = data.valid_data ?? [];
  if (valid.length === 0) return values;
  // Milvus takes both: one value a row, or only the values that are there.
  if (valid.length !== rows) return [];
  let next = 0;
  const compact = values.length !== rows;
  return valid.map((there, i) => {
    if (!there) return null;
    return compact ? values[next++] : values[i];
  });
}

function scalarValues(scalars: Message, type: DataType, elementType?: DataType): unknown[] {
  const kind = scalars.data as string | undefined;
  const list = ((kind ? scalars[kind] : undefined) as { data?: unknown[] } | undefined)?.data ?? [];
  switch (type) {
    case DataType.Int64:
      return (kind === 'timestamptz_data' || kind === 'long_data' ? list : []).map(v => exact(v as string));
    case DataType.Timestamptz:
      return kind === 'timestamptz_data' ? list.map(v => exact(v as string)) : list;
    case DataType.JSON:
      return list.map(v => JSON.parse(Buffer.from(v as Uint8Array).toString('utf8')) as unknown);
    case DataType.Geometry:
      return list.map(v => (typeof v === 'string' ? v : Buffer.from(v as Uint8Array)));
    case DataType.Array:
      return list.map(v => scalarValues(v as Message, elementType!));
    default:
      return list;
  }
}

function vectorValues(vectors: Message, field: FakeField): unknown[] {
  const kind = vectors.data as string | undefined;
  const dim = Number(vectors.dim ?? field.dim);
  const content = kind ? vectors[kind] : undefined;
  if (kind === 'float_vector') {
    const all = (content as { data: number[] }).data;
    const rows: number[][] = [];
    for (let i = 0; i + dim <= all.length; i += dim) rows.push(all.slice(i, i + dim));
    return all.length % dim === 0 ? rows : [];
  }
  if (kind === 'sparse_float_vector') {
    return (content as { contents: Uint8Array[] }).contents.map(bytes => Buffer.from(bytes));
  }
  const width = kind === 'binary_vector' ? dim / 8 : kind === 'int8_vector' ? dim : dim * 2;
  const bytes = Buffer.from((content as Uint8Array | undefined) ?? []);
  const rows: Buffer[] = [];
  for (let i = 0; i + width <= bytes.length; i += width) rows.push(bytes.subarray(i, i + width));
  return bytes.length % width === 0 ? rows : [];
}

/** Int64 text → number when it is safe, else bigint. */
function exact(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
