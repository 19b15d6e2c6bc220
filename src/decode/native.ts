// The native decoder of plain JSON, for single records: tests, fuzzing, and a record that is read again.
import type { NativePlan } from '../milvus/collection/native-plan.ts';
import { nativePart } from '../native.ts';

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

/** @throws SinkError NATIVE_LOAD when the addon cannot be loaded */
export function loadDecode(): DecodeAddon {
  return nativePart<DecodeAddon>('decode');
}
