// The queue in native memory against a plain model of its rules: the same rows, in the same order, whatever happens.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type RowBatch, RowQueue } from '../../../src/deliver/row-queue.ts';
import type { RowPlan } from '../../../src/map/row-plan.ts';
import type { OwnedRecord } from '../../../src/record/native-rows.ts';
import { type KeyKind, RowFactory, sentBy, type TestRow, takenBy } from '../../support/native-rows.ts';

interface ModelRow extends TestRow {
  owner: number;
  plan: RowPlan;
}

interface ModelBatch {
  rows: ModelRow[];
  taken: ModelRow[];
}

/** Every rule of the queue, one after the other, without a thought of speed. */
class Model {
  held: ModelRow[] = [];
  queue: ModelRow[] = [];
  readonly batches: ModelBatch[] = [];
  readonly gone = new Set<number>();

  get waiting(): ModelRow[] {
    return [...this.held, ...this.queue];
  }

  take(maxRows: number, maxBytes: number): ModelBatch | undefined {
    const batch: ModelBatch = { rows: [], taken: [] };
    const passedOver: ModelRow[] = [];
    const waiting = this.waiting;
    let at = 0;
    while (at < waiting.length && this.offer(waiting[at]!, batch, passedOver, maxRows, maxBytes)) at++;
    const left = waiting.slice(at);
    const leftHeld = Math.max(0, this.held.length - at);
    this.held = [...passedOver, ...left.slice(0, leftHeld)];
    this.queue = left.slice(leftHeld);
    if (batch.taken.length === 0) return undefined;
    this.batches.push(batch);
    return batch;
  }

  /** Makes the batch's rows of those that it answers for. */
  refresh(batch: ModelBatch, keep: (row: ModelRow) => boolean): void {
    batch.taken = batch.taken.filter(keep);
    batch.rows = [];
    for (const row of batch.taken) {
      const index = batch.rows.findIndex(other => other.key !== undefined && other.key === row.key);
      if (index < 0) batch.rows.push(row);
      else batch.rows[index] = row;
    }
  }

  halve(batch: ModelBatch): ModelBatch {
    const first = batch.rows.slice(0, batch.rows.length >> 1);
    const isFirst = (row: ModelRow) =>
      first.some(one => (row.key === undefined ? one === row : one.key === row.key));
    const second = { rows: [], taken: batch.taken.filter(row => !isFirst(row)) };
    this.refresh(second, () => true);
    this.refresh(batch, isFirst);
    this.batches.push(second);
    return second;
  }

  private offer(row: ModelRow, batch: ModelBatch, passedOver: ModelRow[], maxRows: number, maxBytes: number) {
    const bytes = batch.rows.reduce((sum, one) => sum + one.bytes, 0);
    if (row.key !== undefined) {
      if (this.batches.some(other => other.rows.some(one => one.key === row.key))) {
        passedOver.push(row);
        return true;
      }
      const index = batch.rows.findIndex(one => one.key === row.key);
      if (index >= 0) {
        const more = row.bytes - batch.rows[index]!.bytes;
        if (more > 0 && batch.rows.length > 1 && bytes + more > maxBytes) return false;
        batch.rows[index] = row;
        batch.taken.push(row);
        return true;
      }
    }
    if (batch.rows.length >= maxRows || (batch.rows.length > 0 && bytes + row.bytes > maxBytes)) return false;
    batch.rows.push(row);
    batch.taken.push(row);
    return true;
  }
}

const which = fc.nat(1000);
const bytes = fc.constantFrom(20, 60, 100, 250, 400);
const key = fc.integer({ min: -2, max: 9 });
const owner = fc.integer({ min: 1, max: 5 });
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      rows: fc.array(fc.tuple(key, bytes, owner), { maxLength: 12 }),
      /** So many records at the end do not count. */
      behind: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(14) }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      maxRows: fc.integer({ min: 1, max: 8 }),
      maxBytes: fc.integer({ min: 50, max: 1500 }),
    }),
  },
  ...(['finish', 'putBack', 'halve', 'dropFirst', 'dropGone'] as const).map((action, i) => ({
    weight: [4, 1, 2, 1, 1][i]!,
    arbitrary: fc.record({ do: fc.constant(action), which }),
  })),
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gone' as const), owner }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('remake' as const),
      /** undefined: what waits. */
      which: fc.option(which, { nil: undefined }),
      newPlan: fc.boolean(),
      /** What becomes of the rows, by turns. */
      into: fc.array(fc.constantFrom('same' as const, 'same' as const, 'over' as const, 'other' as const), {
        minLength: 1,
        maxLength: 5,
      }),
      key,
      bytes,
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Pair {
  batch: RowBatch;
  model: ModelBatch;
}

