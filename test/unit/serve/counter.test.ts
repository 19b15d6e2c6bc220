import { expect, test } from 'bun:test';
import { PlainCounter } from '../../../src/serve/counter.ts';

test('a series begins at 0, adds up, and is gone when it is removed', async () => {
  const counter = new PlainCounter('c_total', 'help');
  const [a, b] = [counter.with({ topic: 'a' }), counter.with({ topic: 'b' })];
  a.value += 2;
  a.value += 3;
  expect((await counter.get()).values).toEqual([
    { metricName: 'c_total', labels: { topic: 'a' }, value: 5 },
    { metricName: 'c_total', labels: { topic: 'b' }, value: 0 },
  ]);
  counter.remove(b);
  expect((await counter.get()).values).toHaveLength(1);
});
