// Settings of Kafka's Java clients → librdkafka's configuration (section by section: security, group, plain values).

import { shown } from '../value/entry.ts';
import { nearest } from '../value/suggest.ts';
import { type ClientSetting, newTranslation, type Translation } from './client.ts';
import { describeType, kafkaProperty, kafkaPropertyNames, type PropertyType } from './kafka-properties.ts';
import { jaasSecrets, translateSasl } from './sasl.ts';
import { translateKeyStore, translateTrustStore } from './stores.ts';

export type ClientRole = 'consumer' | 'producer' | 'admin';

type Client = ReadonlyMap<string, ClientSetting>;

/** librdkafka's properties, and what the sink does itself by settings of Java's consumer. */
export type ClientTranslation = Translation & OwnSettings;

interface OwnSettings {
  maxPollRecords: number;
  excludeInternalTopics: boolean;
}

/**
 * @param client merged settings by Java's name without prefix (see mergeClient)
 * @param role what the client is: a producer's or admin's settings are only checked, for they are not used yet
 * @param readFile for PEM files; throws when a file can't be read
 */
export function toLibrdkafka(
  client: Client,
  role: ClientRole,
  readFile: (path: string) => Uint8Array,
): ClientTranslation {
  const out = newTranslation();
  for (const setting of client.values()) {
    if (setting.secret && setting.value.trim() !== '') out.secrets.push(setting.value);
  }
  const jaas = client.get('sasl.jaas.config');
  if (jaas) out.secrets.push(...jaasSecrets(jaas.value));

  const handled = new Set<string>();
  const own = role === 'consumer' ? translateConsumer(client, out, handled) : DEFAULTS;
  if (role === 'consumer') translateSecurity(client, out, readFile, handled);
  for (const [name, setting] of client) {
    if (!handled.has(name)) translatePlain(name, setting, role, out);
  }
  if (role === 'consumer') checkTogether(client, out);
  return { ...out, ...own };
}

// --- internal ---

const DEFAULTS: OwnSettings = { maxPollRecords: 500, excludeInternalTopics: true };
const JAVA_INT_MAX = 2147483647;

