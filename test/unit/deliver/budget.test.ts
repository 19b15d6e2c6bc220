import { expect, test } from 'bun:test';
import { Budget } from '../../../src/deliver/budget.ts';

const NO_LIMIT = { tolerance: 'none', maxConsecutive: 0 } as const;

const create = (maxRequests = 1, maxBytes = 100) =>
  new Budget({ maxBytes, maxRequests, errors: NO_LIMIT, now: () => 0 });

test('the bytes of all tasks have one ceiling, and whoever waits hears when there is room', async () => {
  const budget = create();
  budget.buffer(60);
  expect(budget.full).toBe(false);
  budget.buffer(50);
  expect([budget.full, budget.bufferedBytes]).toEqual([true, 110]);
  const room = budget.room.next(60_000);
  budget.buffer(-10);
  expect(budget.full).toBe(true);
  budget.buffer(-1);
  await room;
  expect(budget.full).toBe(false);
});

test('a request that comes back goes to the task that has waited longest', () => {
  const budget = create();
  const got: string[] = [];
  const task = (name: string) => () => {
    got.push(name);
    budget.requestTaken();
  };
  const [a, b] = [task('a'), task('b')];
  budget.requestTaken();
  expect(budget.mayRequest).toBe(false);
  budget.waitForRequest(a);
  budget.waitForRequest(b);
  budget.waitForRequest(a);
  budget.requestReturned();
  expect(got).toEqual(['a']);
  budget.requestReturned();
  expect(got).toEqual(['a', 'b']);
  budget.requestReturned();
  expect([got.length, budget.requestsInFlight]).toEqual([2, 0]);
});

test('a task that wakes and has nothing to send leaves the request to the next one', () => {
  const budget = create();
  const got: string[] = [];
  budget.requestTaken();
  budget.waitForRequest(() => got.push('idle'));
  budget.waitForRequest(() => {
    got.push('busy');
    budget.requestTaken();
  });
  const gone = () => got.push('gone');
  budget.waitForRequest(gone);
  budget.stopWaiting(gone);
  budget.requestReturned();
  expect(got).toEqual(['idle', 'busy']);
});

test('what one task learns of the server holds for all: the limit is shared', () => {
  const budget = create(4);
  expect(budget.requestLimit).toBe(1);
  for (let at = 0; at < 500; at += 10)
    budget.tried('ok', { bytes: 1000, sentAt: at, alone: false, saturated: true }, at + 10);
  expect(budget.requestLimit).toBe(4);
  budget.tried('overloaded', { bytes: 1000, sentAt: 500, alone: false, saturated: true }, 510);
  expect(budget.requestLimit).toBe(2);
});

test('that the server has acknowledged a request is known to all', () => {
  const budget = create();
  const request = { bytes: 1000, sentAt: 0, alone: true, saturated: false };
  budget.tried('unavailable', request, 10);
  expect(budget.everAcknowledged).toBe(false);
  budget.tried('ok', request, 20);
  budget.tried('overloaded', request, 30);
  expect(budget.everAcknowledged).toBe(true);
});
