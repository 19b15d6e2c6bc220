// A collection's schema as the sink needs it, and Milvus' data types by their protobuf numbers.

/** schema.proto DataType. */
export const DataType = {
  Bool: 1,
  Int8: 2,
  Int16: 3,
  Int32: 4,
  Int64: 5,
  Float: 10,
  Double: 11,
  String: 20,
  VarChar: 21,
  Array: 22,
  JSON: 23,
  Geometry: 24,
  Text: 25,
  Timestamptz: 26,
  BinaryVector: 100,
  FloatVector: 101,
  Float16Vector: 102,
  BFloat16Vector: 103,
  SparseFloatVector: 104,
  Int8Vector: 105,
  ArrayOfVector: 106,
  ArrayOfStruct: 200,
  Struct: 201,
} as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** Types that schema.proto got after 2.6 and that are not written here: for messages. */
const NEWER_TYPES = new Map([
  [27, 'Mol'],
  [28, 'Date'],
  [29, 'Time'],
  [30, 'Decimal'],
  [31, 'UUID'],
]);

export interface FieldSchema {
  name: string;
  /** Also a number that is none of DataType, from a newer server. */
  type: DataType;
  primary: boolean;
  autoId: boolean;
  nullable: boolean;
  hasDefault: boolean;
  /**
   * The default of a Bool, number or VarChar field as describe tells it (Int64 may be a decimal string). When it is known,
   * absent values are sent as it: Milvus before 2.5 cannot take a batch in which only some rows have the field.
   */
  defaultValue?: boolean | number | bigint | string;
  partitionKey: boolean;
  /** Computed by a function of the collection (BM25, text embedding): never sent. */
  functionOutput: boolean;
  /** Dense vectors: number of components (bits for BinaryVector). */
  dim?: number;
  /** VarChar, and VarChar elements: bytes. */
  maxLength?: number;
  /** Array only. */
  elementType?: DataType;
  maxCapacity?: number;
}

export interface CollectionSchema {
  database: string;
  collection: string;
  /** Without `$meta`, in the server's order. */
  fields: FieldSchema[];
  primary: FieldSchema;
  /** enable_dynamic_field: what the schema lacks goes into `$meta`. */
  dynamic: boolean;
  /** Server's update timestamp of the schema, sent with each request where the server knows it; 0n when absent. */
  schemaTimestamp: bigint;
  /** JSON columns take objects only: Milvus before 2.4. */
  jsonObjectsOnly?: boolean;
}

/** The type's name as Milvus writes it, with that of an array's elements. */
export function typeName(field: Pick<FieldSchema, 'type' | 'elementType'>): string {
  const name = nameOf(field.type);
  return field.elementType === undefined ? name : `${name} of ${nameOf(field.elementType)}`;
}

/** The name of a data type as Milvus writes it. */
export function nameOf(type: DataType): string {
  const known = Object.entries(DataType).find(([, number]) => number === type)?.[0];
  return known ?? NEWER_TYPES.get(type) ?? `type ${type}`;
}

/** The data type of that name or number; of a name that is not known, None, which is no field's type. */
export function dataTypeOf(value: string | number): DataType {
  if (typeof value === 'number') return value as DataType;
  // schema.proto writes an underscore before the names of some newer types.
  const name = value.replace(/^_/, '');
  if (Object.hasOwn(DataType, name)) return DataType[name as keyof typeof DataType];
  const newer = [...NEWER_TYPES].find(([, known]) => known === name)?.[0];
  return (newer ?? 0) as DataType;
}

/** A field with nothing special about it, for the caller to add to. */
export function plainField(name: string, type: DataType): FieldSchema {
  return {
    name,
    type,
    primary: false,
    autoId: false,
    nullable: false,
    hasDefault: false,
    partitionKey: false,
    functionOutput: false,
  };
}
