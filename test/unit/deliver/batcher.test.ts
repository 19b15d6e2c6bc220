import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Batch, Batcher, type BatcherOptions } from '../../../src/deliver/batcher.ts';
import { Budget } from '../../../src/deliver/budget.ts';
import type { BatchEnd } from '../../../src/deliver/contract.ts';
import { RowQueue } from '../../../src/deliver/row-queue.ts';
import {
  type KeyKind,
  RowFactory,
  sentBy,
  type TestKey,
  type TestRow,
  takenBy,
} from '../../support/native-rows.ts';

const NO_LIMIT = { tolerance: 'none', maxConsecutive: 0 } as const;

const factory = new RowFactory();
const row = (key: TestKey, bytes?: number) => factory.row(key, bytes);
const rows = (...keys: TestKey[]) => factory.rows(...keys);
const named = (some: readonly TestRow[]) => some.map(({ name }) => name);

/** A batcher of a task that has a budget for itself, and its rows. */
class Task extends Batcher {
  readonly queue: RowQueue;
  readonly shared: Budget;
  /** Bytes of memory that rows hold. */
  readonly held: () => number;

  constructor(options: BatcherOptions & { maxInFlight: number }) {
    let held = 0;
    const queue = new RowQueue(bytes => {
      held += bytes;
    });
    const maxRequests = options.maxInFlight;
    const budget = new Budget({ maxBytes: 1e9, maxRequests, errors: NO_LIMIT, now: () => 0 });
    super(options, budget, queue);
    this.queue = queue;
    this.shared = budget;
    this.held = () => held;
  }

  add(some: readonly TestRow[], now: number, owner?: number): void {
    this.added(factory.add(this.queue, some, owner), now);
  }

  /** As its owner ends a batch that is not divided. */
  end(batch: Batch, end: BatchEnd, now: number): void {
    this.queue.finish(batch);
    this.finish(batch, end, now);
  }

  /** Names of what is sent. */
  sent(batch: Batch, kind: KeyKind = 'integer'): number[] {
    return sentBy(this.queue, batch, factory.planOf(kind).plan);
  }

  /** Names of what the batch answers for. */
  taken(batch: Batch | undefined): number[] | undefined {
    return batch && takenBy(this.queue, batch);
  }
}

const create = (options: BatcherOptions & { maxInFlight: number }) => new Task(options);

