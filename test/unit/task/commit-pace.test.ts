import { expect, test } from 'bun:test';
import { CommitPace } from '../../../src/task/commit-pace.ts';

const due = (flushIntervalMs: number, idle: boolean) => {
  const pace = new CommitPace(flushIntervalMs);
  pace.start(10_000);
  for (let ms = 0; ; ms += 100) if (pace.due(idle, 10_000 + ms)) return ms;
};

test('once a second while rows flow, twice when all is written, more often when offset.flush.interval.ms says so', () => {
  expect(due(60_000, false)).toBe(1000);
  expect(due(60_000, true)).toBe(500);
  expect(due(200, false)).toBe(200);
});

test('each commit starts the time anew', () => {
  const pace = new CommitPace(60_000);
  pace.start(0);
  expect([pace.due(false, 1000), pace.due(false, 1500), pace.due(false, 2000)]).toEqual([true, false, true]);
});
