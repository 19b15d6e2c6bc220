// Converters by the names that Kafka Connect takes, and what they are when nothing is set.
import { expect, test } from 'bun:test';
import {
  CONVERTERS,
  classNamed,
  createKeyConverter,
  createValueConverter,
  LATER_CONVERTERS,
  SIMPLE_HEADER_CONVERTER,
} from '../../../src/decode/registry.ts';
import { decodeOne, errorOf } from './support.ts';

const CLASSES = CONVERTERS.map(({ javaClass }) => javaClass);

test('each has a class of its own', () => {
  const all = [...CLASSES, ...LATER_CONVERTERS, SIMPLE_HEADER_CONVERTER];
  expect(new Set(all).size).toBe(all.length);
});

test('a class has its simple name, and that without the word Converter', () => {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  for (const name of [json, 'JsonConverter', 'Json']) expect(classNamed(name, CLASSES)).toBe(json);
  expect(classNamed('Simple', [SIMPLE_HEADER_CONVERTER])).toBe(SIMPLE_HEADER_CONVERTER);
  for (const name of ['json', 'JsonConv', 'com.acme.JsonConverter', ''])
    expect(classNamed(name, CLASSES)).toBeUndefined();
});

test('without options each is as Kafka Connect has it by default', () => {
  const made = (javaClass: string) => createValueConverter({ javaClass, options: {} });
  expect(errorOf(decodeOne(made('org.apache.kafka.connect.json.JsonConverter'), '{"a":1}')).code).toBe(
    'RECORD_ENVELOPE',
  );
  expect(decodeOne(made('org.apache.kafka.connect.storage.StringConverter'), '{"a":"ü"}')).toEqual({
    a: 'ü',
  });
});

test('an unknown class is no converter; one of a later release reads no values', () => {
  for (const javaClass of ['com.acme.Converter', ...LATER_CONVERTERS]) {
    expect(() => createValueConverter({ javaClass, options: {} })).toThrow(/^CONFIG_INVALID: .*not known/);
  }
  expect(() => createKeyConverter({ javaClass: 'com.acme.Converter', options: {} })).toThrow(
    /^CONFIG_INVALID/,
  );
});
