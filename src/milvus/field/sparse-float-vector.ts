// SparseFloatVector: three ways to write one in JSON, one way on the wire.
import type { KafkaRecord } from '../../record/record.ts';
import { TypedValue } from '../../record/typed.ts';
import { DATA, MAX_HEAD_BYTES } from '../wire/arrays.ts';
import type { Codec } from '../wire/column.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { doubleOf, integerOf } from './convert.ts';
import { FLOAT_OVERFLOW } from './float.ts';
import { describe, refuse } from './refuse.ts';

/**
 * Takes `{"7":0.5}`, `{"indices":[7],"values":[0.5]}` or `[[7,0.5]]`, also as text, and numbers as text; gives pairs of
 * a uint32 and a float, little-endian, sorted by index, as Milvus stores them. As Milvus does
 * (typeutil.ValidateSparseFloatRows), it refuses the index 2^32-1, an index given twice, and weights that are negative
 * or not finite; a vector without entries is one.
 */
export const sparseFloatVector: FieldType = {
  type: DataType.SparseFloatVector,
  takes: () => 'object of index to value, {"indices","values"}, or pairs',
  reader: ({ name }) => ({
    read: (value, record) => {
      const entries = entriesOf(name, typeof value === 'string' ? parsed(value) : value, record);
      entries.sort((a, b) => a[0] - b[0]);
      const bytes = new Uint8Array(entries.length * 8);
      const view = new DataView(bytes.buffer);
      let previous = -1;
      let at = 0;
      for (const [index, weight] of entries) {
        if (index === previous) {
          refuse('ROW_VECTOR_VALUE', record, name, 'each index once', `index ${index} twice`);
        }
        previous = index;
        view.setUint32(at, index, true);
        view.setFloat32(at + 4, weight, true);
        at += 8;
      }
      return bytes;
    },
  }),
  codec: () => CODEC,
  native: () => ({ kind: 'sparse' }),
};

// --- internal ---

/** `repeated bytes contents = 1; int64 dim = 2`; dim is the largest index of the batch plus one. */
const CODEC: Codec = {
  tag: 0x32,
  vector: true,
  sparse: true,
  cell(value, writer) {
    const row = value as Uint8Array;
    writer.reserve(MAX_HEAD_BYTES + row.length);
    writer.head(DATA, row.length);
    writer.bytes(row);
  },
};

type Entry = [index: number, weight: number];

const EXPECTED =
  'a sparse vector: {"<index>":<weight>,…}, {"indices":[…],"values":[…]} or [[<index>,<weight>],…]';
const MAX_INDEX = 2 ** 32 - 2;
const DIGITS = /^\d{1,10}$/;

function entriesOf(field: string, value: unknown, record: KafkaRecord): Entry[] {
  if (Array.isArray(value)) {
    return value.map(pair => {
      if (!Array.isArray(pair) || pair.length !== 2) {
        return refuse('ROW_FIELD_TYPE', record, field, EXPECTED, `an array that holds ${describe(pair)}`);
      }
      return entry(field, pair[0], pair[1], record);
    });
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    ArrayBuffer.isView(value) ||
    value instanceof TypedValue
  ) {
    return refuse('ROW_FIELD_TYPE', record, field, EXPECTED, describe(value));
  }
  const { indices, values } = value as { indices?: unknown; values?: unknown };
  if (Array.isArray(indices) && Array.isArray(values)) {
    if (indices.length !== values.length) {
      refuse(
        'ROW_VECTOR_DIM',
        record,
        field,
        'as many values as indices',
        `${indices.length} and ${values.length}`,
      );
    }
    return indices.map((index, i) => entry(field, index, values[i], record));
  }
  return Object.keys(value).map(key => {
    if (!DIGITS.test(key)) refuse('ROW_FIELD_TYPE', record, field, EXPECTED, 'a key that is no index');
    return entry(field, Number(key), (value as Record<string, unknown>)[key], record);
  });
}

function entry(field: string, given: unknown, weight: unknown, record: KafkaRecord): Entry {
  const index = integerOf(given);
  if (typeof index !== 'number' || index < 0 || index > MAX_INDEX) {
    return refuse('ROW_VECTOR_VALUE', record, field, `an index 0 to ${MAX_INDEX}`, describe(given));
  }
  const x = doubleOf(weight);
  if (x === undefined)
    return refuse('ROW_FIELD_TYPE', record, field, 'weights that are numbers', describe(weight));
  if (!(x >= 0 && x < FLOAT_OVERFLOW)) {
    refuse('ROW_VECTOR_VALUE', record, field, 'weights that are finite and not negative', describe(weight));
  }
  return [index, x];
}

/** What a text holds; the text itself when it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
