// key.converter, value.converter, header.converter with their options → what decode/ needs to know.
import * as v from 'valibot';
import type { ConverterSettings, KeyConverterSettings } from '../decode/settings.ts';
import { below, type Findings, type Setting, shown } from './value/entry.ts';
import { allowed, boolean, integer, oneOf, parsed, type ValueSchema } from './value/schema.ts';
import { nearest } from './value/suggest.ts';
import { defaultOf } from './values.ts';

export type ConverterKey = 'key.converter' | 'value.converter';

/** The converter in use for keys, values or headers, as it is written. */
export interface ChosenConverter {
  key: ConverterKey | 'header.converter';
  /** Its class. */
  setting: Setting;
  /** From the same side as the class, by the rest of their name. */
  options: Map<string, Setting>;
}

const JSON_CLASS = 'org.apache.kafka.connect.json.JsonConverter';
const STRING_CLASS = 'org.apache.kafka.connect.storage.StringConverter';
const SIMPLE_HEADER_CLASS = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

/** Converters that are not in this release; as a key's or a header's, which are not used, they are taken. */
const NOT_YET = [
  'org.apache.kafka.connect.converters.ByteArrayConverter',
  ...['Boolean', 'Short', 'Integer', 'Long', 'Float', 'Double'].map(
    type => `org.apache.kafka.connect.converters.${type}Converter`,
  ),
  'io.confluent.connect.avro.AvroConverter',
  'io.confluent.connect.protobuf.ProtobufConverter',
  'io.confluent.connect.json.JsonSchemaConverter',
];

/** Java charset names → the names that decoders use. */
const CHARSETS: Record<string, string> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'iso-8859-1': 'iso-8859-1',
  iso8859_1: 'iso-8859-1',
  latin1: 'iso-8859-1',
  'us-ascii': 'us-ascii',
  ascii: 'us-ascii',
};

const JSON_OPTIONS = {
  'schemas.enable': boolean(),
  'replace.null.with.default': boolean(),
  'decimal.format': oneOf('BASE64', 'NUMERIC'),
  'schemas.cache.size': integer(0, 2147483647),
  'converter.type': oneOf('key', 'value', 'header'),
};
const STRING_OPTIONS = {
  'converter.encoding': parsed(
    value => (Object.hasOwn(CHARSETS, value.toLowerCase()) ? CHARSETS[value.toLowerCase()] : undefined),
    'UTF-8, ISO-8859-1 or US-ASCII',
  ),
  'converter.type': oneOf('key', 'value', 'header'),
};

/** Options of any converter here: under another one they are leftovers. */
const ALL_OPTIONS = new Set([...Object.keys(JSON_OPTIONS), ...Object.keys(STRING_OPTIONS), 'schema.content']);

/**
 * A connector's own converter wins as a whole: the worker's options do not reach it (Kafka Connect's rule). Connect
 * demands a class; here it defaults to the one that the connector's guide means when it sets `*.schemas.enable` only.
 */
export function chooseConverter(
  key: ChosenConverter['key'],
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  findings: Findings,
): ChosenConverter {
  const own = connector.get(key);
  const side = own && own.value.trim() !== '' ? connector : worker;
  const named = side.get(key);
  const setting = named && named.value.trim() !== '' ? named : defaultOf(key);
  if (side === worker) {
    for (const option of below(connector, `${key}.`).values()) {
      findings.warnings.push(
        `${option.key} (${option.source}) has no effect, as in Kafka Connect: the connector does not name a ${key} of its own`,
      );
    }
  }
  return { key, setting, options: below(side, `${key}.`) };
}

/**
 * A key's converter: the key is not used, so that one which is not there to read it is no obstacle.
 * @param setting the converter's class
 * @param options settings below `key.converter.`, by the rest of their name, from the same side as the class
 */
export function readKeyConverter(
  setting: Setting,
  options: ReadonlyMap<string, Setting>,
  findings: Findings,
): KeyConverterSettings | undefined {
  const unused = fullName(setting.value, NOT_YET);
  if (!unused) return readConverter('key.converter', setting, options, findings);
  sayUnused([setting, ...options.values()], 'keys', findings);
  return { kind: 'unused', javaClass: unused };
}

/**
 * @param setting the converter's class
 * @param options settings below `<key>.`, by the rest of their name, from the same side as the class
 */
