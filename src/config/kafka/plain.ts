// A client setting of one plain value: the name and value that librdkafka has for it, or why it has no effect.
import { shown } from '../value/entry.ts';
import { nearest } from '../value/suggest.ts';
import type { ClientSetting } from './client.ts';
import { kafkaProperty, kafkaPropertyNames } from './kafka-properties.ts';
import { describeType, readProperty } from './property-value.ts';
import type { Translation } from './translation.ts';

/** One value under its librdkafka name, checked; unknown names are a warning, as in Java. */
export function translatePlain(
  name: string,
  setting: ClientSetting,
  role: 'consumer' | 'producer' | 'admin',
  out: Translation,
): void {
  if (JAVA_ONLY.test(name)) {
    out.warn(setting, 'has no meaning without a JVM');
    return;
  }
  const renamed = Object.hasOwn(RENAMES, name) ? RENAMES[name]! : name;
  const property = kafkaProperty(renamed);
  if (!property) {
    const prefix = setting.key.slice(0, setting.key.length - name.length);
    const near = nearest(name, [...kafkaPropertyNames(), ...Object.keys(RENAMES)]);
    const suggestion = near ? `, did you mean ${prefix}${near}?` : '';
    out.warn(setting, `is an unknown client setting and has no effect${suggestion}`);
    return;
  }
  const foreign = role === 'consumer' ? 'P' : role === 'producer' ? 'C' : undefined;
  if (property.scope === foreign) {
    out.warn(setting, `has no effect: it is a ${foreign === 'P' ? 'producer' : 'consumer'}'s`);
    return;
  }
  const text = setting.value.trim();
  if (name === 'acks' && text.toLowerCase() === 'all') {
    out.set(name, -1, setting);
    return;
  }
  // Empty text is Java's way to unset a string; librdkafka refuses some of them.
  if (text === '' && property.type.kind === 'text') return;
  const spelt = SPECIAL.get(name);
  const special = spelt?.java === text ? spelt.value : undefined;
  const value = special ?? readProperty(property.type, text, name !== renamed || WIDER_IN_JAVA.has(name));
  if (value === undefined) {
    out.problem(setting, 'bad value', { expected: describeType(property.type), found: shown(setting) });
    return;
  }
  if (typeof value === 'number' && special === undefined && value !== Number(text)) {
    out.warn(setting, `is above what librdkafka takes: ${value} is used`);
  }
  out.set(renamed, value, setting);
}

// --- internal ---

/** Java's names that librdkafka calls otherwise. */
const RENAMES: Record<string, string> = {
  'fetch.max.wait.ms': 'fetch.wait.max.ms',
  'request.timeout.ms': 'socket.timeout.ms',
  'receive.buffer.bytes': 'socket.receive.buffer.bytes',
  'send.buffer.bytes': 'socket.send.buffer.bytes',
  // Java's is the time after which metadata is fetched anew, and so new topics are found.
  'metadata.max.age.ms': 'topic.metadata.refresh.interval.ms',
};

/** Java's special values that librdkafka spells otherwise. */
const SPECIAL = new Map<string, { java: string; value: number }>([
  ['receive.buffer.bytes', { java: '-1', value: 0 }],
  ['send.buffer.bytes', { java: '-1', value: 0 }],
  ['connections.max.idle.ms', { java: '-1', value: 0 }],
  ['fetch.min.bytes', { java: '0', value: 1 }],
  ['retry.backoff.ms', { java: '0', value: 1 }],
  ['retry.backoff.max.ms', { java: '0', value: 1 }],
]);

/** Names of Java's clients that mean nothing to librdkafka. */
const JAVA_ONLY =
  /^(key\.(de)?serializer|value\.(de)?serializer|interceptor\.classes|metric\.reporters|metrics\..*|auto\.include\.jmx\.reporter|default\.api\.timeout\.ms|internal\..*|security\.providers|share\..*|socket\.connection\.setup\.timeout\.max\.ms|config\.providers.*|sasl\.(client|login)\..*|sasl\.kerberos\.ticket\..*|sasl\.oauthbearer\.(clock|expected|header|jwks|jwt|scope\.claim|assertion\.template).*|ssl\.(enabled\.protocols|engine\.factory\.class|keymanager\.algorithm|trustmanager\.algorithm|protocol|provider|secure\.random\.implementation|client\.auth)|buffer\.memory|compression\.(gzip|lz4|zstd)\.level|max\.block\.ms|max\.request\.size|metadata\.max\.idle\.ms|partitioner\.(adaptive.*|availability.*|class|ignore\.keys)|transaction\.two.*|bootstrap\.controllers)$/;

/** Properties with numbers that Java takes and librdkafka does not. */
const WIDER_IN_JAVA = new Set([
  'max.poll.interval.ms',
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'fetch.max.bytes',
  'fetch.min.bytes',
  'max.partition.fetch.bytes',
  'reconnect.backoff.ms',
  'reconnect.backoff.max.ms',
  'retry.backoff.ms',
  'retry.backoff.max.ms',
]);
