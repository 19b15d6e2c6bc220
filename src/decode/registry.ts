// All converters, and how one is found by the name that the configuration has for it.

import { SinkError } from '../errors.ts';
import type { ConverterDeclaration, KeyConverter, OptionValues, ValueConverter } from './contract.ts';
import { JSON_CONVERTER } from './json/declaration.ts';
import type { ConverterSettings } from './settings.ts';
import { STRING_CONVERTER } from './string/declaration.ts';

/** The converters of this release: a new one is a folder of its own and a line here. */
export const CONVERTERS: readonly ConverterDeclaration[] = [JSON_CONVERTER, STRING_CONVERTER];

/** Kafka's and Confluent's that are not in this release. Keys and headers, which are not used, may name them. */
export const LATER_CONVERTERS: readonly string[] = [
  'org.apache.kafka.connect.converters.ByteArrayConverter',
  ...['Boolean', 'Short', 'Integer', 'Long', 'Float', 'Double'].map(
    type => `org.apache.kafka.connect.converters.${type}Converter`,
  ),
  'io.confluent.connect.avro.AvroConverter',
  'io.confluent.connect.protobuf.ProtobufConverter',
  'io.confluent.connect.json.JsonSchemaConverter',
];

/** Converts headers only. */
export const SIMPLE_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

/**
 * The class among `known` that a name means: Connect knows a plugin by its class, its simple name, and that without the
 * word Converter.
 */
export function classNamed(name: string, known: readonly string[]): string | undefined {
  return known.find(javaClass => {
    const simple = javaClass.slice(javaClass.lastIndexOf('.') + 1);
    const suffix = simple.endsWith('HeaderConverter') ? /HeaderConverter$/ : /Converter$/;
    return name === javaClass || name === simple || name === simple.replace(suffix, '');
  });
}

/**
 * @throws SinkError CONFIG_INVALID when the class is not known
 */
export function createValueConverter(settings: ConverterSettings): ValueConverter {
  const declaration = declarationOf(settings);
  return declaration.value(valuesOf(declaration, settings));
}

/**
 * @throws SinkError CONFIG_INVALID when the class is not known
 */
export function createKeyConverter(settings: ConverterSettings): KeyConverter {
  // Keys are not used: one that nobody here can read is not looked at.
  if (LATER_CONVERTERS.includes(settings.javaClass)) return { plain: 'any', check: () => undefined };
  const declaration = declarationOf(settings);
  return declaration.key(valuesOf(declaration, settings));
}

// --- internal ---

function declarationOf({ javaClass }: ConverterSettings): ConverterDeclaration {
  const declaration = CONVERTERS.find(converter => converter.javaClass === javaClass);
  if (declaration) return declaration;
  throw new SinkError('CONFIG_INVALID', 'the converter is not known', {
    expected: CONVERTERS.map(converter => converter.javaClass).join(' or '),
    found: javaClass,
  });
}

function valuesOf(
  { options }: ConverterDeclaration,
  settings: ConverterSettings,
): OptionValues<ConverterDeclaration['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, settings.options[name] ?? option.default]),
  );
}
