import { expect, test } from 'bun:test';
import { checkKey, jsonSettings, stringSettings } from './support.ts';

test.each([
  '1',
  '"k"',
  '{"id":1}',
  '[1]',
  'null',
  '',
  ' ',
  '18446744073709551615',
  '123456789012345678901234',
])('JsonConverter takes the key %j', key => expect(checkKey(jsonSettings(), key)).toBeUndefined());

test.each(['abc', '01', '550e8400-e29b', '{"a"', '1 2'])('JsonConverter refuses the key %j', key => {
  const error = checkKey(jsonSettings(), key);
  expect(error).toMatchObject({ code: 'RECORD_NOT_JSON', stage: 'KEY_CONVERTER' });
  expect(error!.message).toContain('key.converter=org.apache.kafka.connect.storage.StringConverter');
});

test('a record without a key has no bad key', () => {
  expect(checkKey(jsonSettings(), null)).toBeUndefined();
  expect(checkKey(jsonSettings({ 'schemas.enable': true }), null)).toBeUndefined();
});

test('with schemas the key is an envelope whose payload fits', () => {
  const settings = jsonSettings({ 'schemas.enable': true });
  expect(checkKey(settings, '{"schema":{"type":"int64"},"payload":5}')).toBeUndefined();
  expect(checkKey(settings, '{"schema":{"type":"int64"},"payload":"5"}')).toMatchObject({
    code: 'RECORD_SCHEMA',
    stage: 'KEY_CONVERTER',
  });
  for (const key of ['5', '', '{"schema":null}']) {
    const error = checkKey(settings, key);
    expect(error).toMatchObject({ code: 'RECORD_ENVELOPE', stage: 'KEY_CONVERTER' });
    expect(error!.message).toContain('key.converter.schemas.enable=false');
  }
});

test('malformed UTF-8 is a bad JSON key, and fine as a string', () => {
  const key = Buffer.from([0x22, 0xff, 0x22]);
  expect(checkKey(jsonSettings(), key)).toMatchObject({ code: 'RECORD_NOT_UTF8', stage: 'KEY_CONVERTER' });
  expect(checkKey(stringSettings(), key)).toBeUndefined();
});

test('a converter that is not in this release leaves keys alone, whatever they are', () => {
  const javaClass = 'org.apache.kafka.connect.converters.LongConverter';
  for (const key of ['abc', '', '\u0000\u0001']) {
    expect(checkKey({ javaClass, options: {} }, key)).toBeUndefined();
  }
});
