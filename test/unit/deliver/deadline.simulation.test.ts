// Deadlines against simulated servers, on a simulated clock: a hang is noticed soon, a slow server is not cut off for ever.
import { describe, expect, test } from 'bun:test';
import { type CallEnd, callEnd, Deadlines } from '../../../src/deliver/deadline.ts';
import { Failure } from '../../../src/milvus/client/failure.ts';
import type { WriteOperation } from '../../../src/milvus/wire/request.ts';

const MIN = 5000;
const MAX = 30_000;
const HANGS = Number.POSITIVE_INFINITY;
const MIB = 1 << 20;

class Simulation {
  now = 1_000_000;
  readonly deadlines = new Deadlines({ minMs: MIN, maxMs: MAX });
  cutOff = 0;

  /** Sends until it is acknowledged, as the pipeline does, at most `tries` times; the deadlines it had. */
  write(
    serverMs: number | (() => number),
    bytes = 1000,
    operation: WriteOperation = 'upsert',
    tries = 20,
  ): number[] {
    const had: number[] = [];
    for (let attempt = 1; attempt <= tries; attempt++) {
      const call = this.deadlines.sent(operation, bytes, this.now);
      had.push(call.timeoutMs);
      const takes = typeof serverMs === 'number' ? serverMs : serverMs();
      const answers = takes <= call.timeoutMs;
      this.now += Math.min(takes, call.timeoutMs);
      this.deadlines.ended(call, answers ? 'ok' : 'silent', this.now);
      if (answers) return had;
      this.cutOff++;
      this.now += 100;
    }
    return had;
  }

  times(count: number, serverMs: number, bytes?: number): this {
    for (let i = 0; i < count; i++) this.write(serverMs, bytes);
    return this;
  }

  /** ms after the sending of a request that gets no answer until the silence is told. */
  noticedAfter(bytes = 1000, operation: WriteOperation = 'upsert'): number {
    const call = this.deadlines.sent(operation, bytes, this.now);
    for (let waited = 0; waited <= call.timeoutMs; waited += 100)
      if (this.deadlines.silentMs(this.now + waited) !== undefined) return waited;
    return HANGS;
  }
}

describe('a deadline', () => {
  test('is the longest while nothing is known, then ten times the usual, never below the shortest', () => {
    expect(new Simulation().write(10)).toEqual([MAX]);
    expect(new Simulation().times(1, 10).write(10)).toEqual([MIN]);
    expect(new Simulation().times(1, 1000).write(10)).toEqual([10_000]);
    expect(new Simulation().times(1, 9000).write(10)).toEqual([MAX]);
  });

  test('a slow answer raises it at once, quick ones lower it slowly', () => {
    const server = new Simulation().times(50, 100).times(1, 2000);
    expect(server.write(100)).toEqual([20_000]);
    expect(server.write(100)[0]).toBeGreaterThan(18_000);
    expect(server.times(50, 100).write(100)).toEqual([MIN]);
  });

  test('of a size that was not sent yet: by the nearest one that was', () => {
    const server = new Simulation().times(1, 1000, MIB);
    expect(server.write(10, 2 * MIB)).toEqual([20_000]);
    expect(server.write(10, 1000)).toEqual([10_000]);
  });

  test('a large request that is slow for a good reason does not give small ones its time', () => {
    const server = new Simulation().times(10, 5).times(10, 2500, 4 * MIB);
    expect(server.write(5)).toEqual([MIN]);
    expect(server.write(5, 4 * MIB)).toEqual([25_000]);
  });

  test('of an insert is always the longest: cut off and sent again, its rows would be there twice', () => {
    const server = new Simulation().times(10, 5);
    expect(server.write(5, 1000, 'insert')).toEqual([MAX]);
  });

  test('is never longer than the longest, whatever the shortest is', () => {
    const deadlines = new Deadlines({ minMs: 5000, maxMs: 1000 });
    expect(deadlines.sent('upsert', 10, 0).timeoutMs).toBe(1000);
  });
});

