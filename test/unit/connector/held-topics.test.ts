import { expect, test } from 'bun:test';
import { HeldTopics } from '../../../src/connector/held-topics.ts';

test('a topic is gone when no partition of it has been here for long enough, and told once', () => {
  const topics = new HeldTopics(1000);
  expect(topics.gone(['a', 'b'], 0)).toEqual([]);
  expect(topics.gone(['a'], 999)).toEqual([]);
  expect(topics.gone(['a'], 1000)).toEqual(['b']);
  expect(topics.gone(['a'], 5000)).toEqual([]);
});

test('a rebalance that takes all away for a moment changes nothing', () => {
  const topics = new HeldTopics(1000);
  topics.gone(['a'], 0);
  expect(topics.gone([], 900)).toEqual([]);
  expect(topics.gone(['a'], 1100)).toEqual([]);
  expect(topics.gone([], 2000)).toEqual([]);
});
