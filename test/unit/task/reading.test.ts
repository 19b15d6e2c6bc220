import { expect, test } from 'bun:test';
import { ReadingPolicy } from '../../../src/task/reading.ts';

const FULL = { full: true, heavy: false };
const ROOM = { full: false, heavy: false };

test('a full pipeline stops reading at once, and pauses the partitions when it lasts', () => {
  const policy = new ReadingPolicy();
  expect(policy.decide(ROOM, 0)).toBe('poll');
  expect(policy.decide(FULL, 1000)).toBe('hold');
  expect(policy.decide(FULL, 1499)).toBe('hold');
  expect(policy.decide(FULL, 1500)).toBe('pause');
  expect(policy.decide(ROOM, 1600)).toBe('poll');
  expect(policy.decide(FULL, 1700)).toBe('hold');
});

test('heavy records pause at once: the client would fetch on while nobody reads', () => {
  expect(new ReadingPolicy().decide({ full: true, heavy: true }, 0)).toBe('pause');
});

test('a line in the log once each time that it lasts', () => {
  const policy = new ReadingPolicy();
  const at = (state: typeof FULL, now: number) => {
    policy.decide(state, now);
    return policy.worthALine(now);
  };
  expect([at(FULL, 0), at(FULL, 499), at(FULL, 500), at(FULL, 501)]).toEqual([false, false, true, false]);
  expect([at(ROOM, 600), at(FULL, 700), at(FULL, 1200)]).toEqual([false, false, true]);
});
