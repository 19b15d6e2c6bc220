// Float, and what a 32-bit float can hold.
import { packedNumbers } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { doubleOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';

/** Numbers of this magnitude and above round to infinity as a float: half a unit above the largest one. */
export const FLOAT_OVERFLOW = 3.4028235677973366e38;

/** Takes a number, also as text, that stays finite in 32 bits. */
export const float: FieldType = {
  type: DataType.Float,
  plainDefault: true,
  takes: () => 'number',
  reader: ({ name }) => ({
    read: (value, record) => {
      const x = doubleOf(value);
      if (x === undefined) return refuse('ROW_FIELD_TYPE', record, name, 'a number (Float)', describe(value));
      if (x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW) return x;
      return refuse('ROW_FIELD_RANGE', record, name, 'a finite 32-bit float', describe(value));
    },
  }),
  codec: () => CODEC,
  native: () => ({ kind: 'float' }),
};

// --- internal ---

const CODEC = packedNumbers(0x22, (writer, value) => writer.float(value as number));
