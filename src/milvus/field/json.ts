// JSON: values go out as JSON text, with every integer's digits as they came. `$meta` is written the same way.
import { NEEDS_EXACT, type Precision } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import { TypedValue } from '../../record/typed.ts';
import { strings } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import { utf8Length } from '../wire/writer.ts';
import { type FieldLimits, type FieldType, MAX_NATIVE_BYTES, type NativeKind } from './contract.ts';
import { base64 } from './convert.ts';
import { describe, refuse } from './refuse.ts';

/** Takes any JSON value but null, which is an absent value everywhere in Milvus; gives its JSON text. */
export const json: FieldType = {
  type: DataType.JSON,
  takes: (_field, limits) => (limits.jsonObjectsOnly ? 'JSON object' : 'any JSON'),
  reader: ({ name }, limits) => ({
    read: (value, record, precision) => {
      if (limits.jsonObjectsOnly && !isPlainObject(value)) {
        refuse('ROW_FIELD_TYPE', record, name, 'a JSON object (Milvus before 2.4)', describe(value));
      }
      return jsonText(name, value, record, precision, limits.jsonMaxBytes);
    },
  }),
  codec: () => JSON_TEXTS,
  native: (_field, limits) => nativeJson(limits),
};

/** How JSON texts are read natively, those of `$meta` as well. */
export function nativeJson({ jsonMaxBytes, jsonObjectsOnly }: FieldLimits): NativeKind {
  return { kind: 'json', maxBytes: Math.min(jsonMaxBytes, MAX_NATIVE_BYTES), objectsOnly: jsonObjectsOnly };
}

/** JSONArray of ScalarField. */
export const JSON_TEXTS = strings(0x4a);

/** Whether a decoded value is an object of JSON: no array, no bytes, and no number with a kind. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof TypedValue) && !ArrayBuffer.isView(value);
}

/**
 * The JSON text of a decoded value. Bytes are written in base64, at every depth.
 * @returns NEEDS_EXACT when an integer in it is beyond ±(2^53-1) and the precision is `nearest`
 * @throws RecordError when it is longer than `maxBytes`, holds a number beyond a double's range (which Milvus cannot
 *   read), or is nested too deeply to be written
 */
export function jsonText(
  field: string,
  value: unknown,
  record: KafkaRecord,
  precision: Precision,
  maxBytes: number,
): string | typeof NEEDS_EXACT {
  let text: string;
  try {
    const found = look(value);
    if (found & INFINITE) refuse('ROW_FIELD_RANGE', record, field, 'numbers within ±1.8e308', 'one beyond');
    if (found & UNSAFE && precision === 'nearest') return NEEDS_EXACT;
    text = found & SPECIAL ? JSON.stringify(value, ownForm) : JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse('ROW_FIELD_TYPE', record, field, 'a JSON value', 'a value nested too deeply');
  }
  // One UTF-16 unit is at most 3 bytes, so that most texts need no counting.
  if (text.length * 3 > maxBytes) {
    const bytes = utf8Length(text);
    if (bytes > maxBytes) {
      refuse(
        'ROW_JSON_TOO_LONG',
        record,
        field,
        `at most ${maxBytes} bytes of JSON`,
        `${bytes} bytes`,
        'Where common.JSONMaxLength of Milvus is larger, raise milvus.json.max.bytes',
      );
    }
  }
  return text;
}

// --- internal ---

/** An integer that a double may have rounded. Also 1e300, which no exact decoding changes: that is not asked again. */
const UNSAFE = 1;
/** A value that is none of JSON's own. */
const SPECIAL = 2;
/** A number that JSON.stringify would write as null. */
const INFINITE = 4;

function look(value: unknown): number {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return 0;
    return Number.isInteger(value) ? UNSAFE : Number.isFinite(value) ? 0 : INFINITE;
  }
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? lookAt(value) : 0;
  let found = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) found |= look(value[i]);
    return found;
  }
  if (value instanceof TypedValue) return lookAt(value.json);
  if (ArrayBuffer.isView(value)) return SPECIAL;
  for (const key in value) found |= look((value as Record<string, unknown>)[key]);
  return found;
}

function lookAt(digits: string | bigint): number {
  return Number.isFinite(Number(digits)) ? SPECIAL : SPECIAL | INFINITE;
}

// TypeScript's library does not have the proposal yet; Bun does.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** A replacer: the holder has the value itself, of which a Buffer's toJSON has made something else by now. */
function ownForm(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(value.toString());
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof TypedValue) return rawJSON(value.json);
  const own = (this as Record<string, unknown>)[key];
  if (own instanceof Uint8Array) return base64(own);
  return own instanceof Float32Array ? Array.from(own) : value;
}
