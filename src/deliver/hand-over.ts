// How long partitions may be held back from their next owner, and what follows for a request: while Milvus may still
// write old rows of a partition, nobody else may write newer ones.
import type { KafkaProperties } from '../kafka/properties.ts';

export interface HandOverTimes {
  /** Longest wait for the answers to requests that hold rows of a partition which leaves, ms. */
  answersMs: number;
  /** Deadline of a request: it never lasts longer than a hand-over may wait for it, ms. */
  requestTimeoutMs: number;
}

/**
 * The group waits `max.poll.interval.ms` for a member that hands partitions over (it is the rebalance time-out of its
 * JoinGroup request) and goes on without it then. Half of that is for the answers, so that the last commit and the way
 * back into the group have the rest.
 * @param consumer librdkafka's properties
 * @param requestTimeoutMs `milvus.request.timeout.ms`
 */
export function handOverTimes(consumer: KafkaProperties, requestTimeoutMs: number): HandOverTimes {
  const pollIntervalMs = Number(consumer['max.poll.interval.ms'] ?? MAX_POLL_INTERVAL_MS);
  const answersMs = Math.max(1, Math.floor(pollIntervalMs / 2));
  return { answersMs, requestTimeoutMs: Math.min(requestTimeoutMs, answersMs) };
}

/** librdkafka's default, and Java's. */
const MAX_POLL_INTERVAL_MS = 300_000;
