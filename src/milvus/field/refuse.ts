// The one way in which a field of a record is refused: it names record, field, expected and found, and quotes no text.

import { place, RecordError, type RecordErrorCode } from '../../errors.ts';
import type { KafkaRecord } from '../../record/record.ts';
import { TypedValue } from '../../record/typed.ts';

/** What is wrong with a field. */
export type RowErrorCode = Extract<RecordErrorCode, `ROW_${string}`>;

/**
 * Refuses the record because of one field.
 * @throws RecordError always, stage TASK_PUT
 */
export function refuse(
  code: RowErrorCode,
  record: KafkaRecord,
  field: string,
  expected: string,
  found: string,
  fix?: string,
): never {
  throw new RecordError(code, 'TASK_PUT', `field "${field}" ${SUMMARY[code]}`, {
    expected,
    found,
    where: place(record),
    ...(fix !== undefined && { fix }),
  });
}

/** Says what a value is: its type, its length, a number's digits. Records may be private: no string is quoted. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return `the number ${value}`;
    case 'bigint': {
      const digits = value.toString();
      return digits.length <= 40 ? `the number ${digits}` : `a number of ${digits.length} digits`;
    }
    case 'boolean':
      return 'a boolean';
    case 'string':
      return `a string of ${value.length} characters`;
    case 'undefined':
      return 'nothing';
    default:
  }
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof TypedValue) {
    return value.digits.length <= 40 ? `${value.kind.replace(/^a /, 'the ')} ${value.digits}` : value.kind;
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `an array of ${(value as { length?: number }).length ?? 0} elements`;
  }
  return 'an object';
}

// --- internal ---

const SUMMARY: Record<RowErrorCode, string> = {
  ROW_FIELD_MISSING: 'is missing',
  ROW_FIELD_TYPE: 'has the wrong type',
  ROW_FIELD_RANGE: 'is out of range',
  ROW_FIELD_RESERVED: 'may not be given there',
  ROW_VARCHAR_TOO_LONG: 'is too long',
  ROW_ARRAY_TOO_LONG: 'has too many elements',
  ROW_JSON_TOO_LONG: 'is too long',
  ROW_STRING_MALFORMED: 'is not valid Unicode',
  ROW_VECTOR_DIM: 'has the wrong number of dimensions',
  ROW_VECTOR_VALUE: 'has a component that Milvus does not take',
};