export function readConverter(
  key: ConverterKey,
  setting: Setting,
  options: ReadonlyMap<string, Setting>,
  findings: Findings,
): ConverterSettings | undefined {
  const javaClass = fullName(setting.value, [JSON_CLASS, STRING_CLASS]);
  if (javaClass === JSON_CLASS) {
    const content = options.get('schema.content');
    if (content && content.value.trim() !== '') {
      findings.problems.push({
        where: content.source,
        key: content.key,
        problem: 'a fixed schema is not in this release',
        expected: 'no such key',
      });
    }
    const read = readOptions(key, JSON_OPTIONS, options, findings, ['schema.content']);
    return {
      kind: 'json',
      javaClass,
      schemasEnable: read['schemas.enable'] ?? true,
      replaceNullWithDefault: read['replace.null.with.default'] ?? true,
      decimalFormat: read['decimal.format'] ?? 'BASE64',
    };
  }
  if (javaClass === STRING_CLASS) {
    const read = readOptions(key, STRING_OPTIONS, options, findings);
    return { kind: 'string', javaClass, encoding: read['converter.encoding'] ?? 'utf-8' };
  }
  refuse(setting, [JSON_CLASS, STRING_CLASS], findings);
  return undefined;
}

/** Headers are not used by the sink; a converter that Connect could not load is refused all the same. */
export function checkHeaderConverter(
  setting: Setting,
  options: ReadonlyMap<string, Setting>,
  findings: Findings,
): void {
  const known = [SIMPLE_HEADER_CLASS, STRING_CLASS, JSON_CLASS, ...NOT_YET];
  if (fullName(setting.value, known)) sayUnused([setting, ...options.values()], 'headers', findings);
  else refuse(setting, known, findings);
}

// --- internal ---

function sayUnused(settings: readonly Setting[], what: 'keys' | 'headers', findings: Findings): void {
  for (const { key, source } of settings) {
    if (source !== 'default') findings.notes.push(`${key} (${source}) is not needed: ${what} are not used`);
  }
}

type Options<S> = { [K in keyof S]?: S[K] extends ValueSchema<infer T> ? Exclude<T, undefined> : never };

function readOptions<S extends Record<string, ValueSchema<unknown>>>(
  prefix: string,
  schemas: S,
  options: ReadonlyMap<string, Setting>,
  findings: Findings,
  alsoKnown: readonly string[] = [],
): Options<S> {
  const values: Record<string, unknown> = {};
  for (const [name, option] of options) {
    if (alsoKnown.includes(name)) continue;
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (!schema && ALL_OPTIONS.has(name)) {
      findings.notes.push(`${option.key} (${option.source}) has no effect: it is another converter's option`);
      continue;
    }
    if (!schema) {
      const near = nearest(name, Object.keys(schemas));
      findings.warnings.push(
        `unknown option ${option.key} (${option.source})${near ? `, did you mean ${prefix}.${near}?` : ''}`,
      );
      continue;
    }
    const result = v.safeParse(schema, option.value);
    if (result.success) values[name] = result.output;
    else {
      findings.problems.push({
        where: option.source,
        key: option.key,
        problem: 'bad value',
        expected: allowed(schema),
        found: shown(option),
      });
    }
  }
  // Each value was parsed by the schema of its own name.
  return values as Options<S>;
}

/** Connect knows a plugin by its class, its simple name, and that without the word Converter. */
function fullName(value: string, known: readonly string[]): string | undefined {
  const name = value.trim();
  return known.find(javaClass => {
    const simple = javaClass.slice(javaClass.lastIndexOf('.') + 1);
    const suffix = simple.endsWith('HeaderConverter') ? /HeaderConverter$/ : /Converter$/;
    return name === javaClass || name === simple || name === simple.replace(suffix, '');
  });
}

function refuse(setting: Setting, known: readonly string[], findings: Findings): void {
  const later = fullName(setting.value, NOT_YET);
  findings.problems.push({
    where: setting.source,
    key: setting.key,
    problem: later ? `${later} is not in this release` : 'unknown converter',
    expected: known.filter(name => !NOT_YET.includes(name)).join(' or '),
    found: shown(setting),
    didYouMean: later ? undefined : nearest(setting.value.trim(), [...known, ...NOT_YET]),
  });
}
