// Every key that has a meaning of its own here: one table that validates, documents and defaults.
import { JSON_CONVERTER } from '../decode/json/declaration.ts';
import { CONVERTERS, SIMPLE_HEADER_CONVERTER } from '../decode/registry.ts';
import { ENDPOINT_FORMS, isHost, LISTENER_FORMS, parseEndpoint } from './endpoint.ts';
import { boolean, integer, list, nonEmpty, oneOf, parsed, text, type ValueSchema } from './value/schema.ts';

export type Side = 'worker' | 'connector';

export interface KeySpec<T = unknown> {
  /** The file it belongs to: the first one is the worker's, the others are connectors'. */
  side: Side;
  /** Whose key it is: the README has a table for each. */
  origin: 'Kafka Connect' | 'kafka-connect-milvus' | 'milvus-sink';
  schema: ValueSchema<T>;
  /** As one would write it; absent: unset. */
  default?: string;
  /** What holds when it is unset and no one value is the default, in markdown. */
  unset?: string;
  required?: boolean;
  /** One sentence or two, for the README. */
  documentation: string;
}

/** Java's long, as the nearest double. */
const LONG_MAX = 2 ** 63;
const INT_MAX = 2147483647;
const MIB = 1024 * 1024;

const CONVERTER_NAMES = CONVERTERS.map(({ javaClass }) => javaClass.replace(/^.*\./, '')).join(' or ');

const connect = { side: 'connector', origin: 'Kafka Connect' } as const;
const worker = { side: 'worker', origin: 'Kafka Connect' } as const;
const milvus = { side: 'connector', origin: 'kafka-connect-milvus' } as const;
const own = { side: 'connector', origin: 'milvus-sink' } as const;

