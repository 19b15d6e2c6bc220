// What the configuration means once it is read: the only shape that the rest of the program sees.

export type ErrorsTolerance = 'none' | 'all';
export type InsertMode = 'upsert' | 'insert';

/** Converters of this release, by the role their Java class plays. */
export type ConverterSettings =
  | {
      kind: 'json';
      javaClass: string;
      schemasEnable: boolean;
      replaceNullWithDefault: boolean;
      decimalFormat: 'BASE64' | 'NUMERIC';
    }
  | { kind: 'string'; javaClass: string; encoding: string };

/** `unused`: a key's converter that is not in this release. Keys are not used, so they are not looked at. */
export type KeyConverterSettings = ConverterSettings | { kind: 'unused'; javaClass: string };

export interface MilvusSettings {
  /** host:port, no scheme */
  address: string;
  host: string;
  port: number;
  tls: boolean;
  /** PEM files for a private CA or mutual TLS; unset: the system's roots. */
  tlsCaFile?: string;
  tlsCertFile?: string;
  tlsKeyFile?: string;
  /** Name to verify instead of `host`. */
  tlsServerName?: string;
  /** An API key or `user:password`; empty when the server wants none. Secret: never log it. */
  token: string;
  database: string;
  collection: string;
  /** Longest deadline of one request, ms. */
  requestTimeoutMs: number;
  /** How long a running sink waits when it is suddenly refused, ms; negative: for ever. */
  refusedTimeoutMs: number;
  /** Shortest deadline of an upsert, ms; what is beyond `requestTimeoutMs` means that. */
  requestTimeoutMinMs: number;
  /** Longest JSON value that the server takes, bytes. */
  jsonMaxBytes: number;
}

export interface BatchSettings {
  maxRows: number;
  maxBytes: number;
  /** Ceiling of the learned number of requests in flight. */
  maxInFlight: number;
  /** Ceiling of bytes that are read and not yet acknowledged, over all tasks. */
  bufferMaxBytes: number;
}

export interface ErrorsSettings {
  tolerance: ErrorsTolerance;
  logEnable: boolean;
  logIncludeMessages: boolean;
  /** ms; 0 and -1: transient answers are retried for ever. */
  retryTimeoutMs: number;
  /** Longest pause between two tries, ms. */
  retryDelayMaxMs: number;
  /** Records that Milvus may refuse in a row under tolerance `all`; 0: no limit. */
  maxConsecutive: number;
}

/** librdkafka properties by name; values as librdkafka takes them. */
export type KafkaProperties = Record<string, string | number | boolean>;

export interface HttpSettings {
  enabled: boolean;
  /** Empty for all addresses. */
  host: string;
  port: number;
}

/** One value as `validate --show` prints it. */
export interface EffectiveSetting {
  key: string;
  /** Masked when secret. */
  value: string;
  /** `default`, `file:line`, `--set`, `environment NAME`. */
  source: string;
}

export interface SinkSettings {
  name: string;
  /** `connect-<name>` unless `consumer.override.group.id` says otherwise. */
  groupId: string;
  /** Exactly one of the two is set. */
  topics?: string[];
  /** In java.util.regex's syntax; matched by `topicFilter`. */
  topicsRegex?: string;
  /** Kafka's own topics are no match of `topicsRegex` (exclude.internal.topics). */
  excludeInternalTopics: boolean;
  tasksMax: number;
  milvus: MilvusSettings;
  insertMode: InsertMode;
  /** True when the user wrote insert.mode himself. */
  insertModeExplicit: boolean;
  batch: BatchSettings;
  errors: ErrorsSettings;
  keyConverter: KeyConverterSettings;
  valueConverter: ConverterSettings;
  /** Longest time between two offset commits, ms (Connect's offset.flush.interval.ms). */
  offsetFlushIntervalMs: number;
  /** Longest wait for one commit, and for what waits to be written when a bad record ends the sink, ms. */
  offsetFlushTimeoutMs: number;
  /** Records taken per poll (max.poll.records). */
  maxPollRecords: number;
  /** Complete librdkafka consumer configuration, group.id included. */
  consumer: KafkaProperties;
  http: HttpSettings;
  /** All settings with their source, secrets masked, for `validate --show`. */
  effective: EffectiveSetting[];
  /** Said once at start: unknown keys with a suggestion, keys without meaning here. */
  warnings: string[];
  /** Keys accepted and not needed, said at debug level. */
  notes: string[];
}

/** What loading gives on top: the way to keep secrets out of logs. */
export interface LoadedSettings extends SinkSettings {
  /** Replaces every secret of the configuration in a text: for the logger. */
  mask: (text: string) => string;
}
