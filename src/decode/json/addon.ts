// Loads our own addon (vectors.cc), which is part of the executable: when it cannot be loaded nothing should start.
import { nativePart } from '../../native.ts';

export interface VectorsAddon {
  /**
   * Splits JSON object texts into their float vectors and the rest, see vectors.cc. Stateless.
   *
   * @param records UTF-8 JSON texts
   * @param from index of the first record to handle
   * @param names UTF-8 names of the vector fields, one after the other
   * @param layout per field: end of its name in `names`, dimension, offset in a row's slot; last the floats per slot
   * @param slab receives the vectors, a slot per record
   * @param text receives one JSON array: per record what remains of it, or `0` when it was declined; at least 4 bytes
   * @param meta receives bytes written to `text` and 1 if they are ASCII; then per record the bits of the fields
   *   found (-1: declined), the number of integers written as marked strings, the end of its text in `text`
   * @returns how many records were handled: as many as slab, text and meta had room for
   */
  extract(
    records: readonly Uint8Array[],
    from: number,
    names: Uint8Array,
    layout: Int32Array,
    slab: Float32Array,
    text: Uint8Array,
    meta: Int32Array,
  ): number;
}

/** @throws SinkError NATIVE_LOAD when the addon cannot be loaded */
export function loadVectors(): VectorsAddon {
  return nativePart<VectorsAddon>('vectors');
}
