// Readers of Bool, integers, floats and strings. Strict: a value of another JSON type is refused, never coerced.
import type { KafkaRecord } from '../../source/record.ts';
import { NEEDS_EXACT } from '../row.ts';
import { type DataType, DataType as T } from '../schema.ts';
import { utf8Length } from '../wire/writer.ts';
import type { Reader } from './reader.ts';
import { describe, refuse } from './refuse.ts';

/** Numbers of this magnitude and above round to infinity as a float: half a unit above the largest one. */
export const FLOAT_OVERFLOW = 3.4028235677973366e38;

/** Takes true and false only. */
export function boolReader(field: string): Reader {
  return {
    fixedBytes: 1,
    read: (value, record) =>
      typeof value === 'boolean'
        ? value
        : refuse('ROW_FIELD_TYPE', record, field, 'a boolean', describe(value)),
  };
}

/** Int8, Int16, Int32: takes an integer within the range. `5.0` is one, since JSON has one kind of number. */
export function intReader(field: string, type: string, bits: 8 | 16 | 32): Reader {
  const max = 2 ** (bits - 1) - 1;
  const min = -max - 1;
  const expected = `an integer ${min} to ${max} (${type})`;
  return {
    fixedBytes: bits === 8 ? 2 : bits === 16 ? 3 : 5,
    read: (value, record) => {
      if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value;
      const isInteger = Number.isInteger(value) || typeof value === 'bigint';
      return refuse(
        isInteger ? 'ROW_FIELD_RANGE' : 'ROW_FIELD_TYPE',
        record,
        field,
        expected,
        describe(value),
      );
    },
  };
}

/**
 * Int64: takes an integer, and a string that is nothing but an integer, since JSON producers (protobuf's JSON mapping
 * among them) write int64 as strings. Gives a number when it is safe, else a bigint.
 */
export function int64Reader(field: string): Reader {
  return {
    fixedBytes: 9,
    read: (value, record, exact) => {
      if (Number.isSafeInteger(value)) return value;
      return int64Slow(field, value, record, exact);
    },
  };
}

/** Float: takes a finite number that stays finite in 32 bits. */
export function floatReader(field: string): Reader {
  return {
    fixedBytes: 4,
    read: (value, record) => {
      const x = typeof value === 'bigint' ? Number(value) : value;
      if (typeof x !== 'number')
        return refuse('ROW_FIELD_TYPE', record, field, 'a number (Float)', describe(value));
      if (x < FLOAT_OVERFLOW && x > -FLOAT_OVERFLOW) return x;
      return refuse('ROW_FIELD_RANGE', record, field, 'a finite 32-bit float', describe(value));
    },
  };
}

/** Double: takes a finite number. */
export function doubleReader(field: string): Reader {
  return {
    fixedBytes: 8,
    read: (value, record) => {
      const x = typeof value === 'bigint' ? Number(value) : value;
      if (typeof x !== 'number')
        return refuse('ROW_FIELD_TYPE', record, field, 'a number (Double)', describe(value));
      if (Number.isFinite(x)) return x;
      return refuse('ROW_FIELD_RANGE', record, field, 'a finite 64-bit float', describe(value));
    },
  };
}

/**
 * VarChar, Text, Geometry (WKT): takes a string. Milvus counts `max_length` in bytes of UTF-8. A lone surrogate has no
 * UTF-8 and would be altered on the way, so it is refused.
 */
export function stringReader(field: string, type: string, maxLength: number | undefined): Reader {
  const limit = maxLength ?? Number.POSITIVE_INFINITY;
  const expected =
    maxLength === undefined ? `a string (${type})` : `a string of at most ${maxLength} bytes (${type})`;
  return {
    fixedBytes: 4,
    extraBytes: checked => utf8Length(checked as string),
    read: (value, record) => {
      if (typeof value !== 'string')
        return refuse('ROW_FIELD_TYPE', record, field, expected, describe(value));
      // One UTF-16 unit is at most 3 bytes, so most strings need no counting.
      if (value.length * 3 > limit) {
        const bytes = utf8Length(value);
        if (bytes > limit)
          refuse('ROW_VARCHAR_TOO_LONG', record, field, expected, `a string of ${bytes} bytes`);
      }
      if (!value.isWellFormed()) {
        return refuse('ROW_STRING_MALFORMED', record, field, expected, 'a string with a lone surrogate');
      }
      return value;
    },
  };
}

/**
 * Timestamptz: takes an ISO 8601 string and sends it as it is; Milvus parses it, and one without an offset is in the
 * collection's time zone (pymilvus sends `string_data` as well).
 */
export function timestamptzReader(field: string): Reader {
  const expected = 'an ISO 8601 date and time, e.g. 2026-01-31T12:00:00Z (Timestamptz)';
  return {
    fixedBytes: 4,
    extraBytes: checked => (checked as string).length,
    read: (value, record) => {
      if (typeof value !== 'string')
        return refuse('ROW_FIELD_TYPE', record, field, expected, describe(value));
      if (!isDateTime(value)) {
        return refuse('ROW_FIELD_RANGE', record, field, expected, `${describe(value)} that is none`);
      }
      return value;
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

const INTEGER = /^-?\d+$/;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const EXPECTED_INT64 = 'an integer -2^63 to 2^63-1 (Int64)';

function int64Slow(field: string, value: unknown, record: KafkaRecord, exact: boolean): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (!exact) return NEEDS_EXACT;
    // The exact decoder gives integers as bigint: this one was written with a fraction or an exponent, and its
    // last digits are the double's, not the record's.
    return refuse(
      'ROW_FIELD_TYPE',
      record,
      field,
      `${EXPECTED_INT64}, written in digits only`,
      describe(value),
    );
  }
  if (typeof value === 'bigint') return withinInt64(field, value, describe(value), record);
  if (typeof value === 'string' && INTEGER.test(value)) {
    const plain = Number(value);
    if (Number.isSafeInteger(plain)) return plain;
    // 2^63 has 19 digits; the bound keeps BigInt from parsing megabytes, leading zeros are not worth more.
    if (value.length <= 40) return withinInt64(field, BigInt(value), describe(BigInt(value)), record);
    return refuse('ROW_FIELD_RANGE', record, field, EXPECTED_INT64, describe(value));
  }
  return refuse('ROW_FIELD_TYPE', record, field, EXPECTED_INT64, describe(value));
}

function withinInt64(field: string, value: bigint, found: string, record: KafkaRecord): number | bigint {
  if (value < MIN_INT64 || value > MAX_INT64) refuse('ROW_FIELD_RANGE', record, field, EXPECTED_INT64, found);
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;

function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(part => Number(part ?? 0));
  if (month! < 1 || month! > 12 || day! < 1 || hour! > 23 || minute! > 59 || second! > 59) return false;
  const leap = year! % 4 === 0 && (year! % 100 !== 0 || year! % 400 === 0);
  return day! <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month! - 1]!;
}