/** Java's names that librdkafka calls otherwise. */
const RENAMES: Record<string, string> = {
  'sasl.mechanism': 'sasl.mechanisms',
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

/** Java's store and login settings, which stores.ts and sasl.ts read. */
const SECURITY =
  /^(ssl\.(truststore|keystore)\..*|ssl\.key\.password|sasl\.(jaas\.config|mechanism|username|password))$/;

const ASSIGNORS: Record<string, string> = {
  'org.apache.kafka.clients.consumer.RangeAssignor': 'range',
  'org.apache.kafka.clients.consumer.RoundRobinAssignor': 'roundrobin',
  'org.apache.kafka.clients.consumer.CooperativeStickyAssignor': 'cooperative-sticky',
  range: 'range',
  roundrobin: 'roundrobin',
  'cooperative-sticky': 'cooperative-sticky',
};
const ASSIGNOR_FORMS = 'range, roundrobin or cooperative-sticky, or their Java class names';

/** Settings that the sink itself decides: it commits offsets only after Milvus has the records. */
const OWNED: Record<string, string> = {
  'enable.auto.commit': 'false',
  'auto.commit.enable': 'false',
  'enable.auto.offset.store': 'false',
  'enable.partition.eof': 'false',
  'offset.store.method': 'broker',
};

function translateConsumer(client: Client, out: Translation, handled: Set<string>): OwnSettings {
  for (const [name, value] of Object.entries(OWNED)) {
    const setting = client.get(name);
    handled.add(name);
    if (!setting || setting.value.trim().toLowerCase() === value) continue;
    out.warn(
      setting,
      `is overridden with ${value}: the sink decides this itself, an offset is committed once Milvus has the record`,
    );
  }
  const interval = client.get('auto.commit.interval.ms');
  handled.add('auto.commit.interval.ms');
  if (interval) out.warn(interval, 'has no effect: see offset.flush.interval.ms');

  translateGroup(client, out, handled);
  translateReset(client, out, handled);

  return {
    maxPollRecords: readMaxPollRecords(client, out, handled),
    excludeInternalTopics: readExcludeInternalTopics(client, out, handled),
  };
}

function readMaxPollRecords(client: Client, out: Translation, handled: Set<string>): number {
  const records = client.get('max.poll.records');
  handled.add('max.poll.records');
  if (!records) return DEFAULTS.maxPollRecords;
  const count = /^\d{1,10}$/.test(records.value.trim()) ? Number(records.value) : 0;
  if (count >= 1 && count <= JAVA_INT_MAX) return Math.min(count, 100_000);
  out.problem(records, 'bad value', { expected: 'an integer from 1', found: shown(records) });
  return DEFAULTS.maxPollRecords;
}

function readExcludeInternalTopics(client: Client, out: Translation, handled: Set<string>): boolean {
  const internal = client.get('exclude.internal.topics');
  handled.add('exclude.internal.topics');
  if (!internal) return DEFAULTS.excludeInternalTopics;
  const exclude = readValue({ kind: 'bool' }, internal.value.trim(), true);
  if (typeof exclude === 'boolean') return exclude;
  out.problem(internal, 'bad value', { expected: 'true or false', found: shown(internal) });
  return DEFAULTS.excludeInternalTopics;
}

function translateGroup(client: Client, out: Translation, handled: Set<string>): void {
  handled.add('partition.assignment.strategy');
  const strategy = client.get('partition.assignment.strategy');
  const protocol = client.get('group.protocol');
  if (protocol?.value.trim().toLowerCase() === 'consumer') {
    for (const name of [
      'session.timeout.ms',
      'heartbeat.interval.ms',
      'partition.assignment.strategy',
      'group.protocol.type',
    ]) {
      const setting = client.get(name);
      if (!setting) continue;
      const remote = name === 'partition.assignment.strategy';
      out.problem(setting, `cannot be set with group.protocol=consumer: the broker decides it`, {
        expected: remote ? 'group.remote.assignor, or no such key' : 'no such key',
      });
    }
    return;
  }
  if (!strategy) {
    out.set('partition.assignment.strategy', 'cooperative-sticky', undefined);
    return;
  }
  const names = strategy.value.split(',').map(name => name.trim());
  const assignors = names
    .filter(name => name !== '')
    .map(name => (Object.hasOwn(ASSIGNORS, name) ? ASSIGNORS[name]! : undefined));
  if (assignors.length === 0 || assignors.includes(undefined)) {
    const didYouMean = nearest(strategy.value.trim(), Object.keys(ASSIGNORS));
    out.problem(strategy, 'bad value', {
      expected: ASSIGNOR_FORMS,
      found: shown(strategy),
      didYouMean,
    });
    return;
  }
  const eager = assignors.filter(assignor => assignor !== 'cooperative-sticky');
  if (eager.length > 0 && eager.length < assignors.length) {
    // In Java a group with such a list runs eagerly; librdkafka refuses the mix.
    out.warn(
      strategy,
      `mixes eager and cooperative assignors, which librdkafka cannot: ${eager.join(',')} is used`,
    );
    out.set('partition.assignment.strategy', eager.join(','), strategy);
    return;
  }
  out.set('partition.assignment.strategy', assignors.join(','), strategy);
}

function translateReset(client: Client, out: Translation, handled: Set<string>): void {
  const reset = client.get('auto.offset.reset');
  if (!reset) return;
  const value = reset.value.trim().toLowerCase();
  if (value === 'none') {
    handled.add('auto.offset.reset');
    out.set('auto.offset.reset', 'error', reset);
  } else if (value.startsWith('by_duration')) {
    handled.add('auto.offset.reset');
    out.problem(reset, 'librdkafka has no reset by duration', {
      expected: 'earliest, latest or none',
      found: shown(reset),
    });
  }
}

function translateSecurity(
  client: Client,
  out: Translation,
  readFile: (path: string) => Uint8Array,
  handled: Set<string>,
): void {
  for (const name of client.keys()) if (SECURITY.test(name)) handled.add(name);
  const protocol = client.get('security.protocol');
  const value = protocol?.value.trim().toLowerCase() ?? 'plaintext';
  const tls = value === 'ssl' || value === 'sasl_ssl';
  const sasl = value.startsWith('sasl_');

  const algorithm = client.get('ssl.endpoint.identification.algorithm');
  if (algorithm && (algorithm.value.trim() === '' || !tls)) {
    handled.add('ssl.endpoint.identification.algorithm');
    if (tls) out.set('ssl.endpoint.identification.algorithm', 'none', algorithm);
  }
  const ciphers = client.get('ssl.cipher.suites');
  if (ciphers && (ciphers.value.trim() === '' || /(^|,)\s*(TLS|SSL)_/.test(ciphers.value))) {
    handled.add('ssl.cipher.suites');
    if (ciphers.value.trim() !== '')
      out.warn(ciphers, "has no effect: it holds Java's names of cipher suites");
  }
  if (tls) {
    translateTrustStore(client, out, readFile);
    translateKeyStore(client, out, readFile);
  }
  if (sasl && protocol) translateSasl(client, protocol, out);
  const idle = [...client].filter(([name, s]) => s.value.trim() !== '' && unusedSecurity(name, tls, sasl));
  if (idle.length > 0 && /^(plaintext|ssl|sasl_plaintext|sasl_ssl)$/.test(value)) {
    const keys = idle.map(([, setting]) => setting.key).join(', ');
    out.warnings.push(`no effect with security.protocol=${value.toUpperCase()}: ${keys}`);
  }
  for (const [name] of idle) handled.add(name);
}

function unusedSecurity(name: string, tls: boolean, sasl: boolean): boolean {
  if (name.startsWith('ssl.')) return !tls && name !== 'ssl.endpoint.identification.algorithm';
  return name.startsWith('sasl.') && !sasl;
}

/** One value under its librdkafka name, checked; unknown names are a warning, as in Java. */
function translatePlain(name: string, setting: ClientSetting, role: ClientRole, out: Translation): void {
  if (JAVA_ONLY.test(name)) {
    out.warn(setting, 'has no meaning without a JVM');
    return;
  }
  if (role !== 'consumer' && SECURITY.test(name)) return;
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
  const value = special ?? readValue(property.type, text, name !== renamed || isJavaName(name));
  if (value === undefined) {
    out.problem(setting, 'bad value', { expected: describeType(property.type), found: shown(setting) });
    return;
  }
  if (typeof value === 'number' && special === undefined && value !== Number(text)) {
    out.warn(setting, `is above what librdkafka takes: ${value} is used`);
  }
  out.set(renamed, value, setting);
}

/** Numbers that Java takes and librdkafka does not. */
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

function isJavaName(name: string): boolean {
  return WIDER_IN_JAVA.has(name);
}

/** @param java a value above the range, but one that Java's clients take, becomes the highest */
function readValue(type: PropertyType, text: string, java: boolean): string | number | boolean | undefined {
  switch (type.kind) {
    case 'int':
    case 'float': {
      if (!(type.kind === 'int' ? /^[+-]?\d{1,19}$/ : /^[+-]?\d+(\.\d+)?$/).test(text)) return undefined;
      const number = Number(text);
      if (number < type.min) return undefined;
      if (number <= type.max) return number;
      return java && number <= JAVA_INT_MAX ? type.max : undefined;
    }
    case 'bool':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined;
    case 'enum':
      return type.words.find(word => word.toLowerCase() === text.toLowerCase());
    case 'flags':
      return text.split(',').every(flag => type.words.includes(flag.trim())) ? text : undefined;
    case 'text':
      return text;
  }
}

/** What librdkafka would refuse only when the client is made, without a place. */
function checkTogether(client: Client, out: Translation): void {
  const p = out.properties;
  const number = (name: string, standard: number) => (typeof p[name] === 'number' ? p[name] : standard);

  const interval = number('max.poll.interval.ms', 300000);
  const session = number('session.timeout.ms', 45000);
  // Java knows no such rule.
  if (p['group.protocol'] !== 'consumer' && interval < session) {
    const setting = client.get('max.poll.interval.ms');
    if (setting) {
      out.warn(setting, `is shorter than session.timeout.ms, which librdkafka refuses: ${session} is used`);
    }
    p['max.poll.interval.ms'] = session;
  }

  const fetch = client.get('fetch.max.bytes');
  if (fetch && typeof p['fetch.max.bytes'] === 'number') {
    const bytes = p['fetch.max.bytes'];
    if (bytes < 1000)
      out.problem(fetch, 'bad value', { expected: 'an integer from 1000', found: shown(fetch) });
    // librdkafka wants message.max.bytes, which bounds what a client sends, to be the smaller one.
    else if (bytes < number('message.max.bytes', 1_000_000)) p['message.max.bytes'] = bytes;
  }
  const receive = client.get('receive.message.max.bytes');
  const needed = number('fetch.max.bytes', 0) + 512;
  if (receive && number('receive.message.max.bytes', needed) < needed) {
    out.problem(receive, 'is less than fetch.max.bytes + 512', {
      expected: `at least ${needed}`,
      found: shown(receive),
    });
  }

  const first = number('reconnect.backoff.ms', 100);
  const longest = number('reconnect.backoff.max.ms', 10000);
  if (first > longest) {
    const setting = client.get('reconnect.backoff.max.ms');
    if (setting)
      out.problem(setting, 'is less than reconnect.backoff.ms', {
        expected: `at least ${first}`,
        found: shown(setting),
      });
    else p['reconnect.backoff.max.ms'] = first;
  }
}
