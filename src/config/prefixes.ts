// Keys without a meaning of their own: prefixes, keys that are accepted and not needed, keys of later releases.
import type { Side } from './keys.ts';

/** Keys (or prefixes, ending in a dot) that are accepted because a Connect file has them, and why nothing follows. */
const NOT_NEEDED: Record<string, [Side, string]> = {
  'offset.storage.file.filename': ['worker', 'offsets are kept in Kafka'],
  'plugin.path': ['worker', 'nothing is loaded from it'],
  'plugin.discovery': ['worker', 'there are no plugins to discover'],
  'rest.extension.classes': ['worker', 'there is no JVM to load them'],
  'rest.advertised.host.name': ['worker', 'there is no cluster'],
  'rest.advertised.port': ['worker', 'there is no cluster'],
  'rest.advertised.listener': ['worker', 'there is no cluster'],
  'admin.listeners': ['worker', 'there is no admin API'],
  'access.control.allow.methods': ['worker', 'there is no REST API'],
  'access.control.allow.origin': ['worker', 'there is no REST API'],
  'response.http.headers.config': ['worker', 'there is no REST API'],
  'listeners.https.': ['worker', 'HTTPS is not served'],
  'task.shutdown.graceful.timeout.ms': ['worker', 'offset.flush.timeout.ms bounds a stop'],
  'topic.creation.enable': ['worker', 'it concerns source connectors'],
  'topic.tracking.enable': ['worker', 'there is no REST API'],
  'topic.tracking.allow.reset': ['worker', 'there is no REST API'],
  'connector.client.config.override.policy': ['worker', 'client overrides are always allowed'],
  'key.converter.plugin.version': ['worker', 'converters are built in'],
  'value.converter.plugin.version': ['worker', 'converters are built in'],
  'header.converter.plugin.version': ['worker', 'converters are built in'],
  'internal.key.converter': ['worker', 'Kafka Connect has removed it'],
  'internal.value.converter': ['worker', 'Kafka Connect has removed it'],
  'internal.key.converter.': ['worker', 'Kafka Connect has removed it'],
  'internal.value.converter.': ['worker', 'Kafka Connect has removed it'],
  'config.storage.': ['worker', 'there is no Connect cluster'],
  'offset.storage.': ['worker', 'there is no Connect cluster'],
  'status.storage.': ['worker', 'there is no Connect cluster'],
  'worker.sync.timeout.ms': ['worker', 'there is no Connect cluster'],
  'worker.unsync.backoff.ms': ['worker', 'there is no Connect cluster'],
  'scheduled.rebalance.max.delay.ms': ['worker', 'there is no Connect cluster'],
  'connect.protocol': ['worker', 'there is no Connect cluster'],
  'exactly.once.source.support': ['worker', 'it concerns source connectors'],
  'inter.worker.': ['worker', 'there is no Connect cluster'],
  // Java's clients of the worker itself; the sink has a consumer only.
  ...Object.fromEntries(
    [
      'client.id',
      'request.timeout.ms',
      'default.api.timeout.ms',
      'retry.backoff.ms',
      'retry.backoff.max.ms',
      'reconnect.backoff.ms',
      'reconnect.backoff.max.ms',
      'send.buffer.bytes',
      'receive.buffer.bytes',
      'metadata.max.age.ms',
      'metadata.recovery.strategy',
      'metadata.recovery.rebootstrap.trigger.ms',
      'connections.max.idle.ms',
      'socket.connection.setup.timeout.ms',
      'socket.connection.setup.timeout.max.ms',
      'session.timeout.ms',
      'heartbeat.interval.ms',
      'rebalance.timeout.ms',
      'bootstrap.controllers',
      'auto.include.jmx.reporter',
    ].map((key): [string, [Side, string]] => [
      key,
      ['worker', "it is for the worker's own clients; the sink's takes it behind consumer."],
    ]),
  ),
  'config.action.reload': ['connector', 'values of config providers are read at start'],
  'tasks.max.enforce': ['connector', 'tasks.max is always kept'],
  'connector.plugin.version': ['connector', 'the connector is built in'],
};

/** Worker keys that mean something only inside a JVM: people may count on them, so they are named in a warning. */
const JVM_ONLY =
  /^(metric\.reporters|metrics\.(num\.samples|sample\.window\.ms|recording\.level|context\..*))$/;

