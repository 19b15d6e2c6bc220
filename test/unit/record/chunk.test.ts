// A batch in native memory gives every record back as it came.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RowQueue } from '../../../src/deliver/row-queue.ts';
import { makeRowPlan, nextPlanId } from '../../../src/map/row-plan.ts';
import { cellsOf } from '../../../src/milvus/wire/cells.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import { Chunk } from '../../../src/record/chunk.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';
import { chunkOf, encodedChunk, ownedBy } from '../../support/encoded.ts';
import { field, mapperOf } from '../../support/rows.ts';

const TARGET = { database: 'default', collection: 'articles' };

const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array));
const record = fc.record({
  topic: fc.constantFrom('a', 'b', 'ö'),
  partition: fc.nat(2),
  offset: fc.oneof(fc.nat(20), fc.constant(2 ** 52)),
  timestamp: fc.option(fc.nat(2e9), { nil: undefined }),
  key: fc.option(bytes, { nil: null }),
  value: fc.option(bytes, { nil: null }),
});

function recordOf(more: Partial<KafkaRecord> = {}): KafkaRecord {
  return { topic: 't', partition: 0, offset: 0, key: null, value: null, size: 0, ...more };
}

test('records come back whole, empty and absent parts told apart', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), made => {
      const records = made.map(({ timestamp, ...one }) => ({
        ...one,
        size: one.value?.length ?? 0,
        ...(timestamp !== undefined && { timestamp }),
      }));
      const chunk = Chunk.of(records);
      expect(chunk.length).toBe(records.length);
      expect(records.map((_, place) => chunk.record(place))).toEqual(records);
      expect(chunk.valueBytes).toBe(records.reduce((sum, one) => sum + one.size, 0));
      expect(chunk.bytes).toBe(records.reduce((sum, one) => sum + one.size + (one.key?.length ?? 0), 0));
      // Runs: all of it, in order, each of one partition.
      let place = 0;
      for (const { topic, partition, start, end, valueBytes } of chunk.runs) {
        expect(start).toBe(place);
        const own = records.slice(start, end);
        expect(own.every(one => one.topic === topic && one.partition === partition)).toBe(true);
        expect(valueBytes).toBe(own.reduce((sum, one) => sum + one.size, 0));
        place = end;
      }
      expect(place).toBe(records.length);
    }),
  );
});

test('offsets of any places, in stretches without a gap', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), fc.nat(40), fc.nat(40), (made, a, b) => {
      const records = made.map(({ timestamp: _, ...one }) => ({ ...one, size: one.value?.length ?? 0 }));
      const chunk = Chunk.of(records);
      const [start, end] = [Math.min(a, b, records.length), Math.min(Math.max(a, b), records.length)];
      const offsets: number[] = [];
      chunk.offsets(start, end, (offset, count) => {
        expect(count).toBeGreaterThan(0);
        for (let i = 0; i < count; i++) offsets.push(offset + i);
      });
      expect(offsets).toEqual(records.slice(start, end).map(({ offset }) => offset));
    }),
  );
});

test('without a plan nothing is read natively, not even that there is nothing to read', () => {
  const chunk = Chunk.of([recordOf(), recordOf({ offset: 1, value: Buffer.from('{}') })]);
  expect(chunk.notRows()).toEqual({ declined: [0, 1], tombstones: [] });
});

test('a chunk that was let go of has nothing more to say, and a place that it lacks is refused', () => {
  const chunk = Chunk.of([recordOf()]);
  expect(() => chunk.record(1)).toThrow('no such record');
  chunk.release();
  expect(() => chunk.record(0)).toThrow('gone');
});

test('a record of many megabytes has memory of its own', () => {
  const value = Buffer.alloc(5 << 20, 'x');
  const large = recordOf({ offset: 1, value, size: value.length });
  const chunk = Chunk.of([recordOf(), large, recordOf({ offset: 2 })]);
  expect(chunk.record(1).value!.equals(value)).toBe(true);
});

