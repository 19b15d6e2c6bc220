// JSON fields and `$meta`: values go out as JSON text, with every integer's digits as they came.
import type { KafkaRecord } from '../../source/record.ts';
import { NEEDS_EXACT } from '../row.ts';
import { utf8Length } from '../wire/writer.ts';
import type { Reader } from './reader.ts';
import { refuse } from './refuse.ts';

/** Takes any JSON value but null, which is an absent value everywhere in Milvus; gives its JSON text. */
export function jsonReader(field: string): Reader {
  return {
    fixedBytes: 4,
    extraBytes: checked => utf8Length(checked as string),
    read: (value, record, exact) => jsonText(field, value, record, exact),
  };
}

/**
 * The JSON text of a decoded value.
 * @returns NEEDS_EXACT when an integer in it is beyond ±(2^53-1) and `exact` is false
 * @throws RecordError when it is nested too deeply to be written
 */
export function jsonText(
  field: string,
  value: unknown,
  record: KafkaRecord,
  exact: boolean,
): string | typeof NEEDS_EXACT {
  try {
    if (!exact) return hasUnsafeInteger(value) ? NEEDS_EXACT : JSON.stringify(value);
    return JSON.stringify(value, digits);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse('ROW_FIELD_TYPE', record, field, 'a JSON value', 'a value nested too deeply');
  }
}

// --- internal ---

/** Also true of 1e300, which no exact decoding changes: the second pass does not ask again. */
function hasUnsafeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  // Not of an inexact decoding, by contract; JSON.stringify would throw.
  if (typeof value === 'bigint') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (hasUnsafeInteger(value[i])) return true;
    return false;
  }
  for (const key in value) if (hasUnsafeInteger((value as Record<string, unknown>)[key])) return true;
  return false;
}

// TypeScript's library does not have the proposal yet; Bun does.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function digits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(value.toString()) : value;
}
