// A task's rows that are not acknowledged yet, in native memory: those that wait, and the batches that are on their way.
// Which rows a batch takes is decided in src/native/rows/queue.cc: a key is in one batch at a time, and in a batch its last
// row wins. When a batch goes is the batcher's to say.
import type { Cells } from '../milvus/wire/cells.ts';
import type { RequestFrame } from '../milvus/wire/request.ts';
import type { Chunk } from '../record/chunk.ts';
import {
  type BodyHandle,
  FACT,
  type Facts,
  nativeRows,
  type OwnedRecord,
  type PlanHandle,
} from '../record/native-rows.ts';

/** Rows that go out together, and those that they answer for. */
export interface RowBatch {
  readonly id: number;
  /** What is sent: one row a key, the last. */
  rows: number;
  /** All rows that the batch answers for: those, and the ones that a later row replaced. */
  taken: number;
  /** Of the cells of what is sent. */
  bytes: number;
  /** Grows when its rows are not what they were. */
  version: number;
}

/** Whose rows a chunk has: for each of its runs the owner's number, and how it numbers the run's first record. */
export interface Owners {
  owners: Uint32Array;
  sequences: Float64Array;
}

export interface Answers {
  /** Three numbers each: owner, first sequence, one past the last. */
  ranges: Float64Array;
  /** Two numbers each: a timestamp of records, ms since the epoch, and how many have it. */
  times: Float64Array;
}

export interface EncodedBatch {
  body: BodyHandle;
  /** Bytes. */
  size: number;
  /** The batch's when it was encoded. */
  version: number;
}

/** Owns no row: rows of runs with this owner are not taken. */
export const NOBODY = 0;

export class RowQueue {
  private readonly native = nativeRows();
  private readonly queue = this.native.makeQueue();
  private readonly facts: Facts = new Float64Array(7);
  private readonly otherFacts: Facts = new Float64Array(7);
  private readonly size = new Float64Array(1);
  private held = 0;

  /** @param onHeld bytes of memory that are held, more than before or less */
  constructor(private readonly onHeld: (bytes: number) => void = () => {}) {
    this.gone([NOBODY]);
  }

  /** Rows not yet in a batch. */
  get waitingRows(): number {
    return this.facts[FACT.waitingRows]!;
  }

  get waitingBytes(): number {
    return this.facts[FACT.waitingBytes]!;
  }

  /** Rows that are not over. */
  get liveRows(): number {
    return this.facts[FACT.live]!;
  }

  /**
   * Takes a chunk's rows, in the order of their records. The chunk is gone then.
   * @param end one past the place of the last record that counts
   * @returns how many rows
   */
  add(chunk: Chunk, { owners, sequences }: Owners, end: number): number {
    const added = this.native.add(this.queue, chunk.handle, owners, sequences, end, this.facts);
    this.account();
    return added;
  }

  /** The next batch; undefined when nothing waits whose key is not on its way. */
  take(maxRows: number, maxBytes: number): RowBatch | undefined {
    const id = this.native.take(this.queue, maxRows, maxBytes, this.facts);
    if (id === 0) return undefined;
    return this.tell({ id, rows: 0, taken: 0, bytes: 0, version: 0 }, this.facts);
  }

  /** The batch is over, and its rows are. */
  finish(batch: RowBatch): void {
    this.native.finish(this.queue, batch.id, this.facts);
    this.account();
  }

  /** What the batch's rows are to their partitions' owners. */
  answersFor(batch: RowBatch): Answers {
    return this.native.answersFor(this.queue, batch.id);
  }

  /** The batch is no more: its rows wait again, before all others. */
  putBack(batch: RowBatch): void {
    this.native.putBack(this.queue, batch.id, this.facts);
  }

  /** The batch keeps the first half of its keys; another one has the rest. */
  halve(batch: RowBatch): RowBatch {
    const id = this.native.halve(this.queue, batch.id, this.facts, this.otherFacts);
    this.tell(batch, this.facts);
    return this.tell({ id, rows: 0, taken: 0, bytes: 0, version: 0 }, this.otherFacts);
  }

  /** The rows of these owners are nobody's any more: `dropGone` takes them out. */
  gone(owners: Iterable<number>): void {
    this.native.gone(this.queue, Uint32Array.from(owners));
  }

  /** @param batch absent: of what waits */
  dropGone(batch?: RowBatch): void {
    const dropped = this.native.dropGone(this.queue, batch?.id ?? 0, this.facts);
    if (batch && dropped > 0) this.tell(batch, this.facts);
    this.account();
  }

  hasGone(batch: RowBatch): boolean {
    return this.native.hasGone(this.queue, batch.id);
  }

  /** It has rows that were made by another plan. */
  isStale(batch: RowBatch, planId: number): boolean {
    return this.native.isStale(this.queue, batch.id, planId);
  }

  /**
   * Makes rows of other plans anew.
   * @param batch undefined: what waits
   * @param make undefined: the row is over
   */
  remake(batch: RowBatch | undefined, plan: PlanHandle, make: (row: OwnedRecord) => Cells | undefined): void {
    this.native.remake(this.queue, batch?.id ?? 0, plan, make, this.facts);
    if (batch) this.tell(batch, this.facts);
    this.account();
  }

  /** The record of the batch's first row. */
  first(batch: RowBatch): OwnedRecord {
    return this.native.first(this.queue, batch.id);
  }

  /** The batch's first row is over; an earlier one of its key takes its place. */
  dropFirst(batch: RowBatch): void {
    this.native.dropFirst(this.queue, batch.id, this.facts);
    this.tell(batch, this.facts);
    this.account();
  }

  /** @throws when a row was made by another plan */
  encode(batch: RowBatch, plan: PlanHandle, { head, tail }: RequestFrame): EncodedBatch {
    const body = this.native.encode(this.queue, batch.id, plan, head, tail, this.size);
    return { body, size: this.size[0]!, version: batch.version };
  }

  /** The request is not sent (again): its memory may be used for others. */
  letGo({ body }: EncodedBatch): void {
    this.native.letGo(body);
  }

  // --- internal ---

  private tell(batch: RowBatch, facts: Facts): RowBatch {
    batch.rows = facts[FACT.rows]!;
    batch.taken = facts[FACT.taken]!;
    batch.bytes = facts[FACT.bytes]!;
    batch.version++;
    return batch;
  }

  private account(): void {
    const held = this.facts[FACT.heldBytes]!;
    if (held === this.held) return;
    const more = held - this.held;
    this.held = held;
    this.onHeld(more);
  }
}
