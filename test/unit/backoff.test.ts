import { expect, test } from 'bun:test';
import { backoffMs } from '../../src/backoff.ts';

test('pauses double up to the ceiling, with jitter between half and all of it', () => {
  const at = (attempt: number, random: number) =>
    backoffMs(attempt, { baseMs: 100, maxMs: 1000, random: () => random });
  expect([1, 2, 3, 4, 5, 500].map(n => at(n, 0))).toEqual([50, 100, 200, 400, 500, 500]);
  expect(at(3, 0.5)).toBe(300);
  expect(at(500, 0.999999)).toBeLessThanOrEqual(1000);
});
