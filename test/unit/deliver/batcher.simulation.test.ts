// The batcher against simulated loads and servers, on a simulated clock: what it promises about latency and batches.
import { describe, expect, test } from 'bun:test';
import { type Batch, Batcher } from '../../../src/deliver/batcher.ts';
import { Budget } from '../../../src/deliver/budget.ts';
import { RowQueue } from '../../../src/deliver/row-queue.ts';
import { RowFactory, takenBy } from '../../support/native-rows.ts';

const NO_LIMIT = { tolerance: 'none', maxConsecutive: 0 } as const;

interface Server {
  /** ms until the answer to a request of `rows` sent at `now` beside `inFlight` others. */
  serviceMs: (rows: number, now: number, inFlight: number) => number;
  /** True: the request is refused as over the limit. */
  refuses?: (rows: number, now: number) => boolean;
}

interface Outcome {
  batches: Array<{ rows: number; sentAt: number; inFlight: number }>;
  /** ms from arrival to acknowledgement, by arrival time. */
  waits: Array<{ arrivedAt: number; ms: number }>;
  refused: number;
  endedAt: number;
}

/** Rows arrive `arrivals` = [at ms, how many]; each has its own key. */
function simulate(
  arrivals: Array<[number, number]>,
  server: Server,
  options = { maxRows: 1000, maxBytes: 1e9, maxInFlight: 4 },
): Outcome {
  const budget = new Budget({
    maxBytes: 1e9,
    maxRequests: options.maxInFlight,
    errors: NO_LIMIT,
    now: () => now,
  });
  const queue = new RowQueue();
  const batcher = new Batcher(options, budget, queue);
  const factory = new RowFactory();
  const outcome: Outcome = { batches: [], waits: [], refused: 0, endedAt: 0 };
  const agenda: Array<{ at: number; run: () => void }> = [];
  const at = (when: number, run: () => void) => agenda.push({ at: when, run });
  /** By the name of a row. */
  const arrivedAt: number[] = [];
  let now = 0;
  let key = 0;

  const send = (batch: Batch, attempt: number) => {
    batch.sentAt = now;
    const refused = server.refuses?.(batch.rows, now) ?? false;
    at(now + (refused ? 1 : server.serviceMs(batch.rows, now, batcher.requestsInFlight)), () => {
      if (refused) {
        outcome.refused++;
        batcher.failed(batch, 'overloaded', now);
        at(now + Math.min(1000, 50 * 2 ** attempt), () => send(batch, attempt + 1));
        return;
      }
      for (const name of takenBy(queue, batch))
        outcome.waits.push({ arrivedAt: arrivedAt[name]!, ms: now - arrivedAt[name]! });
      queue.finish(batch);
      batcher.finish(batch, 'acknowledged', now);
      outcome.endedAt = now;
    });
  };
  const pump = () => {
    for (let batch = batcher.next(now); batch; batch = batcher.next(now)) {
      outcome.batches.push({ rows: batch.rows, sentAt: now, inFlight: batcher.requestsInFlight });
      send(batch, 0);
    }
  };
  const arrive = (count: number) => {
    const rows = Array.from({ length: count }, () => factory.row(key++));
    for (const { name } of rows) arrivedAt[name] = now;
    batcher.added(factory.add(queue, rows), now);
  };
  for (let next = 0; ; pump()) {
    const answer = agenda.reduce((first, event) => Math.min(first, event.at), Number.POSITIVE_INFINITY);
    const arrival = arrivals[next]?.[0] ?? Number.POSITIVE_INFINITY;
    now = Math.min(answer, arrival, batcher.wakeAt ?? Number.POSITIVE_INFINITY);
    if (now === Number.POSITIVE_INFINITY) break;
    if (now === arrival) arrive(arrivals[next++]![1]);
    else if (now === answer)
      agenda
        .splice(
          agenda.findIndex(event => event.at === answer),
          1,
        )[0]!
        .run();
  }
  expect(outcome.waits.length).toBe(key);
  expect([queue.waitingRows, queue.liveRows]).toEqual([0, 0]);
  return outcome;
}

const steady = (perSecond: number, fromMs: number, toMs: number): Array<[number, number]> =>
  Array.from({ length: Math.floor(((toMs - fromMs) * perSecond) / 1000) }, (_, i) => [
    fromMs + (i * 1000) / perSecond,
    1,
  ]);
