// Decodes a poll's JSON objects at once: vectors by the native addon, the rest by one JSON.parse for many records.

import type { RowObject } from '../../record/decoded.ts';
import { NumberText } from '../../record/typed.ts';
import type { VectorHint } from '../contract.ts';
import type { VectorsAddon } from './addon.ts';
import { numberSources, setOwn } from './json.ts';

/** An integer that a double cannot hold, and where it belongs; until then the row has the nearest double there. */
export interface ExactInteger {
  holder: object;
  name: string;
  value: bigint;
}

export interface VectorDecoder {
  /**
   * @param texts UTF-8 JSON texts
   * @param rows receives, at the text's index, the row; stays as it is where the text was declined
   * @param exact receives, at the text's index, the integers beyond ±(2^53-1) of a row that has some
   */
  decode(
    texts: readonly Buffer[],
    rows: Array<RowObject | undefined>,
    exact: Map<number, ExactInteger[]>,
  ): void;
  /**
   * One text, with its numbers as they are written (NumberText), but for those of the vectors.
   * @returns undefined where the text was declined
   */
  decodeSources(text: Buffer): RowObject | undefined;
}

/** Fields that the addon looks for; without any it still finds long integers. */
export function createVectorDecoder(addon: VectorsAddon, hints: readonly VectorHint[]): VectorDecoder {
  const fields = hints
    .filter(hint => hint.dim > 0 && hint.name !== '' && hint.name !== '__proto__')
    .slice(0, MAX_FIELDS);
  const names = Buffer.from(fields.map(field => field.name).join(''));
  const layout = new Int32Array(fields.length * 3 + 1);
  let slot = 0;
  let nameEnd = 0;
  fields.forEach((field, i) => {
    nameEnd += Buffer.byteLength(field.name);
    layout.set([nameEnd, field.dim, slot], i * 3);
    slot += field.dim;
  });
  layout[fields.length * 3] = slot;
  const maxRows = Math.max(1, Math.min(MAX_CHUNK_ROWS, Math.floor(SLAB_FLOATS / Math.max(1, slot))));
  const meta = new Int32Array(2 + 3 * maxRows);

  return {
    decode(texts, rows, exact) {
      const text = scratch(slot);
      for (let from = 0; from < texts.length; ) {
        const slab = new Float32Array(slot * Math.min(maxRows, texts.length - from));
        const count = addon.extract(texts, from, names, layout, slab, text, meta);
        if (count === 0) throw new Error('vectors.extract made no progress');
        const encoding = meta[1] === 1 ? 'latin1' : 'utf8';
        const parsed = parse(text.toString(encoding, 0, meta[0])) as unknown[] | undefined;
        for (let i = 0; i < count; i++) {
          const found = meta[3 * i + 2]!;
          if (found < 0) continue;
          // One text that is no JSON spoils the whole: then each is parsed for itself, after `[` or `,`.
          const start = i === 0 ? 1 : meta[3 * i + 1]! + 1;
          const row = (parsed ? parsed[i] : parse(text.toString(encoding, start, meta[3 * i + 4]))) as
            | RowObject
            | undefined;
          if (row === undefined) continue;
          putVectors(row, found, slab, i * slot);
          const marks = meta[3 * i + 3]!;
          if (marks > 0) {
            const integers: ExactInteger[] = [];
            takeMarks(row, marks, integers);
            if (integers.length > 0) exact.set(from + i, integers);
          }
          rows[from + i] = row;
        }
        from += count;
      }
    },

    decodeSources(text) {
      const slab = new Float32Array(slot);
      const rest = scratch(slot);
      if (addon.extract([text], 0, names, layout, slab, rest, meta) !== 1 || meta[2]! < 0) return undefined;
      const parsed = parse(rest.toString(meta[1] === 1 ? 'latin1' : 'utf8', 0, meta[0]), numberSources);
      const row = (parsed as RowObject[] | undefined)?.[0];
      if (row === undefined) return undefined;
      putVectors(row, meta[2]!, slab, 0);
      const integers: ExactInteger[] = [];
      takeMarks(row, meta[3]!, integers);
      for (const { holder, name, value } of integers) setOwn(holder, name, value);
      return row;
    },
  };

  function putVectors(row: RowObject, found: number, slab: Float32Array, from: number): void {
    for (let f = 0; f < fields.length; f++) {
      if ((found & (1 << f)) === 0) continue;
      const at = from + layout[f * 3 + 2]!;
      row[fields[f]!.name] = slab.subarray(at, at + fields[f]!.dim);
    }
  }
}

// --- internal ---

/** As in vectors.cc. */
const MAX_FIELDS = 30;
const MARK = 0;
/**
 * A slab lives as long as one of its rows: 256 KB bound what one slow row can hold back, and are large enough for the
 * cost of a call and of an allocation to vanish (scripts/benchmark/decode.ts).
 */
const SLAB_FLOATS = 64 * 1024;
const MAX_CHUNK_ROWS = 256;
const MIN_SCRATCH_BYTES = 512 * 1024;
/** Room for the text of a component; the addon asks for twice a record's length. */
const SCRATCH_BYTES_PER_COMPONENT = 2 * 24;

let scratchText: Buffer = Buffer.alloc(0);

/** Shared by all decoders: nothing is kept in it beyond a call. */
function scratch(slot: number): Buffer {
  const bytes = MIN_SCRATCH_BYTES + slot * SCRATCH_BYTES_PER_COMPONENT;
  if (scratchText.length < bytes) scratchText = Buffer.alloc(bytes);
  return scratchText;
}

function parse(text: string, reviver?: typeof numberSources): unknown {
  try {
    return reviver ? JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Turns marked strings into numbers, noting those that lose digits; gives how many are still to be found. */
function takeMarks(holder: object, marks: number, integers: ExactInteger[]): number {
  let left = marks;
  if (left === 0) return 0;
  for (const name in holder) {
    const value = (holder as Record<string, unknown>)[name];
    if (typeof value === 'string') {
      if (value.charCodeAt(0) !== MARK) continue;
      const digits = value.slice(1);
      const number = Number(digits);
      if (!Number.isSafeInteger(number)) integers.push({ holder, name, value: BigInt(digits) });
      setOwn(holder, name, number);
      if (--left === 0) return 0;
    } else if (
      typeof value === 'object' &&
      value !== null &&
      !(value instanceof Float32Array) &&
      !(value instanceof NumberText)
    ) {
      left = takeMarks(value, left, integers);
      if (left === 0) return 0;
    }
  }
  return left;
}
