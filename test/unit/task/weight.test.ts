import { describe, expect, test } from 'bun:test';
import type { KafkaRecord } from '../../../src/record/record.ts';
import { dropUnread, PollSize, rowBytes } from '../../../src/task/weight.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const record = (more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  topic: 't',
  partition: 0,
  offset: 0,
  key: null,
  value: Buffer.alloc(100),
  size: 100,
  ...more,
});

describe('the weight of a record', () => {
  test('that is kept is the value and the row: key and headers are let go of', () => {
    const heavy = record({ key: Buffer.alloc(MIB), headers: [{ h: Buffer.alloc(MIB) }] });
    dropUnread(heavy);
    expect([heavy.key, heavy.headers]).toEqual([null, undefined]);
    expect(heavy.value).toHaveLength(100);
    const bytes = rowBytes({ key: 1, values: [], columns: [], bytes: 50, record: heavy });
    expect(bytes).toBeGreaterThan(150);
    expect(bytes).toBeLessThan(KIB);
    const light = record();
    dropUnread(light);
    expect(light).toEqual(record());
    expect('headers' in light).toBe(false);
  });
});

describe('the size of a poll', () => {
  const after = (polls: Array<[records: number, bytes: number]>, maxRecords = 500) => {
    const size = new PollSize(maxRecords, 8 * MIB);
    for (const [length, bytes] of polls) size.polled({ length, bytes, valueBytes: bytes / 2 });
    return size;
  };

  test('is small while nothing is known, then all that may be asked for', () => {
    expect(after([]).records).toBe(50);
    expect(after([], 10).records).toBe(10);
    expect(after([[50, 50 * KIB]]).records).toBe(500);
    expect(after([[50, 50 * KIB]], 10).records).toBe(10);
  });

  test('follows heavy records at once, and forgets them slowly', () => {
    const light: [number, number] = [500, 500 * KIB];
    const heavy: [number, number] = [40, 40 * 200 * KIB];
    expect(after([light, light, heavy]).records).toBe(40);
    expect(after([heavy, light]).records).toBeLessThan(60);
    expect(after([heavy, ...Array.from({ length: 30 }, () => light)]).records).toBe(500);
  });

  test('is one record at least, and a poll without any says nothing', () => {
    expect(after([[1, 100 * MIB]]).records).toBe(1);
    expect(
      after([
        [1, 100 * MIB],
        [0, 0],
      ]).records,
    ).toBe(1);
    expect(after([[10, 0]]).records).toBe(500);
  });

  test('what librdkafka does not count is known a record', () => {
    expect(after([]).uncounted).toBe(0);
    expect(after([[10, 20 * KIB]]).uncounted).toBe(KIB);
  });
});
