// Kafka's clients of a connector: the layers of their settings, and our own choices below what the user wrote.
import type { KafkaProperties } from '../../kafka/properties.ts';
import { below, type Findings, type Setting } from '../value/entry.ts';
import { mergeClient, type Translation } from './client.ts';
import { type ClientRole, type ClientTranslation, toLibrdkafka } from './librdkafka.ts';

/**
 * The consumer's settings. Those of producer and admin client, which a connector does not have yet, are only checked.
 * @param readFile for PEM files; throws when a file can't be read
 */
export function translateClients(
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  readFile: (path: string) => Uint8Array,
  findings: Findings,
): ClientTranslation {
  const consumer = translate('consumer', worker, connector, readFile, findings);
  for (const role of ['producer', 'admin'] as const) translate(role, worker, connector, readFile, findings);
  return consumer;
}

/**
 * The consumer's whole configuration: Kafka Connect's choices where it makes one, over them the user's.
 * @param name the connector's
 */
export function consumerProperties(
  name: string,
  bootstrapServers: string,
  consumer: Pick<Translation, 'properties'>,
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

/** Settings without prefix are every client's default (Kafka Connect would use them for itself alone). */
function translate(
  role: ClientRole,
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  readFile: (path: string) => Uint8Array,
  findings: Findings,
): ClientTranslation {
  const ofWorker = below(worker, `${role}.`);
  const ofConnector = below(connector, `${role}.override.`);
  if (role !== 'consumer') {
    const keys = [...ofWorker.values(), ...ofConnector.values()].map(setting => setting.key);
    if (keys.length > 0) findings.warnings.push(`not used in this release: ${keys.join(', ')}`);
  }
  const common = new Map([...worker].filter(([key]) => role === 'consumer' && COMMON_CLIENT_KEY.test(key)));
  const translation = toLibrdkafka(mergeClient([common, ofWorker, ofConnector]), role, readFile);
  findings.problems.push(...translation.problems);
  findings.warnings.push(...translation.warnings);
  findings.notes.push(...translation.notes);
  return translation;
}

const COMMON_CLIENT_KEY =
  /^(bootstrap\.servers|client\.dns\.lookup|security\.protocol|enable\.ssl\.certificate\.verification|(sasl|ssl)\..+)$/;
