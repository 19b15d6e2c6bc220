// Int64, whose values may have more digits than a JavaScript number.
import { NEEDS_EXACT, NEEDS_SOURCES, type Precision } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import { packedNumbers } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { integerOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';

/**
 * Takes an integer, also as text, since JSON producers (protobuf's JSON mapping among them) write int64 as strings.
 * Gives a number when it is safe, else a bigint.
 */
export const int64: FieldType = {
  type: DataType.Int64,
  plainDefault: true,
  takes: () => 'integer',
  reader: ({ name }) => ({
    read: (value, record, precision) => {
      if (Number.isSafeInteger(value)) return value;
      return readSlow(name, value, record, precision);
    },
  }),
  codec: () => CODEC,
  native: () => ({ kind: 'integer', bits: 64 }),
};

// --- internal ---

const CODEC = packedNumbers(0x1a, (writer, value) => writer.int64(value as number | bigint));

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const EXPECTED = 'an integer -2^63 to 2^63-1 (Int64)';

function readSlow(name: string, value: unknown, record: KafkaRecord, precision: Precision): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && precision !== 'sources') {
    // Of integers, only one with a fraction or an exponent is still a double after the exact reading.
    return precision === 'nearest' ? NEEDS_EXACT : NEEDS_SOURCES;
  }
  const integer = integerOf(value);
  if (integer === undefined) {
    return refuse('ROW_FIELD_TYPE', record, name, EXPECTED, describe(value));
  }
  if (integer < MIN || integer > MAX) {
    return refuse('ROW_FIELD_RANGE', record, name, EXPECTED, describe(value));
  }
  return integer;
}
