// Finds a converter by the Java class that names it in the configuration.

import { SinkError } from '../errors.ts';
import type { Role } from '../record/bad-record.ts';
import { textDecoding } from '../record/text.ts';
import type { KeyConverter, LocalConverter } from './contract.ts';
import { createEnvelopeConverter, createEnvelopeKeyConverter } from './json/envelope.ts';
import { createJsonKeyConverter } from './json/json-key.ts';
import { createSchemalessConverter } from './json/schemaless.ts';
import type { ConverterSettings, KeyConverterSettings } from './settings.ts';

/**
 * @throws SinkError CONFIG_INVALID when the class is not known or cannot be configured so
 */
export function createValueConverter(settings: ConverterSettings): LocalConverter {
  return entryOf(settings).value(settings);
}

/**
 * @throws SinkError CONFIG_INVALID when the class is not known or cannot be configured so
 */
export function createKeyConverter(settings: KeyConverterSettings): KeyConverter {
  if (settings.kind === 'unused') return { check: () => undefined };
  return entryOf(settings).key(settings);
}

// --- internal ---

interface Entry {
  value(settings: ConverterSettings): LocalConverter;
  key(settings: ConverterSettings): KeyConverter;
}

const VALUE: Role = { side: 'value', stage: 'VALUE_CONVERTER' };
const KEY: Role = { side: 'key', stage: 'KEY_CONVERTER' };
/** StringConverter takes any text: that it is no JSON is found by the sink task. */
const STRING_VALUE: Role = { side: 'value', stage: 'TASK_PUT' };

const REGISTRY = new Map<string, Entry>([
  [
    'org.apache.kafka.connect.json.JsonConverter',
    {
      value: settings => {
        const json = expectKind(settings, 'json');
        if (json.schemasEnable) return createEnvelopeConverter(json, VALUE);
        return createSchemalessConverter({
          role: VALUE,
          decoding: textDecoding('utf-8'),
          native: true,
          nullable: true,
        });
      },
      key: settings => {
        const json = expectKind(settings, 'json');
        return json.schemasEnable ? createEnvelopeKeyConverter(json, KEY) : createJsonKeyConverter(KEY);
      },
    },
  ],
  [
    'org.apache.kafka.connect.storage.StringConverter',
    {
      value: settings => {
        const { encoding } = expectKind(settings, 'string');
        const decoding = textDecoding(encoding);
        const native = decoding === textDecoding('utf-8');
        return createSchemalessConverter({ role: STRING_VALUE, decoding, native, nullable: false });
      },
      // Any bytes are a string: Java replaces what is malformed, and the sink does not use the text.
      key: settings => {
        textDecoding(expectKind(settings, 'string').encoding);
        return { check: () => undefined };
      },
    },
  ],
]);

function entryOf(settings: ConverterSettings): Entry {
  const entry = REGISTRY.get(settings.javaClass);
  if (entry) return entry;
  throw new SinkError('CONFIG_INVALID', 'the converter is not known', {
    expected: [...REGISTRY.keys()].join(' or '),
    found: settings.javaClass,
  });
}

function expectKind<K extends ConverterSettings['kind']>(
  settings: ConverterSettings,
  kind: K,
): Extract<ConverterSettings, { kind: K }> {
  if (settings.kind === kind) return settings as Extract<ConverterSettings, { kind: K }>;
  throw new SinkError('INTERNAL', `${settings.javaClass} was configured as a ${settings.kind} converter`);
}
