import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { OffsetTracker, PartitionOffsets } from '../../../src/kafka/offsets.ts';

describe('PartitionOffsets', () => {
  test('commits up to the first record that is not done', () => {
    const offsets = new PartitionOffsets();
    const [a, b, c] = [10, 11, 12].map(offset => offsets.read(offset));
    expect(offsets.committable).toBeUndefined();
    offsets.done(b!);
    expect(offsets.committable).toBeUndefined();
    offsets.done(a!);
    expect(offsets.committable).toBe(12);
    offsets.done(c!);
    expect(offsets.committable).toBe(13);
    expect(offsets.pending).toBe(0);
  });

  test('a jump back is followed: what is read again is answered for on its own, behind what was read before', () => {
    const offsets = new PartitionOffsets();
    const [old5, old6] = [offsets.read(5), offsets.read(6)];
    offsets.done(old5);
    offsets.commit(6);
    const [new0, new6] = [offsets.read(0), offsets.read(6)];
    offsets.done(new0);
    expect(offsets.committable).toBe(6);
    offsets.done(old6);
    expect(offsets.committable).toBe(1);
    expect(offsets.dirty).toBe(true);
    offsets.commit(1);
    expect(offsets.dirty).toBe(false);
    offsets.done(new6);
    expect(offsets.committable).toBe(7);
  });

  test('is dirty only while a commit would move the group', () => {
    const offsets = new PartitionOffsets();
    expect(offsets.dirty).toBe(false);
    offsets.done(offsets.read(0));
    expect(offsets.dirty).toBe(true);
    offsets.commit(1);
    expect(offsets.dirty).toBe(false);
  });

  test('property: whatever the gaps and the order of acknowledgement, never beyond a record that is not done', () => {
    const scenario = fc
      .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3000 })
      .chain(gaps => fc.tuple(fc.constant(gaps), fc.shuffledSubarray(gaps.map((_, i) => i))));
    fc.assert(
      fc.property(scenario, ([gaps, acknowledged]) => {
        const offsets = new PartitionOffsets();
        const read: number[] = [];
        const sequences: number[] = [];
        let at = 100;
        for (const gap of gaps) {
          at += gap;
          read.push(at);
          sequences.push(offsets.read(at));
        }
        const done = new Set<number>();
        for (const index of acknowledged) {
          done.add(index);
          offsets.done(sequences[index]!);
        }
        let contiguous = 0;
        while (done.has(contiguous)) contiguous++;
        expect(offsets.committable).toBe(contiguous === 0 ? undefined : read[contiguous - 1]! + 1);
        expect(offsets.pending).toBe(read.length - contiguous);
      }),
      { numRuns: 100 },
    );
  });

  test('ranges are answered for whole, in part, out of order, and twice', () => {
    const offsets = new PartitionOffsets();
    expect([offsets.read(10, 5), offsets.read(15, 2), offsets.read(20, 3)]).toEqual([0, 5, 7]);
    offsets.done(4, 8);
    expect([offsets.committable, offsets.pending]).toEqual([undefined, 10]);
    offsets.done(0, 2);
    expect(offsets.committable).toBe(12);
    offsets.done(1, 5);
    expect([offsets.committable, offsets.pending]).toEqual([21, 2]);
    offsets.done(0, 8);
    expect(offsets.committable).toBe(21);
    // What was never read is not done.
    offsets.done(8, 1000);
    expect([offsets.committable, offsets.pending]).toEqual([23, 0]);
  });

  test('property: ranges, gaps and jumps back give what a list of single records gives', () => {
    const step = fc.oneof(
      // Forward by a gap (0: none), or back to anywhere.
      fc.record({ gap: fc.integer({ min: -30, max: 4 }), count: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ from: fc.nat(120), length: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const offsets = new PartitionOffsets();
        const model: { offset: number; done: boolean }[] = [];
        let next = 100;
        for (const one of steps) {
          if ('count' in one) {
            next = Math.max(0, next + one.gap);
            expect(offsets.read(next, one.count)).toBe(model.length);
            for (let i = 0; i < one.count; i++) model.push({ offset: next++, done: false });
          } else {
            offsets.done(one.from, one.from + one.length);
            for (const record of model.slice(one.from, one.from + one.length)) record.done = true;
          }
          const open = model.findIndex(record => !record.done);
          const contiguous = open < 0 ? model.length : open;
          expect(offsets.committable).toBe(contiguous === 0 ? undefined : model[contiguous - 1]!.offset + 1);
          expect(offsets.pending).toBe(model.length - contiguous);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** What a commit would move. */
const moves = (tracker: OffsetTracker) =>
  [...tracker.all()]
    .filter(({ offsets }) => offsets.dirty)
    .map(({ topic, partition, offsets }) => ({ topic, partition, offset: offsets.committable }));

describe('OffsetTracker', () => {
  test('an acknowledgement for a partition that came back belongs to its former life', () => {
    const tracker = new OffsetTracker();
    tracker.assign('t', 0);
    const before = tracker.get('t', 0)!;
    const sequence = before.read(1);
    tracker.revoke('t', 0);
    expect(tracker.get('t', 0)).toBeUndefined();
    tracker.assign('t', 0);
    tracker.get('t', 0)!.read(1);
    before.done(sequence);
    expect(moves(tracker)).toEqual([]);
  });

  test('lists only what moves', () => {
    const tracker = new OffsetTracker();
    tracker.assign('a', 0);
    tracker.assign('b', 3);
    tracker.get('a', 0)!.read(7);
    const moved = tracker.get('b', 3)!;
    moved.done(moved.read(9));
    expect(moves(tracker)).toEqual([{ topic: 'b', partition: 3, offset: 10 }]);
  });
});

describe('lag', () => {
  test('is not known before a position or an offset is', () => {
    expect(new PartitionOffsets().lag(10)).toBeUndefined();
  });
  test("counts from the group's offset, then from what is done", () => {
    const offsets = new PartitionOffsets();
    offsets.commit(4);
    expect(offsets.lag(10)).toBe(6);
    offsets.done(offsets.read(4));
    expect(offsets.lag(10)).toBe(5);
  });
  test('with the position: what is not read and what is not done, and no marker between or behind them', () => {
    const offsets = new PartitionOffsets();
    const [a, b] = [offsets.read(0), offsets.read(2)];
    offsets.position = 3;
    expect(offsets.lag(4)).toBe(3);
    // A marker was passed.
    offsets.position = 4;
    expect(offsets.lag(4)).toBe(2);
    offsets.done(a);
    offsets.done(b);
    expect(offsets.lag(4)).toBe(0);
    expect(offsets.committable).toBe(3);
  });
});
