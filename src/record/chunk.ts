// One poll's records in native memory. Those that are plain have become rows there by now; the others are asked for, and
// read in JavaScript, one by one: the rows that are made of them are put beside the first ones.
import type { PartitionRun, RecordBatch } from './contract.ts';
import { type ChunkHandle, type NativeChunk, nativeRows, type PlanHandle } from './native-rows.ts';
import type { KafkaRecord } from './record.ts';

export class Chunk implements RecordBatch {
  readonly length: number;
  readonly runs: readonly PartitionRun[];
  readonly valueBytes: number;
  readonly bytes: number;
  /** Fields that were left out of the rows that were read natively. */
  readonly dropped: number;
  /** CPU that reading natively took, on a thread of its own. */
  readonly decodeMs: number;
  readonly handle: ChunkHandle;
  private readonly ranges: Float64Array;
  private readonly rows: number;

  constructor(polled: NativeChunk) {
    this.handle = polled.handle;
    this.length = polled.length;
    this.rows = polled.rows;
    this.runs = polled.runs;
    this.valueBytes = polled.valueBytes;
    this.bytes = polled.bytes;
    this.dropped = polled.dropped;
    this.decodeMs = polled.decodeMs;
    this.ranges = polled.ranges;
  }

  /**
   * A chunk of records as a poll makes it, without their headers.
   * @param plan null: none of them is read natively
   */
  static of(records: readonly KafkaRecord[], plan: PlanHandle | null = null): Chunk {
    return new Chunk(nativeRows().makeChunk(records, plan));
  }

  record(place: number): KafkaRecord {
    return nativeRows().recordAt(this.handle, place);
  }

  /** Places of what is no row (yet), in order. */
  notRows(): { declined: number[]; tombstones: number[] } {
    const declined: number[] = [];
    const tombstones: number[] = [];
    if (this.rows < this.length)
      for (const place of nativeRows().notRows(this.handle)) {
        if (place >= 0) declined.push(place);
        else tombstones.push(-1 - place);
      }
    return { declined, tombstones };
  }

  /** The rows of these places, as cells. */
  adopt(plan: PlanHandle, places: readonly number[], cells: { lengths: Uint32Array; bytes: Uint8Array }) {
    if (places.length > 0)
      nativeRows().adopt(this.handle, plan, Uint32Array.from(places), cells.lengths, cells.bytes);
  }

  /** Offsets of the places from `start` to `end`: calls back once for each stretch without a gap. */
  offsets(start: number, end: number, each: (offset: number, count: number) => void): void {
    const { ranges } = this;
    for (let i = 0; i < ranges.length; i += 2) {
      const from = ranges[i]!;
      const to = i + 2 < ranges.length ? ranges[i + 2]! : this.length;
      if (to <= start || from >= end) continue;
      const first = Math.max(from, start);
      each(ranges[i + 1]! + first - from, Math.min(to, end) - first);
    }
  }

  /** Nothing is made of it: its memory is free. */
  release(): void {
    nativeRows().release(this.handle);
  }
}
