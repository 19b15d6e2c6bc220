// The questions of `validate --connect`; what is printed of the answers is in test/pipeline/cli/validate.test.ts.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { checkKafka } from '../../../src/kafka/check-cluster.ts';
import { officialClient } from '../../../src/kafka/client.ts';
import type { ConsumerSettings, KafkaProperties } from '../../../src/kafka/properties.ts';
import { MockKafka } from '../../support/mock-kafka.ts';

setDefaultTimeout(60_000);
let kafka: MockKafka;
beforeAll(async () => {
  kafka = await MockKafka.start();
});
afterAll(() => kafka.stop());

const ask = (selection: Partial<ConsumerSettings>, consumer: KafkaProperties = {}) =>
  checkKafka({
    settings: {
      excludeInternalTopics: true,
      groupId: 'check',
      ...selection,
      consumer: { 'bootstrap.servers': kafka.bootstrap, 'group.id': 'check', log_level: 0, ...consumer },
    },
    timeoutMs: 1000,
    createClient: officialClient(),
  });

test('the brokers, the topics that are there and those that are not', async () => {
  await kafka.produce('b', [{ value: '{}' }]);
  await kafka.produce('a', [{ value: '{}' }]);
  const { brokers, topics, missing, committed } = await ask({ topics: ['b', 'a', 'no-such-topic'] });
  expect({ brokers, committed, missing }).toEqual({ brokers: 1, committed: 0, missing: ['no-such-topic'] });
  expect(topics.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(topics.every(({ partitions }) => partitions > 0)).toBe(true);
});

test('a password that no broker asks for is refused in words', async () => {
  const error = await ask(
    { topics: ['a'] },
    {
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': 'u',
      'sasl.password': 'p4ssw0rd',
    },
  ).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(error).toMatchObject({ kind: 'kafka' });
  expect(error!.message).not.toContain('p4ssw0rd');
});
