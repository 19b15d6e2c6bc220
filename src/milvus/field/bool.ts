// Bool.
import { packedNumbers } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { describe, refuse } from './refuse.ts';

/** Takes true and false, and those words as text in any letter case (Java's parseBoolean, which makes false of the rest). */
export const bool: FieldType = {
  type: DataType.Bool,
  plainDefault: true,
  takes: () => 'true or false',
  reader: ({ name }) => ({
    read: (value, record) => {
      if (typeof value === 'boolean') return value;
      const word = typeof value === 'string' && value.length <= 5 ? value.toLowerCase() : '';
      if (word === 'true' || word === 'false') return word === 'true';
      return refuse('ROW_FIELD_TYPE', record, name, 'a boolean', describe(value));
    },
  }),
  codec: () => CODEC,
  native: () => ({ kind: 'bool' }),
};

// --- internal ---

const CODEC = packedNumbers(0x0a, (writer, value) => writer.byte(value ? 1 : 0));
