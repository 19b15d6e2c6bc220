// The batches that are not over, and what each of them is at: on the wire, waiting for its next try, or for its turn.
import type { Change } from '../wait.ts';
import type { Batch, Batcher } from './batcher.ts';
import type { BatchEnd, RowOwner, WritePlan } from './contract.ts';
import type { RowQueue } from './row-queue.ts';

export interface BatchStatesOptions {
  batcher: Batcher;
  rows: RowQueue;
  plan: WritePlan;
  owner: Pick<RowOwner, 'remake'>;
  /** Announced when a batch is over. */
  change: Change;
  /** Monotonic ms. */
  now: () => number;
  /** A batch is over, and its request is free for another one. */
  onOver: (end: BatchEnd) => void;
}

export class BatchStates {
  private readonly batches = new Set<Batch>();
  /** Those of them that no request is out for. */
  private readonly waiting = new Set<Batch>();
  /** Those that a request is out for, each with what cancels it. */
  private readonly onWire = new Map<Batch, AbortController>();
  /** Partitions have gone since the start: rows of theirs may be among those in flight. */
  private released = false;

  constructor(private readonly options: BatchStatesOptions) {}

  get none(): boolean {
    return this.batches.size === 0;
  }

  get anyWaiting(): boolean {
    return this.waiting.size > 0;
  }

  get requestsOut(): number {
    return this.onWire.size;
  }

  begin(batch: Batch): void {
    this.batches.add(batch);
  }

  /** A request is out for the batch. */
  sent(batch: Batch, cancel: AbortController): void {
    batch.sentAt = this.options.now();
    this.onWire.set(batch, cancel);
  }

  answered(batch: Batch): void {
    this.onWire.delete(batch);
  }

  wait(batch: Batch): void {
    this.waiting.add(batch);
  }

  /** False when the batch is over by now. */
  waited(batch: Batch): boolean {
    return this.waiting.delete(batch);
  }

  /** Another two in its place. */
  halved(batch: Batch, first: Batch, second: Batch): void {
    this.batches.delete(batch);
    this.batches.add(first).add(second);
    this.waiting.add(second);
  }

  over(batch: Batch, end: BatchEnd): void {
    const { batcher, rows, change, now, onOver } = this.options;
    this.batches.delete(batch);
    this.waiting.delete(batch);
    // Those that are divided wait again, and those that are abandoned stay undone.
    if (end !== 'divided') rows.finish(batch);
    batcher.finish(batch, end, now());
    change.announce();
    onOver(end);
  }

  /** Nobody looks after those any more that no request is out for. */
  forgetUnsent(): void {
    for (const batch of this.batches) if (!this.onWire.has(batch)) this.batches.delete(batch);
  }

  /** Partitions have gone: their rows are taken out of all batches that wait. */
  release(): void {
    this.released = true;
    for (const batch of [...this.waiting]) this.withdraw(batch);
  }

  /** The requests that hold rows of partitions that are not ours any more, by what cancels each. */
  requestsOfGone(): AbortController[] {
    if (!this.released) return [];
    const { rows } = this.options;
    return [...this.onWire].filter(([batch]) => rows.hasGone(batch)).map(([, cancel]) => cancel);
  }

  cancelAll(): void {
    for (const cancel of this.onWire.values()) cancel.abort();
  }

  /** Takes out the rows of partitions that are no longer ours; false when nothing of the batch is left to send. */
  withdraw(batch: Batch): boolean {
    if (!this.released) return true;
    const { rows } = this.options;
    if (rows.hasGone(batch)) rows.dropGone(batch);
    return this.hasRows(batch);
  }

  /** Makes rows of an earlier plan anew; false when nothing of the batch is left to send. */
  refresh(batch: Batch): boolean {
    if (!this.stale(batch)) return true;
    const { owner, rows, plan } = this.options;
    rows.remake(batch, plan.rows.handle, row => owner.remake(row));
    return this.hasRows(batch);
  }

  /** As `refresh`, of all that wait: keys may have another form now, and these hold back newer rows by it. */
  refreshWaiting(): void {
    for (const batch of [...this.waiting]) this.refresh(batch);
  }

  /** Its rows were made by another plan. */
  stale(batch: Batch): boolean {
    const { rows, plan } = this.options;
    return rows.isStale(batch, plan.rows.id);
  }

  /** False, and the batch is over, when nothing of it is left to send. */
  hasRows(batch: Batch): boolean {
    if (batch.rows > 0) return true;
    this.over(batch, 'withdrawn');
    return false;
  }
}