/** Prefixes whose keys other modules read, by the side they belong to. */
const PREFIXES: [string, Side][] = [
  ['consumer.override.', 'connector'],
  ['producer.override.', 'connector'],
  ['admin.override.', 'connector'],
  ['consumer.', 'worker'],
  ['producer.', 'worker'],
  ['admin.', 'worker'],
  ['sasl.', 'worker'],
  ['ssl.', 'worker'],
  ['config.providers.', 'worker'],
  ['key.converter.', 'worker'],
  ['value.converter.', 'worker'],
  ['header.converter.', 'worker'],
];

/** Single keys that other modules read. */
const SINGLE: Record<string, Side> = {
  'delete.enabled': 'connector',
  'auto.create': 'connector',
  'auto.evolve': 'connector',
  'pk.mode': 'connector',
  'pk.fields': 'connector',
  'config.providers': 'worker',
  'security.protocol': 'worker',
  'enable.ssl.certificate.verification': 'worker',
  'client.dns.lookup': 'worker',
};

export type Unneeded = { side: Side; why: string; level: 'note' | 'warning' };

/** Why a key is accepted and not needed; undefined when it is not such a key. */
export function notNeeded(key: string): Unneeded | undefined {
  const found = own(NOT_NEEDED, key) ?? prefixed(NOT_NEEDED, key);
  if (found) return { side: found[0], why: found[1], level: 'note' };
  if (JVM_ONLY.test(key)) return { side: 'worker', why: 'it needs a JVM; see /metrics', level: 'warning' };
  if (key === 'group.id') {
    return {
      side: 'worker',
      why: "it names a Connect cluster; the sink's group is connect-<name>, or consumer.override.group.id",
      level: 'warning',
    };
  }
  return undefined;
}

/** Side of a key that other modules read; undefined for unknown keys. */
export function sideOf(key: string): Side | undefined {
  return own(SINGLE, key) ?? PREFIXES.find(([prefix]) => key.startsWith(prefix) && key !== prefix)?.[1];
}

/** Known names for suggestions besides the key table's. */
export const OTHER_KEY_NAMES: string[] = [
  ...Object.keys(SINGLE),
  'transforms',
  'predicates',
  'errors.deadletterqueue.topic.name',
  'errors.deadletterqueue.topic.replication.factor',
  'errors.deadletterqueue.context.headers.enable',
  ...Object.keys(NOT_NEEDED).filter(key => !key.endsWith('.')),
  'sasl.mechanism',
  'sasl.jaas.config',
  'ssl.truststore.location',
  'ssl.truststore.type',
  'ssl.keystore.location',
  'ssl.keystore.type',
  'consumer.override.auto.offset.reset',
  'consumer.max.poll.records',
  'consumer.group.id',
  'value.converter.schemas.enable',
  'key.converter.schemas.enable',
];

/** A key of a later release, with what it may be today; every other value is refused at start. */
export interface Later {
  pattern: RegExp;
  /** Values that mean "not used", in lower case. */
  harmless: readonly string[];
  feature: string;
  /** A key without which this one means nothing, in Kafka Connect as well; with it, that one is refused. */
  needs?: string;
}

export const LATER: readonly Later[] = [
  { pattern: /^errors\.deadletterqueue\.topic\.name$/, harmless: [''], feature: 'the dead-letter topic' },
  {
    pattern: /^errors\.deadletterqueue\.topic\.replication\.factor$/,
    harmless: ['', '3'],
    feature: 'the dead-letter topic',
    needs: 'errors.deadletterqueue.topic.name',
  },
  {
    pattern: /^errors\.deadletterqueue\.context\.headers\.enable$/,
    harmless: ['', 'false'],
    feature: 'the dead-letter topic',
    needs: 'errors.deadletterqueue.topic.name',
  },
  { pattern: /^transforms$/, harmless: [''], feature: 'transforms' },
  {
    pattern: /^(transforms\.|predicates(\.|$))/,
    harmless: [''],
    feature: 'transforms',
    needs: 'transforms',
  },
  { pattern: /^delete\.enabled$/, harmless: ['', 'false'], feature: 'deletes' },
  { pattern: /^auto\.create$/, harmless: ['', 'false'], feature: 'making a collection' },
  { pattern: /^auto\.evolve$/, harmless: ['', 'false'], feature: 'changing a collection' },
  { pattern: /^pk\.mode$/, harmless: ['', 'record_value'], feature: 'a key from elsewhere than the value' },
  { pattern: /^pk\.fields$/, harmless: [''], feature: 'choosing the key field' },
];

// --- internal ---

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function prefixed<T>(table: Record<string, T>, key: string): T | undefined {
  const prefix = Object.keys(table).find(p => p.endsWith('.') && key.startsWith(p));
  return prefix === undefined ? undefined : table[prefix];
}