/** The table. Prefixes (`consumer.*`, `value.converter.*`, …) are in prefixes.ts. */
export const KEYS = {
  name: {
    ...connect,
    schema: parsed(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: Connect forbids exactly these in a name.
      value => (value !== '' && !/[\u0000-\u001f\u007f-\u009f]/.test(value) ? value : undefined),
      'text without control characters',
    ),
    required: true,
    documentation:
      'Name of the connector, its own. The consumer group is `connect-<name>`, as with Kafka Connect.',
  },
  'connector.class': {
    ...connect,
    schema: oneOf('com.milvus.io.kafka.MilvusSinkConnector', 'MilvusSinkConnector', 'MilvusSink'),
    required: true,
    documentation: "The Milvus connector's class or one of its aliases.",
  },
  'tasks.max': {
    ...connect,
    schema: integer(1, INT_MAX),
    default: '1',
    documentation: 'Consumers that run in parallel; at most 256 are made.',
  },
  topics: {
    ...connect,
    schema: list('topic names with commas between'),
    documentation: 'Topics to read. Exactly one of `topics` and `topics.regex` is needed.',
  },
  'topics.regex': {
    ...connect,
    schema: text("a regular expression of Java's for the whole topic name"),
    documentation: 'Regular expression of the topics to read; topics made later are picked up.',
  },
  'errors.tolerance': {
    ...connect,
    schema: oneOf('none', 'all'),
    default: 'none',
    documentation:
      '`none`: the first bad record stops the connector with exit code 2, its offset not committed. `all`: bad records are skipped and counted.',
  },
  'errors.retry.timeout': {
    ...connect,
    schema: integer(-1, LONG_MAX, 'ms, or 0 or -1 for ever'),
    default: '0',
    documentation:
      'How long a passing failure of Milvus is retried, ms. 0 and -1: for ever (0 would fail the task at once in Kafka Connect).',
  },
  'errors.retry.delay.max.ms': {
    ...connect,
    schema: integer(1, LONG_MAX, 'an integer from 1'),
    default: '10000',
    documentation: "Longest pause between two tries, ms (Kafka Connect's default is 60000).",
  },
  'errors.log.enable': {
    ...connect,
    schema: boolean(),
    default: 'false',
    documentation: 'Log each bad record that is skipped.',
  },
  'errors.log.include.messages': {
    ...connect,
    schema: boolean(),
    default: 'false',
    documentation: "Include the record's topic, partition, offset and timestamp in that line.",
  },
  'public.endpoint': {
    ...milvus,
    schema: parsed(parseEndpoint, ENDPOINT_FORMS),
    required: true,
    documentation:
      'Milvus or Zilliz Cloud. `https://` uses TLS (port 443 if none is given); `http://` and a bare host do not (port 19530).',
  },
  token: {
    ...milvus,
    schema: text('an API key or user:password'),
    default: '',
    documentation: 'API key, or `user:password`. Secret. Empty for a Milvus without authentication.',
  },
  'database.name': {
    ...milvus,
    schema: nonEmpty(),
    default: 'default',
    documentation: 'Database of the collection.',
  },
  'collection.name': {
    ...milvus,
    schema: nonEmpty(),
    required: true,
    documentation: 'Collection to write to; it exists beforehand.',
  },
  'insert.mode': {
    ...own,
    schema: oneOf('upsert', 'insert'),
    default: 'upsert',
    documentation: '`insert` is chosen by itself for a collection with autoID.',
  },
  'batch.max.rows': {
    ...own,
    schema: integer(1, 100_000),
    default: '2000',
    documentation: 'Most rows in one request.',
  },
  'batch.max.bytes': {
    ...own,
    schema: integer(1024, 60 * MIB),
    default: String(4 * MIB),
    documentation: "Most bytes in one request, about; Milvus' own limit is 64 MiB.",
  },
  'max.in.flight': {
    ...own,
    schema: integer(1, 64),
    default: '4',
    documentation: 'Ceiling of requests in flight; how many really are is learned from the answers.',
  },
  'buffer.max.bytes': {
    ...own,
    schema: integer(MIB, 4096 * MIB),
    default: String(32 * MIB),
    documentation:
      'Bytes that are read and not yet acknowledged, over all tasks; above it the partitions are paused.',
  },
  'milvus.request.timeout.ms': {
    ...own,
    schema: integer(100, INT_MAX),
    default: '30000',
    documentation:
      'Longest deadline of one request to Milvus, and the deadline of every insert, ms; half of `max.poll.interval.ms` at most. A stop and a rebalance wait for it when Milvus does not answer.',
  },
  'milvus.request.timeout.min.ms': {
    ...own,
    schema: integer(100, INT_MAX),
    default: '5000',
    documentation:
      'Shortest deadline of an upsert, ms. Between the two it is ten times what Milvus took lately for a request of the size; half of it without an answer makes `/readyz` fail.',
  },
  'milvus.refused.timeout.ms': {
    ...own,
    schema: integer(-1, INT_MAX, 'ms, or -1 for ever'),
    default: '120000',
    documentation:
      'How long a running connector waits when Milvus suddenly refuses its token or no longer knows the collection (a restarting proxy does both), ms; then it ends with exit code 3. At the start such an answer ends it at once.',
  },
  'errors.max.consecutive': {
    ...own,
    schema: integer(0, INT_MAX),
    default: '1000',
    documentation:
      'With `errors.tolerance=all`: records that Milvus may refuse for their content without accepting one in between; then the connector ends with exit code 2 instead of skipping a whole topic. 0: no limit.',
  },
  'milvus.json.max.bytes': {
    ...own,
    schema: integer(1024, 62_914_560),
    default: '65536',
    documentation:
      "Most bytes of a JSON value, and of a row's dynamic fields together; a longer one is a bad record. Milvus' own limit is `common.JSONMaxLength`.",
  },
  'milvus.transport': {
    ...own,
    schema: oneOf('native', 'grpc-js'),
    default: 'native',
    documentation:
      "What carries the writes: the sink's own HTTP/2 client, or `grpc-js`, which costs more and stands in for it. `grpc-js` is chosen by itself where the environment names a proxy for gRPC (`grpc_proxy`, `https_proxy`, `http_proxy`, as grpc-js reads them).",
  },
  'milvus.tls.ca.location': {
    ...own,
    schema: nonEmpty('path of a PEM file'),
    documentation: "Certificates of a private CA that Milvus' certificate is checked against.",
  },
  'milvus.tls.certificate.location': {
    ...own,
    schema: nonEmpty('path of a PEM file'),
    documentation: 'Client certificate for mutual TLS; needs `milvus.tls.key.location`.',
  },
  'milvus.tls.key.location': {
    ...own,
    schema: nonEmpty('path of a PEM file'),
    documentation: 'Private key of the client certificate.',
  },
  'milvus.tls.server.name': {
    ...own,
    schema: nonEmpty('a host name'),
    documentation: "Name that Milvus' certificate must have, when it is not the host of `public.endpoint`.",
  },
  'http.enabled': {
    ...own,
    side: 'worker',
    schema: boolean(),
    default: 'true',
    documentation: 'Whether health and metrics are served.',
  },
  'on.failure': {
    ...own,
    side: 'worker',
    schema: oneOf('stop', 'continue'),
    unset: '`stop` with one connector, `continue` with several',
    documentation:
      'What a connector that ends with an error means for the others: `stop` ends them in order, `continue` leaves them running. The process ends when all have ended, with the exit code of the first failure.',
  },
  'bootstrap.servers': {
    ...worker,
    schema: nonEmpty('host:port, with commas between several'),
    default: 'localhost:9092',
    documentation: 'Kafka brokers to start from.',
  },
  'key.converter': {
    ...worker,
    schema: nonEmpty('a Java class name'),
    default: JSON_CONVERTER.javaClass,
    documentation: `${CONVERTER_NAMES}, with options after \`key.converter.\`: a key that they cannot read makes a bad record, as in Kafka Connect. Kafka's and Confluent's others are accepted, and the keys not looked at. The connector's own wins as a whole.`,
  },
  'value.converter': {
    ...worker,
    schema: nonEmpty('a Java class name'),
    default: JSON_CONVERTER.javaClass,
    documentation: `${CONVERTER_NAMES}, with options after \`value.converter.\`.`,
  },
  'header.converter': {
    ...worker,
    schema: nonEmpty('a Java class name'),
    default: SIMPLE_HEADER_CONVERTER,
    documentation: "Any of Kafka's and Confluent's; headers are not used.",
  },
  'offset.flush.interval.ms': {
    ...worker,
    schema: integer(1, INT_MAX),
    default: '60000',
    documentation: 'Longest time between two offset commits, ms; usually they are sooner.',
  },
  'offset.flush.timeout.ms': {
    ...worker,
    schema: integer(1, INT_MAX),
    default: '5000',
    documentation:
      'Longest wait for a commit, and for what waits to be written when a bad record ends a connector, ms.',
  },
  listeners: {
    ...worker,
    schema: list(`${LISTENER_FORMS}; with commas between several`),
    default: 'http://:8083',
    documentation: 'Address of `/healthz`, `/livez`, `/readyz` and `/metrics`; the first one is used.',
  },
  'rest.host.name': {
    ...worker,
    schema: parsed(value => (isHost(value) ? value : undefined), 'a host name or address'),
    documentation: 'Host of that address in the style of Kafka Connect before 3.0; `listeners` wins.',
  },
  'rest.port': {
    ...worker,
    schema: integer(0, 65535),
    documentation: 'Port of that address in the style of Kafka Connect before 3.0; `listeners` wins.',
  },
} as const satisfies Record<string, KeySpec>;

export type KeyName = keyof typeof KEYS;

type Output<S> = S extends { schema: ValueSchema<infer T> } ? Exclude<T, undefined> : never;
/** One side's typed values by key; undefined where unset without default (or invalid: then there is a problem, too). */
export type Values<S extends Side> = {
  [K in KeyName as (typeof KEYS)[K]['side'] extends S ? K : never]: (typeof KEYS)[K] extends {
    default: string;
  }
    ? Output<(typeof KEYS)[K]>
    : Output<(typeof KEYS)[K]> | undefined;
};

export const KEY_NAMES = Object.keys(KEYS) as KeyName[];

export function isKey(name: string): name is KeyName {
  return Object.hasOwn(KEYS, name);
}

export function specOf(name: KeyName): KeySpec {
  return KEYS[name];
}
