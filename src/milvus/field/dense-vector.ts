// What the dense vectors share: a dimension, how components are read, and how those that JSON has no numbers for become bytes.
import type { KafkaRecord } from '../../record/record.ts';
import { byteVectors } from '../wire/arrays.ts';
import type { Codec } from '../wire/column.ts';
import { type DataType, nameOf } from '../wire/data-type.ts';
import type { FieldReader, FieldType } from './contract.ts';
import { componentTexts, doubleOf, integerOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';

/** What of a type of dense vectors is its own. In all of them a number may be text, and so may the whole vector. */
export interface DenseVector {
  type: DataType;
  /** @param dim above 0 */
  reader(field: string, dim: number): FieldReader;
  codec: Codec;
  takes(dim: number): string;
}

/** The type of these vectors. A field without a dimension has no reader. */
export function denseVector({ type, reader, codec, takes }: DenseVector): FieldType {
  return {
    type,
    takes: ({ dim = 0 }) => takes(dim),
    reader: ({ name, dim = 0 }) => (dim > 0 ? reader(name, dim) : undefined),
    codec: ({ dim = 0 }) => ({ ...codec, dim }),
  };
}

/**
 * Vectors of 16-bit floats: takes an array of `dim` numbers (rounded to the nearest, ties to even), or its dim × 2 bytes.
 * @param name of one component's type
 * @param tag of the bytes in VectorField
 * @param put writes one component; false when it would become infinite
 */
export function halfVector(
  type: DataType,
  name: string,
  tag: number,
  put: (view: DataView, at: number, x: number) => boolean,
): FieldType {
  return denseVector({
    type,
    takes: dim => `array of ${dim} numbers`,
    codec: byteVectors(tag),
    reader: (field, dim) => {
      const expected = `a vector of ${dim} numbers (${nameOf(type)})`;
      return {
        read: (value, record) => {
          if (value instanceof Uint8Array) {
            if (value.length !== dim * 2)
              wrongDim(field, record, `${dim * 2} bytes (${nameOf(type)} of ${dim})`, value);
            return value;
          }
          const numbers = components(field, record, value, dim, expected);
          const bytes = new Uint8Array(dim * 2);
          const view = new DataView(bytes.buffer);
          for (let i = 0; i < dim; i++) {
            const item = numbers[i];
            const x = typeof item === 'number' ? item : doubleOf(item);
            if (x === undefined || !put(view, i * 2, x)) {
              wrongComponent(field, record, i, `a number that is finite as ${name}`, item);
            }
          }
          return bytes;
        },
      };
    },
  });
}

/** Reads a vector that is given as `length` integers `min` to `max`, or as the bytes that they are. */
export function byteReader(
  field: string,
  length: number,
  min: number,
  max: number,
  expected: string,
): FieldReader {
  return {
    read: (value, record) => {
      if (value instanceof Uint8Array) {
        return value.length === length ? value : wrongDim(field, record, expected, value);
      }
      const numbers = components(field, record, value, length, expected);
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        const x = integerOf(numbers[i]);
        if (typeof x !== 'number' || x < min || x > max) {
          return wrongComponent(field, record, i, `an integer ${min} to ${max}`, numbers[i]);
        }
        bytes[i] = x;
      }
      return bytes;
    },
  };
}

/**
 * The `length` components of a vector, none of them checked.
 * @throws RecordError when it is no array, or has another length
 */
export function components(
  field: string,
  record: KafkaRecord,
  value: unknown,
  length: number,
  expected: string,
): readonly unknown[] {
  const items = typeof value === 'string' ? componentTexts(value) : value;
  if (!Array.isArray(items)) return refuse('ROW_FIELD_TYPE', record, field, expected, describe(value));
  if (items.length !== length) return wrongDim(field, record, expected, items);
  return items;
}

/** @throws RecordError always */
export function wrongDim(field: string, record: KafkaRecord, expected: string, value: unknown): never {
  return refuse('ROW_VECTOR_DIM', record, field, expected, describe(value));
}

/** @throws RecordError always, which names the component */
export function wrongComponent(
  field: string,
  record: KafkaRecord,
  index: number,
  expected: string,
  value: unknown,
): never {
  const isNumber = doubleOf(value) !== undefined;
  return refuse(
    isNumber ? 'ROW_VECTOR_VALUE' : 'ROW_FIELD_TYPE',
    record,
    `${field}[${index}]`,
    expected,
    describe(value),
  );
}
