// The settings as they are in effect, with their source and without secrets: for `validate --show`.

import type { KafkaProperties } from '../kafka/properties.ts';
import type { ChosenConverter } from './converters.ts';
import type { ClientSetting } from './kafka/client.ts';
import { KEY_NAMES, type KeyName, specOf } from './keys.ts';
import type { ConnectorSettings, EffectiveSetting } from './settings.ts';
import { type Setting, shown } from './value/entry.ts';
import { HIDDEN, isSecretKey } from './value/secrets.ts';

export interface EffectiveInput {
  /** Values of the key table, both sides'. */
  values: readonly ReadonlyMap<KeyName, Setting>[];
  /** Those of keys, values and headers, with their options. */
  converters: readonly ChosenConverter[];
  /** librdkafka's properties. */
  properties: KafkaProperties;
  sources: ReadonlyMap<string, ClientSetting>;
  mask: (text: string) => string;
}

/** Connector's keys, worker's keys, then what the Kafka client gets, as `librdkafka.<name>`. */
export function describeEffective(input: EffectiveInput): EffectiveSetting[] {
  const { values, converters, properties, sources, mask } = input;
  const lines: EffectiveSetting[] = [];
  const add = (key: string, setting: Setting) =>
    lines.push({ key, value: oneLine(mask(shown(setting))), source: setting.source });
  const chosen = new Map<KeyName, Setting>(converters.map(({ key, setting }) => [key, setting]));
  for (const side of values) for (const [key, setting] of side) chosen.set(key, setting);
  for (const side of ['connector', 'worker'] as const) {
    for (const key of KEY_NAMES) {
      const setting = specOf(key).side === side ? chosen.get(key) : undefined;
      if (setting) add(key, setting);
    }
  }
  for (const { key, options } of converters) {
    // Headers are not used, and their converter's options even less.
    if (key !== 'header.converter') for (const option of options.values()) add(option.key, option);
  }
  for (const [name, value] of Object.entries(properties)) {
    const origin = sources.get(name);
    const secret = isSecretKey(name) || origin?.secret;
    const text = secret ? HIDDEN : oneLine(mask(String(value)));
    const source = origin ? `${origin.key}, ${origin.source}` : 'default';
    lines.push({ key: `librdkafka.${name}`, value: text, source });
  }
  return lines;
}

/** `key = value  (source)`, aligned, a line each. */
export function renderEffective(settings: Pick<ConnectorSettings, 'effective'>): string {
  const keys = Math.max(0, ...settings.effective.map(line => line.key.length));
  // One very long value should not push all sources to the right.
  const values = Math.min(48, Math.max(0, ...settings.effective.map(line => line.value.length)));
  return settings.effective
    .map(({ key, value, source }) => `${key.padEnd(keys)} = ${value.padEnd(values)}  (${source})`)
    .join('\n');
}

// --- internal ---

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, '⏎');
}
