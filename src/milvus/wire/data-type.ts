// Milvus' data types by their protobuf numbers.

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
