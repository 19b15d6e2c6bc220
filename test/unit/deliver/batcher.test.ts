import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Batch, Batcher } from '../../../src/deliver/batcher.ts';
import { Budget } from '../../../src/deliver/budget.ts';
import type { PrimaryKey, Row } from '../../../src/map/row.ts';

const NO_LIMIT = { tolerance: 'none', maxConsecutive: 0 } as const;

let offset = 0;
function row(key: PrimaryKey, bytes = 100): Row {
  return {
    key,
    values: [],
    columns: [],
    bytes,
    record: { topic: 't', partition: 0, offset: offset++, key: null, value: null, size: bytes },
  };
}
/** A batcher of a task that has a budget for itself. */
function create(options: { maxRows: number; maxBytes: number; maxInFlight: number }) {
  const budget = new Budget({
    maxBytes: 1e9,
    maxRequests: options.maxInFlight,
    errors: NO_LIMIT,
    now: () => 0,
  });
  return Object.assign(new Batcher<Row>(options, budget), { shared: budget });
}
const rows = (...keys: PrimaryKey[]) => keys.map(key => row(key));
const keys = (batch: Batch<Row> | undefined) => batch?.rows.map(r => r.key);

describe('Batcher', () => {
  test('idle, the first row goes out at once', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 4 });
    batcher.add(rows(1), 0);
    expect(keys(batcher.next(0))).toEqual([1]);
  });

  test('while a request is in flight rows gather, and all of them are the next batch', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1), 0);
    const first = batcher.next(0)!;
    for (let i = 2; i < 7; i++) {
      batcher.add(rows(i), i);
      expect(batcher.next(i)).toBeUndefined();
    }
    batcher.finish(first, 'acknowledged', 8);
    expect(keys(batcher.next(8))).toEqual([2, 3, 4, 5, 6]);
  });

  test('in a batch the last record of a key wins, and the batch answers for all of them', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    const [a, b, c, d] = [row(1), row(2), row(1), row(1)];
    batcher.add([a, b, c, d], 0);
    const batch = batcher.next(0)!;
    expect(batch.rows).toEqual([d, b]);
    expect(batch.taken).toEqual([a, b, c, d]);
  });

  test('a key in flight waits, others pass it, and its order is kept', () => {
    const batcher = create({ maxRows: 2, maxBytes: 1e6, maxInFlight: 4 });
    batcher.shared.tried('ok', { bytes: 1, sentAt: 0, alone: true, saturated: true }, 0);
    expect(batcher.shared.requestLimit).toBe(2);
    const [a1, b1, a2, c1, a3, d1] = [row('a'), row('b'), row('a'), row('c'), row('a'), row('d')];
    batcher.add([a1, b1, a2, c1, a3, d1], 0);
    const first = batcher.next(0)!;
    expect(first.taken).toEqual([a1, b1, a2]);
    const second = batcher.next(0)!;
    expect(second.taken).toEqual([c1, d1]);
    batcher.finish(first, 'acknowledged', 1);
    batcher.finish(second, 'acknowledged', 1);
    expect(batcher.next(1)?.taken).toEqual([a3]);
  });

  test('bigint, number and string keys are different keys', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1, '1', 9007199254740993n, 9007199254740993n), 0);
    expect(keys(batcher.next(0))).toEqual([1, '1', 9007199254740993n]);
  });

  test('rows without a key (autoID) are never merged nor held back', () => {
    const batcher = create({ maxRows: 3, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(undefined, undefined, undefined, undefined), 0);
    expect(keys(batcher.next(0))).toEqual([undefined, undefined, undefined]);
  });

  test('batch.max.bytes bounds a batch; a larger row goes alone', () => {
    const batcher = create({ maxRows: 100, maxBytes: 250, maxInFlight: 3 });
    batcher.add([row(1), row(2), row(3), row(4, 900), row(5)], 0);
    const sizes: unknown[] = [];
    for (let batch = batcher.next(0); batch; batch = batcher.next(0)) {
      sizes.push(keys(batch));
      batcher.finish(batch, 'acknowledged', 0);
    }
    expect(sizes).toEqual([[1, 2], [3], [4], [5]]);
  });

  test('a request too large for the server is halved from then on, in order', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1, 2, 3, 4), 0);
    const batch = batcher.next(0)!;
    batcher.add(rows(5), 1);
    batcher.split(batch, 1);
    const first = batcher.next(1)!;
    expect(keys(first)).toEqual([1, 2]);
    batcher.finish(first, 'acknowledged', 2);
    expect(keys(batcher.next(2))).toEqual([3, 4]);
  });

  test('rows of a revoked partition are taken out, and only they', () => {
    const batcher = create({ maxRows: 1, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1, 2, 3), 0);
    const first = batcher.next(0)!;
    expect(batcher.drop(r => r.key === 2).map(r => r.key)).toEqual([2]);
    batcher.finish(first, 'acknowledged', 1);
    expect(keys(batcher.next(1))).toEqual([3]);
    expect(batcher.waitingRows).toBe(0);
  });

  test('a value that outgrows the batch waits behind the one that it would have replaced', () => {
    const batcher = create({ maxRows: 100, maxBytes: 250, maxInFlight: 1 });
    const [a, b, larger, c] = [row(1), row(2), row(1, 200), row(3)];
    batcher.add([a, b, larger, c], 0);
    const first = batcher.next(0)!;
    expect(first.taken).toEqual([a, b]);
    batcher.finish(first, 'acknowledged', 1);
    expect(batcher.next(1)?.taken).toEqual([larger]);
  });

  test('a batch sent again answers for what is left, and a replaced row comes back when its successor goes', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 1 });
    const [a, b, a2, c] = [row(1), row(2), row(1, 70), row(3)];
    batcher.add([a, b, a2, c], 0);
    const batch = batcher.next(0)!;
    expect(batch.rows).toEqual([a2, b, c]);
    batcher.replace(batch, [a, c]);
    expect(batch).toMatchObject({ rows: [a, c], taken: [a, c], bytes: 200 });
    expect([...batch.keys.keys()]).toEqual([1, 3]);
    batcher.replace(batch, [row(undefined), row(undefined)]);
    expect(batch.rows).toHaveLength(2);
  });

  test('says that it has enough', () => {
    const batcher = create({ maxRows: 2, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1, 2, 3), 0);
    expect(batcher.saturated).toBe(false);
    batcher.add(rows(4), 0);
    expect(batcher.saturated).toBe(true);
  });

  test('a request that takes unusually long does not hold up the rest', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 4 });
    for (let i = 0; i < 20; i++)
      batcher.shared.tried('ok', { bytes: 1, sentAt: 0, alone: true, saturated: true }, 1);
    batcher.add(rows(1), 100);
    const slow = batcher.next(100)!;
    batcher.add(rows(2, 1), 101);
    expect(batcher.next(101)).toBeUndefined();
    const at = batcher.wakeAt!;
    expect(at).toBeGreaterThan(101);
    expect(keys(batcher.next(at))).toEqual([2]);
    batcher.finish(slow, 'acknowledged', at);
    expect(batcher.waitingRows).toBe(1);
  });

  test('property: every row is answered for once, a key is in one request at a time, its last value is the last sent', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('add' as const),
          keys: fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 12 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('finish' as const),
          which: fc.nat(7),
          how: fc.constantFrom('acknowledged', 'split', 'failed'),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20 }) }),
      },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        (steps, maxInFlight, maxRows) => {
          const batcher = create({ maxRows, maxBytes: 450, maxInFlight });
          const inFlight: Batch<Row>[] = [];
          const added: Row[] = [];
          const answered: Row[] = [];
          const stored = new Map<PrimaryKey, Row>();
          let now = 0;
          const pump = () => {
            for (let batch = batcher.next(now); batch; batch = batcher.next(now)) {
              for (const other of inFlight)
                for (const r of batch.rows) expect(other.keys.has(r.key)).toBe(false);
              expect(new Set(keys(batch)).size).toBe(batch.rows.length);
              expect(batch.rows.length).toBeLessThanOrEqual(maxRows);
              inFlight.push(batch);
              expect(inFlight.length).toBeLessThanOrEqual(maxInFlight);
            }
          };
          const acknowledge = (batch: Batch<Row>) => {
            inFlight.splice(inFlight.indexOf(batch), 1);
            for (const r of batch.rows) stored.set(r.key, r);
            answered.push(...batch.taken);
            batcher.finish(batch, 'acknowledged', now);
          };
          for (const s of steps) {
            if (s.do === 'add') {
              const fresh = s.keys.map(key => row(key));
              added.push(...fresh);
              batcher.add(fresh, now);
            } else if (s.do === 'wait') now += s.ms;
            else if (inFlight.length > 0) {
              const batch = inFlight[s.which % inFlight.length]!;
              if (s.how === 'acknowledged') acknowledge(batch);
              else if (s.how === 'failed') batcher.failed(batch, 'overloaded', now);
              else if (batch.rows.length > 1) {
                inFlight.splice(inFlight.indexOf(batch), 1);
                batcher.split(batch, now);
              }
            }
            pump();
          }
          for (let i = 0; inFlight.length > 0 || batcher.waitingRows > 0; i++) {
            expect(i).toBeLessThan(10_000);
            now += 50;
            pump();
            if (inFlight[0]) acknowledge(inFlight[0]);
          }
          expect(answered.length).toBe(added.length);
          expect(new Set(answered).size).toBe(added.length);
          const last = new Map(added.map(r => [r.key, r]));
          for (const [key, r] of last) expect(stored.get(key)).toBe(r);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a batch is halved by keys: each half has all rows of its keys, in their order, and both stay in flight', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    const [a1, b1, a2, c1, d1] = [row('a'), row('b', 40), row('a', 60), row('c'), row('d')];
    batcher.add([a1, b1, a2, c1, d1], 0);
    const [first, second] = batcher.halve(batcher.next(0)!);
    expect(first).toMatchObject({ rows: [a2, b1], taken: [a1, b1, a2], bytes: 100, isolated: true });
    expect(second).toMatchObject({ rows: [c1, d1], taken: [c1, d1], bytes: 200, isolated: true });
    const [newer, other] = [row('d'), row('e')];
    batcher.add([newer, other], 1);
    batcher.finish(first, 'acknowledged', 1);
    // The second half rests: its keys are held back, but the server does not see it.
    expect(batcher.requestsInFlight).toBe(0);
    const next = batcher.next(1)!;
    expect(next.taken).toEqual([other]);
    batcher.resume(second);
    expect(batcher.requestsInFlight).toBe(2);
    batcher.finish(next, 'acknowledged', 2);
    expect(batcher.next(2)).toBeUndefined();
    batcher.finish(second, 'acknowledged', 2);
    expect(batcher.next(2)?.taken).toEqual([newer]);
  });

  test('rows without a key are halved one by one', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    const all = rows(undefined, undefined, undefined);
    batcher.add(all, 0);
    const halves = batcher.halve(batcher.next(0)!);
    expect(halves.map(half => half.taken)).toEqual([all.slice(0, 1), all.slice(1)]);
  });

  test('a batch that was given up says nothing about the server', () => {
    const batcher = create({ maxRows: 1, maxBytes: 1e6, maxInFlight: 4 });
    batcher.shared.tried('ok', { bytes: 1, sentAt: 0, alone: true, saturated: true }, 0);
    const { requestLimit, latencyMs } = batcher.shared;
    batcher.add(rows(1, 2), 0);
    batcher.finish(batcher.next(0)!, 'abandoned', 500);
    expect(batcher.shared).toMatchObject({ requestLimit, latencyMs });
  });
});
