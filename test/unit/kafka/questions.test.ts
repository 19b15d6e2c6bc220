import { expect, test } from 'bun:test';
import { askCommitted, askWatermarks, knownEndOffset, knownPositions } from '../../../src/kafka/questions.ts';
import type { RdConsumer } from '../../../src/kafka/rdkafka.ts';

const client = (methods: Partial<RdConsumer>) => methods as RdConsumer;
const partition = { topic: 't', partition: 0 };

test('positions are those that are known: no error in their place, none before the first record', () => {
  const position = () => [
    { ...partition, offset: 7 },
    { topic: 't', partition: 1, offset: -1001 },
    { topic: 't', partition: 2 },
    new Error('not assigned'),
  ];
  expect(knownPositions(client({ position }), [partition])).toEqual([{ ...partition, offset: 7 }]);
  const none = () => {
    throw new Error('erroneous state');
  };
  expect(knownPositions(client({ position: none }), [partition])).toEqual([]);
});

test('the end of a partition is unknown before its first fetch', () => {
  const at = (highOffset: number) => client({ getWatermarkOffsets: () => ({ lowOffset: 0, highOffset }) });
  expect([knownEndOffset(at(5), 't', 0), knownEndOffset(at(-1001), 't', 0)]).toEqual([5, undefined]);
  const none = () => {
    throw new Error('no offset');
  };
  expect(knownEndOffset(client({ getWatermarkOffsets: none }), 't', 0)).toBeUndefined();
});

test("a broker's answer, or the client's error as it is", async () => {
  const error = { code: -185, message: 'timed out' };
  const answering = client({
    queryWatermarkOffsets: (_, __, ___, cb) => cb(null, { lowOffset: 3, highOffset: 9 }),
    committed: (_, __, cb) => cb(error, []),
  });
  expect(await askWatermarks(answering, partition, 100)).toEqual({ low: 3, high: 9 });
  expect(await askCommitted(answering, [partition], 100).catch(thrown => thrown)).toBe(error);
});

test('what the client throws at once is an answer, too', async () => {
  const committed = () => {
    throw new Error('closed');
  };
  const answer = askCommitted(client({ committed }), [partition], 100);
  expect(await answer.catch(thrown => String(thrown))).toBe('Error: closed');
});
