// Readers of the dense vectors: dimension, component range, and the bytes of the types that JSON has no numbers for.
import type { KafkaRecord } from '../../record/record.ts';
import { componentTexts, doubleOf, integerOf } from './convert.ts';
import type { Reader } from './reader.ts';
import { describe, refuse } from './refuse.ts';
import { FLOAT_OVERFLOW } from './scalar.ts';

/**
 * FloatVector: takes an array of `dim` numbers that stay finite in 32 bits; gives it, or a Float32Array. Here and below,
 * a number may be text, and so may be the whole vector.
 * A Float32Array comes from the native decoder only, which has checked its numbers.
 */
export function floatVectorReader(field: string, dim: number): Reader {
  return {
    fixedBytes: dim * 4,
    read: (value, record) => {
      if (value instanceof Float32Array) {
        return value.length === dim ? value : wrongDim(field, record, `a vector of ${dim} numbers`, value);
      }
      const expected = `a vector of ${dim} numbers`;
      const numbers = components(field, record, value, dim, expected);
      for (let i = 0; i < dim; i++) {
        const x = numbers[i];
        if (typeof x !== 'number' || !(x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW)) {
          return floatVectorSlow(field, numbers, record);
        }
      }
      return numbers;
    },
  };
}

/** Float16Vector: takes an array of `dim` numbers (rounded to the nearest, ties to even), or its dim × 2 bytes. */
export function float16VectorReader(field: string, dim: number): Reader {
  return halfVectorReader(field, dim, 'Float16', (view, at, x) => {
    // 65520 is half a unit above the largest finite float16 and would round to infinity.
    if (!(x < 65520 && x > -65520)) return false;
    view.setFloat16(at, x, true);
    return true;
  });
}

/** BFloat16Vector: as Float16Vector, with a float's range and 8 bits of precision. */
export function bfloat16VectorReader(field: string, dim: number): Reader {
  return halfVectorReader(field, dim, 'BFloat16', (view, at, x) => {
    const bits = bfloat16Bits(x);
    if ((bits & 0x7f80) === 0x7f80) return false;
    view.setUint16(at, bits, true);
    return true;
  });
}

/**
 * BinaryVector of `dim` bits: takes an array of dim/8 bytes (first component in the high bit), or those bytes. Java's
 * bytes are signed: -1 is 255.
 */
export function binaryVectorReader(field: string, dim: number): Reader {
  const expected = `an array of ${dim / 8} bytes 0 to 255 (BinaryVector of ${dim} bits)`;
  return byteVectorReader(field, dim / 8, -128, 255, expected);
}

/** Int8Vector: takes an array of `dim` integers -128 to 127, or their two's complement bytes. */
export function int8VectorReader(field: string, dim: number): Reader {
  return byteVectorReader(field, dim, -128, 127, `a vector of ${dim} integers -128 to 127 (Int8Vector)`);
}

/**
 * The bfloat16 nearest to a double, ties to even. The double goes through a float that is rounded to odd, so that
 * rounding twice gives what rounding once would.
 */
export function bfloat16Bits(x: number): number {
  FLOAT[0] = x;
  let bits = FLOAT_BITS[0]!;
  const rounded = FLOAT[0]!;
  if (rounded !== x) {
    if (Math.abs(rounded) > Math.abs(x)) bits -= 1;
    bits |= 1;
  }
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

// --- internal ---

const FLOAT = new Float32Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);

function components(
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

function wrongDim(field: string, record: KafkaRecord, expected: string, value: unknown): never {
  return refuse('ROW_VECTOR_DIM', record, field, expected, describe(value));
}

function wrongComponent(
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

/** A vector with a number in it that is no JavaScript number yet, or with a component to refuse. */
function floatVectorSlow(field: string, numbers: readonly unknown[], record: KafkaRecord): number[] {
  return numbers.map((item, index) => {
    const x = doubleOf(item);
    if (x !== undefined && x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW) return x;
    return wrongComponent(field, record, index, 'a finite 32-bit float', item);
  });
}

function halfVectorReader(
  field: string,
  dim: number,
  name: string,
  /** Writes one component; false when it would become infinite. */
  put: (view: DataView, at: number, x: number) => boolean,
): Reader {
  const expected = `a vector of ${dim} numbers (${name}Vector)`;
  return {
    fixedBytes: dim * 2,
    read: (value, record) => {
      if (value instanceof Uint8Array) {
        if (value.length !== dim * 2)
          wrongDim(field, record, `${dim * 2} bytes (${name}Vector of ${dim})`, value);
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
}

function byteVectorReader(field: string, length: number, min: number, max: number, expected: string): Reader {
  return {
    fixedBytes: length,
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
