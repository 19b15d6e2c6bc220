// Why librdkafka does not read a partition. Its error may be lost (the package drops one that comes behind records), so
// that group and broker are asked for the truth.
import type { KafkaConsumer } from '../kafka/consumer.ts';
import type { RdOffset, TopicPartition } from '../kafka/rdkafka.ts';
import { lostOffset, STUCK_AFTER_MS, type Stall } from '../kafka/stalled.ts';

/** As the watch over the statistics finds it. */
export type UnreadStall = Extract<Stall, { kind: 'unread' }>;

/** What the answers show; each text begins with its partition. */
export type UnreadAnswer =
  /** Of these nothing comes, and it has lasted. */
  | { kind: 'silent'; partitions: string[] }
  /** The first that has no valid offset while none may be chosen: only a person can help. */
  | { kind: 'noOffset'; partition: string };

export interface UnreadPartitionsOptions {
  consumer: () => Pick<KafkaConsumer, 'positions' | 'committed' | 'watermarks'> | undefined;
  isAssigned: (partition: TopicPartition) => boolean;
  /** auto.offset.reset lets librdkafka choose an offset. */
  mayReset: boolean;
  /** For the group's offsets, ms. */
  timeoutMs: number;
  stopped: () => boolean;
}

export class UnreadPartitions {
  private asking = false;

  constructor(private readonly options: UnreadPartitionsOptions) {}

  /**
   * Asks, one call at a time.
   * @returns undefined when a question is out already, or nobody is connected
   * @throws the client's error ({code, message}) when the group does not answer
   */
  async ask(unread: readonly UnreadStall[]): Promise<UnreadAnswer | undefined> {
    const consumer = this.options.consumer();
    if (this.asking || !consumer) return undefined;
    this.asking = true;
    try {
      return await this.askAbout(unread, consumer);
    } finally {
      this.asking = false;
    }
  }

  // --- internal ---

  private async askAbout(
    unread: readonly UnreadStall[],
    consumer: Pick<KafkaConsumer, 'positions' | 'committed' | 'watermarks'>,
  ): Promise<UnreadAnswer> {
    const { isAssigned, mayReset, timeoutMs, stopped } = this.options;
    const partitions: string[] = [];
    const positions = consumer.positions([...unread]);
    // What has an error in the answer has no place in it.
    const committed = await consumer.committed([...unread], timeoutMs);
    for (const { topic, partition, forMs } of unread) {
      const position = find(positions, topic, partition)?.offset;
      const group = find(committed, topic, partition);
      if (position === undefined && !group) continue;
      const stored = group?.offset !== undefined && group.offset >= 0 ? group.offset : undefined;
      const marks = await consumer.watermarks(topic, partition).catch(() => undefined);
      if (stopped() || !isAssigned({ topic, partition })) continue;
      const lost = lostOffset({ start: position ?? stored, low: marks?.low, high: marks?.high });
      if (lost && !mayReset) return { kind: 'noOffset', partition: `${topic}-${partition}: ${lost}` };
      if (forMs >= STUCK_AFTER_MS)
        partitions.push(`${topic}-${partition}: ${lost ?? 'librdkafka does not read it'}`);
    }
    return { kind: 'silent', partitions };
  }
}

function find(offsets: readonly RdOffset[], topic: string, partition: number): RdOffset | undefined {
  return offsets.find(o => o.topic === topic && o.partition === partition);
}
