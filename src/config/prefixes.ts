// Keys that are not in the key table because a prefix stands for them, or because others read them as they are.

import type { Side } from './keys.ts';
import { laterNames } from './later.ts';
import { notNeededNames } from './not-needed.ts';

/** Side of a key that others than the key table read; undefined for unknown keys. */
export function sideOf(key: string): Side | undefined {
  if (Object.hasOwn(SINGLE, key)) return SINGLE[key];
  return PREFIXES.find(([prefix]) => key.startsWith(prefix) && key !== prefix)?.[1];
}

/** Known names for suggestions besides the key table's. */
export function otherKeyNames(): string[] {
  return [...Object.keys(SINGLE), ...laterNames(), ...notNeededNames(), ...COMMON];
}

// --- internal ---

/** Prefixes whose keys others read, by the side they belong to. */
const PREFIXES: [string, Side][] = [
  ['consumer.override.', 'connector'],
  ['producer.override.', 'connector'],
  ['admin.override.', 'connector'],
  ['consumer.', 'worker'],
  ['producer.', 'worker'],
  ['admin.', 'worker'],
  ['sasl.', 'worker'],
  ['ssl.', 'worker'],
  ['config.providers.', 'worker'],
  ['key.converter.', 'worker'],
  ['value.converter.', 'worker'],
  ['header.converter.', 'worker'],
];

/** Single keys that others read. */
const SINGLE: Record<string, Side> = {
  'config.providers': 'worker',
  'security.protocol': 'worker',
  'enable.ssl.certificate.verification': 'worker',
  'client.dns.lookup': 'worker',
};

/** What is written most below the prefixes. */
const COMMON = [
  'sasl.mechanism',
  'sasl.jaas.config',
  'ssl.truststore.location',
  'ssl.truststore.type',
  'ssl.keystore.location',
  'ssl.keystore.type',
  'consumer.override.auto.offset.reset',
  'consumer.max.poll.records',
  'consumer.group.id',
  'value.converter.schemas.enable',
  'key.converter.schemas.enable',
];
