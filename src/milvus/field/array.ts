// Array: every element is read and written as a field of the element type would be.
import { DATA, MAX_HEAD_BYTES } from '../wire/arrays.ts';
import type { Codec } from '../wire/column.ts';
import { DataType, nameOf } from '../wire/data-type.ts';
import { varintLength, WireWriter } from '../wire/writer.ts';
import {
  type FieldReader,
  type FieldType,
  MAX_NATIVE_BYTES,
  type NativeKind,
  type NativeScalar,
} from './contract.ts';
import { describe, refuse } from './refuse.ts';
import type { FieldSchema } from './schema.ts';

/**
 * Takes an array of at most `maxCapacity` elements, none of them null.
 * @param elementTypes those that an element can have
 */
export function arrayOf(elementTypes: readonly FieldType[]): FieldType {
  const typeOf = (element: FieldSchema) => elementTypes.find(({ type }) => type === element.type);
  return {
    type: DataType.Array,
    takes: ({ maxCapacity }) => (maxCapacity ? `array, at most ${maxCapacity} elements` : 'array'),
    notation: ({ elementType, maxLength }) => {
      const name = elementType === undefined ? '?' : nameOf(elementType);
      return `Array<${name}${maxLength === undefined ? '' : `(${maxLength})`}>`;
    },
    reader: (field, limits) => {
      const element = elementOf(field);
      const reader = typeOf(element)?.reader(element, limits);
      return reader && arrayReader(field, reader);
    },
    codec: field => {
      const element = elementOf(field);
      return arrayCodec(element.type, typeOf(element)!.codec(element));
    },
    native: (field, limits) => {
      const element = elementOf(field);
      const type = typeOf(element)!;
      return nativeArray(field, type.native?.(element, limits), type.codec(element));
    },
  };
}

// --- internal ---

/** The element as a field of its own; None is no field's type. */
function elementOf(field: FieldSchema): FieldSchema {
  return { ...field, name: `${field.name}[]`, type: field.elementType ?? (0 as DataType) };
}

/** How arrays are read natively; a limit that is none is the server's to explain. */
function nativeArray(
  { maxCapacity }: FieldSchema,
  element: NativeKind | undefined,
  { tag }: Codec,
): NativeKind | undefined {
  if (!element || !isScalar(element)) return undefined;
  if (maxCapacity === undefined) return { kind: 'array', element, elementTag: tag };
  if (!Number.isInteger(maxCapacity) || maxCapacity < 0) return undefined;
  return { kind: 'array', element, elementTag: tag, maxItems: Math.min(maxCapacity, MAX_NATIVE_BYTES) };
}

function isScalar(kind: NativeKind): kind is NativeScalar {
  return !['array', 'json', 'floatVector', 'sparse'].includes(kind.kind);
}

function arrayReader({ name, maxCapacity }: FieldSchema, element: FieldReader): FieldReader {
  const limit = maxCapacity ?? Number.POSITIVE_INFINITY;
  const expected = maxCapacity === undefined ? 'an array' : `an array of at most ${maxCapacity} elements`;
  return {
    read: (value, record, precision) => {
      if (!Array.isArray(value)) return refuse('ROW_FIELD_TYPE', record, name, expected, describe(value));
      if (value.length > limit) return refuse('ROW_ARRAY_TOO_LONG', record, name, expected, describe(value));
      const checked = new Array(value.length);
      for (let i = 0; i < value.length; i++) {
        const item = element.read(value[i], record, precision);
        if (typeof item === 'symbol') return item;
        checked[i] = item;
      }
      return checked;
    },
  };
}

/** `repeated ScalarField data = 1; DataType element_type = 2`. */
function arrayCodec(elementType: DataType, element: Codec): Codec {
  const cells = new WireWriter(SMALL_BYTES);
  return {
    tag: 0x42,
    vector: false,
    trailer: Uint8Array.of(0x10, elementType),
    cell(value, writer) {
      cells.at = 0;
      for (const item of value as readonly unknown[]) element.cell(item, cells);
      const bytes = cells.written;
      const head = element.packed && bytes.length > 0 ? 1 + varintLength(bytes.length) : 0;
      const inner = head + bytes.length;
      writer.reserve(3 * MAX_HEAD_BYTES + inner);
      writer.head(DATA, 1 + varintLength(inner) + inner);
      writer.head(element.tag, inner);
      if (head > 0) writer.head(DATA, bytes.length);
      writer.bytes(bytes);
    },
  };
}

const SMALL_BYTES = 256;
