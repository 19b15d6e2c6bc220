import { describe, expect, test } from 'bun:test';
import { createValueConverter } from '../../../../src/decode/registry.ts';
import { decodeOne, errorOf, stringSettings } from '../support.ts';

describe('StringConverter', () => {
  test('its strings hold JSON objects; anything else the task refuses', () => {
    const converter = createValueConverter(stringSettings());
    expect(decodeOne(converter, '{"a":"ü"}')).toEqual({ a: 'ü' });
    expect(decodeOne(converter, null)).toBeNull();
    expect(errorOf(decodeOne(converter, '')).code).toBe('RECORD_NOT_JSON');
    expect(errorOf(decodeOne(converter, 'null')).code).toBe('RECORD_NOT_OBJECT');
    expect(errorOf(decodeOne(converter, 'hello'))).toMatchObject({
      code: 'RECORD_NOT_JSON',
      stage: 'TASK_PUT',
    });
  });

  test('reads its encoding', () => {
    const latin1 = Buffer.from('{"a":"ü\x80"}', 'latin1');
    expect(decodeOne(createValueConverter(stringSettings('iso-8859-1')), latin1)).toEqual({ a: 'ü\x80' });
    expect(errorOf(decodeOne(createValueConverter(stringSettings('us-ascii')), latin1)).code).toBe(
      'RECORD_NOT_ASCII',
    );
  });
});
