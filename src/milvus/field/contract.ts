// What the sink knows of a Milvus type: one object a type, in the file that is named after it; registry.ts lists them.
import type { Precision } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import type { Codec } from '../wire/column.ts';
import type { DataType } from '../wire/data-type.ts';
import type { FieldSchema } from './schema.ts';

/**
 * A type. Objects without state: the plan of a collection asks them once per schema, a record never does.
 *
 * A value passes from `reader` to `codec` only: what the reader gives is the type's own form, known to nobody else.
 */
export interface FieldType {
  readonly type: DataType;
  /**
   * What checks the values of one field.
   * @returns undefined when the field's schema lacks what they are checked by (dimension, element type): such a field
   *   is treated as one whose type is not known
   */
  reader(field: FieldSchema, limits: FieldLimits): FieldReader | undefined;
  /** What writes them into a request; only asked of a field that has a reader. */
  codec(field: FieldSchema): Codec;
  /** What a record's value has to be, in a few words for `validate --connect`; only of a field that has a reader. */
  takes(field: FieldSchema, limits: FieldLimits): string;
  /** The type as Milvus writes it, with its parameters; absent: `VarChar(256)`, `FloatVector(768)` and the like. */
  notation?(field: FieldSchema): string;
  /** A default is described in a form that the reader takes; absent: it has a form that only the server knows. */
  readonly plainDefault?: true;
  /** The reader takes a Float32Array: the decoder may read the record's array natively. */
  readonly float32?: true;
  /**
   * How the native decoder reads a field's values out of JSON text: what is plainly right, with the same result as reader
   * and codec; all else it leaves to them. Absent or undefined: it cannot. Only asked of a field that has a reader.
   */
  native?(field: FieldSchema, limits: FieldLimits): NativeKind | undefined;
}

/** What the native decoder can read (src/native/decode/decode.h), with what a value is checked by. Plain data. */
export type NativeKind =
  | NativeScalar
  | NativeArray
  | { readonly kind: 'json'; readonly maxBytes: number; readonly objectsOnly: boolean }
  | { readonly kind: 'floatVector'; readonly dim: number }
  | { readonly kind: 'sparse' };

/** Those that an array's elements can be of as well. */
export type NativeScalar =
  | { readonly kind: 'bool' | 'float' | 'double' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64 }
  /** @property maxBytes of UTF-8; absent: any */
  | { readonly kind: 'text'; readonly maxBytes?: number };

export interface NativeArray {
  readonly kind: 'array';
  readonly element: NativeScalar;
  /** Of the elements' codec. */
  readonly elementTag: number;
  /** Absent: any number of elements. */
  readonly maxItems?: number;
}

/** No limit of a NativeKind is beyond: none of its values is that long, in bytes or in elements. */
export const MAX_NATIVE_BYTES = 2 ** 32 - 1;

/** What limits a value beside its field's schema. */
export interface FieldLimits {
  /** Milvus' `common.JSONMaxLength`: bytes of one value, and of all of a row's dynamic fields together. */
  jsonMaxBytes: number;
  /** Milvus before 2.4 takes objects only, and refuses the whole request for any other value (milvus #31051). */
  jsonObjectsOnly: boolean;
}

/** Checks the values of one field. Called for every record that is not read natively. */
export interface FieldReader {
  read: Read;
}

/**
 * Checks a value (neither undefined nor null, but null as an element of an array) and gives its encodable form, or
 * NEEDS_EXACT or NEEDS_SOURCES when the value holds a number that was read with too little `precision` for the field.
 * @throws RecordError
 */
export type Read = (value: unknown, record: KafkaRecord, precision: Precision) => unknown;
