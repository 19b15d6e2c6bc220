// What comes out of the translation of a client's settings: librdkafka's properties, their sources, and findings.

import type { KafkaProperties } from '../../kafka/properties.ts';
import { type Findings, noFindings, type Problem } from '../value/entry.ts';
import type { ClientSetting } from './client.ts';

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
