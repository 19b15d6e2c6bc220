// Kafka's clients of a connector: the layers of their settings, and our own choices below what the user wrote.
import type { KafkaProperties } from '../../kafka/properties.ts';
import { below, type Findings, type Setting } from '../value/entry.ts';
import type { ReadFile } from '../value/pem.ts';
import { mergeClient } from './client.ts';
import { type ClientRole, checkUnused, translateConsumer } from './librdkafka.ts';

/** What one connector's consumer is made of. */
export type ConsumerTranslation = ReturnType<typeof translateConsumer>;

/**
 * The consumer's settings. Those of producer and admin client, which a connector does not have yet, are only checked.
 * @param readFile for key and trust stores
 */
export function translateClients(
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  readFile: ReadFile,
  findings: Findings,
): ConsumerTranslation {
  // Without prefix they are every client's default (Kafka Connect would use them for itself alone).
  const common = new Map([...worker].filter(([key]) => COMMON_CLIENT_KEY.test(key)));
  const layers = (role: ClientRole) => [below(worker, `${role}.`), below(connector, `${role}.override.`)];
  const consumer = translateConsumer(mergeClient([common, ...layers('consumer')]), readFile);
  absorb(findings, consumer);
  for (const role of ['producer', 'admin'] as const) {
    const written = layers(role);
    const keys = written.flatMap(layer => [...layer.values()].map(setting => setting.key));
    if (keys.length > 0) findings.warnings.push(`not used in this release: ${keys.join(', ')}`);
    absorb(findings, checkUnused(mergeClient(written), role));
  }
  return consumer;
}

/**
 * The consumer's whole configuration: Kafka Connect's choices where it makes one, over them the user's.
 * @param name the connector's
 */
export function consumerProperties(
  name: string,
  bootstrapServers: string,
  consumer: Pick<ConsumerTranslation, 'properties'>,
): KafkaProperties {
  return {
    'bootstrap.servers': bootstrapServers,
    'client.id': `connector-consumer-${name}-0`,
    'group.id': `connect-${name}`,
    'auto.offset.reset': 'earliest',
    // Java's default; librdkafka's own is read_committed.
    'isolation.level': 'read_uncommitted',
    // librdkafka waits 1000 ms once its queue is full, which starves a sink that empties it in between.
    'fetch.queue.backoff.ms': 5,
    'queued.max.messages.kbytes': 16384,
    // That counts values only; the default of 100,000 records would be the one bound of keys and headers.
    'queued.min.messages': 1000,
    // Default 500: partitions that become active after the first fetch has gone out wait for its end.
    'fetch.wait.max.ms': 100,
    // A topic that does not exist yet, or that a regex will match, is found this soon (default: 5 min).
    'topic.metadata.refresh.interval.ms': 3000,
    ...consumer.properties,
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
  };
}

// --- internal ---

const COMMON_CLIENT_KEY =
  /^(bootstrap\.servers|client\.dns\.lookup|security\.protocol|enable\.ssl\.certificate\.verification|(sasl|ssl)\..+)$/;

function absorb(into: Findings, from: Findings): void {
  into.problems.push(...from.problems);
  into.warnings.push(...from.warnings);
  into.notes.push(...from.notes);
}
