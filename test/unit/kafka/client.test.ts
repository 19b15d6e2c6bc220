import { describe, expect, test } from 'bun:test';
import { clientProperties, makeClient, STATISTICS_MS } from '../../../src/kafka/client.ts';
import type { KafkaProperties } from '../../../src/kafka/properties.ts';

describe('what a client is made of', () => {
  test("a topic's property apart from the client's", () => {
    const made = clientProperties({ 'group.id': 'g', 'auto.offset.reset': 'latest' });
    expect(made.topicProperties).toEqual({ 'auto.offset.reset': 'latest' });
    expect(made.properties).toMatchObject({ 'group.id': 'g' });
    expect(made.properties).not.toHaveProperty('auto.offset.reset');
  });

  test('without a choice it reads from the beginning, as Connect does', () => {
    expect(clientProperties({}).topicProperties).toEqual({ 'auto.offset.reset': 'earliest' });
  });

  test.each<[string, KafkaProperties, number]>([
    ['a broker that is back is found within a second', {}, 1000],
    ['unless the first pause is longer', { 'reconnect.backoff.ms': 5000 }, 5000],
    ['or the longest is configured', { 'reconnect.backoff.max.ms': 70, 'reconnect.backoff.ms': 50 }, 70],
  ])('%s', (_, consumer, expected) => {
    expect(clientProperties(consumer).properties['reconnect.backoff.max.ms']).toBe(expected);
  });

  test.each([
    [undefined, STATISTICS_MS],
    [0, STATISTICS_MS],
    ['0', STATISTICS_MS],
    [1000, 1000],
  ])('statistics every %p ms come every %d', (configured, expected) => {
    const consumer = configured === undefined ? {} : { 'statistics.interval.ms': configured };
    expect(clientProperties(consumer).properties['statistics.interval.ms']).toBe(expected);
  });
});

test('what librdkafka does not take is an error of the configuration, in its words', () => {
  const refuse = () => {
    throw new Error('No such configuration property: "no.such"');
  };
  expect(() => makeClient({ 'no.such': 1 }, refuse)).toThrow(
    /^CONFIG_INVALID: .*No such configuration property: "no\.such"/,
  );
});
