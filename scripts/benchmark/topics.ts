// The topics that the measurements read.
import type { Setting } from './measure.ts';

/** The topic that holds `rows` rows of `dim`, as many in each partition; filled when it does not yet. */
export async function filledTopic(
  { client, brokers }: Setting,
  dim: number,
  rows: number,
  partitions: number,
): Promise<string> {
  const topic = `bench_${dim}_${rows}_in_${partitions}`;
  const there = await client
    .ends(brokers, topic, partitions)
    .then(ends => ends.reduce((sum, end) => sum + end, 0))
    .catch(() => 0);
  if (there === rows) return topic;
  if (there > 0)
    throw new Error(
      `topic ${topic} holds ${there} records instead of ${rows}: delete it, or ask for other --rows`,
    );
  await client.topic(brokers, topic, partitions).catch(() => undefined); // asking for its ends may have made it
  await client.ask('fill', { bootstrap: brokers, topic, dim, rows, partitions });
  return topic;
}

/** An empty topic that nobody has used. */
export async function freshTopic({ client, brokers }: Setting, what: string): Promise<string> {
  const topic = `bench_${what}_${Date.now()}`;
  await client.topic(brokers, topic, 1);
  return topic;
}
