import { describe, expect, test } from 'bun:test';
import { PollSize } from '../../../src/task/weight.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
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
