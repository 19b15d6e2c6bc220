import { describe, expect, test } from 'bun:test';
import { InFlightLimiter } from '../../../src/deliver/limiter.ts';

const request = (sentAt: number, saturated = true, bytes = 1000, alone = false) => ({
  bytes,
  sentAt,
  alone,
  saturated,
});

/** Answers to requests one after another, as seen at the present limit. */
function answered(
  limiter: InFlightLimiter,
  times: number,
  latency: number,
  from = 0,
  saturated = true,
): number {
  let now = from;
  for (let i = 0; i < times; i++) {
    limiter.finished('ok', request(now, saturated, 1000, limiter.limit === 1), now + latency);
    now += latency;
  }
  return now;
}

describe('InFlightLimiter', () => {
  test('starts at one and rises to its ceiling while answers are quick and rows wait', () => {
    const limiter = new InFlightLimiter(4);
    expect(limiter.limit).toBe(1);
    answered(limiter, 50, 10);
    expect(limiter.limit).toBe(4);
  });

  test('does not rise when more concurrency would mean nothing', () => {
    const limiter = new InFlightLimiter(4);
    answered(limiter, 50, 10, 0, false);
    expect(limiter.limit).toBe(1);
  });

  test('a rate limit halves it, an outage takes it to one', () => {
    const limiter = new InFlightLimiter(8);
    let now = answered(limiter, 200, 10);
    limiter.finished('overloaded', request(now), now + 10);
    expect(limiter.limit).toBe(4);
    now = answered(limiter, 200, 10, now + 10);
    limiter.finished('unavailable', request(now), now + 10);
    expect(limiter.limit).toBe(1);
  });

  test('requests that were in flight together count as one decrease', () => {
    const limiter = new InFlightLimiter(8);
    const now = answered(limiter, 200, 10);
    for (let i = 0; i < 8; i++) limiter.finished('overloaded', request(now), now + 10 + i);
    expect(limiter.limit).toBe(4);
  });

  test('latency that rises against its baseline lowers it; a lasting change becomes the new normal', () => {
    const limiter = new InFlightLimiter(8);
    let now = answered(limiter, 200, 10);
    now = answered(limiter, 3, 100, now);
    expect(limiter.limit).toBeLessThan(8);
    now = answered(limiter, 400, 100, now);
    expect(limiter.limit).toBe(8);
  });

  test('a large request is slow for a good reason', () => {
    const limiter = new InFlightLimiter(8);
    let now = answered(limiter, 200, 2);
    for (let i = 0; i < 20; i++) {
      limiter.finished('ok', request(now, true, 4_000_000), now + 200);
      now += 200;
    }
    expect(limiter.limit).toBe(8);
  });
});