describe('a server that has become slow for good', () => {
  test.each([6000, 9000, 15_000, 29_000])('taking %d ms is cut off a few times, then never again', takes => {
    const server = new Simulation().times(100, 10);
    server.write(takes);
    expect(server.cutOff).toBeLessThanOrEqual(3);
    const before = server.cutOff;
    server.times(500, takes);
    expect(server.cutOff).toBe(before);
  });

  test('at every size: each is cut off a few times at most, however they alternate', () => {
    const server = new Simulation();
    const sizes = Array.from({ length: 12 }, (_, i) => 1000 * 2 ** i);
    for (let i = 0; i < 50; i++) for (const bytes of sizes) server.write(10, bytes);
    for (let i = 0; i < 50; i++) for (const bytes of sizes) server.write(8000, bytes);
    expect(server.cutOff).toBeLessThanOrEqual(sizes.length * 2);
    const before = server.cutOff;
    for (let i = 0; i < 50; i++) for (const bytes of sizes) server.write(8000, bytes);
    expect(server.cutOff).toBe(before);
  });

  test('for large requests only is not cut off for ever because small ones are quick', () => {
    const server = new Simulation();
    for (let i = 0; i < 20; i++) server.times(20, 5).times(1, 300, 4 * MIB);
    for (let i = 0; i < 20; i++) server.times(20, 5).times(1, 12_000, 4 * MIB);
    expect(server.cutOff).toBeLessThanOrEqual(2);
  });

  test('only for a while: afterwards a hang is cut off as soon as before', () => {
    const server = new Simulation().times(20, 10).times(20, 8000).times(200, 10);
    expect(server.write(HANGS, 1000, 'upsert', 1)).toEqual([MIN]);
  });
});

describe('silence', () => {
  test('of a server that usually answers in milliseconds is noticed in seconds', () => {
    expect(new Simulation().times(20, 10).noticedAfter()).toBe(MIN / 2);
    expect(new Simulation().times(20, 10).noticedAfter(1000, 'insert')).toBe(MIN / 2);
    expect(new Simulation().noticedAfter()).toBe(MIN / 2);
  });

  test('of a server that usually takes long is noticed at half of its deadline', () => {
    expect(new Simulation().times(20, 2000).noticedAfter()).toBe(10_000);
  });

  test('is not told while anything is answered', () => {
    const { deadlines } = new Simulation();
    const stuck = deadlines.sent('upsert', 1000, 0);
    for (let now = 0; now < 20_000; now += 1000) {
      const other = deadlines.sent('upsert', 1000, now);
      expect(deadlines.silentMs(now + 990)).toBeUndefined();
      deadlines.ended(other, 'ok', now + 990);
    }
    expect(deadlines.silentMs(19_990 + 2500)).toBe(2500);
    deadlines.ended(stuck, 'ok', 30_000);
    expect(deadlines.silentMs(90_000)).toBeUndefined();
  });

  test('is counted over the tries of a request, and not while nothing waits', () => {
    const { deadlines } = new Simulation();
    const first = deadlines.sent('upsert', 1000, 60_000);
    deadlines.ended(first, 'silent', 65_000);
    expect(deadlines.silentMs(65_050)).toBeUndefined();
    deadlines.sent('upsert', 1000, 65_100);
    expect(deadlines.silentMs(66_000)).toBeUndefined();
    expect(deadlines.silentMs(90_000)).toBe(30_000);
  });

  test('ends with a refusal and with a ping as well, and what is cancelled says nothing', () => {
    const ends: CallEnd[] = ['ok', 'answered'];
    for (const end of ends) {
      const { deadlines } = new Simulation();
      deadlines.ended(deadlines.sent('upsert', 1000, 0), 'silent', 5000);
      deadlines.ended(deadlines.sent('upsert', 1000, 6000), end, 7000);
      deadlines.sent('upsert', 1000, 100_000);
      expect(deadlines.silentMs(130_000)).toBe(30_000);
      deadlines.heard(130_000);
      expect(deadlines.silentMs(130_100)).toBeUndefined();
    }
    const server = new Simulation().times(1, 10);
    const call = server.deadlines.sent('upsert', 1000, server.now);
    server.deadlines.ended(call, 'cancelled', server.now + 4000);
    expect(server.write(10)).toEqual([MIN]);
  });

  test('what an outcome means', () => {
    const failed = (label: string) => callEnd({ ok: false, failure: new Failure('retry', label, '') });
    expect(callEnd({ ok: true })).toBe('ok');
    expect(failed('grpc_deadline_exceeded')).toBe('silent');
    expect(failed('grpc_cancelled')).toBe('cancelled');
    expect(failed('rate_limit')).toBe('answered');
  });
});
