// What the translation of a Kafka client's settings works on: merged settings going in, properties coming out.

import type { KafkaProperties } from '../../kafka/properties.ts';
import { type Findings, noFindings, type Problem, type Setting } from '../value/entry.ts';

/** A client setting without its prefix; of two that say the same, the one with the higher rank wins. */
export interface ClientSetting extends Setting {
  rank: number;
}

export interface Translation extends Findings {
  properties: KafkaProperties;
  /** Where each property came from; absent for our own choice. */
  sources: Map<string, ClientSetting>;
  /** Secret parts found inside values. */
  secrets: string[];
  set(name: string, value: string | number | boolean, setting: ClientSetting | undefined): void;
  problem(
    setting: ClientSetting,
    problem: string,
    more?: Pick<Problem, 'expected' | 'found' | 'fix' | 'didYouMean'>,
  ): void;
  warn(setting: ClientSetting, sentence: string): void;
}

export function newTranslation(): Translation {
  const findings = noFindings();
  const properties: KafkaProperties = {};
  const sources = new Map<string, ClientSetting>();
  return {
    ...findings,
    properties,
    sources,
    secrets: [],
    set(name, value, setting) {
      properties[name] = value;
      if (setting) sources.set(name, setting);
    },
    problem(setting, problem, more = {}) {
      findings.problems.push({ where: setting.source, key: setting.key, problem, ...more });
    },
    warn(setting, sentence) {
      findings.warnings.push(`${setting.key} (${setting.source}) ${sentence}`);
    },
  };
}

/** librdkafka's aliases → the names used here, which are Java's where Java has one. */
const ALIASES: Record<string, string> = {
  'metadata.broker.list': 'bootstrap.servers',
  'sasl.mechanisms': 'sasl.mechanism',
  'fetch.wait.max.ms': 'fetch.max.wait.ms',
  'fetch.message.max.bytes': 'max.partition.fetch.bytes',
  'socket.timeout.ms': 'request.timeout.ms',
  'socket.receive.buffer.bytes': 'receive.buffer.bytes',
  'socket.send.buffer.bytes': 'send.buffer.bytes',
  'topic.metadata.refresh.interval.ms': 'metadata.max.age.ms',
};

/** Lays settings over one another, the later ones winning, by one name for each meaning. */
export function mergeClient(layers: readonly ReadonlyMap<string, Setting>[]): Map<string, ClientSetting> {
  const merged = new Map<string, ClientSetting>();
  layers.forEach((layer, rank) => {
    for (const [name, setting] of layer) {
      const canonical = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
      merged.set(canonical, { ...setting, rank });
    }
  });
  return merged;
}
