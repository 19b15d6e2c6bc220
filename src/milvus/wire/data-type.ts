// Milvus' data types by their protobuf numbers, whether they are written here or not.

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
  Mol: 27,
  Date: 28,
  Time: 29,
  Decimal: 30,
  UUID: 31,
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

/** The name of a data type as Milvus writes it. */
export function nameOf(type: DataType): string {
  return Object.entries(DataType).find(([, number]) => number === type)?.[0] ?? `type ${type}`;
}

/** The data type of that name or number; of a name that is not known, None, which is no field's type. */
export function dataTypeOf(value: string | number): DataType {
  if (typeof value === 'number') return value as DataType;
  // schema.proto writes an underscore before the names of some newer types.
  const name = value.replace(/^_/, '');
  return (Object.hasOwn(DataType, name) ? DataType[name as keyof typeof DataType] : 0) as DataType;
}
