// Int8, Int16 and Int32: one family with three ranges.
import { packedNumbers } from '../wire/arrays.ts';
import { DataType, nameOf } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { integerOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';

export const int8 = integer(DataType.Int8, 8);
export const int16 = integer(DataType.Int16, 16);
export const int32 = integer(DataType.Int32, 32);

// --- internal ---

/** Takes an integer within the range, also as text. `5.0` is one, since JSON has one kind of number. */
function integer(type: DataType, bits: 8 | 16 | 32): FieldType {
  const max = 2 ** (bits - 1) - 1;
  const min = -max - 1;
  const expected = `an integer ${min} to ${max} (${nameOf(type)})`;
  return {
    type,
    plainDefault: true,
    takes: () => 'integer',
    reader: ({ name }) => ({
      read: (value, record) => {
        if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value;
        const integer = integerOf(value);
        if (typeof integer === 'number' && integer >= min && integer <= max) return integer;
        return refuse(
          integer === undefined ? 'ROW_FIELD_TYPE' : 'ROW_FIELD_RANGE',
          record,
          name,
          expected,
          describe(value),
        );
      },
    }),
    codec,
    native: () => ({ kind: 'integer', bits }),
  };
}

function codec() {
  return CODEC;
}

const CODEC = packedNumbers(0x12, (writer, value) => writer.int64(value as number));