test('records above the size of a slab, of any length, leave what is beside them alone', () => {
  // Lengths that are no multiple of 8 once made the room behind a large record seem endless.
  const filled = (sizes: number[]) =>
    sizes.map((size, offset) => recordOf({ offset, value: Buffer.alloc(size, 65 + (offset % 60)), size }));
  const neighbours = Array.from({ length: 40 }, () => filled([150_000]));
  const large = [262_145, 300_001, 300_007].map(size => filled([size, ...Array<number>(40).fill(150_000)]));
  const made = [...neighbours, ...large].map(records => ({ records, chunk: Chunk.of(records) }));
  for (const { records, chunk } of made)
    for (const [place, { value }] of records.entries())
      expect(chunk.record(place).value!.equals(value!)).toBe(true);
});

test('offsets that have gaps, or jump back, are told stretch by stretch and clipped to what is asked for', () => {
  const chunk = Chunk.of([5, 6, 9, 10, 11, 2].map(offset => recordOf({ offset })));
  const told = (start: number, end: number) => {
    const stretches: [number, number][] = [];
    chunk.offsets(start, end, (offset, count) => stretches.push([offset, count]));
    return stretches;
  };
  expect(told(0, 6)).toEqual([
    [5, 2],
    [9, 3],
    [2, 1],
  ]);
  expect(told(1, 4)).toEqual([
    [6, 1],
    [9, 2],
  ]);
  expect(told(3, 4)).toEqual([[10, 1]]);
  expect(told(2, 2)).toEqual([]);
});

describe('rows that JavaScript has read', () => {
  const { plan } = mapperOf([field('name', DataType.VarChar, { maxLength: 9, nullable: true })]);
  const make = (keys?: 'any') => makeRowPlan(nextPlanId(), plan, { keys, dropped: [] });
  const values = (...texts: (string | null)[]) =>
    texts.map((text, offset) => {
      const value = text === null ? null : Buffer.from(text);
      return recordOf({ offset, value, size: value?.length ?? 0 });
    });

  test('stand in the place of their records, beside those that were read natively', () => {
    const rows = make('any');
    const chunk = Chunk.of(values('{"id":1}', '{"id":"2"}', null, '{"id":3}', '?'), rows.handle);
    expect(chunk.notRows()).toEqual({ declined: [1, 4], tombstones: [2] });
    chunk.adopt(rows.handle, [1], cellsOf(plan.columns, [[2, 'b']]));
    expect(chunk.notRows()).toEqual({ declined: [4], tombstones: [2] });
    // The record is what it was.
    expect(chunk.record(1).value!.toString()).toBe('{"id":"2"}');
    const expected = chunkOf(rows, plan.columns, [[1], [2, 'b'], [3]]);
    expect(encodedChunk(TARGET, rows, chunk)).toEqual(encodedChunk(TARGET, rows, expected));
  });

  test('are refused where there is no such place, or bytes or lengths are missing', () => {
    const { handle } = make();
    const chunk = Chunk.of(values('x'));
    const cells = cellsOf(plan.columns, [[1, 'a']]);
    expect(() => chunk.adopt(handle, [1], cells)).toThrow('out of range');
    expect(() => chunk.adopt(handle, [0], { ...cells, bytes: cells.bytes.subarray(1) })).toThrow(
      'out of range',
    );
    expect(() => chunk.adopt(handle, [0], { ...cells, lengths: cells.lengths.subarray(1) })).toThrow(
      'lengths',
    );
    expect(chunk.notRows().declined).toEqual([0]);
  });

  test('are not put into a chunk that a queue has, or that was let go of', () => {
    const rows = make();
    const cells = cellsOf(plan.columns, [[1, 'a']]);
    const [queued, released] = [chunkOf(rows, plan.columns, [[1]]), Chunk.of(values('x'))];
    new RowQueue().add(queued, ownedBy(queued, 1), 1);
    released.release();
    for (const chunk of [queued, released]) {
      expect(() => chunk.adopt(rows.handle, [0], cells)).toThrow('gone');
      expect(() => chunk.record(0)).toThrow('gone');
      chunk.release();
    }
  });
});
