// Finds partitions that are ours and bring nothing: an error of theirs may be lost on its way to us, their state is not.

/** A partition as librdkafka's statistics describe it (STATISTICS.md). */
export interface PartitionState {
  topic: string;
  partition: number;
  /** `none`: it is not fetched; `active`: it is. */
  fetchState: string;
  /** The next fetch begins here; negative when there is none. It passes what is no record: markers, compacted records. */
  nextOffset: number;
  /** The end of what may be read (the last stable offset), as of the last fetch; negative when that brought none. */
  endOffset: number;
  /** Fetched and not yet polled, records. */
  queued: number;
  /** Broker that leads it; negative when nobody does. */
  leader: number;
}

export type Stall =
  /** librdkafka has stopped to read it, or has not begun: to be asked why. */
  | { kind: 'unread'; topic: string; partition: number; forMs: number }
  /** It has records for us, or no leader, and nothing comes. */
  | { kind: 'stuck'; topic: string; partition: number; reason: string };

interface Seen {
  state: PartitionState;
  since: number;
}

/** An assigned partition is looked up in its group and at its leader before it is fetched: that takes a moment. */
export const UNREAD_AFTER_MS = 2000;
/** As long as a leader election, a broker's restart or a hiccup may take without a word. */
export const STUCK_AFTER_MS = 60_000;

export class StallWatch {
  private seen = new Map<string, Seen>();

  /**
   * To be called with each report.
   * @param partitions those that are assigned and not paused; one that is missing once begins anew
   * @param now monotonic ms
   */
  look(partitions: readonly PartitionState[], now: number): Stall[] {
    const before = this.seen;
    this.seen = new Map();
    const stalls: Stall[] = [];
    for (const state of partitions) {
      const key = `${state.topic}-${state.partition}`;
      const last = before.get(key);
      const since = last && isUnchanged(last.state, state) ? last.since : now;
      this.seen.set(key, { state, since });
      const stall = judge(state, now - since);
      if (stall) stalls.push(stall);
    }
    return stalls;
  }
}

/** What is known of an unread partition. */
export interface UnreadPartition {
  /** Where reading should go on: our position, else the group's offset; undefined when there is neither. */
  start: number | undefined;
  /** The broker's; undefined when it did not say. */
  low: number | undefined;
  high: number | undefined;
}

/**
 * Why a partition cannot be read without another offset being chosen for it.
 * @returns undefined when there is a valid offset
 */
export function lostOffset({ start, low, high }: UnreadPartition): string | undefined {
  if (start === undefined) return 'the group has no offset';
  if (low === undefined || high === undefined) return undefined;
  if (start < low) return `offset ${start} is gone, the partition begins at ${low}`;
  if (start > high) return `offset ${start} is beyond the partition's end ${high}`;
  return undefined;
}

// --- internal ---

function isUnchanged(a: PartitionState, b: PartitionState): boolean {
  if (b.fetchState === 'none') return a.fetchState === 'none';
  return a.fetchState === b.fetchState && a.nextOffset === b.nextOffset && a.queued === b.queued;
}

function judge(state: PartitionState, forMs: number): Stall | undefined {
  const { topic, partition, fetchState, nextOffset, endOffset, queued, leader } = state;
  if (fetchState === 'none') {
    return forMs < UNREAD_AFTER_MS ? undefined : { kind: 'unread', topic, partition, forMs };
  }
  if (forMs < STUCK_AFTER_MS || queued > 0) return undefined;
  const stuck = (reason: string): Stall => ({ kind: 'stuck', topic, partition, reason });
  if (leader < 0) return stuck('it has no leader');
  if (fetchState !== 'active') return stuck(`librdkafka is still at "${fetchState}"`);
  if (endOffset < 0) return stuck('its leader does not let it be fetched');
  // At the end nothing is due: an idle partition, or one whose last records are markers, aborted or compacted away.
  if (endOffset > nextOffset)
    return stuck(`its end is ${endOffset}, and nothing comes from ${nextOffset} on`);
  return undefined;
}
