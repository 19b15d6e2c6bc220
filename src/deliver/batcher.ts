// The adaptive batcher: a pure state machine that says which rows go out together, and when.
//
// Its rules (simulated in test/unit/deliver/batcher.simulation.test.ts):
// - idle, the first row goes out at once; while requests are in flight rows gather, and what has gathered is the
//   next batch, so batches grow by themselves with the load;
// - a key is in one request at a time, which keeps the order of its records; in a batch its last record wins;
// - a further request goes out beside one in flight when a batch is full, or when that one takes unusually long;
// - under a steady trickle of thousands a second it waits a millisecond or two, since a call costs as much as a
//   hundred rows.
import type { Budget } from './budget.ts';
import type { BatchEnd } from './contract.ts';
import type { SentRequest, Signal } from './limiter.ts';
import type { RowBatch, RowQueue } from './row-queue.ts';

export interface BatcherOptions {
  maxRows: number;
  maxBytes: number;
}

export interface Batch extends SentRequest, RowBatch {
  /** Part of a batch that was refused for its content. */
  isolated: boolean;
}

export class Batcher {
  private waitingSince = 0;
  private readonly inFlight = new Set<Batch>();
  /** Those of them that are not sent for now: their keys are taken, the server does not see them. */
  private readonly resting = new Set<Batch>();
  private readonly arrivals = new ArrivalRate();
  private wake: number | undefined;
  private maxBytes: number;

  constructor(
    private readonly options: BatcherOptions,
    private readonly budget: Budget,
    private readonly rows: RowQueue,
  ) {
    this.maxBytes = options.maxBytes;
  }

  get requestsInFlight(): number {
    return this.inFlight.size - this.resting.size;
  }

  /** True when reading more would not make the next batches any better. */
  get saturated(): boolean {
    const { waitingRows, waitingBytes } = this.rows;
    return waitingRows >= this.options.maxRows * 2 || waitingBytes >= this.maxBytes * 2;
  }

  /** When to call `next` again if nothing else happens, ms of the same clock; undefined: not by time. */
  get wakeAt(): number | undefined {
    return this.wake;
  }

  /** So many rows have come to the queue. */
  added(rows: number, now: number): void {
    if (rows === 0) return;
    if (this.rows.waitingRows === rows) this.waitingSince = now;
    this.arrivals.add(rows, now);
  }

  /** The batch to send now, or undefined. To be called after every event: rows added, batch finished, `wakeAt`. */
  next(now: number): Batch | undefined {
    this.wake = undefined;
    const { waitingRows, waitingBytes } = this.rows;
    if (waitingRows === 0 || !this.budget.mayRequest) return undefined;
    const full = waitingRows >= this.options.maxRows || waitingBytes >= this.maxBytes;
    if (!full) {
      const until = this.waitingSince + (this.requestsInFlight > 0 ? this.patienceMs() : this.lingerMs(now));
      if (now < until) {
        this.wake = until;
        return undefined;
      }
    }
    return this.take(now);
  }

  /**
   * The batch is over. Only an acknowledgement says something about the server: of the tries that failed, `failed` has
   * told.
   */
  finish(batch: Batch, end: BatchEnd, now: number): void {
    if (end === 'acknowledged') this.budget.tried('ok', batch, now);
    this.leave(batch);
  }

  /** A try failed and the batch will be sent again by its owner; it stays in flight, and so do its keys. */
  failed(batch: Batch, signal: Signal, now: number): void {
    this.budget.tried(signal, batch, now);
  }

  /** The request was too large for the server: its rows wait again, at the front, and batches become smaller. */
  split(batch: Batch, now: number): void {
    this.maxBytes = Math.max(1, Math.floor(Math.min(this.maxBytes, batch.bytes) / 2));
    this.rows.putBack(batch);
    this.waitingSince = now;
    this.leave(batch);
  }

  /**
   * Two batches in the place of one of several rows: each with half of its keys and all rows of these. Both stay in
   * flight, so that no newer row of a key overtakes them; the second one rests until `resume`.
   */
  halve(batch: Batch): [Batch, Batch] {
    const second: Batch = { ...batch, ...this.rows.halve(batch), isolated: true };
    batch.isolated = true;
    this.inFlight.add(second); // the first half has its request
    this.resting.add(second);
    return [batch, second];
  }

  /** A resting batch is sent now. */
  resume(batch: Batch): void {
    if (this.resting.delete(batch)) this.budget.requestTaken();
  }

  // --- internal ---

  private leave(batch: Batch): void {
    const resting = this.resting.delete(batch);
    if (this.inFlight.delete(batch) && !resting) this.budget.requestReturned();
  }

  /** How long rows may gather behind a request in flight that is slower than usual, ms. */
  private patienceMs(): number {
    return Math.max(MIN_PATIENCE_MS, this.budget.latencyMs * 2);
  }

  /** The wait that pays when nothing is in flight, ms: 0 for a trickle, at most MAX_LINGER_MS for a stream. */
  private lingerMs(now: number): number {
    const rowsPerMs = this.arrivals.perMs(now);
    if (rowsPerMs < LINGER_FROM_ROWS_PER_MS || this.rows.waitingRows >= WORTHWHILE_ROWS) return 0;
    return Math.min(MAX_LINGER_MS, WORTHWHILE_ROWS / rowsPerMs);
  }

  private take(now: number): Batch | undefined {
    const rows = this.rows.take(this.options.maxRows, this.maxBytes);
    if (!rows) return undefined;
    const alone = this.budget.requestsInFlight === 0;
    this.waitingSince = now;
    this.budget.requestTaken();
    const saturated = !this.budget.mayRequest && this.rows.waitingRows > 0;
    const batch: Batch = { ...rows, sentAt: now, alone, saturated, isolated: false };
    this.inFlight.add(batch);
    return batch;
  }
}

/** Rows per ms, exponentially forgotten. */
class ArrivalRate {
  private weight = 0;
  private at = 0;

  add(rows: number, now: number): void {
    this.weight = this.perMs(now) + rows / RATE_WINDOW_MS;
    this.at = now;
  }

  perMs(now: number): number {
    return this.weight * Math.exp(-Math.max(0, now - this.at) / RATE_WINDOW_MS);
  }
}

const RATE_WINDOW_MS = 50;
/** Below this rate a wait would only add latency: a call costs about 0.18 ms of CPU. */
const LINGER_FROM_ROWS_PER_MS = 1;
const MAX_LINGER_MS = 2;
/** At this many rows the call's overhead is below a row's own cost (5 µs). */
const WORTHWHILE_ROWS = 64;
const MIN_PATIENCE_MS = 5;
