// Text → JSON value, with an error that says where it went wrong, and integers as exact as they are written.
import type { RecordError } from '../../errors.ts';
import { badRecord, kindOf, type Role } from '../../record/bad-record.ts';
import type { Precision, RowObject } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import type { TextDecoding } from '../../record/text.ts';
import { NumberText, TypedValue } from '../../record/typed.ts';
import { findSyntaxError } from './json-syntax.ts';

/** Jackson's limit (StreamReadConstraints), and ours: what works on rows may recurse. */
export const MAX_DEPTH = 1000;
/** Jackson's limit for the length of a number; longer ones are left to JSON.parse. */
const MAX_DIGITS = 1000;

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** For JSON.parse: integers beyond ±(2^53-1) become bigint, the other numbers stay. */
const exactIntegers: Reviver = (_key, value, context) =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? (exactInteger(context.source) ?? value) : value;

/** For JSON.parse: as `exactIntegers`, and a number that is written otherwise than `String` would becomes NumberText. */
export const numberSources: Reviver = (_key, value, context) => {
  const { source } = context;
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value;
  return exactInteger(source) ?? (source.length <= MAX_DIGITS ? new NumberText(source) : value);
};

/** The reviver that reads numbers with that precision. */
export function reviverFor(precision: Precision): Reviver | undefined {
  return precision === 'nearest' ? undefined : precision === 'integers' ? exactIntegers : numberSources;
}

/**
 * Parses one side of a record.
 *
 * @returns the JSON value; the error when the text is no JSON or nested too deeply
 */
export function parseJson(
  bytes: Buffer,
  text: string,
  record: KafkaRecord,
  role: Role,
  decoding: TextDecoding,
  reviver?: Reviver,
): { value: unknown } | RecordError {
  try {
    const value: unknown = reviver
      ? JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1])
      : JSON.parse(text);
    // A level takes two characters, so that short texts need no look.
    if (text.length > 2 * MAX_DEPTH && !withinDepth(value, MAX_DEPTH)) return tooDeep(record, role);
    return { value };
  } catch {
    const error = findSyntaxError(text);
    // A reviver recurses: a text that is JSON and yet fails is too deep for it.
    if (!error) return tooDeep(record, role);
    return badRecord('RECORD_NOT_JSON', role, record, 'is not JSON', {
      ...(role.side === 'key' && { fix: PLAIN_KEYS }),
      expected: error.expected,
      found: `${error.found} at byte ${decoding.offset(bytes, text, error.at)}`,
    });
  }
}

/** True for a text that holds nothing but JSON's white space. */
export function isBlank(text: string): boolean {
  return /^[ \t\n\r]*$/.test(text);
}

/** A row must be an object. null passes; anything else is what Connect's sink task would fail on: stage TASK_PUT. */
export function asRow(value: unknown, record: KafkaRecord): RowObject | null | RecordError {
  if (value === null) return null;
  const other = Array.isArray(value) || value instanceof Uint8Array || value instanceof TypedValue;
  if (typeof value === 'object' && !other) return value as RowObject;
  return badRecord('RECORD_NOT_OBJECT', { side: 'value', stage: 'TASK_PUT' }, record, 'is no row', {
    expected: 'an object with the fields of the collection',
    found: kindOf(value),
  });
}

/** Sets an own property, whatever its name: `object.__proto__ = x` would change the prototype. */
export function setOwn(object: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else (object as Record<string, unknown>)[name] = value;
}

/** Whether arrays and objects are nested at most `depth` levels. */
export function withinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i];
      if (typeof item === 'object' && item !== null && !withinDepth(item, depth - 1)) return false;
    }
    return true;
  }
  for (const name in value) {
    const item = (value as Record<string, unknown>)[name];
    if (typeof item === 'object' && item !== null && !withinDepth(item, depth - 1)) return false;
  }
  return true;
}

// --- internal ---

/** Connect's own default converter meets keys that no sink needs: the commonest reason for a sink that ends at once. */
const PLAIN_KEYS = 'For keys of any kind set key.converter=org.apache.kafka.connect.storage.StringConverter';
const INTEGER = /^-?[0-9]+$/;

/** undefined for a safe integer as well: that it is written otherwise (`-0`) is no matter of digits. */
function exactInteger(source: string | undefined): bigint | undefined {
  if (source === undefined || source.length > MAX_DIGITS || !INTEGER.test(source)) return undefined;
  return Number.isSafeInteger(Number(source)) ? undefined : BigInt(source);
}

function tooDeep(record: KafkaRecord, role: Role): RecordError {
  return badRecord('RECORD_TOO_DEEP', role, record, 'is nested too deeply', {
    expected: `at most ${MAX_DEPTH} levels`,
  });
}
