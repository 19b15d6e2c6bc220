// VarChar and the old String, and how every type that is text is checked.
import { NEEDS_SOURCES } from '../../record/decoded.ts';
import { strings } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import { utf8Length } from '../wire/writer.ts';
import { type FieldReader, type FieldType, MAX_NATIVE_BYTES, type NativeKind } from './contract.ts';
import { textOf } from './convert.ts';
import { describe, refuse } from './refuse.ts';
import type { FieldSchema } from './schema.ts';

export const varChar: FieldType = {
  type: DataType.VarChar,
  plainDefault: true,
  takes: takesString,
  reader: ({ name, maxLength }) => stringReader(name, 'VarChar', maxLength),
  codec: () => STRINGS,
  native: nativeText,
};

/** Milvus' protocol has it, its collections have VarChar instead. */
export const string: FieldType = {
  type: DataType.String,
  takes: takesString,
  reader: ({ name, maxLength }) => stringReader(name, 'VarChar', maxLength),
  codec: () => STRINGS,
  native: nativeText,
};

/** StringArray of ScalarField. */
export const STRINGS = strings(0x32);

/** How strings are read natively; a limit that is none is the server's to explain. */
export function nativeText({ maxLength }: FieldSchema): NativeKind | undefined {
  if (maxLength === undefined) return { kind: 'text' };
  if (!Number.isInteger(maxLength) || maxLength < 0) return undefined;
  return { kind: 'text', maxBytes: Math.min(maxLength, MAX_NATIVE_BYTES) };
}

export function takesString({ maxLength }: FieldSchema): string {
  return maxLength ? `string, at most ${maxLength} bytes` : 'string';
}

/**
 * Takes a string, and the text of a number, boolean or bytes unless it is a string only. Milvus counts `max_length` in
 * bytes of UTF-8. A lone surrogate has no UTF-8 and would be altered on the way, so it is refused.
 * @param type for messages
 */
export function stringReader(
  field: string,
  type: string,
  maxLength: number | undefined,
  { stringsOnly = false } = {},
): FieldReader {
  const limit = maxLength ?? Number.POSITIVE_INFINITY;
  const expected =
    maxLength === undefined ? `a string (${type})` : `a string of at most ${maxLength} bytes (${type})`;
  return {
    read: (value, record, precision) => {
      let text = value;
      if (typeof text !== 'string') {
        text = stringsOnly ? undefined : textOf(value, precision);
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
