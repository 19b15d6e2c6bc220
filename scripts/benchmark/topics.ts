// The topics that the measurements read.
import type { Setting } from './measure.ts';

const PARTITIONS = 4;

/** The topic that holds `rows` rows of `dim`; filled when it does not yet. */
export async function filledTopic({ client, brokers }: Setting, dim: number, rows: number): Promise<string> {
  const topic = `bench_${dim}_${rows}`;
  const there = await client
    .ends(brokers, topic, PARTITIONS)
    .then(ends => ends.reduce((sum, end) => sum + end, 0))
    .catch(() => 0);
  if (there === rows) return topic;
  if (there > 0)
    throw new Error(
      `topic ${topic} holds ${there} records instead of ${rows}: delete it, or ask for other --rows`,
    );
  await client.topic(brokers, topic, PARTITIONS).catch(() => undefined); // asking for its ends may have made it
  await client.ask('fill', { bootstrap: brokers, topic, dim, rows });
  return topic;
}

/** An empty topic that nobody has used. */
export async function freshTopic({ client, brokers }: Setting, what: string): Promise<string> {
  const topic = `bench_${what}_${Date.now()}`;
  await client.topic(brokers, topic, 1);
  return topic;
}