const percentile = (values: number[], p: number) =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * p) - 1]!;
const quick: Server = { serviceMs: rows => 1 + rows * 0.002 };

describe('simulated', () => {
  test('100 rows/s: every row goes out when it comes, alone', () => {
    const { batches, waits } = simulate(steady(100, 0, 5000), quick);
    expect(batches.every(b => b.rows === 1)).toBe(true);
    expect(Math.max(...waits.map(w => w.ms))).toBeLessThan(1.1);
  });

  test('5000 rows/s: the batcher finds out that a wait of two milliseconds saves most of the calls', () => {
    const { batches, waits } = simulate(steady(5000, 0, 3000), quick);
    const settled = batches.filter(b => b.sentAt > 500);
    const perCall = settled.reduce((sum, b) => sum + b.rows, 0) / settled.length;
    expect(perCall).toBeGreaterThan(10);
    expect(
      percentile(
        waits.map(w => w.ms),
        0.99,
      ),
    ).toBeLessThan(5);
  });

  test('a burst of 50,000 rows becomes full batches, several at once, and leaves no trace', () => {
    const { batches, waits } = simulate([[0, 50_000], ...steady(100, 2000, 3000)], quick);
    const burst = batches.filter(b => b.sentAt < 1000);
    expect(burst.length).toBeLessThan(60);
    expect(Math.max(...burst.map(b => b.inFlight))).toBe(4);
    const after = waits.filter(w => w.arrivedAt >= 2000);
    expect(Math.max(...after.map(w => w.ms))).toBeLessThan(1.1);
  });

  test('steps 100 → 20,000 → 100 rows/s: batches grow with the load, and the latency comes back down', () => {
    const load = [...steady(100, 0, 1000), ...steady(20_000, 1000, 2000), ...steady(100, 2000, 4000)];
    const { batches, waits } = simulate(load, quick);
    const size = (from: number, to: number) => {
      const some = batches.filter(b => b.sentAt >= from && b.sentAt < to);
      return some.reduce((sum, b) => sum + b.rows, 0) / some.length;
    };
    expect(size(0, 1000)).toBe(1);
    expect(size(1200, 2000)).toBeGreaterThan(30);
    expect(size(2500, 4000)).toBe(1);
    expect(
      percentile(
        waits.filter(w => w.arrivedAt > 2500).map(w => w.ms),
        0.99,
      ),
    ).toBeLessThan(1.1);
  });

  test('a server that is slow for seconds: rows gather into large batches and are written when it recovers', () => {
    const slow: Server = { serviceMs: (rows, now) => (now > 1000 && now < 4000 ? 800 : 1) + rows * 0.002 };
    const { batches, waits } = simulate(steady(2000, 0, 6000), slow);
    const during = batches.filter(b => b.sentAt > 1100 && b.sentAt < 4000);
    expect(during.length).toBeLessThan(30);
    expect(Math.max(...during.map(b => b.rows))).toBeGreaterThan(500);
    expect(
      percentile(
        waits.filter(w => w.arrivedAt > 5500).map(w => w.ms),
        0.99,
      ),
    ).toBeLessThan(10);
  });

  test('a server that limits: one request at a time while it refuses, nothing lost, nothing hammered', () => {
    // A token bucket of 5000 rows/s with room for 1000.
    let tokens = 1000;
    let filledAt = 0;
    const limiting: Server = {
      serviceMs: quick.serviceMs,
      refuses: (rows, now) => {
        tokens = Math.min(1000, tokens + ((now - filledAt) * 5000) / 1000);
        filledAt = now;
        if (rows > tokens) return true;
        tokens -= rows;
        return false;
      },
    };
    const { batches, refused, endedAt } = simulate([[0, 30_000]], limiting);
    expect(endedAt).toBeLessThan(12_000);
    expect(refused).toBeLessThan(batches.length * 4);
  });

  test('concurrency beyond what the server can use is given up', () => {
    // One request at a time inside: the latency grows with those in flight.
    const serial: Server = { serviceMs: (rows, _now, inFlight) => (10 + rows * 0.05) * inFlight };
    const { batches } = simulate([[0, 200_000]], serial, { maxRows: 1000, maxBytes: 1e9, maxInFlight: 16 });
    const late = batches.slice(batches.length / 2);
    const average = late.reduce((sum, b) => sum + b.inFlight, 0) / late.length;
    expect(average).toBeLessThan(5);
  });
});
