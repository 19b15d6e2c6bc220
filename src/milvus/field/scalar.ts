// Readers of Bool, integers, floats and strings. A value of another JSON type is converted where nothing is lost, else
// refused, never cut.
import type { Precision } from '../../record/decoded.ts';
import { NEEDS_EXACT, NEEDS_SOURCES } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import { type DataType, DataType as T } from '../wire/data-type.ts';
import { utf8Length } from '../wire/writer.ts';
import { doubleOf, integerOf, textOf } from './convert.ts';
import type { Reader } from './reader.ts';
import { describe, refuse } from './refuse.ts';

/** Numbers of this magnitude and above round to infinity as a float: half a unit above the largest one. */
export const FLOAT_OVERFLOW = 3.4028235677973366e38;
/** The `type` of a stringReader that takes well-known text. */
export const GEOMETRY = 'Geometry, well-known text';

/** Takes true and false, and those words as text in any letter case (Java's parseBoolean, which makes false of the rest). */
export function boolReader(field: string): Reader {
  return {
    fixedBytes: 1,
    read: (value, record) => {
      if (typeof value === 'boolean') return value;
      const word = typeof value === 'string' && value.length <= 5 ? value.toLowerCase() : '';
      if (word === 'true' || word === 'false') return word === 'true';
      return refuse('ROW_FIELD_TYPE', record, field, 'a boolean', describe(value));
    },
  };
}

/**
 * Int8, Int16, Int32: takes an integer within the range, also as text. `5.0` is one, since JSON has one kind of number.
 */
export function intReader(field: string, type: string, bits: 8 | 16 | 32): Reader {
  const max = 2 ** (bits - 1) - 1;
  const min = -max - 1;
  const expected = `an integer ${min} to ${max} (${type})`;
  return {
    fixedBytes: bits === 8 ? 2 : bits === 16 ? 3 : 5,
    read: (value, record) => {
      if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value;
      const integer = integerOf(value);
      if (typeof integer === 'number' && integer >= min && integer <= max) return integer;
      return refuse(
        integer === undefined ? 'ROW_FIELD_TYPE' : 'ROW_FIELD_RANGE',
        record,
        field,
        expected,
        describe(value),
      );
    },
  };
}

/**
 * Int64: takes an integer, also as text, since JSON producers (protobuf's JSON mapping among them) write int64 as
 * strings. Gives a number when it is safe, else a bigint.
 */
export function int64Reader(field: string): Reader {
  return {
    fixedBytes: 9,
    read: (value, record, precision) => {
      if (Number.isSafeInteger(value)) return value;
      return int64Slow(field, value, record, precision);
    },
  };
}

/** Float: takes a number, also as text, that stays finite in 32 bits. */
export function floatReader(field: string): Reader {
  return {
    fixedBytes: 4,
    read: (value, record) => {
      const x = doubleOf(value);
      if (x === undefined)
        return refuse('ROW_FIELD_TYPE', record, field, 'a number (Float)', describe(value));
      if (x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW) return x;
      return refuse('ROW_FIELD_RANGE', record, field, 'a finite 32-bit float', describe(value));
    },
  };
}

/** Double: takes a finite number, also as text. */
export function doubleReader(field: string): Reader {
  return {
    fixedBytes: 8,
    read: (value, record) => {
      const x = doubleOf(value);
      if (x === undefined)
        return refuse('ROW_FIELD_TYPE', record, field, 'a number (Double)', describe(value));
      if (Number.isFinite(x)) return x;
      return refuse('ROW_FIELD_RANGE', record, field, 'a finite 64-bit float', describe(value));
    },
  };
}

/**
 * VarChar, Text: takes a string, and the text of a number, boolean or bytes; Geometry (WKT): a string only. Milvus counts
 * `max_length` in bytes of UTF-8. A lone surrogate has no UTF-8 and would be altered on the way, so it is refused.
 */
export function stringReader(field: string, type: string, maxLength: number | undefined): Reader {
  const limit = maxLength ?? Number.POSITIVE_INFINITY;
  const expected =
    maxLength === undefined ? `a string (${type})` : `a string of at most ${maxLength} bytes (${type})`;
  const converts = type !== GEOMETRY;
  return {
    fixedBytes: 4,
    extraBytes: checked => utf8Length(checked as string),
    read: (value, record, precision) => {
      let text = value;
      if (typeof text !== 'string') {
        text = converts ? textOf(value, precision) : undefined;
        if (text === NEEDS_SOURCES) return NEEDS_SOURCES;
        if (typeof text !== 'string')
          return refuse('ROW_FIELD_TYPE', record, field, expected, describe(value));
      }
      // One UTF-16 unit is at most 3 bytes, so most strings need no counting.
      if (text.length * 3 > limit) {
        const bytes = utf8Length(text);
        if (bytes > limit)
          refuse('ROW_VARCHAR_TOO_LONG', record, field, expected, `a string of ${bytes} bytes`);
      }
      if (!text.isWellFormed()) {
        return refuse('ROW_STRING_MALFORMED', record, field, expected, 'a string with a lone surrogate');
      }
      return text;
    },
  };
}

/**
 * Types that stand alone as well as in an Array.
 * @param name of the field, for errors
 * @param maxLength of a VarChar, bytes
 * @returns undefined for every other type
 */
export function plainReader(
  name: string,
  type: DataType | undefined,
  maxLength: number | undefined,
): Reader | undefined {
  switch (type) {
    case T.Bool:
      return boolReader(name);
    case T.Int8:
      return intReader(name, 'Int8', 8);
    case T.Int16:
      return intReader(name, 'Int16', 16);
    case T.Int32:
      return intReader(name, 'Int32', 32);
    case T.Int64:
      return int64Reader(name);
    case T.Float:
      return floatReader(name);
    case T.Double:
      return doubleReader(name);
    case T.String:
    case T.VarChar:
      return stringReader(name, 'VarChar', maxLength);
    default:
      return undefined;
  }
}

// --- internal ---

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const EXPECTED_INT64 = 'an integer -2^63 to 2^63-1 (Int64)';

function int64Slow(field: string, value: unknown, record: KafkaRecord, precision: Precision): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && precision !== 'sources') {
    // Of integers, only one with a fraction or an exponent is still a double after the exact reading.
    return precision === 'nearest' ? NEEDS_EXACT : NEEDS_SOURCES;
  }
  const integer = integerOf(value);
  if (integer === undefined) {
    return refuse('ROW_FIELD_TYPE', record, field, EXPECTED_INT64, describe(value));
  }
  if (integer < MIN_INT64 || integer > MAX_INT64) {
    return refuse('ROW_FIELD_RANGE', record, field, EXPECTED_INT64, describe(value));
  }
  return integer;
}
