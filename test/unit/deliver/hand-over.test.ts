import { expect, test } from 'bun:test';
import { handOverTimes } from '../../../src/deliver/hand-over.ts';

test('the answers are waited for as long as the group waits for a member, less the time for the way back', () => {
  expect(handOverTimes({}, 30_000)).toEqual({ answersMs: 150_000, requestTimeoutMs: 30_000 });
  expect(handOverTimes({ 'max.poll.interval.ms': '600000' }, 30_000).answersMs).toBe(300_000);
});

test('no request lasts longer than a hand-over may wait for it', () => {
  expect(handOverTimes({ 'max.poll.interval.ms': 10_000 }, 30_000)).toEqual({
    answersMs: 5000,
    requestTimeoutMs: 5000,
  });
});