/** Queue and model, which are given the same commands and are the same after each. */
class Twins {
  readonly pairs: Pair[] = [];
  private held = 0;
  private readonly queue = new RowQueue(more => {
    this.held += more;
  });
  private readonly model = new Model();
  private readonly names = new RowFactory();
  private plans = new RowFactory();
  /** What chunks hold, as long as no row of theirs is made anew. */
  private chunks: Array<{ rows: ModelRow[]; held: number }> | undefined = [];

  constructor(private readonly kind: KeyKind) {}

  run(one: Command): void {
    const pair =
      'which' in one && one.which !== undefined && this.pairs.length > 0
        ? this.pairs[one.which % this.pairs.length]!
        : undefined;
    const { queue, model } = this;
    if (one.do === 'add') this.add(one);
    else if (one.do === 'take') this.take(one.maxRows, one.maxBytes);
    else if (one.do === 'gone') {
      model.gone.add(one.owner);
      queue.gone([one.owner]);
      queue.dropGone();
      this.keepWaiting(this.kept);
    } else if (one.do === 'remake') this.remake(pair, one);
    else if (!pair) return;
    else if (one.do === 'finish') {
      queue.finish(pair.batch);
      this.end(pair);
    } else if (one.do === 'putBack') {
      queue.putBack(pair.batch);
      this.end(pair);
      model.held = [...pair.model.taken, ...model.held];
    } else if (one.do === 'dropGone') {
      expect(queue.hasGone(pair.batch)).toBe(!pair.model.taken.every(this.kept));
      queue.dropGone(pair.batch);
      model.refresh(pair.model, this.kept);
      expect(queue.hasGone(pair.batch)).toBe(false);
    } else if (one.do === 'halve') {
      if (pair.model.rows.length < 2) return;
      this.pairs.push({ batch: queue.halve(pair.batch), model: model.halve(pair.model) });
    } else if (one.do === 'dropFirst') {
      const [culprit] = pair.model.rows;
      if (!culprit) return;
      expect(queue.first(pair.batch)).toMatchObject({ owner: culprit.owner, sequence: culprit.name });
      queue.dropFirst(pair.batch);
      model.refresh(pair.model, row => row !== culprit && this.kept(row));
    }
    this.compare();
  }

  /** All that is left is written: nothing is held any more. */
  finish(): void {
    while (this.pairs[0]) this.run({ do: 'finish', which: 0 });
    for (let waiting = Number.POSITIVE_INFINITY; this.queue.waitingRows > 0; ) {
      expect(this.queue.waitingRows).toBeLessThan(waiting);
      waiting = this.queue.waitingRows;
      this.run({ do: 'take', maxRows: 1000, maxBytes: 1e9 });
      this.run({ do: 'finish', which: 0 });
    }
    expect([this.queue.liveRows, this.queue.waitingBytes, this.held]).toEqual([0, 0, 0]);
  }

  private add({ rows: values, behind }: Extract<Command, { do: 'add' }>): void {
    const { plan } = this.plans.planOf(this.kind);
    const rows = values.map(([n, size, by]): ModelRow => {
      return { ...this.names.row(this.keyOf(n), size), owner: by, plan };
    });
    const end = Math.max(0, rows.length - behind);
    const before = this.held;
    const taken = rows.slice(0, end).filter(this.kept);
    expect(this.plans.add(this.queue, rows, 1, end)).toBe(taken.length);
    this.model.queue.push(...taken);
    this.chunks?.push({ rows: taken, held: this.held - before });
    if (taken.length > 0) expect(this.held).toBeGreaterThan(before);
  }

  private take(maxRows: number, maxBytes: number): void {
    const batch = this.queue.take(maxRows, maxBytes);
    const model = this.model.take(maxRows, maxBytes);
    expect(batch !== undefined).toBe(model !== undefined);
    if (batch && model) this.pairs.push({ batch, model });
  }

