// Array fields: every element is read as a field of the element type would be.

import type { DataType } from '../wire/data-type.ts';
import type { Reader } from './reader.ts';
import { describe, refuse } from './refuse.ts';
import { plainReader } from './scalar.ts';

/**
 * Takes an array of at most `maxCapacity` elements, none of them null.
 * @returns undefined when Milvus has no such array
 */
export function arrayReader(
  field: string,
  elementType: DataType | undefined,
  maxLength: number | undefined,
  maxCapacity: number | undefined,
): Reader | undefined {
  const element = plainReader(`${field}[]`, elementType, maxLength);
  if (!element) return undefined;
  const limit = maxCapacity ?? Number.POSITIVE_INFINITY;
  const expected = maxCapacity === undefined ? 'an array' : `an array of at most ${maxCapacity} elements`;
  return {
    fixedBytes: 8,
    extraBytes: checked => {
      const items = checked as readonly unknown[];
      let bytes = items.length * element.fixedBytes;
      if (element.extraBytes) for (const item of items) bytes += element.extraBytes(item);
      return bytes;
    },
    read: (value, record, precision) => {
      if (!Array.isArray(value)) return refuse('ROW_FIELD_TYPE', record, field, expected, describe(value));
      if (value.length > limit) return refuse('ROW_ARRAY_TOO_LONG', record, field, expected, describe(value));
      const checked = new Array(value.length);
      for (let i = 0; i < value.length; i++) {
        const item = element.read(value[i], record, precision);
        if (typeof item === 'symbol') return item;
        checked[i] = item;
      }
      return checked;
    },
  };
}
