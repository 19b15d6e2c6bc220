// Learns how many requests Milvus takes at once: additive increase, multiplicative decrease.

/** What a finished request says about the server's state. */
export type Signal = 'ok' | 'overloaded' | 'unavailable';

/** A request as the limiter sees it. */
export interface SentRequest {
  bytes: number;
  /** ms, of the clock that `now` is of. */
  sentAt: number;
  /** Nothing else was in flight: its latency is the server's own, without a queue of our making. */
  alone: boolean;
  /** The limit was reached and rows were waiting: only then does more concurrency mean anything. */
  saturated: boolean;
}

/**
 * The signals are rate-limit and unavailable answers, and a latency that rises against its own moving baseline.
 * The baseline is kept per size of request (powers of two), since a large request is slow for a good reason; it rises
 * only by requests that were alone, or it would follow the queue that our own concurrency makes.
 */
export class InFlightLimiter {
  private learned = 1;
  private readonly baselines = new Map<number, number>();
  /** Decreases happen at most once in the lifetime of the requests that were in flight at the last one. */
  private decreasedAt = Number.NEGATIVE_INFINITY;
  private typicalLatencyMs = 0;

  constructor(private readonly max: number) {}

  /** Requests allowed in flight now, 1 … max. */
  get limit(): number {
    return Math.floor(this.learned);
  }

  /** Moving average of the latency, ms; 0 before the first answer. */
  get latencyMs(): number {
    return this.typicalLatencyMs;
  }

  finished(signal: Signal, request: SentRequest, now: number): void {
    const { bytes, sentAt, alone, saturated } = request;
    if (signal !== 'ok') {
      this.decrease(signal === 'overloaded' ? 0.5 : 0, sentAt, now);
      return;
    }
    const latency = now - sentAt;
    this.typicalLatencyMs += (latency - this.typicalLatencyMs) * (this.typicalLatencyMs === 0 ? 1 : 0.1);
    const size = Math.floor(Math.log2(bytes + 1));
    const baseline = this.baselines.get(size) ?? latency;
    if (latency < baseline) this.baselines.set(size, latency);
    else this.baselines.set(size, baseline + (alone ? (latency - baseline) * 0.1 : 0));
    if (latency > baseline * 2 + 5) this.decrease(0.8, sentAt, now);
    else if (saturated) this.learned = Math.min(this.max, this.learned + 1 / this.learned);
  }

  // --- internal ---

  private decrease(factor: number, sentAt: number, now: number): void {
    if (sentAt <= this.decreasedAt) return;
    this.decreasedAt = now;
    this.learned = Math.max(1, this.learned * factor);
  }
}