  private remake(
    pair: Pair | undefined,
    { newPlan, into, key: other, bytes: size }: Extract<Command, { do: 'remake' }>,
  ): void {
    if (newPlan) this.plans = new RowFactory();
    const { plan } = this.plans.planOf(this.kind);
    const rows = pair ? pair.model.taken : this.model.waiting;
    const stale = rows.filter(row => row.plan !== plan);
    if (pair) expect(this.queue.isStale(pair.batch, plan.id)).toBe(stale.length > 0);
    if (stale.length > 0) this.chunks = undefined;
    const over = new Set<ModelRow>();
    const asked: number[] = [];
    this.queue.remake(pair?.batch, plan.handle, ({ record, sequence, owner: by }) => {
      const row = stale[asked.push(sequence) - 1]!;
      expect([record.offset, sequence, by]).toEqual([row.name, row.name, row.owner]);
      const how = into[asked.length % into.length]!;
      if (how === 'over') {
        over.add(row);
        return undefined;
      }
      Object.assign(row, { plan, bytes: size });
      if (how === 'other') row.key = this.keyOf(other);
      return this.plans.cells([row]);
    });
    expect(asked).toEqual(stale.map(({ name }) => name));
    const left = (row: ModelRow) => !over.has(row) && this.kept(row);
    if (pair) this.model.refresh(pair.model, left);
    else this.keepWaiting(left);
  }

  private readonly kept = (row: ModelRow) => !this.model.gone.has(row.owner);

  private keepWaiting(keep: (row: ModelRow) => boolean): void {
    this.model.held = this.model.held.filter(keep);
    this.model.queue = this.model.queue.filter(keep);
  }

  private end(pair: Pair): void {
    this.pairs.splice(this.pairs.indexOf(pair), 1);
    this.model.batches.splice(this.model.batches.indexOf(pair.model), 1);
  }

  private keyOf(n: number): number | string | undefined {
    return { none: undefined, string: `k${n}`, integer: n < 0 ? -(2 ** 40) + n : n }[this.kind];
  }

  private compare(): void {
    const { queue, model, pairs, held } = this;
    const { waiting } = model;
    const live = new Set([...waiting, ...pairs.flatMap(pair => pair.model.taken)]);
    expect([queue.waitingRows, queue.waitingBytes]).toEqual([waiting.length, sum(waiting)]);
    expect(queue.liveRows).toBe(live.size);
    expect(held > 0).toBe(live.size > 0);
    if (this.chunks) {
      this.chunks = this.chunks.filter(chunk => chunk.rows.some(row => live.has(row)));
      expect(held).toBe(this.chunks.reduce((total, chunk) => total + chunk.held, 0));
    }
    for (const { batch, model: expected } of pairs) {
      const { rows, taken } = expected;
      expect(takenBy(queue, batch)).toEqual(taken.map(({ name }) => name));
      expect([batch.rows, batch.taken, batch.bytes]).toEqual([rows.length, taken.length, sum(rows)]);
      const [plan, ...others] = new Set(rows.map(row => row.plan));
      if (!plan) continue;
      if (others.length === 0) expect(sentBy(queue, batch, plan)).toEqual(rows.map(({ name }) => name));
      else expect(() => sentBy(queue, batch, plan)).toThrow('another schema');
    }
  }
}

const sum = (rows: readonly ModelRow[]) => rows.reduce((total, row) => total + row.bytes, 0);

test.each(['integer', 'string', 'none'] as const)('whatever happens to rows with keys of kind %s', kind => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60, size: 'max' }), commands => {
      const twins = new Twins(kind);
      for (const one of commands) twins.run(one);
      twins.finish();
    }),
    { numRuns: 300 },
  );
});

test('of thousands of keys in flight each is found, whichever batches end before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }), ends => {
      const factory = new RowFactory();
      const queue = new RowQueue();
      const inFlight: Array<{ batch: RowBatch; keys: number[] }> = [];
      const free = new Set(Array.from({ length: 3000 }, (_, key) => key));
      const take = (keys: number[]) => {
        // Of keys that are in flight nothing goes.
        factory.add(queue, factory.rows(...keys));
        for (let batch = queue.take(50, 1e9); batch; batch = queue.take(50, 1e9)) {
          const own = [...new Set(takenBy(queue, batch).map(name => keyByName[name]!))];
          for (const key of own) expect(free.delete(key)).toBe(true);
          inFlight.push({ batch, keys: own });
        }
      };
      const keyByName: number[] = [];
      const all = [...free];
      keyByName.push(...all);
      take(all);
      for (const end of ends) {
        const [ended] = inFlight.splice(end % inFlight.length, 1);
        queue.finish(ended!.batch);
        for (const key of ended!.keys) free.add(key);
        const again = all.slice(end, end + 400);
        keyByName.push(...again);
        take(again);
        if (inFlight.length === 0) return;
      }
      while (inFlight.length > 0) {
        for (const { batch, keys } of inFlight.splice(0)) {
          queue.finish(batch);
          for (const key of keys) free.add(key);
        }
        take([]);
      }
      expect([queue.liveRows, free.size]).toEqual([0, 3000]);
    }),
    { numRuns: 4 },
  );
});

