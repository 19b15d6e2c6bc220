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
import type { Batchable, BatchEnd } from './contract.ts';
import type { SentRequest, Signal } from './limiter.ts';

export interface BatcherOptions {
  maxRows: number;
  maxBytes: number;
}

export interface Batch<R extends Batchable> extends SentRequest {
  /** What is sent: one row per key, the last. */
  rows: R[];
  /** All rows that the batch answers for, in their order: `rows` and those that a later one replaced. */
  taken: R[];
  /** Key → index in `rows`. */
  keys: Map<R['key'], number>;
  /** Part of a batch that was refused for its content. */
  isolated: boolean;
}

export class Batcher<R extends Batchable> {
  /** Rows passed over since their key is in flight; older than everything in `queue`. */
  private held: R[] = [];
  private queue: R[] = [];
  private queueHead = 0;
  private waitingBytes = 0;
  private waitingSince = 0;
  private readonly inFlight = new Set<Batch<R>>();
  /** Those of them that are not sent for now: their keys are taken, the server does not see them. */
  private readonly resting = new Set<Batch<R>>();
  private readonly arrivals = new ArrivalRate();
  private wake: number | undefined;
  private maxBytes: number;

  constructor(
    private readonly options: BatcherOptions,
    private readonly budget: Budget,
  ) {
    this.maxBytes = options.maxBytes;
  }

  /** Rows not yet in a request. */
  get waitingRows(): number {
    return this.held.length + this.queue.length - this.queueHead;
  }

  get requestsInFlight(): number {
    return this.inFlight.size - this.resting.size;
  }

  /** True when reading more would not make the next batches any better. */
  get saturated(): boolean {
    return this.waitingRows >= this.options.maxRows * 2 || this.waitingBytes >= this.maxBytes * 2;
  }

  /** When to call `next` again if nothing else happens, ms of the same clock; undefined: not by time. */
  get wakeAt(): number | undefined {
    return this.wake;
  }

  add(rows: readonly R[], now: number): void {
    if (rows.length === 0) return;
    if (this.waitingRows === 0) this.waitingSince = now;
    for (const row of rows) {
      this.queue.push(row);
      this.waitingBytes += row.bytes;
    }
    this.arrivals.add(rows.length, now);
  }

