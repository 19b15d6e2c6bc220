import { expect, test } from 'bun:test';
import { backoffMs, retryExpired } from '../../../src/deliver/retry.ts';

test('pauses double up to the ceiling, with jitter between half and all of it', () => {
  const at = (attempt: number, random: number) =>
    backoffMs(attempt, { baseMs: 100, maxMs: 1000, random: () => random });
  expect([1, 2, 3, 4, 5, 500].map(n => at(n, 0))).toEqual([50, 100, 200, 400, 500, 500]);
  expect(at(3, 0.5)).toBe(300);
  expect(at(500, 0.999999)).toBeLessThanOrEqual(1000);
});

test('errors.retry.timeout: 0 and -1 are for ever, else it bounds', () => {
  expect(retryExpired(1e12, 0)).toBe(false);
  expect(retryExpired(1e12, -1)).toBe(false);
  expect(retryExpired(999, 1000)).toBe(false);
  expect(retryExpired(1000, 1000)).toBe(true);
});
