// Kafka for the layer's tests: librdkafka's mock cluster always, a real broker when KAFKA_BROKERS names one.
import { loadKafka } from '../../src/kafka/load.ts';

// The layer is tested through the package's own API, whose types are looser and at places wrong: the tests say what
// they expect of a value by asserting it.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Loose = any;

export const kafka: Loose = loadKafka();
/** The classes as the addon defines them, without the package's JavaScript around them. */
export const addon: Loose = require('@confluentinc/kafka-javascript/librdkafka.js');

export interface Broker {
  name: string;
  real: boolean;
  bootstrap: string;
}

/** Starts a mock cluster in this process; it ends with the process. */
export async function mockCluster(): Promise<Broker> {
  const owner = new kafka.Producer({ 'test.mock.num.brokers': 3, 'bootstrap.servers': 'none', log_level: 0 });
  await connected(owner);
  const metadata = await call<Loose>(owner, 'getMetadata', { timeout: 10_000 });
  const bootstrap = metadata.brokers.map((b: Loose) => `${b.host}:${b.port}`).join(',');
  return { name: 'mock cluster', real: false, bootstrap };
}

/** The brokers that the functional tests run against. */
export async function brokers(): Promise<Broker[]> {
  const real = process.env.KAFKA_BROKERS;
  const mock = await mockCluster();
  return real ? [mock, { name: `broker ${real}`, real: true, bootstrap: real }] : [mock];
}

/** A name that no other run uses. */
export function unique(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${process.pid}-${serial++}`;
}

/** A client's method with a trailing callback, as a promise. */
export function call<T = void>(client: Loose, method: string, ...args: unknown[]): Promise<T> {
  return new Promise((resolve, reject) =>
    client[method](...args, (error: Error | null, value: T) => (error ? reject(error) : resolve(value))),
  );
}

/** Connects a client. */
export async function connected(client: Loose): Promise<Loose> {
  await call(client, 'connect', { timeout: 10_000 });
  return client;
}

/** Disconnects a client. */
export function closed(client: Loose): Promise<void> {
  return new Promise(resolve => client.disconnect(() => resolve()));
}

/** A connected producer that reports each delivery. */
export function producer(broker: Broker, config: Record<string, unknown> = {}): Promise<Loose> {
  const client = new kafka.Producer({
    'bootstrap.servers': broker.bootstrap,
    'topic.metadata.refresh.fast.interval.ms': 50,
    dr_cb: true,
    log_level: 0,
    ...config,
  });
  return connected(client);
}

/** A connected consumer that reads from the beginning, in the way the sink does. */
export async function consumer(broker: Broker, config: Record<string, unknown> = {}): Promise<Loose> {
  const client = new kafka.KafkaConsumer(
    {
      'bootstrap.servers': broker.bootstrap,
      'group.id': unique('native'),
      'enable.auto.commit': false,
      'fetch.queue.backoff.ms': 10,
      log_level: 0,
      ...config,
    },
    { 'auto.offset.reset': 'earliest' },
  );
  client.setDefaultConsumeTimeout(100);
  client.setDefaultIsTimeoutOnlyForFirstMessage(true);
  return connected(client);
}

/** Consumes until `count` messages are there; the test's timeout is the limit. */
export async function take(client: Loose, count: number): Promise<Loose[]> {
  const messages: Loose[] = [];
  while (messages.length < count) messages.push(...(await call<Loose[]>(client, 'consume', 1000)));
  return messages;
}

/** Makes a topic of 4 partitions. */
export async function makeTopic(broker: Broker, topic: string): Promise<void> {
  if (!broker.real) return; // made by the first use, with 4 partitions
  const admin = kafka.AdminClient.create({ 'bootstrap.servers': broker.bootstrap, log_level: 0 });
  await call(admin, 'createTopic', { topic, num_partitions: 4, replication_factor: 1 });
  admin.disconnect();
}

// --- internal ---

let serial = 0;
