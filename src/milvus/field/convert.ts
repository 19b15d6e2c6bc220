// What a value of another JSON type stands for, where reading it so loses nothing: as kafka-connect-milvus converts by
// way of the value's text (DataConverter), without what it cuts off or makes up.

import { parseDecimal, toInteger } from '../../record/decimal.ts';
import type { Precision } from '../../record/decoded.ts';
import { NEEDS_SOURCES } from '../../record/decoded.ts';
import { TypedValue } from '../../record/typed.ts';

/**
 * The integer that a value is: of a number, of a text that is one (`7`, `+7`, `7.0`), or of a typed value.
 * @param value a number as the record has it: of a double beyond 2^53 this gives what the double holds
 * @returns a number when it is safe, else a bigint; undefined when it is no integer
 */
export function integerOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return undefined;
    return Number.isSafeInteger(value) ? value : BigInt(value);
  }
  if (typeof value === 'bigint') {
    const plain = Number(value);
    return Number.isSafeInteger(plain) ? plain : value;
  }
  const text = digitsOf(value);
  if (text === undefined || text.length > MAX_DIGITS) return undefined;
  if (SHORT_INTEGER.test(text)) return Number(text);
  const decimal = parseDecimal(text);
  return decimal && toInteger(decimal);
}

/**
 * The double nearest to a number, to a text that is one (blanks around it are Java's to skip, and ours), or to a typed
 * value; infinite when it is beyond a double's range, undefined when it is no number.
 */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  const text = digitsOf(value)?.trim();
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined;
}

/**
 * The text of a scalar: a number's as the record has it, `true` and `false`, bytes in base64.
 * @returns undefined for arrays, objects and null, whose text in Java loses the quotes; NEEDS_SOURCES for a number whose
 *   text was not read
 */
export function textOf(value: unknown, precision: Precision): string | typeof NEEDS_SOURCES | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return precision === 'sources' ? String(value) : NEEDS_SOURCES;
    default:
  }
  if (value instanceof TypedValue) return value.text;
  return value instanceof Uint8Array ? base64(value) : undefined;
}

/** Bytes as Connect's own JSON has them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The components of a vector that is written as text, each as text: `[1, 2]` or `1,2`. */
export function componentTexts(text: string): string[] {
  const trimmed = text.trim();
  const inner = trimmed.startsWith('[') && trimmed.endsWith(']') ? trimmed.slice(1, -1) : trimmed;
  return inner.split(',').map(component => component.trim());
}

// --- internal ---

/** Jackson's limit for the length of a number. */
const MAX_DIGITS = 1000;
const SHORT_INTEGER = /^[+-]?\d{1,15}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function digitsOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof TypedValue ? value.digits : undefined;
}
