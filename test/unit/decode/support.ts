import type { Decoded, LocalConverter } from '../../../src/decode/contract.ts';
import { createKeyConverter, createValueConverter } from '../../../src/decode/registry.ts';
import type { ConverterSettings, KeyConverterSettings } from '../../../src/decode/settings.ts';
import { RecordError } from '../../../src/errors.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';

type JsonSettings = Extract<ConverterSettings, { kind: 'json' }>;

export function jsonSettings(overrides: Partial<JsonSettings> = {}): JsonSettings {
  return {
    kind: 'json',
    javaClass: 'org.apache.kafka.connect.json.JsonConverter',
    schemasEnable: false,
    replaceNullWithDefault: true,
    decimalFormat: 'BASE64',
    ...overrides,
  };
}

export function stringSettings(encoding = 'utf-8'): ConverterSettings {
  return { kind: 'string', javaClass: 'org.apache.kafka.connect.storage.StringConverter', encoding };
}

export const plain = () => createValueConverter(jsonSettings());
export const envelope = (overrides: Partial<JsonSettings> = {}) =>
  createValueConverter(jsonSettings({ schemasEnable: true, ...overrides }));

export function record(value: string | Buffer | null, key: string | Buffer | null = null): KafkaRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
  return { topic: 't', partition: 2, offset: 7, key: keyBytes, value: bytes, size: bytes?.length ?? 0 };
}

export function decodeOne(converter: LocalConverter, value: string | Buffer | null): Decoded {
  const decoded = converter.decode([record(value)]);
  if (decoded.length !== 1) throw new Error(`${decoded.length} results for one record`);
  return decoded[0]!;
}

export function errorOf(decoded: unknown): RecordError {
  if (decoded instanceof RecordError) return decoded;
  throw new Error(`no RecordError: ${Bun.inspect(decoded)}`);
}

export function checkKey(
  settings: KeyConverterSettings,
  key: string | Buffer | null,
): RecordError | undefined {
  return createKeyConverter(settings).check(record('{}', key));
}
