// What a client is asked beside its records, each question as one call: of a broker, or of what librdkafka knows already.
import type { TopicPartitionOffset } from './offsets.ts';
import type { RdConsumer, RdError, RdMetadata, RdOffset, TopicPartition } from './rdkafka.ts';

/** The brokers, and with `allTopics` the topics that this user may see. @throws the client's error ({code, message}) */
export function askMetadata(
  client: RdConsumer,
  options: { allTopics: boolean; timeoutMs: number },
): Promise<RdMetadata> {
  const { allTopics, timeoutMs } = options;
  return answer(answered => client.getMetadata({ allTopics, timeout: timeoutMs }, answered));
}

/** First and next offset of a partition, by the broker's word. @throws the client's error */
export async function askWatermarks(
  client: RdConsumer,
  { topic, partition }: TopicPartition,
  timeoutMs: number,
): Promise<{ low: number; high: number }> {
  const { lowOffset, highOffset } = await answer<{ lowOffset: number; highOffset: number }>(answered =>
    client.queryWatermarkOffsets(topic, partition, timeoutMs, answered),
  );
  return { low: lowOffset, high: highOffset };
}

/** The group's stored offsets; negative or undefined where there is none. @throws the client's error */
export function askCommitted(
  client: RdConsumer,
  partitions: TopicPartition[],
  timeoutMs: number,
): Promise<RdOffset[]> {
  return answer(answered => client.committed(partitions, timeoutMs, answered));
}

/** Next offset to be written by a producer, as far as the last fetch knew; undefined before the first. */
export function knownEndOffset(client: RdConsumer, topic: string, partition: number): number | undefined {
  try {
    const { highOffset } = client.getWatermarkOffsets(topic, partition);
    return highOffset >= 0 ? highOffset : undefined;
  } catch {
    return undefined; // librdkafka has no watermark before the first fetch: there is nothing to report
  }
}

/** Where reading goes on, of those partitions of which it is known. */
export function knownPositions(client: RdConsumer, partitions: TopicPartition[]): TopicPartitionOffset[] {
  try {
    return client
      .position(partitions)
      .filter((p): p is TopicPartitionOffset => !(p instanceof Error) && (p.offset ?? -1) >= 0);
  } catch {
    return []; // none of them is known to librdkafka (any more)
  }
}

// --- internal ---

function answer<T>(ask: (answered: (error: RdError | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value))));
}
