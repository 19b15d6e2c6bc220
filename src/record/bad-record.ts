// Words for records that cannot be decoded: where and what kind, never what the record holds.
import { place, RecordError, type RecordErrorCode, type Stage } from '../errors.ts';
import type { KafkaRecord } from './record.ts';
import { TypedValue } from './typed.ts';

/** Which side of a record is decoded, and which stage Kafka Connect would give an error in its text. */
export interface Role {
  side: 'key' | 'value';
  stage: Stage;
}

export function badRecord(
  code: RecordErrorCode,
  role: Role,
  record: KafkaRecord,
  summary: string,
  details: { expected?: string; found?: string; fix?: string } = {},
): RecordError {
  return new RecordError(code, role.stage, `the ${role.side} ${summary}`, {
    ...details,
    where: place(record),
  });
}

/** The kind of a JSON value, without its content. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof TypedValue) return value.kind;
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'object':
      return 'an object';
    default:
      return 'a number';
  }
}
