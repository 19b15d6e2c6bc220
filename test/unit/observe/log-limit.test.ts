import { expect, test } from 'bun:test';
import { createLogger } from '../../../src/observe/log.ts';
import { LogLimit, MAX_LOG_KEYS } from '../../../src/observe/log-limit.ts';

function limited(countedAs?: string) {
  const clock = { now: 0 };
  const lines: string[] = [];
  const limit = new LogLimit({
    log: createLogger({
      level: 'warn',
      format: 'text',
      now: () => new Date(0),
      mask: t => t,
      write: line => lines.push(line.slice(31).trim()),
    }),
    everyMs: 1000,
    now: () => clock.now,
    ...(countedAs !== undefined && { countedAs }),
  });
  return { limit, clock, lines };
}

test('the same thing is a line at once, then now and then with how often it happened in between', () => {
  const { limit, clock, lines } = limited();
  const at = (now: number, message: string) => {
    clock.now = now;
    return limit.warn(message);
  };
  expect([at(0, 'a'), at(0, 'a'), at(0, 'b'), at(999, 'a')]).toEqual([true, false, true, false]);
  expect([at(1000, 'a'), at(1000, 'a'), at(5000, 'a')]).toEqual([true, false, true]);
  expect(lines).toEqual(['a', 'b', 'a similar_before=2', 'a similar_before=1']);
});

test('lines of one key are one, whatever they say; their fields come before the number', () => {
  const { limit, clock, lines } = limited('failed_before');
  limit.warn('1 is late', 'late', { id: 1 });
  limit.warn('2 is late', 'late', { id: 2 });
  clock.now = 1000;
  limit.warn('3 is late', 'late', { id: 3 });
  expect(lines).toEqual(['1 is late id=1', '3 is late id=3 failed_before=1']);
});

test('texts that never repeat do not fill the memory', () => {
  const { limit } = limited();
  for (let i = 0; i < MAX_LOG_KEYS; i++) limit.warn(String(i));
  expect(limit.warn('0')).toBe(false);
  limit.warn('one more');
  expect(limit.warn('1')).toBe(false);
  expect(limit.warn('0')).toBe(true);
});
