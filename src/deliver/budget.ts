// What the tasks of a connector share, handed out: room for what is read and not yet written, and the requests that
// may be in flight to the server, by what the answers to all say about it. Nothing else of a task is known to another.
import { Change } from '../wait.ts';
import { InFlightLimiter, type SentRequest, type Signal } from './limiter.ts';
import { Refusals } from './refusals.ts';
import type { ErrorsSettings } from './settings.ts';

export interface BudgetOptions {
  /** Ceiling of bytes that are read and not yet acknowledged. */
  maxBytes: number;
  /** Ceiling of the learned number of requests in flight. */
  maxRequests: number;
  /** errors.max.consecutive and errors.tolerance: what is refused in a row counts over all tasks. */
  errors: Pick<ErrorsSettings, 'tolerance' | 'maxConsecutive'>;
  /** Monotonic ms. */
  now: () => number;
}

export class Budget {
  /** Announced when it is no longer full. */
  readonly room: Change;
  readonly refusals: Refusals;
  private buffered = 0;
  private requests = 0;
  private acknowledged = false;
  private readonly limiter: InFlightLimiter;
  /** Tasks that have rows to send and found no request left for them, in their order. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: BudgetOptions) {
    this.limiter = new InFlightLimiter(options.maxRequests);
    this.room = new Change(options.now);
    this.refusals = new Refusals(options.errors);
  }

  get bufferedBytes(): number {
    return this.buffered;
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.buffered >= this.options.maxBytes;
  }

  /** @param bytes more than before, or less when negative */
  buffer(bytes: number): void {
    const wasFull = this.full;
    this.buffered += bytes;
    if (wasFull && !this.full) this.room.announce();
  }

  /** Of all tasks. */
  get requestsInFlight(): number {
    return this.requests;
  }

  /** Requests allowed in flight now, as learned from the answers. */
  get requestLimit(): number {
    return this.limiter.limit;
  }

  /** Moving average of the latency of requests, ms; 0 before the first answer. */
  get latencyMs(): number {
    return this.limiter.latencyMs;
  }

  /** The server has acknowledged a request of any task before. */
  get everAcknowledged(): boolean {
    return this.acknowledged;
  }

  get mayRequest(): boolean {
    return this.requests < this.limiter.limit;
  }

  /** A request is out, or was put back to be sent. */
  requestTaken(): void {
    this.requests++;
  }

  /** One less is out: who waits for one gets it, the longest waiting first. */
  requestReturned(): void {
    this.requests--;
    for (const wake of [...this.waiting]) {
      if (!this.mayRequest) return;
      if (this.waiting.delete(wake)) wake();
    }
  }

  /** Calls `wake` once when a request is there for it. */
  waitForRequest(wake: () => void): void {
    this.waiting.add(wake);
  }

  /** It has nothing to send any more. */
  stopWaiting(wake: () => void): void {
    this.waiting.delete(wake);
  }

  /** What the end of a try says about the server. */
  tried(signal: Signal, request: SentRequest, now: number): void {
    if (signal === 'ok') this.acknowledged = true;
    this.limiter.finished(signal, request, now);
  }
}
