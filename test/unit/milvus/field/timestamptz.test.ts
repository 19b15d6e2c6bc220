// Timestamptz: what Milvus' parser takes goes through, what says the same goes through in its form, the rest is refused.
import { describe, expect, test } from 'bun:test';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import { envelopeThrough, field, fieldThrough } from '../../../support/rows.ts';

const one = field('f', DataType.Timestamptz);

describe('Timestamptz takes', () => {
  test.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
    ['2024-02-29T23:59:59.123456+05:30', '2024-02-29T23:59:59.123456+05:30'],
    ['2026-01-31T12:00:00', '2026-01-31T12:00:00'],
    // Milvus' parser takes these as well, some releases do not.
    ['2026-01-31 12:00:00', '2026-01-31T12:00:00'],
    ['2026-01-31 12:00:00+08', '2026-01-31T12:00:00+08:00'],
    ['2026-01-31T12:00:00,5Z', '2026-01-31T12:00:00.5Z'],
    ['2026-01-31T1:00:00Z', '2026-01-31T01:00:00Z'],
    ['2026-01-31T12:00:00.123456789123Z', '2026-01-31T12:00:00.123456789Z'],
    // These it refuses.
    ['2026-01-31', '2026-01-31T00:00:00'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00Z'],
    ['2026-01-31T12:00', '2026-01-31T12:00:00'],
    ['2026-01-31t12:00:00z', '2026-01-31T12:00:00Z'],
    ['2026-01-31T12:00:00+0530', '2026-01-31T12:00:00+05:30'],
    ['2026-01-31T12:00:00-03', '2026-01-31T12:00:00-03:00'],
    ['2026-01-31 12:00:00 +05:30', '2026-01-31T12:00:00+05:30'],
    ['2026-01-31T12:00:00+14:00', '2026-01-31T12:00:00+14:00'],
    ['2026-01-31T12:00:00-12:00', '2026-01-31T12:00:00-12:00'],
  ])('%s as %s', (text, sent) => {
    expect(fieldThrough(one, JSON.stringify(text))).toBe(sent);
  });

  test("Timestamp and Date of Connect; a Date begins in the collection's time zone, as its text does", () => {
    const named = (type: string, name: string) => ({ type, name: `org.apache.kafka.connect.data.${name}` });
    const timestamp = (ms: string) => envelopeThrough(one, named('int64', 'Timestamp'), ms);
    expect(timestamp('1769860800123')).toBe('2026-01-31T12:00:00.123Z');
    expect(timestamp('-1')).toBe('1969-12-31T23:59:59.999Z');
    expect(timestamp('253402300800000')).toBe('ROW_FIELD_RANGE');
    expect(timestamp('9223372036854775807')).toBe('ROW_FIELD_TYPE');
    expect(envelopeThrough(one, named('int32', 'Date'), '20484')).toBe('2026-01-31T00:00:00');
    expect(envelopeThrough(one, named('int32', 'Time'), '1000')).toBe('ROW_FIELD_TYPE');
    expect(envelopeThrough(one, { type: 'int64' }, '1769860800123')).toBe('ROW_FIELD_TYPE');
  });
});

describe('Timestamptz refuses', () => {
  test.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00+14:01',
    '2026-01-31T12:00:00-12:01',
    '2026-01-31T12:00:00+05:60',
    '2026-01-31T12:00:00 Europe/Paris',
    '2026-01-31T12:00:00Z[UTC]',
    '20260131T120000Z',
    '31.01.2026',
    'yesterday',
    '',
  ])('%s', text => {
    expect(fieldThrough(one, JSON.stringify(text))).toBe('ROW_FIELD_RANGE');
  });

  test('numbers, whose unit nobody knows', () => {
    expect(fieldThrough(one, '1700000000000')).toBe('ROW_FIELD_TYPE');
  });
});