test('rows of another schema are made anew where they are: what does not fit is over, and keys may have become one', () => {
  const factory = new RowFactory();
  let held = 0;
  const queue = new RowQueue(bytes => {
    held += bytes;
  });
  const rows = factory.rows('a', 'b', 'c', 'd', 'e');
  factory.add(queue, rows.slice(0, 4));
  const batch = queue.take(10, 1e6)!;
  factory.add(queue, rows.slice(4));
  const after = new RowFactory();
  const { plan } = after.planOf('string');
  expect(queue.isStale(batch, plan.id)).toBe(true);
  const asked: number[] = [];
  const make = ({ record, sequence, owner }: OwnedRecord) => {
    expect([record.offset, owner]).toEqual([sequence, 1]);
    asked.push(sequence);
    if (sequence === rows[1]!.name) return undefined;
    // Two of them have the same key by now.
    const key = sequence === rows[2]!.name ? 'd' : rows.find(({ name }) => name === sequence)!.key;
    return after.cells([{ name: sequence, key, bytes: 60 }]);
  };
  queue.remake(batch, plan.handle, make);
  expect(asked).toEqual(rows.slice(0, 4).map(({ name }) => name));
  expect(batch).toMatchObject({ rows: 2, taken: 3, bytes: 120 });
  expect(sentBy(queue, batch, plan)).toEqual([rows[0]!.name, rows[3]!.name]);
  expect(queue.isStale(batch, plan.id)).toBe(false);
  queue.remake(undefined, plan.handle, make);
  expect(asked).toHaveLength(5);
  expect([queue.waitingRows, queue.waitingBytes]).toEqual([1, 60]);
  // Keys are taken in their new form.
  after.add(queue, after.rows('c', 'd'));
  const next = queue.take(10, 1e6)!;
  expect(next).toMatchObject({ rows: 2, taken: 2 });
  queue.finish(batch);
  queue.finish(next);
  expect(queue.take(10, 1e6)).toMatchObject({ rows: 1 });
  expect(held).toBeGreaterThan(0);
});

test('what `make` throws comes through, and the queue goes on', () => {
  const factory = new RowFactory();
  const queue = new RowQueue();
  factory.add(queue, factory.rows('a', 'b'));
  const batch = queue.take(10, 1e6)!;
  const { plan } = new RowFactory().planOf('string');
  expect(() =>
    queue.remake(batch, plan.handle, () => {
      throw new RangeError('not today');
    }),
  ).toThrow('not today');
  expect(takenBy(queue, batch)).toHaveLength(2);
  queue.finish(batch);
  expect(queue.liveRows).toBe(0);
});

test('while rows are made anew the queue takes no other call', () => {
  const factory = new RowFactory();
  const queue = new RowQueue();
  factory.add(queue, factory.rows('a', 'b'));
  const { plan } = new RowFactory().planOf('string');
  queue.gone([1]);
  expect(() => queue.remake(undefined, plan.handle, () => void queue.dropGone())).toThrow('makes rows anew');
  queue.dropGone();
  expect(queue.liveRows).toBe(0);
});

test('a batch that is over is refused, whatever is asked of it', () => {
  const factory = new RowFactory();
  const queue = new RowQueue();
  factory.add(queue, factory.rows('a'));
  const batch = queue.take(10, 1e6)!;
  queue.finish(batch);
  expect(() => queue.finish(batch)).toThrow('the batch is over');
  expect(() => queue.first(batch)).toThrow('the batch is over');
  expect(() =>
    queue.encode(batch, factory.planOf('string').plan.handle, { head: EMPTY, tail: EMPTY }),
  ).toThrow('the batch is over');
});

const EMPTY = new Uint8Array(0);
