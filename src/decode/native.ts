// The native decoder of plain JSON, for single records: tests, fuzzing, and a record that is read again.
import type { NativePlan } from '../milvus/collection/native-plan.ts';
import { loadFailure } from '../native-load.ts';

declare const plan: unique symbol;
/** A plan that the native code holds, as long as this is referenced. */
export type HeldPlan = { readonly [plan]: true };

/** A record's row, as cells: their forms are in src/native/decode/decode.h. */
export interface NativeRow {
  cells: Uint8Array;
  /** For each column where its cell lies in `cells`, and its length; ABSENT as length when there is none. */
  at: Uint32Array;
  /** Fields that were left out. */
  dropped: number;
}

/** A length that none has. */
export const ABSENT = 0xffff_ffff;

export interface DecodeAddon {
  makePlan(description: NativePlan): HeldPlan;
  /** @returns for each text its row, or null when it is declined: the general way says what it is */
  decodeRows(plan: HeldPlan, texts: readonly Uint8Array[]): Array<NativeRow | null>;
  /** Whether these bytes are certainly a key that JsonConverter without schemas takes. */
  isPlainKey(key: Uint8Array): boolean;
}

let loaded: DecodeAddon | undefined;

/**
 * The addon's decoder, loaded at the first call.
 * @throws SinkError NATIVE_LOAD when it cannot be loaded
 */
export function loadDecode(): DecodeAddon {
  if (!loaded) {
    try {
      // A static require with a specifier that scripts/native/plugin.ts resolves, so that the bundler embeds it.
      loaded = (require('milvus-sink-native.node') as { sink: { decode: DecodeAddon } }).sink.decode;
    } catch (error) {
      throw loadFailure(error, process.env);
    }
  }
  return loaded;
}
