// librdkafka's statistics (its STATISTICS.md): the state that it is in, whatever became of the errors on the way to it.
import { type ErrorModule, errorCodeOf } from './event-error.ts';
import type { RdError } from './rdkafka.ts';
import type { PartitionState } from './stalled.ts';

export interface ClientStatistics {
  /** All that the client knows, not only those that are assigned. */
  partitions: PartitionState[];
  /** Once a fatal error has been raised: the cause. */
  fatal?: RdError;
}

/** @param json the text of an `event.stats` */
export function readStatistics(json: string, module?: () => ErrorModule): ClientStatistics {
  const { topics = {}, fatal } = JSON.parse(json) as Emitted;
  const partitions: PartitionState[] = [];
  for (const { topic, partitions: emitted } of Object.values(topics)) {
    for (const p of Object.values(emitted)) {
      // -1 stands for what has no partition yet.
      if (p.partition < 0) continue;
      partitions.push({
        topic,
        partition: p.partition,
        fetchState: p.fetch_state,
        nextOffset: p.next_offset,
        endOffset: p.ls_offset,
        queued: p.fetchq_cnt,
        leader: p.leader,
      });
    }
  }
  if (!fatal) return { partitions };
  return { partitions, fatal: { code: errorCodeOf(fatal.error, module), message: fatal.reason } };
}

// --- internal ---

interface Emitted {
  topics?: Record<string, { topic: string; partitions: Record<string, EmittedPartition> }>;
  /** `error` is a name as rd_kafka_err2name has it. */
  fatal?: { error: string; reason: string };
}

interface EmittedPartition {
  partition: number;
  leader: number;
  fetch_state: string;
  fetchq_cnt: number;
  next_offset: number;
  ls_offset: number;
}
