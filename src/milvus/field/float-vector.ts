// FloatVector: as numbers of JSON, or as floats that the native decoder has read.
import type { KafkaRecord } from '../../record/record.ts';
import type { Codec } from '../wire/column.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldReader, FieldType } from './contract.ts';
import { doubleOf } from './convert.ts';
import { components, wrongComponent, wrongDim } from './dense-vector.ts';
import { FLOAT_OVERFLOW } from './float.ts';

/**
 * Takes an array of `dim` numbers that stay finite in 32 bits; gives it, or a Float32Array. A Float32Array comes from the
 * native decoder only, which has checked its numbers.
 */
export const floatVector: FieldType = {
  type: DataType.FloatVector,
  float32: true,
  takes: ({ dim }) => `array of ${dim} numbers`,
  reader: ({ name, dim = 0 }) => (dim > 0 ? reader(name, dim) : undefined),
  codec: ({ dim = 0 }) => ({ ...CODEC, dim }),
  native: ({ dim = 0 }) =>
    Number.isInteger(dim) && dim <= MAX_NATIVE_DIM ? { kind: 'floatVector', dim } : undefined,
};

// --- internal ---

/** As in src/native/decode/plan-of.cc; Milvus has 32,768. */
const MAX_NATIVE_DIM = 2 ** 20;

function reader(field: string, dim: number): FieldReader {
  return {
    read: (value, record) => {
      if (value instanceof Float32Array) {
        return value.length === dim ? value : wrongDim(field, record, `a vector of ${dim} numbers`, value);
      }
      const expected = `a vector of ${dim} numbers`;
      const numbers = components(field, record, value, dim, expected);
      for (let i = 0; i < dim; i++) {
        const x = numbers[i];
        if (typeof x !== 'number' || !(x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW)) {
          return readSlow(field, numbers, record);
        }
      }
      return numbers;
    },
  };
}

/** A vector with a number in it that is no JavaScript number yet, or with a component to refuse. */
function readSlow(field: string, numbers: readonly unknown[], record: KafkaRecord): number[] {
  return numbers.map((item, index) => {
    const x = doubleOf(item);
    if (x !== undefined && x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW) return x;
    return wrongComponent(field, record, index, 'a finite 32-bit float', item);
  });
}

// Floats lie at any byte offset, where no Float32Array can: a row goes through here.
let scratch = new Float32Array(1024);
let scratchBytes = new Uint8Array(scratch.buffer);

/** FloatArray in VectorField: `repeated float data = 1`. */
const CODEC: Codec = {
  tag: 0x12,
  vector: true,
  packed: true,
  cell(value, writer) {
    const vector = value as number[] | Float32Array;
    const dim = vector.length;
    if (dim > scratch.length) {
      scratch = new Float32Array(dim);
      scratchBytes = new Uint8Array(scratch.buffer);
    }
    if (vector instanceof Float32Array) scratch.set(vector);
    else for (let i = 0; i < dim; i++) scratch[i] = vector[i]!;
    writer.reserve(dim * 4);
    writer.bytes(scratchBytes.subarray(0, dim * 4));
  },
};
