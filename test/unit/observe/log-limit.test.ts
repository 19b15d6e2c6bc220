import { expect, test } from 'bun:test';
import { LogLimit, MAX_LOG_KEYS } from '../../../src/observe/log-limit.ts';

test('the same thing is said at once, then now and then with how often it happened in between', () => {
  let now = 0;
  const limit = new LogLimit(1000, () => now);
  expect(limit.admit('a')).toBe(0);
  expect(limit.admit('a')).toBeUndefined();
  expect(limit.admit('b')).toBe(0);
  now = 999;
  expect(limit.admit('a')).toBeUndefined();
  now = 1000;
  expect(limit.admit('a')).toBe(2);
  expect(limit.admit('a')).toBeUndefined();
  now = 5000;
  expect(limit.admit('a')).toBe(1);
});

test('texts that never repeat do not fill the memory', () => {
  const limit = new LogLimit(1000, () => 0);
  for (let i = 0; i < MAX_LOG_KEYS; i++) limit.admit(String(i));
  expect(limit.admit('0')).toBeUndefined();
  limit.admit('one more');
  expect(limit.admit('1')).toBeUndefined();
  expect(limit.admit('0')).toBe(0);
});
