// The batches that are not over, and what each of them is at: on the wire, waiting for its next try, or for its turn.
import type { Row } from '../map/row.ts';
import type { Change } from '../wait.ts';
import type { Batch, Batcher } from './batcher.ts';
import type { BatchEnd, RowOwner, WritePlan } from './contract.ts';

export interface BatchStatesOptions<R extends Row> {
  batcher: Batcher<R>;
  owner: RowOwner<R>;
  plan: WritePlan;
  /** Announced when a batch is over. */
  change: Change;
  /** Monotonic ms. */
  now: () => number;
  /** A batch is over, and its request is free for another one. */
  onOver: (end: BatchEnd) => void;
}

export class BatchStates<R extends Row> {
  private readonly batches = new Set<Batch<R>>();
  /** Those of them that no request is out for. */
  private readonly waiting = new Set<Batch<R>>();
  /** Those that a request is out for, each with what cancels it. */
  private readonly onWire = new Map<Batch<R>, AbortController>();
  /** Partitions have gone since the start: rows of theirs may be among those in flight. */
  private released = false;

  constructor(private readonly options: BatchStatesOptions<R>) {}

  get none(): boolean {
    return this.batches.size === 0;
  }

  get anyWaiting(): boolean {
    return this.waiting.size > 0;
  }

  get requestsOut(): number {
    return this.onWire.size;
  }

  begin(batch: Batch<R>): void {
    this.batches.add(batch);
  }

  /** A request is out for the batch. */
  sent(batch: Batch<R>, cancel: AbortController): void {
    batch.sentAt = this.options.now();
    this.onWire.set(batch, cancel);
  }

  answered(batch: Batch<R>): void {
    this.onWire.delete(batch);
  }

  wait(batch: Batch<R>): void {
    this.waiting.add(batch);
  }

  /** False when the batch is over by now. */
  waited(batch: Batch<R>): boolean {
    return this.waiting.delete(batch);
  }

  /** Another two in its place. */
  halved(batch: Batch<R>, first: Batch<R>, second: Batch<R>): void {
    this.batches.delete(batch);
    this.batches.add(first).add(second);
    this.waiting.add(second);
  }

  over(batch: Batch<R>, end: BatchEnd): void {
    const { batcher, change, now, onOver } = this.options;
    this.batches.delete(batch);
    this.waiting.delete(batch);
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
    const { owner } = this.options;
    return [...this.onWire]
      .filter(([batch]) => batch.taken.some(row => owner.gone(row)))
      .map(([, cancel]) => cancel);
  }

  cancelAll(): void {
    for (const cancel of this.onWire.values()) cancel.abort();
  }

  /** Takes out the rows of partitions that are no longer ours; false when nothing of the batch is left to send. */
  withdraw(batch: Batch<R>): boolean {
    if (!this.released) return true;
    const { owner, batcher } = this.options;
    const gone = batch.taken.filter(row => owner.gone(row));
    if (gone.length > 0) {
      owner.dropped(gone);
      batcher.replace(
        batch,
        batch.taken.filter(row => !owner.gone(row)),
      );
    }
    return this.hasRows(batch);
  }

  /** Makes rows of an earlier plan anew; false when nothing of the batch is left to send. */
  refresh(batch: Batch<R>): boolean {
    if (!this.stale(batch)) return true;
    const { owner, batcher, plan } = this.options;
    batcher.replace(
      batch,
      batch.taken.flatMap(row => (row.columns === plan.columns ? row : (owner.remap(row) ?? []))),
    );
    return this.hasRows(batch);
  }

  /** As `refresh`, of all that wait: keys may have another form now, and these hold back newer rows by it. */
  refreshWaiting(): void {
    for (const batch of [...this.waiting]) this.refresh(batch);
  }

  /** Its rows were made by another plan. */
  stale(batch: Batch<R>): boolean {
    const { columns } = this.options.plan;
    return batch.taken.some(row => row.columns !== columns);
  }

  /** False, and the batch is over, when nothing of it is left to send. */
  hasRows(batch: Batch<R>): boolean {
    if (batch.rows.length > 0) return true;
    this.over(batch, 'withdrawn');
    return false;
  }
}
