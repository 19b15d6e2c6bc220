import type { Decoded, ValueConverter } from '../../../src/decode/contract.ts';
import { createKeyConverter, createValueConverter } from '../../../src/decode/registry.ts';
import type { ConverterSettings } from '../../../src/decode/settings.ts';
import { RecordError } from '../../../src/errors.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';

/** JsonConverter, by default without schemas. */
export function jsonSettings(options: Record<string, unknown> = {}): ConverterSettings {
  return {
    javaClass: 'org.apache.kafka.connect.json.JsonConverter',
    options: { 'schemas.enable': false, ...options },
  };
}

export function stringSettings(encoding = 'utf-8'): ConverterSettings {
  return {
    javaClass: 'org.apache.kafka.connect.storage.StringConverter',
    options: { 'converter.encoding': encoding },
  };
}

export const plain = () => createValueConverter(jsonSettings());
export const envelope = (options: Record<string, unknown> = {}) =>
  createValueConverter(jsonSettings({ 'schemas.enable': true, ...options }));

export function record(value: string | Buffer | null, key: string | Buffer | null = null): KafkaRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const keyBytes = typeof key === 'string' ? Buffer.from(key) : key;
  return { topic: 't', partition: 2, offset: 7, key: keyBytes, value: bytes, size: bytes?.length ?? 0 };
}

/** The results of a converter that asks nobody: they are there at once. */
export function decodeAll(converter: ValueConverter, records: readonly KafkaRecord[]): Decoded[] {
  const decoded = converter.decode(records);
  if (decoded instanceof Promise) throw new Error('the converter asks somebody');
  return decoded;
}

export function decodeOne(converter: ValueConverter, value: string | Buffer | null): Decoded {
  const decoded = decodeAll(converter, [record(value)]);
  if (decoded.length !== 1) throw new Error(`${decoded.length} results for one record`);
  return decoded[0]!;
}

export function errorOf(decoded: unknown): RecordError {
  if (decoded instanceof RecordError) return decoded;
  throw new Error(`no RecordError: ${Bun.inspect(decoded)}`);
}

export function checkKey(settings: ConverterSettings, key: string | Buffer | null): RecordError | undefined {
  return createKeyConverter(settings).check(record('{}', key));
}
