// Every type that is written here. A new one is its own file, and a line in one of the two lists.
import { type DataType, nameOf } from '../wire/data-type.ts';
import { arrayOf } from './array.ts';
import { bfloat16Vector } from './bfloat16-vector.ts';
import { binaryVector } from './binary-vector.ts';
import { bool } from './bool.ts';
import type { FieldType } from './contract.ts';
import { double } from './double.ts';
import { float } from './float.ts';
import { floatVector } from './float-vector.ts';
import { float16Vector } from './float16-vector.ts';
import { geometry } from './geometry.ts';
import { int8Vector } from './int8-vector.ts';
import { int64 } from './int64.ts';
import { int8, int16, int32 } from './integer.ts';
import { json } from './json.ts';
import type { FieldSchema } from './schema.ts';
import { sparseFloatVector } from './sparse-float-vector.ts';
import { text } from './text.ts';
import { timestamptz } from './timestamptz.ts';
import { string, varChar } from './varchar.ts';

/** Of fields, and of an Array's elements as well. */
const ELEMENTS: readonly FieldType[] = [bool, int8, int16, int32, int64, float, double, string, varChar];

/** Of fields only. */
const OTHERS: readonly FieldType[] = [
  arrayOf(ELEMENTS),
  json,
  geometry,
  text,
  timestamptz,
  binaryVector,
  floatVector,
  float16Vector,
  bfloat16Vector,
  sparseFloatVector,
  int8Vector,
];

const TYPES: ReadonlyMap<DataType, FieldType> = new Map([...ELEMENTS, ...OTHERS].map(one => [one.type, one]));

/** undefined for a type that is not written here. */
export function typeOf(field: FieldSchema): FieldType | undefined {
  return TYPES.get(field.type);
}

/** The type of any field as Milvus writes it, e.g. `VarChar(256)`, `FloatVector(768)`, `Array<Int64>`. */
export function notationOf(field: FieldSchema): string {
  const own = typeOf(field)?.notation;
  if (own) return own(field);
  const parameter = field.dim || field.maxLength;
  return parameter ? `${nameOf(field.type)}(${parameter})` : nameOf(field.type);
}
