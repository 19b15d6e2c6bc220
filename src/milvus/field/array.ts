// Array: every element is read and written as a field of the element type would be.
import { DATA } from '../wire/arrays.ts';
import type { Codec } from '../wire/column.ts';
import { DataType, nameOf } from '../wire/data-type.ts';
import { varintLength } from '../wire/writer.ts';
import type { FieldReader, FieldType } from './contract.ts';
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
  };
}

// --- internal ---

/** The element as a field of its own; None is no field's type. */
function elementOf(field: FieldSchema): FieldSchema {
  return { ...field, name: `${field.name}[]`, type: field.elementType ?? (0 as DataType) };
}

function arrayReader({ name, maxCapacity }: FieldSchema, element: FieldReader): FieldReader {
  const limit = maxCapacity ?? Number.POSITIVE_INFINITY;
  const expected = maxCapacity === undefined ? 'an array' : `an array of at most ${maxCapacity} elements`;
  return {
    fixedBytes: 8,
    extraBytes: checked => {
      const items = checked as readonly unknown[];
      let bytes = items.length * element.fixedBytes;
      if (element.extraBytes) for (const item of items) bytes += element.extraBytes(item);
      return bytes;
    },
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
  return {
    tag: 0x42,
    vector: false,
    measure(values, tape) {
      let bytes = 2;
      for (let i = 0; i < values.length; i++) {
        const place = tape.reserve();
        const inner = element.measure(values[i] as readonly unknown[], tape);
        tape.fill(place, inner);
        const field = 1 + varintLength(inner) + inner;
        bytes += 1 + varintLength(field) + field;
      }
      return bytes;
    },
    write(values, tape, writer) {
      for (let i = 0; i < values.length; i++) {
        const inner = tape.pop();
        writer.head(DATA, 1 + varintLength(inner) + inner);
        writer.head(element.tag, inner);
        element.write(values[i] as readonly unknown[], tape, writer);
      }
      writer.byte(0x10);
      writer.byte(elementType);
    },
  };
}
