import { expect, test } from 'bun:test';
import { PolledBatch } from '../../../src/record/polled-batch.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';

const KIB = 1024;
const record = (more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  topic: 't',
  partition: 0,
  offset: 0,
  key: null,
  value: Buffer.alloc(100),
  size: 100,
  ...more,
});
const bytes = (more: Partial<KafkaRecord> = {}) => new PolledBatch([record(more)]).bytes;

test('neighbours of one partition are a run; together the runs are the batch', () => {
  const batch = new PolledBatch([
    record(),
    record({ offset: 1, size: 50 }),
    record({ partition: 1 }),
    record({ topic: 'u', partition: 1 }),
    record({ offset: 2 }),
  ]);
  expect(batch.runs).toEqual([
    { topic: 't', partition: 0, start: 0, end: 2, valueBytes: 150 },
    { topic: 't', partition: 1, start: 2, end: 3, valueBytes: 100 },
    { topic: 'u', partition: 1, start: 3, end: 4, valueBytes: 100 },
    { topic: 't', partition: 0, start: 4, end: 5, valueBytes: 100 },
  ]);
  expect([batch.length, batch.valueBytes]).toEqual([5, 450]);
  expect(batch.record(3).topic).toBe('u');
});

test('an empty poll is a batch without runs', () => {
  expect(new PolledBatch([])).toMatchObject({ length: 0, runs: [], bytes: 0 });
});

test('a record weighs its value, its key and its headers', () => {
  expect(bytes()).toBe(100);
  expect(bytes({ key: Buffer.alloc(30) })).toBe(130);
  expect(bytes({ value: null, size: 0, key: Buffer.alloc(30) })).toBe(30);
  const headers = [{ trace: Buffer.alloc(200 * KIB) }, { trace: Buffer.alloc(200 * KIB) }, { empty: '' }];
  expect(bytes({ headers })).toBeGreaterThan(400 * KIB + 100);
  expect(bytes({ headers })).toBeLessThan(401 * KIB);
});
