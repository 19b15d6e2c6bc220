// librdkafka's mock cluster in this process, with a producer: Kafka for the pipeline tests, without a JVM.

import { loadKafka } from '../../src/kafka/load.ts';
import type { RdConsumer, RdMetadata, TopicPartition } from '../../src/kafka/rdkafka.ts';

export interface MockMessage {
  key?: string | null;
  /** Objects are sent as JSON; null is a tombstone. */
  value: unknown;
  partition?: number;
  timestamp?: number;
  headers?: Record<string, string>;
}

interface RdProducer {
  on(event: string, listener: (...args: never[]) => void): this;
  connect(): void;
  disconnect(cb: () => void): void;
  setPollInterval(ms: number): void;
  produce(
    topic: string,
    partition: number | null,
    value: Buffer | null,
    key: string | null,
    timestamp: number | null,
    opaque: undefined,
    headers: Array<Record<string, string>> | undefined,
  ): void;
  flush(timeoutMs: number, cb: (error: unknown) => void): void;
  getMetadata(
    options: { topic?: string; timeout: number },
    cb: (error: unknown, metadata: RdMetadata) => void,
  ): void;
}

export class MockKafka {
  private constructor(
    private readonly producer: RdProducer,
    readonly bootstrap: string,
    /** What consumers of a group with several of them need. */
    readonly severalMembers: Record<string, string | number>,
  ) {}

  static start(): Promise<MockKafka> {
    const cluster = { 'test.mock.num.brokers': 1, 'bootstrap.servers': 'the mock replaces this' };
    return MockKafka.connect(cluster, SEVERAL_MEMBERS);
  }

  /** The same producer and questions for a Kafka that runs already. */
  static at(bootstrap: string): Promise<MockKafka> {
    return MockKafka.connect({ 'bootstrap.servers': bootstrap }, {});
  }

  private static async connect(
    cluster: Record<string, unknown>,
    severalMembers: MockKafka['severalMembers'],
  ): Promise<MockKafka> {
    const { Producer } = loadKafka();
    const producer = new Producer({
      ...cluster,
      'linger.ms': 0,
      dr_cb: true,
      log_level: 0,
    } as never) as unknown as RdProducer;
    await new Promise<void>(resolve => {
      producer.on('ready', () => resolve());
      producer.connect();
    });
    const metadata = await metadataOf(producer);
    return new MockKafka(
      producer,
      metadata.brokers.map(b => `${b.host}:${b.port}`).join(','),
      severalMembers,
    );
  }

  /** Sends and waits until the cluster has everything. */
  async produce(topic: string, messages: MockMessage[]): Promise<void> {
    for (const { key = null, value, partition = 0, timestamp = Date.now(), headers } of messages) {
      const bytes =
        value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
      this.producer.produce(topic, partition, bytes, key, timestamp, undefined, headers && [headers]);
    }
    await new Promise<void>((resolve, reject) =>
      this.producer.flush(30_000, error => (error ? reject(error) : resolve())),
    );
  }

  /** What the group has committed, by partition; undefined where nothing is. */
  async committed(groupId: string, topic: string, partitions: number[]): Promise<Array<number | undefined>> {
    const { KafkaConsumer } = loadKafka();
    const consumer = new KafkaConsumer(
      { 'bootstrap.servers': this.bootstrap, 'group.id': groupId } as never,
      {},
    ) as unknown as RdConsumer;
    await new Promise<void>((resolve, reject) =>
      consumer.connect({ timeout: 5000 }, e => (e ? reject(e) : resolve())),
    );
    const list = partitions.map((partition): TopicPartition => ({ topic, partition }));
    const offsets = await new Promise<Array<TopicPartition & { offset?: number }>>((resolve, reject) =>
      consumer.committed(list, 5000, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    await new Promise<void>(resolve => consumer.disconnect(() => resolve()));
    return offsets.map(o => (o.offset === undefined || o.offset < 0 ? undefined : o.offset));
  }

  async stop(): Promise<void> {
    await new Promise<void>(resolve => this.producer.disconnect(() => resolve()));
  }
}

// --- internal ---

/**
 * The mock's coordinator forgets a member that answers later than the leader: it joins once more, and the group waits for
 * that for a second less than the session, longer than a test; the others learn of it by their heartbeats. The session is
 * longer than the three seconds in which the first members wait.
 */
const SEVERAL_MEMBERS = { 'session.timeout.ms': 4000, 'heartbeat.interval.ms': 200 };

function metadataOf(producer: RdProducer): Promise<RdMetadata> {
  return new Promise((resolve, reject) =>
    producer.getMetadata({ timeout: 5000 }, (error, metadata) => (error ? reject(error) : resolve(metadata))),
  );
}