describe('Batcher', () => {
  test('idle, the first row goes out at once', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 4 });
    const one = rows(1);
    batcher.add(one, 0);
    expect(batcher.taken(batcher.next(0))).toEqual(named(one));
  });

  test('while a request is in flight rows gather, and all of them are the next batch', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1), 0);
    const first = batcher.next(0)!;
    const gathered: TestRow[] = [];
    for (let i = 2; i < 7; i++) {
      gathered.push(row(i));
      batcher.add(gathered.slice(-1), i);
      expect(batcher.next(i)).toBeUndefined();
    }
    batcher.end(first, 'acknowledged', 8);
    expect(batcher.taken(batcher.next(8))).toEqual(named(gathered));
  });

  test('in a batch the last record of a key wins, and the batch answers for all of them', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    const [a, b, c, d] = [row(1), row(2), row(1), row(1)];
    batcher.add([a, b, c, d], 0);
    const batch = batcher.next(0)!;
    expect(batch).toMatchObject({ rows: 2, taken: 4, bytes: 200 });
    expect(batcher.sent(batch)).toEqual(named([d, b]));
    expect(batcher.taken(batch)).toEqual(named([a, b, c, d]));
  });

  test('a key in flight waits, others pass it, and its order is kept', () => {
    const batcher = create({ maxRows: 2, maxBytes: 1e6, maxInFlight: 4 });
    batcher.shared.tried('ok', { bytes: 1, sentAt: 0, alone: true, saturated: true }, 0);
    expect(batcher.shared.requestLimit).toBe(2);
    const [a1, b1, a2, c1, a3, d1] = [row('a'), row('b'), row('a'), row('c'), row('a'), row('d')];
    batcher.add([a1, b1, a2, c1, a3, d1], 0);
    const first = batcher.next(0)!;
    expect(batcher.taken(first)).toEqual(named([a1, b1, a2]));
    const second = batcher.next(0)!;
    expect(batcher.taken(second)).toEqual(named([c1, d1]));
    batcher.end(first, 'acknowledged', 1);
    batcher.end(second, 'acknowledged', 1);
    expect(batcher.taken(batcher.next(1))).toEqual(named([a3]));
  });

  test.each([
    [
      'integers',
      [1, 9007199254740993n, 9007199254740992n, -1, 9007199254740993n, 2n ** 63n - 1n, -(2n ** 63n)],
    ],
    ['strings', ['1', '', 'a', 'é', 'e', '1', 'A']],
  ])('different keys are different, near as they may be: %s', (_, keys) => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(...keys), 0);
    expect(batcher.next(0)).toMatchObject({ rows: 6, taken: 7 });
  });

  test('rows without a key (autoID) are never merged nor held back', () => {
    const batcher = create({ maxRows: 3, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(undefined, undefined, undefined, undefined), 0);
    expect(batcher.next(0)).toMatchObject({ rows: 3, taken: 3 });
  });

  test('batch.max.bytes bounds a batch; a larger row goes alone', () => {
    const batcher = create({ maxRows: 100, maxBytes: 250, maxInFlight: 3 });
    const all = [row(1), row(2), row(3), row(4, 900), row(5)];
    batcher.add(all, 0);
    const sizes: unknown[] = [];
    for (let batch = batcher.next(0); batch; batch = batcher.next(0)) {
      sizes.push(batcher.taken(batch)!.map(name => name - all[0]!.name + 1));
      batcher.end(batch, 'acknowledged', 0);
    }
    expect(sizes).toEqual([[1, 2], [3], [4], [5]]);
    expect(batcher.held()).toBe(0);
  });

  test('a request too large for the server is halved from then on, in order', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 1 });
    const all = rows(1, 2, 3, 4);
    batcher.add(all, 0);
    const batch = batcher.next(0)!;
    batcher.add(rows(5), 1);
    batcher.split(batch, 1);
    const first = batcher.next(1)!;
    expect(batcher.taken(first)).toEqual(named(all.slice(0, 2)));
    batcher.end(first, 'acknowledged', 2);
    expect(batcher.taken(batcher.next(2))).toEqual(named(all.slice(2)));
  });

  test('rows of a revoked partition are taken out, and only they', () => {
    const batcher = create({ maxRows: 1, maxBytes: 1e6, maxInFlight: 1 });
    batcher.add(rows(1), 0);
    batcher.add(rows(2), 0, 7);
    const last = rows(3);
    batcher.add(last, 0);
    const first = batcher.next(0)!;
    batcher.queue.gone([7]);
    batcher.queue.dropGone();
    expect(batcher.queue.waitingRows).toBe(1);
    batcher.end(first, 'acknowledged', 1);
    expect(batcher.taken(batcher.next(1))).toEqual(named(last));
    expect(batcher.queue.waitingRows).toBe(0);
  });

  test('a value that outgrows the batch waits behind the one that it would have replaced', () => {
    const batcher = create({ maxRows: 100, maxBytes: 250, maxInFlight: 1 });
    const [a, b, larger, c] = [row(1), row(2), row(1, 200), row(3)];
    batcher.add([a, b, larger, c], 0);
    const first = batcher.next(0)!;
    expect(batcher.taken(first)).toEqual(named([a, b]));
    batcher.end(first, 'acknowledged', 1);
    expect(batcher.taken(batcher.next(1))).toEqual(named([larger]));
  });

  test('a batch sent again answers for what is left, and a replaced row comes back when its successor goes', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 1 });
    const [a, b, a2, c] = [row(1), row(2), row(1, 70), row(3)];
    batcher.add([a], 0, 1);
    batcher.add([b], 0, 2);
    batcher.add([a2], 0, 3);
    batcher.add([c], 0, 1);
    const batch = batcher.next(0)!;
    const { version } = batch;
    expect(batcher.sent(batch)).toEqual(named([a2, b, c]));
    batcher.queue.gone([2, 3]);
    expect(batcher.queue.hasGone(batch)).toBe(true);
    batcher.queue.dropGone(batch);
    expect(batch).toMatchObject({ rows: 2, taken: 2, bytes: 200 });
    expect(batch.version).toBeGreaterThan(version);
    expect([batcher.sent(batch), batcher.taken(batch)]).toEqual([named([a, c]), named([a, c])]);
    // The keys that are left are still in flight, those that went are not.
    const [a3, b2] = [row(1), row(2)];
    batcher.add([a3, b2], 1);
    batcher.end(batch, 'acknowledged', 1);
    expect(batcher.taken(batcher.next(1))).toEqual(named([a3, b2]));
  });

  test('a row that is refused goes, and an earlier one of its key takes its place', () => {
    const batcher = create({ maxRows: 100, maxBytes: 1e6, maxInFlight: 1 });
    const [a, a2] = [row(1), row(1)];
    batcher.add([a, a2], 0);
    const batch = batcher.next(0)!;
    expect(batcher.queue.first(batch)).toMatchObject({
      owner: 1,
      sequence: a2.name,
      record: { offset: a2.name },
    });
    batcher.queue.dropFirst(batch);
    expect(batch).toMatchObject({ rows: 1, taken: 1, bytes: 100 });
    expect(batcher.sent(batch)).toEqual([a.name]);
    batcher.queue.dropFirst(batch);
    expect(batch).toMatchObject({ rows: 0, taken: 0, bytes: 0 });
    batcher.end(batch, 'withdrawn', 1);
    expect([batcher.held(), batcher.queue.liveRows]).toEqual([0, 0]);
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
    const behind = rows(2, 1);
    batcher.add(behind, 101);
    expect(batcher.next(101)).toBeUndefined();
    const at = batcher.wakeAt!;
    expect(at).toBeGreaterThan(101);
    expect(batcher.taken(batcher.next(at))).toEqual(named(behind.slice(0, 1)));
    batcher.end(slow, 'acknowledged', at);
    expect(batcher.queue.waitingRows).toBe(1);
  });

  test('property: every row is answered for once, a key is in one request at a time, its last value is the last sent', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('add' as const),
          keys: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 12 }),
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
          const inFlight: Batch[] = [];
          const added: TestRow[] = [];
          const keyOf = new Map<number, TestKey>();
          const answered: number[] = [];
          const stored = new Map<TestKey, number>();
          let now = 0;
          const keys = (batch: Batch) => batcher.sent(batch).map(name => keyOf.get(name));
          const pump = () => {
            for (let batch = batcher.next(now); batch; batch = batcher.next(now)) {
              const own = keys(batch);
              for (const other of inFlight) for (const key of keys(other)) expect(own).not.toContain(key);
              expect(new Set(own).size).toBe(batch.rows);
              expect(batch.rows).toBeLessThanOrEqual(maxRows);
              inFlight.push(batch);
              expect(inFlight.length).toBeLessThanOrEqual(maxInFlight);
            }
          };
          const acknowledge = (batch: Batch) => {
            inFlight.splice(inFlight.indexOf(batch), 1);
            for (const name of batcher.sent(batch)) stored.set(keyOf.get(name), name);
            answered.push(...batcher.taken(batch)!);
            batcher.end(batch, 'acknowledged', now);
          };
          for (const s of steps) {
            if (s.do === 'add') {
              const fresh = rows(...s.keys);
              added.push(...fresh);
              for (const { name, key } of fresh) keyOf.set(name, key);
              batcher.add(fresh, now);
            } else if (s.do === 'wait') now += s.ms;
            else if (inFlight.length > 0) {
              const batch = inFlight[s.which % inFlight.length]!;
              if (s.how === 'acknowledged') acknowledge(batch);
              else if (s.how === 'failed') batcher.failed(batch, 'overloaded', now);
              else if (batch.rows > 1) {
                inFlight.splice(inFlight.indexOf(batch), 1);
                batcher.split(batch, now);
              }
            }
            pump();
          }
          for (let i = 0; inFlight.length > 0 || batcher.queue.waitingRows > 0; i++) {
            expect(i).toBeLessThan(10_000);
            now += 50;
            pump();
            if (inFlight[0]) acknowledge(inFlight[0]);
          }
          expect(answered.toSorted((a, b) => a - b)).toEqual(named(added));
          for (const [key, name] of new Map(added.map(one => [one.key, one.name])))
            expect(stored.get(key)).toBe(name);
          expect([batcher.queue.liveRows, batcher.held()]).toEqual([0, 0]);
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
    expect(first).toMatchObject({ rows: 2, taken: 3, bytes: 100, isolated: true });
    expect(second).toMatchObject({ rows: 2, taken: 2, bytes: 200, isolated: true });
    expect([batcher.sent(first, 'string'), batcher.taken(first)]).toEqual([
      named([a2, b1]),
      named([a1, b1, a2]),
    ]);
    expect([batcher.sent(second, 'string'), batcher.taken(second)]).toEqual([
      named([c1, d1]),
      named([c1, d1]),
    ]);
    const [newer, other] = [row('d'), row('e')];
    batcher.add([newer, other], 1);
    batcher.end(first, 'acknowledged', 1);
    // The second half rests: its keys are held back, but the server does not see it.
    expect(batcher.requestsInFlight).toBe(0);
    const next = batcher.next(1)!;
    expect(batcher.taken(next)).toEqual(named([other]));
    batcher.resume(second);
    expect(batcher.requestsInFlight).toBe(2);
    batcher.end(next, 'acknowledged', 2);
    expect(batcher.next(2)).toBeUndefined();
    batcher.end(second, 'acknowledged', 2);
    expect(batcher.taken(batcher.next(2))).toEqual(named([newer]));
  });

  test('rows without a key are halved one by one', () => {
    const batcher = create({ maxRows: 10, maxBytes: 1e6, maxInFlight: 1 });
    const all = rows(undefined, undefined, undefined);
    batcher.add(all, 0);
    const halves = batcher.halve(batcher.next(0)!);
    expect(halves.map(half => batcher.taken(half))).toEqual([named(all.slice(0, 1)), named(all.slice(1))]);
  });

  test('a batch that was given up says nothing about the server', () => {
    const batcher = create({ maxRows: 1, maxBytes: 1e6, maxInFlight: 4 });
    batcher.shared.tried('ok', { bytes: 1, sentAt: 0, alone: true, saturated: true }, 0);
    const { requestLimit, latencyMs } = batcher.shared;
    batcher.add(rows(1, 2), 0);
    batcher.end(batcher.next(0)!, 'abandoned', 500);
    expect(batcher.shared).toMatchObject({ requestLimit, latencyMs });
  });
});
