// Double.
import { packedNumbers } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { doubleOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';

/** Takes a finite number, also as text. */
export const double: FieldType = {
  type: DataType.Double,
  plainDefault: true,
  takes: () => 'number',
  reader: ({ name }) => ({
    read: (value, record) => {
      const x = doubleOf(value);
      if (x === undefined)
        return refuse('ROW_FIELD_TYPE', record, name, 'a number (Double)', describe(value));
      if (Number.isFinite(x)) return x;
      return refuse('ROW_FIELD_RANGE', record, name, 'a finite 64-bit float', describe(value));
    },
  }),
  codec: () => CODEC,
  native: () => ({ kind: 'double' }),
};

// --- internal ---

const CODEC = packedNumbers(0x2a, (writer, value) => writer.double(value as number));
