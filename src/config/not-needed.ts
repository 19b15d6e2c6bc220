// Keys that are accepted because a Connect file has them, and why nothing follows from them.
import type { Side } from './keys.ts';

export type Unneeded = { side: Side; why: string; level: 'note' | 'warning' };

/** Why a key is accepted and not needed; undefined when it is not such a key. */
export function notNeeded(key: string): Unneeded | undefined {
  const name = Object.hasOwn(NOT_NEEDED, key) ? key : PREFIXES.find(prefix => key.startsWith(prefix));
  const found = name === undefined ? undefined : NOT_NEEDED[name];
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

/** Their names, for suggestions. */
export function notNeededNames(): string[] {
  return Object.keys(NOT_NEEDED).filter(key => !key.endsWith('.'));
}

// --- internal ---

/** By the key, or a prefix that ends in a dot: whose file it belongs to, and the reason. */
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

const PREFIXES = Object.keys(NOT_NEEDED).filter(key => key.endsWith('.'));

/** Worker keys that mean something only inside a JVM: people may count on them, so they are named in a warning. */
const JVM_ONLY =
  /^(metric\.reporters|metrics\.(num\.samples|sample\.window\.ms|recording\.level|context\..*))$/;
