import { heapStats } from 'bun:jsc';
import { expect, test } from 'bun:test';
import { Change } from '../../src/wait.ts';

const now = () => performance.now();

test('whoever waits hears of the next change, and of it only', async () => {
  const change = new Change(now);
  const waits = [change.next(60_000), change.next(60_000)];
  change.announce();
  await Promise.all(waits);
  let heard = false;
  const next = change.next(60_000).then(() => {
    heard = true;
  });
  await Bun.sleep(0);
  expect(heard).toBe(false);
  change.announce();
  await next;
});

test('a condition is looked at again at each change, until it holds or time is up', async () => {
  const change = new Change(now);
  let state = 0;
  const reached = change.until(() => state === 2, 60_000);
  for (; state < 2; state++) change.announce();
  change.announce();
  expect(await reached).toBe(true);
  expect(await change.until(() => false, 1)).toBe(false);
});

test('waits that end by their time leave nothing behind, however long no change comes', async () => {
  const change = new Change(now);
  const kept = () => {
    Bun.gc(true);
    const { objectTypeCounts } = heapStats();
    return ['Promise', 'Function', 'PromiseReaction'].reduce(
      (sum, type) => sum + (objectTypeCounts[type] ?? 0),
      0,
    );
  };
  const waits = 10_000;
  await Promise.all(Array.from({ length: 100 }, () => change.next(0)));
  const before = kept();
  for (let i = 0; i < waits; i += 100) await Promise.all(Array.from({ length: 100 }, () => change.next(0)));
  expect(kept() - before).toBeLessThan(waits / 10);
});