  /** The batch to send now, or undefined. To be called after every event: rows added, batch finished, `wakeAt`. */
  next(now: number): Batch<R> | undefined {
    this.wake = undefined;
    if (this.waitingRows === 0 || !this.budget.mayRequest) return undefined;
    const full = this.waitingRows >= this.options.maxRows || this.waitingBytes >= this.maxBytes;
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
  finish(batch: Batch<R>, end: BatchEnd, now: number): void {
    if (end === 'acknowledged') this.budget.tried('ok', batch, now);
    this.leave(batch);
  }

  /** A try failed and the batch will be sent again by its owner; it stays in flight, and so do its keys. */
  failed(batch: Batch<R>, signal: Signal, now: number): void {
    this.budget.tried(signal, batch, now);
  }

  /** The request was too large for the server: its rows wait again, at the front, and batches become smaller. */
  split(batch: Batch<R>, now: number): void {
    this.maxBytes = Math.max(1, Math.floor(Math.min(this.maxBytes, batch.bytes) / 2));
    this.held = [...batch.taken, ...this.held];
    for (const row of batch.taken) this.waitingBytes += row.bytes;
    this.waitingSince = now;
    this.leave(batch);
  }

  /**
   * Two batches in the place of one of several rows: each with half of its keys and all rows of these. Both stay in
   * flight, so that no newer row of a key overtakes them; the second one rests until `resume`.
   */
  halve(batch: Batch<R>): [Batch<R>, Batch<R>] {
    const middle = batch.rows.length >> 1;
    const inFirst = new Set<R['key'] | R>();
    for (const row of batch.rows.slice(0, middle)) inFirst.add(row.key ?? row);
    const halves = [true, false].map(first => {
      const half: Batch<R> = { ...batch, isolated: true };
      this.replace(
        half,
        batch.taken.filter(row => inFirst.has(row.key ?? row) === first),
      );
      this.inFlight.add(half);
      return half;
    }) as [Batch<R>, Batch<R>];
    this.inFlight.delete(batch); // the first half has its request
    this.resting.add(halves[1]);
    return halves;
  }

  /** A resting batch is sent now. */
  resume(batch: Batch<R>): void {
    if (this.resting.delete(batch)) this.budget.requestTaken();
  }

  /** A batch that will be sent again answers for these rows only, in their order: others went away, or changed. */
  replace(batch: Batch<R>, taken: R[]): void {
    batch.rows = [];
    batch.keys = new Map();
    batch.bytes = 0;
    batch.taken = taken;
    for (const row of taken) {
      const index = row.key === undefined ? undefined : batch.keys.get(row.key);
      batch.bytes += row.bytes - (index === undefined ? 0 : batch.rows[index]!.bytes);
      if (index !== undefined) batch.rows[index] = row;
      else batch.keys.set(row.key, batch.rows.push(row) - 1);
    }
  }

  /** Takes waiting rows out, e.g. those of a partition that is no longer ours. */
  drop(unwanted: (row: R) => boolean): R[] {
    const dropped: R[] = [];
    const keep = (row: R) => {
      if (!unwanted(row)) return true;
      dropped.push(row);
      this.waitingBytes -= row.bytes;
      return false;
    };
    this.held = this.held.filter(keep);
    this.queue = this.queue.slice(this.queueHead).filter(keep);
    this.queueHead = 0;
    return dropped;
  }

  /** Maps waiting rows again after a change of the collection's schema; undefined takes a row out. */
  replaceWaiting(map: (row: R) => R | undefined): void {
    const replace = (row: R) => map(row) ?? [];
    this.held = this.held.flatMap(replace);
    this.queue = this.queue.slice(this.queueHead).flatMap(replace);
    this.queueHead = 0;
    this.waitingBytes = 0;
    for (const row of this.held) this.waitingBytes += row.bytes;
    for (const row of this.queue) this.waitingBytes += row.bytes;
  }

  // --- internal ---

  private leave(batch: Batch<R>): void {
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
    if (rowsPerMs < LINGER_FROM_ROWS_PER_MS || this.waitingRows >= WORTHWHILE_ROWS) return 0;
    return Math.min(MAX_LINGER_MS, WORTHWHILE_ROWS / rowsPerMs);
  }

  private take(now: number): Batch<R> | undefined {
    const batch: Batch<R> = {
      rows: [],
      taken: [],
      bytes: 0,
      keys: new Map(),
      sentAt: now,
      alone: false,
      saturated: false,
      isolated: false,
    };
    const passedOver: R[] = [];
    const { maxRows } = this.options;
    const held = this.held;
    let heldAt = 0;
    while (heldAt < held.length && this.offer(held[heldAt]!, batch, passedOver, maxRows)) heldAt++;
    if (heldAt === held.length) {
      while (
        this.queueHead < this.queue.length &&
        passedOver.length < MAX_PASSED_OVER &&
        this.offer(this.queue[this.queueHead]!, batch, passedOver, maxRows)
      ) {
        this.queueHead++;
      }
    }
    this.held = heldAt < held.length ? [...passedOver, ...held.slice(heldAt)] : passedOver;
    if (this.queueHead === this.queue.length) {
      this.queue = [];
      this.queueHead = 0;
    } else if (this.queueHead > 4096 && this.queueHead * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.queueHead);
      this.queueHead = 0;
    }
    if (batch.taken.length === 0) return undefined;
    for (const row of batch.taken) this.waitingBytes -= row.bytes;
    this.waitingSince = now;
    batch.alone = this.budget.requestsInFlight === 0;
    this.inFlight.add(batch);
    this.budget.requestTaken();
    batch.saturated = !this.budget.mayRequest && this.waitingRows > 0;
    return batch;
  }

  /** Puts a row into the batch or passes it over; false when the batch has no room for it. */
  private offer(row: R, batch: Batch<R>, passedOver: R[], maxRows: number): boolean {
    const { key } = row;
    if (key !== undefined) {
      for (const other of this.inFlight) {
        if (other.keys.has(key)) {
          passedOver.push(row);
          return true;
        }
      }
      const index = batch.keys.get(key);
      if (index !== undefined) {
        const more = row.bytes - batch.rows[index]!.bytes;
        // A value that outgrows the batch waits behind the one that it would have replaced.
        if (more > 0 && batch.rows.length > 1 && batch.bytes + more > this.maxBytes) return false;
        batch.bytes += more;
        batch.rows[index] = row;
        batch.taken.push(row);
        return true;
      }
    }
    if (batch.rows.length >= maxRows || (batch.rows.length > 0 && batch.bytes + row.bytes > this.maxBytes)) {
      return false;
    }
    if (key !== undefined) batch.keys.set(key, batch.rows.length);
    batch.rows.push(row);
    batch.taken.push(row);
    batch.bytes += row.bytes;
    return true;
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
/** Bounds the search behind a hot key. */
const MAX_PASSED_OVER = 10_000;
