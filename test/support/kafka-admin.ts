// What the mock cannot do: topics of a real Kafka are made, deleted and shortened.

import { loadKafka } from '../../src/kafka/load.ts';

type Answer = (error: unknown) => void;
interface RdAdmin {
  createTopic(topic: { topic: string; num_partitions: number; replication_factor: number }, cb: Answer): void;
  deleteTopic(topic: string, cb: Answer): void;
  deleteRecords(
    offsets: Array<{ topic: string; partition: number; offset: number }>,
    options: object,
    cb: Answer,
  ): void;
  disconnect(): void;
}

export class KafkaAdmin {
  private readonly client: RdAdmin;

  constructor(bootstrap: string) {
    this.client = loadKafka().AdminClient.create({ 'bootstrap.servers': bootstrap }) as unknown as RdAdmin;
  }

  make(topic: string, partitions: number): Promise<void> {
    return done(cb =>
      this.client.createTopic({ topic, num_partitions: partitions, replication_factor: 1 }, cb),
    );
  }

  remove(topic: string): Promise<void> {
    return done(cb => this.client.deleteTopic(topic, cb));
  }

  /** Records before the offset are gone, as after their retention. */
  shorten(topic: string, partition: number, offset: number): Promise<void> {
    return done(cb => this.client.deleteRecords([{ topic, partition, offset }], {}, cb));
  }

  close(): void {
    this.client.disconnect();
  }
}

/** A call with a callback as a promise. */
export function done(call: (cb: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => call(error => (error ? reject(error) : resolve())));
}
