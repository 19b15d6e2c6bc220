import { expect, test } from 'bun:test';
import { Garbage } from '../../../src/task/garbage.ts';

const MIB = 1 << 20;

function create() {
  const clock = { now: 0 };
  const collected: number[] = [];
  const trimmed: number[] = [];
  const garbage = new Garbage({
    collect: () => collected.push(clock.now),
    trim: () => trimmed.push(clock.now),
    now: () => clock.now,
  });
  const quiet = (ms: number) => {
    for (const end = clock.now + ms; clock.now < end; clock.now += 200) garbage.tick();
  };
  return { garbage, clock, collected, trimmed, quiet };
}

test('while records are read in JavaScript, after every 24 MiB of them; for those that are not, never', () => {
  const { garbage, collected, trimmed } = create();
  for (let i = 0; i < 1000; i++) garbage.busy(MIB);
  for (let i = 0; i < 23; i++) garbage.left(MIB);
  expect(collected).toHaveLength(0);
  garbage.left(MIB);
  expect(collected).toHaveLength(1);
  for (let i = 0; i < 24; i++) garbage.left(MIB);
  expect(collected).toHaveLength(2);
  expect(trimmed).toHaveLength(0);
});

test('once after the start, when nothing comes', () => {
  const { collected, trimmed, quiet } = create();
  quiet(60_000);
  expect([collected, trimmed]).toEqual([[5000], [5000, 10_000]]);
});

test('once after a burst, and never for a record now and then', () => {
  const { garbage, clock, collected, quiet } = create();
  quiet(10_000);
  garbage.busy(2 * MIB);
  quiet(60_000);
  expect(collected).toEqual([5000, 15_000]);
  for (let i = 0; i < 20; i++) {
    garbage.busy(1000);
    quiet(8000);
  }
  expect(collected).toHaveLength(2);
  expect(clock.now).toBeGreaterThan(200_000);
});

test('what the start has left is let go of while records flow, once', () => {
  const { garbage, collected, trimmed, clock } = create();
  for (; clock.now < 60_000; clock.now += 200) {
    garbage.busy(MIB);
    garbage.tick();
  }
  expect([collected, trimmed]).toEqual([[], [10_000]]);
});
