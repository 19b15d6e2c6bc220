// How long Milvus may take for a request, learned from how long it usually takes: a server that hangs is noticed in
// seconds, one that is slow is not cut off. Pure: the clock is an argument.

import type { WriteOutcome } from '../milvus/client/writer.ts';
import type { WriteOperation } from '../milvus/wire/request.ts';

export interface DeadlineOptions {
  /** Shortest deadline of an upsert, ms. */
  minMs: number;
  /** Deadline of an insert, longest deadline of an upsert, and deadline as long as nothing is known, ms. */
  maxMs: number;
}

/** A request on its way. */
export interface Call {
  /** Its deadline, ms from the sending. */
  readonly timeoutMs: number;
  /** Later than this Milvus is slower than usual, ms from the sending; often before the deadline. */
  readonly lateMs: number;
  readonly sizeClass: number;
  readonly sentAt: number;
}

/**
 * How a request ended: `ok` acknowledged; `answered` refused or failed; `silent` no answer came by its deadline;
 * `cancelled` by the sink itself.
 */
export type CallEnd = 'ok' | 'answered' | 'silent' | 'cancelled';

/**
 * The time a request may take is ten times what those of its size took, within the bounds. A slower answer raises it at
 * once, quicker ones lower it slowly, and a deadline that was exceeded doubles it, for larger requests as well: so a
 * server that has become slow for good is cut off two or three times, not for ever.
 *
 * Only upserts are cut off early. A request that is cut off may have been applied, or still be: an upsert that is sent
 * again changes nothing by that, an insert would be there twice.
 */
export class Deadlines {
  /** By size class: what a request of it may take, ms; unbounded below, at most `maxMs`. */
  private readonly allowed = new Map<number, number>();
  private readonly open = new Set<Call>();
  /** When Milvus last answered anything. */
  private heardAt = Number.NEGATIVE_INFINITY;
  /** Since when no answer has come although one was waited for. */
  private silentSince = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: DeadlineOptions) {}

  /**
   * A request goes out now; `ended` must follow.
   * @param bytes of the encoded request
   */
  sent(operation: WriteOperation, bytes: number, now: number): Call {
    const { maxMs } = this.options;
    const minMs = Math.min(this.options.minMs, maxMs);
    const sizeClass = Math.floor(Math.log2(bytes + 1));
    const learned = this.learned(sizeClass);
    const timeoutMs = operation === 'insert' ? maxMs : Math.ceil(Math.max(minMs, learned ?? maxMs));
    const call = { timeoutMs, lateMs: Math.max(minMs, learned ?? 0) / 2, sizeClass, sentAt: now };
    if (this.open.size === 0 && this.heardAt >= this.silentSince) this.silentSince = now;
    this.open.add(call);
    return call;
  }

  ended(call: Call, end: CallEnd, now: number): void {
    this.open.delete(call);
    if (end === 'cancelled') return;
    const { sizeClass, sentAt, timeoutMs } = call;
    if (end === 'silent') {
      this.raise(sizeClass, timeoutMs * 2);
      for (const larger of this.allowed.keys()) if (larger > sizeClass) this.raise(larger, timeoutMs * 2);
      return;
    }
    this.heard(now);
    if (end === 'answered') return;
    const target = (now - sentAt) * TIMES_USUAL;
    const allowed = this.allowed.get(sizeClass) ?? 0;
    if (target >= allowed) this.raise(sizeClass, target);
    else this.allowed.set(sizeClass, allowed + (target - allowed) * FORGET);
  }

  /** Milvus has answered something, if only a ping. */
  heard(now: number): void {
    this.heardAt = now;
    this.silentSince = now;
  }

  /**
   * How long Milvus has been silent, ms, when that is longer than usual for something that is on its way; undefined
   * while it is not.
   */
  silentMs(now: number): number | undefined {
    for (const { sentAt, lateMs } of this.open)
      if (now - Math.max(sentAt, this.heardAt) >= lateMs) return now - this.silentSince;
    return undefined;
  }

  // --- internal ---

  private raise(sizeClass: number, ms: number): void {
    const allowed = Math.min(ms, this.options.maxMs);
    if (allowed > (this.allowed.get(sizeClass) ?? 0)) this.allowed.set(sizeClass, allowed);
  }

  /** Of a size that was not sent yet: as much as the next larger one, or as much for each byte as the next smaller. */
  private learned(sizeClass: number): number | undefined {
    const own = this.allowed.get(sizeClass);
    if (own !== undefined) return own;
    let smaller = Number.NEGATIVE_INFINITY;
    let larger = Number.POSITIVE_INFINITY;
    for (const known of this.allowed.keys()) {
      if (known < sizeClass) smaller = Math.max(smaller, known);
      else larger = Math.min(larger, known);
    }
    const above = this.allowed.get(larger);
    if (above !== undefined) return above;
    const below = this.allowed.get(smaller);
    return below === undefined ? undefined : Math.min(below * 2 ** (sizeClass - smaller), this.options.maxMs);
  }
}

/** What the outcome of a write says about Milvus. */
export function callEnd(outcome: WriteOutcome): CallEnd {
  if (outcome.ok) return 'ok';
  const { label } = outcome.failure;
  if (label === 'grpc_cancelled') return 'cancelled';
  return label === 'grpc_deadline_exceeded' ? 'silent' : 'answered';
}

const TIMES_USUAL = 10;
/** Part of the way down that one quicker answer goes. */
const FORGET = 0.05;
