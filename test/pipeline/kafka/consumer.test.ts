// The shell around the client: whatever the sink does in a rebalance, librdkafka gets its answer.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { SinkError } from '../../../src/errors.ts';
import { officialClient } from '../../../src/kafka/client.ts';
import { type ConsumerHooks, KafkaConsumer } from '../../../src/kafka/consumer.ts';
import type { RdConsumer, RdOffset, TopicPartition } from '../../../src/kafka/rdkafka.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { MockKafka } from '../../support/mock-kafka.ts';

setDefaultTimeout(30_000);
let kafka: MockKafka;
beforeAll(async () => {
  kafka = await MockKafka.start();
});
afterAll(() => kafka.stop());

async function join(
  topic: string,
  hooks: Partial<ConsumerHooks>,
  tap: (client: RdConsumer) => void = () => {},
) {
  const failures: SinkError[] = [];
  const consumer = new KafkaConsumer({
    properties: {
      'bootstrap.servers': kafka.bootstrap,
      'group.id': topic,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'partition.assignment.strategy': 'cooperative-sticky',
      log_level: 0,
    },
    hooks: {
      assigned: () => {},
      revoked: async () => {},
      error: () => {},
      fatal: () => {},
      states: () => {},
      failed: error => failures.push(error),
      ...hooks,
    },
    log: createLogger({
      level: 'error',
      format: 'text',
      now: () => new Date(),
      mask: t => t,
      write: () => {},
    }),
    now: () => performance.now(),
    create: (...properties) => {
      const client = officialClient()(...properties);
      tap(client);
      return client;
    },
  });
  await kafka.produce(topic, [{ value: 'a' }]);
  await consumer.connect();
  consumer.subscribe([topic]);
  return { consumer, failures };
}

test.concurrent('a handler that throws when partitions come: reported as a defect, and they are assigned all the same', async () => {
  const { consumer, failures } = await join('assigned_throws', {
    assigned: () => {
      throw new Error('a defect on the way in');
    },
  });
  while (consumer.assignments().length === 0) await consumer.poll(10);
  expect(failures.map(e => e.code)).toEqual(['INTERNAL']);
  expect(failures[0]?.message).toContain('a defect on the way in');
  await consumer.close();
});

test.concurrent('a handler that throws when partitions go: reported as a defect, and the group is left', async () => {
  const { consumer, failures } = await join('revoked_throws', {
    revoked: () => Promise.reject(new Error('a defect on the way out')),
  });
  while (consumer.assignments().length === 0) await consumer.poll(10);
  await consumer.close();
  expect(failures.map(e => e.code)).toEqual(['INTERNAL']);
  expect(failures[0]?.message).toContain('a defect on the way out');
});

test.concurrent('a poll while another one is under way waits for its turn, and one after the end brings nothing', async () => {
  const { consumer } = await join('two_polls', {});
  const polled = await Promise.all([consumer.poll(1), consumer.poll(1), consumer.poll(1)]);
  expect(polled.flatMap(({ errors }) => errors)).toEqual([]);
  const last = consumer.poll(1);
  await consumer.close();
  expect((await last).errors).toEqual([]);
  expect(await consumer.poll(1)).toEqual({ batch: undefined, errors: [] });
});

const known = (offset: number | undefined) => (partition: TopicPartition) => ({ ...partition, offset });
test.concurrent.each<[string, ((partition: TopicPartition) => unknown) | undefined, number | undefined]>([
  ['a group without an offset begins at the beginning', undefined, -2],
  ['one that has an offset goes on there', known(1), undefined],
  ['an offset that cannot be told is left to librdkafka', () => new Error('unstable'), undefined],
])('%s', async (name, committed, offset) => {
  const assigned: Array<TopicPartition & { offset?: number }> = [];
  const { consumer } = await join(name.replaceAll(' ', '_'), {}, client => {
    const assign = client.incrementalAssign.bind(client);
    client.incrementalAssign = partitions => {
      assigned.push(...partitions);
      assign(partitions);
    };
    // As the binding has it: the error of a partition stands in the list.
    if (committed)
      client.committed = (partitions, _timeout, answered) =>
        answered(null, partitions!.map(committed) as RdOffset[]);
  });
  while (consumer.assignments().length === 0) await consumer.poll(10);
  expect(assigned.length).toBeGreaterThan(0);
  for (const partition of assigned) expect(partition.offset).toBe(offset as number);
  await consumer.close();
});

test.concurrent('a commit is answered while somebody polls, with what the group has stored', async () => {
  const topic = 'commit_answered';
  const { consumer } = await join(topic, {});
  while (consumer.assignments().length === 0) await consumer.poll(10);
  const committing = consumer.commit([{ topic, partition: 0, offset: 1 }]);
  await consumer.serve(committing);
  expect(await committing).toEqual([{ topic, partition: 0, offset: 1 }]);
  expect(await kafka.committed(topic, topic, [0])).toEqual([1]);
  await consumer.close();
});

test.concurrent('a commit that is not answered before the end fails at the end', async () => {
  const topic = 'commit_unanswered';
  const { consumer } = await join(topic, {});
  while (consumer.assignments().length === 0) await consumer.poll(10);
  // Nobody polls.
  const committing = consumer.commit([{ topic, partition: 0, offset: 1 }]);
  await consumer.close();
  expect(await committing).toEqual([
    { topic, partition: 0, offset: 1, error: { code: -197, message: expect.stringContaining('closed') } },
  ]);
});
