// One value in the very bytes that it has inside of its column: what the native decoder makes of JSON text, made of a value
// that a field's reader gave (src/native/decode/decode.h has the forms).
import type { Codec } from './column.ts';
import { LengthTape, WireWriter } from './writer.ts';

/**
 * The bytes of one value, without the head of the column's array: a string or JSON text with the head of its own.
 * @param codec of a scalar or a dense vector
 */
export function cellOf(codec: Codec, value: unknown): Uint8Array {
  const tape = new LengthTape();
  const values = [value];
  const writer = new WireWriter(codec.measure(values, tape));
  codec.write(values, tape, writer);
  return TEXT_TAGS.includes(codec.tag) && !codec.vector ? writer.buffer : behindHead(writer.buffer);
}

// --- internal ---

/** Tags of StringArray and JSONArray in ScalarField: each value has a head of its own. */
const TEXT_TAGS: readonly number[] = [0x32, 0x4a];

/** Behind the tag and the length, which are all values'. */
function behindHead(bytes: Uint8Array): Uint8Array {
  let at = 1;
  while (bytes[at]! > 0x7f) at++;
  return bytes.subarray(at + 1);
}
