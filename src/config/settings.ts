// What the configuration means once it is read: of the process, and of each connector.
import type { ConverterSettings } from '../decode/settings.ts';
import type { BatchSettings, ErrorsSettings } from '../deliver/settings.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import type { TopicSelection } from '../kafka/topics.ts';
import type { MapSettings } from '../map/settings.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';

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

/** What the process has once, whatever it runs. */
export interface WorkerSettings {
  http: HttpSettings;
  /** Whether a connector that fails ends the process with all others. */
  onFailure: 'stop' | 'continue';
}

export interface ConnectorSettings extends TopicSelection, MapSettings {
  name: string;
  /** `connect-<name>` unless `consumer.override.group.id` says otherwise. */
  groupId: string;
  tasksMax: number;
  milvus: MilvusSettings;
  batch: BatchSettings;
  errors: ErrorsSettings;
  keyConverter: ConverterSettings;
  valueConverter: ConverterSettings;
  /** Longest time between two offset commits, ms (Connect's offset.flush.interval.ms). */
  offsetFlushIntervalMs: number;
  /** Longest wait for one commit, and for what waits to be written when a bad record ends the sink, ms. */
  offsetFlushTimeoutMs: number;
  /** Records taken per poll (max.poll.records). */
  maxPollRecords: number;
  /** Complete librdkafka consumer configuration, group.id included. */
  consumer: KafkaProperties;
  /** All settings with their source, secrets masked, for `validate --show`. */
  effective: EffectiveSetting[];
}

/** All that the files, the environment and the arguments say. */
export interface Configuration {
  worker: WorkerSettings;
  /** At least one; no two have the same name. */
  connectors: ConnectorSettings[];
  /** Logged once at start: unknown keys with a suggestion, keys without meaning here. */
  warnings: string[];
  /** Keys accepted and not needed, logged at debug level. */
  notes: string[];
  /** Replaces every secret of the configuration in a text: for the logger. */
  mask: (text: string) => string;
}
