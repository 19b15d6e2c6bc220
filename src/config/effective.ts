// The settings as they are in effect, with their source and without secrets: for `validate --show`.

import type { KafkaProperties } from '../kafka/properties.ts';
import type { ClientSetting } from './kafka/client.ts';
import { type KeyName, specOf } from './keys.ts';
import type { ConnectorSettings, EffectiveSetting } from './settings.ts';
import { type Setting, shown } from './value/entry.ts';
import { HIDDEN, isSecretKey } from './value/secrets.ts';

export interface EffectiveInput {
  /** Values of the key table. */
  chosen: ReadonlyMap<KeyName, Setting>;
  worker: ReadonlyMap<string, Setting>;
  connector: ReadonlyMap<string, Setting>;
  /** librdkafka's properties. */
  properties: KafkaProperties;
  sources: ReadonlyMap<string, ClientSetting>;
  mask: (text: string) => string;
}

/** Connector's keys, worker's keys, then what the Kafka client gets, as `librdkafka.<name>`. */
export function describeEffective(input: EffectiveInput): EffectiveSetting[] {
  const { chosen, worker, connector, properties, sources, mask } = input;
  const lines: EffectiveSetting[] = [];
  const add = (key: string, setting: Setting) =>
    lines.push({ key, value: oneLine(mask(shown(setting))), source: setting.source });
  for (const side of ['connector', 'worker'] as const) {
    for (const [key, setting] of chosen) if (specOf(key).side === side) add(key, setting);
  }
  for (const root of ['key.converter', 'value.converter'] as const) {
    const side = (connector.get(root)?.value ?? '').trim() !== '' ? connector : worker;
    for (const [key, setting] of side) if (key.startsWith(`${root}.`)) add(key, setting);
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
