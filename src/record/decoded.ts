// What a converter makes of a record's bytes, and how exactly its numbers were read.

/**
 * How exactly numbers are read: as the nearest double; integers beyond ±(2^53-1) as bigint; or as they are written,
 * which is NumberText where `String(number)` would give another text.
 */
export type Precision = 'nearest' | 'integers' | 'sources';

/**
 * A decoded record: field name → JSON value. A value may also be
 * - `bigint`: an integer outside ±(2^53-1), only from `decodeExact`;
 * - `TypedValue`: a number with its text, from `decodeExact` only, or a logical type of an envelope;
 * - `Float32Array`: a vector that the native decoder read. Only it makes them, and it has checked that the
 *   length is the hint's `dim` and that every number is finite; it is valid as long as it is referenced;
 * - `Uint8Array`: the bytes of a `bytes` field of an envelope (deeper inside, bytes stay base64 text).
 */
export type RowObject = Record<string, unknown>;

/** Returned by the mapper when an integer may have lost digits: decode the record with `integers` and map it again. */
export const NEEDS_EXACT: unique symbol = Symbol('needs exact integers');
/** Returned by the mapper when a number's text is wanted: decode the record with `sources` and map it again. */
export const NEEDS_SOURCES: unique symbol = Symbol('needs the texts of numbers');
export type NeedsMore = typeof NEEDS_EXACT | typeof NEEDS_SOURCES;
