// Nothing that is configured is forgotten: what no section takes is left for the one that warns of it.
import { expect, test } from 'bun:test';
import { mergeClient } from '../../../../src/config/kafka/client.ts';
import type { Setting } from '../../../../src/config/value/entry.ts';

const layer = (settings: Record<string, string>) =>
  new Map<string, Setting>(
    Object.entries(settings).map(([key, value]) => [key, { key, value, source: 'f:1', secret: false }]),
  );

test('a setting is taken once; a look leaves it', () => {
  const client = mergeClient([layer({ a: '1', b: ' ', c: '3', d: '4' })]);
  expect(client.peek('a')?.value).toBe('1');
  expect(client.take('a')?.value).toBe('1');
  expect(client.take('nothing')).toBeUndefined();
  // Empty is unset, and answered for all the same.
  expect(client.takeFilled('b')).toBeUndefined();
  expect(client.take('c', value => value === '4')).toBeUndefined();
  expect(client.rest(name => name === 'd').map(([name]) => name)).toEqual(['d']);
  expect(client.rest().map(([name]) => name)).toEqual(['c']);
  expect(client.rest()).toEqual([]);
  expect([...client.all()].map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']);
});

test('a later layer wins, under whichever of its names', () => {
  const client = mergeClient([
    layer({ 'socket.timeout.ms': '1', x: '1' }),
    layer({ 'request.timeout.ms': '2' }),
  ]);
  expect(client.peek('request.timeout.ms')).toMatchObject({ value: '2', rank: 1 });
  expect(client.peek('socket.timeout.ms')).toBeUndefined();
  expect(client.peek('x')).toMatchObject({ value: '1', rank: 0 });
});
