// Promise 6 with a real Kafka's rebalances (the mock's coordinator has none): what goes is never written late, what
// comes back is read, and a topic that is made again is read from its start.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { lacks, sharedKafka } from '../../scripts/stack/stack.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { officialClient } from '../../src/kafka/client.ts';
import { KafkaConsumer } from '../../src/kafka/consumer.ts';
import { createLogger } from '../../src/observe/log.ts';
import { unique } from '../support/e2e.ts';
import { KafkaAdmin } from '../support/kafka-admin.ts';
import { MockKafka } from '../support/mock-kafka.ts';

import {
  committedRecords,
  eventually,
  message,
  pipelineStage,
  startSink,
  withTasks,
} from '../support/pipeline.ts';

setDefaultTimeout(120_000);
/** How often the end of a failing sink is tried: what goes wrong in it is a matter of moments. */
const FAILING_TRIES = Number(process.env.TRIES ?? 4);

describe.skipIf(lacks.kafka !== undefined)('rebalances, with a real Kafka', () => {
  const shared = pipelineStage('rebalance', async () => MockKafka.at((await sharedKafka()).address));
  const { milvusFor } = shared;
  let admin: KafkaAdmin;
  beforeAll(() => {
    admin = new KafkaAdmin(shared.kafka.bootstrap);
  });
  afterAll(() => admin?.close());
  const made = (topic: string) =>
    admin.make(topic, 1).then(
      () => true,
      () => false,
    );
  const rateLimited = { status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true } };

  withTasks((startSink, tasks) => {
    test.concurrent('rows that wait for a retry when their partition goes are not written later', async () => {
      const name = unique('handover_retry');
      // Two or more of each member of the group.
      const all = Array.from({ length: 4 * tasks }, (_, partition) => partition);
      await admin.make(name, all.length);
      const [ours, theirs] = await Promise.all([milvusFor(name), milvusFor(name)]);
      ours.faults.push({ ...rateLimited, times: 1_000_000 });
      await shared.kafka.produce(
        name,
        all.map(partition => ({ partition, value: message(partition) })),
      );
      // Eager: all partitions are revoked, the one in flight as well.
      const options = {
        name,
        offsetFlushTimeoutMs: 1000,
        consumer: { 'partition.assignment.strategy': 'range' },
      };
      const first = startSink(shared.kafka, ours, name, name, options);
      await first.said('waiting for Milvus');
      await eventually(
        async () => (await first.metric('milvus_sink_buffered_rows')) === all.length,
        'all are read',
        30_000,
      );
      const second = startSink(shared.kafka, theirs, name, name, options);
      // Members of one process may join one after the other: with several tasks how many go to whom is open.
      await theirs.until(m => (tasks === 1 ? m.rows(name).size === 2 : m.rows(name).size > 0), 30_000);
      ours.faults.length = 0;
      await eventually(
        () => ours.rows(name).size + theirs.rows(name).size === all.length,
        'all are written',
        30_000,
      );
      await eventually(() => first.health.ready, 'ready again');
      first.stop();
      await first.ended;
      expect(first.lines.join('')).not.toContain('did not finish in time');
      expect(await first.metric('milvus_sink_rows_written_total{operation="upsert"}')).toBe(
        ours.rows(name).size,
      );
      expect(await first.metric('milvus_sink_buffered_rows')).toBe(0);
      expect(await first.metric('milvus_sink_buffered_bytes')).toBe(0);
      const written = [...ours.rows(name).keys(), ...theirs.rows(name).keys()].map(Number);
      expect(written.toSorted((a, b) => a - b)).toEqual(all);
      second.stop();
      await second.ended;
    });

    test.concurrent('a partition goes only when Milvus has answered for it: an old value never undoes what its new owner wrote', async () => {
      const name = unique('handover_late');
      await admin.make(name, 4);
      const milvus = await milvusFor(name);
      const all = [0, 1, 2, 3];
      const produce = (title: string) =>
        shared.kafka.produce(
          name,
          all.map(partition => ({ partition, value: message(partition, title) })),
        );
      // Eager: all partitions are revoked. The four wait behind the first record, so that those of a task go out together.
      const options = {
        name,
        offsetFlushTimeoutMs: 500,
        milvus: { requestTimeoutMs: 30_000 },
        consumer: { 'partition.assignment.strategy': 'range' },
      };
      milvus.faults.push({ delayMs: 1500 }, { delayMs: 8000 });
      await shared.kafka.produce(name, [{ partition: 0, value: message(100) }]);
      const first = startSink(shared.kafka, milvus, name, name, options);
      await eventually(() => milvus.faults.length === 1, 'the first is on its way', 30_000);
      await produce('old');
      await eventually(() => milvus.writes.length === 2, 'the old values are on their way');
      if (tasks === 1) expect(milvus.writes[1]?.keys.toSorted()).toEqual(all);
      await produce('new');
      const second = startSink(shared.kafka, milvus, name, name, options);
      await milvus.until(m => m.writes[1]?.answer !== undefined, 30_000);
      await eventually(
        async () => (await committedRecords(shared.kafka, first, name)) === 9,
        'all is committed',
        30_000,
      );
      await second.said('partitions assigned');
      expect(all.map(key => milvus.rows(name).get(key)?.title)).toEqual(all.map(() => 'new'));
      for (const sink of [first, second]) sink.stop();
      for (const sink of [first, second]) expect((await sink.ended).exitCode).toBe(0);
    });

    test.concurrent('a topic that is deleted and made again is read from its start', async () => {
      const name = unique('handover_again');
      await admin.make(name, 1);
      const milvus = await milvusFor(name);
      await shared.kafka.produce(
        name,
        Array.from({ length: 20 }, (_, i) => ({ value: message(i) })),
      );
      const sink = startSink(shared.kafka, milvus, name, name, { name });
      await milvus.until(m => m.rows(name).size === 20, 30_000);
      await admin.remove(name);
      await eventually(() => made(name), 'made again');
      await shared.kafka.produce(
        name,
        Array.from({ length: 5 }, (_, i) => ({ value: message(100 + i) })),
      );
      await milvus.until(m => m.rows(name).size === 25, 60_000);
      sink.stop();
      await sink.ended;
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([5]);
    });

    test.concurrent('a member that gets no partition of a topic that comes back does not wait for it for ever', async () => {
      const [kept, deleted] = [unique('handover_kept'), unique('handover_deleted')];
      await admin.make(kept, 2);
      await admin.make(deleted, 1);
      const milvus = await milvusFor(kept);
      const consumer = { 'topic.metadata.refresh.interval.ms': 1000 };
      const options = { name: kept, topics: [kept, deleted], consumer };
      // Two members of one task each, or three in one process.
      const sinks = Array.from({ length: tasks === 1 ? 2 : 1 }, () =>
        startSink(shared.kafka, milvus, kept, kept, options),
      );
      await Promise.all(sinks.map(sink => sink.said('partitions assigned')));
      await admin.remove(deleted);
      await Promise.all(sinks.map(sink => sink.said('waiting for topics')));
      await eventually(() => made(deleted), 'made again');
      await eventually(() => sinks.every(sink => sink.health.ready), 'all are ready', 30_000);
      for (const sink of sinks) sink.stop();
      await Promise.all(sinks.map(sink => sink.ended));
    });
  });

  test.concurrent('a partition that was paused when it went away is read when it comes back', async () => {
    const topic = unique('handover_paused');
    await admin.make(topic, 4);
    await shared.kafka.produce(topic, [
      { partition: 0, value: 'a' },
      { partition: 1, value: 'b' },
      { partition: 2, value: 'c' },
      { partition: 3, value: 'd' },
    ]);
    const join = async () => {
      const owned = new Set<number>();
      const consumer = new KafkaConsumer({
        properties: {
          'bootstrap.servers': shared.kafka.bootstrap,
          'group.id': topic,
          'auto.offset.reset': 'earliest',
          'enable.auto.commit': false,
          'enable.auto.offset.store': false,
          'partition.assignment.strategy': 'cooperative-sticky',
          log_level: 0,
        },
        hooks: {
          assigned: partitions => {
            for (const p of partitions) owned.add(p.partition);
          },
          revoked: async partitions => {
            for (const p of partitions) owned.delete(p.partition);
          },
          error: () => {},
          fatal: () => {},
          failed: error => {
            throw error;
          },
          states: () => {},
        },
        now: () => performance.now(),
        log: createLogger({
          level: 'error',
          format: 'text',
          now: () => new Date(),
          mask: t => t,
          write: () => {},
        }),
        create: officialClient(),
      });
      await consumer.connect();
      consumer.subscribe([topic]);
      const read = new Set<number>();
      const poll = async () => {
        const { batch } = await consumer.poll(100);
        for (const { partition } of batch?.runs ?? []) read.add(partition);
      };
      return { consumer, owned, read, poll };
    };
    const first = await join();
    while (first.owned.size < 4) await first.poll();
    first.consumer.pause();
    const second = await join();
    while (second.read.size < 2 || first.owned.size > 2) await Promise.all([first.poll(), second.poll()]);
    first.consumer.resume();
    await second.consumer.close();
    first.read.clear();
    while (first.owned.size < 4) await first.poll();
    const deadline = performance.now() + 10_000;
    // Nothing is committed: those that came back are read from the start.
    while ([...second.read].some(p => !first.read.has(p)) && performance.now() < deadline) await first.poll();
    expect([...first.read].toSorted()).toEqual(expect.arrayContaining([...second.read].toSorted()));
    await first.consumer.close();
  });

  const members = [
    { 'partition.assignment.strategy': 'cooperative-sticky' },
    { 'partition.assignment.strategy': 'range' },
    { 'group.protocol': 'consumer' },
  ];
  test.concurrent.each(members)(
    'topics.regex: topics made later come in, deleted ones leave, for all members of the group (%p)',
    async protocol => {
      const name = unique('regex');
      const [first, second] = [`${name}-1`, `${name}.22`];
      await admin.make(first, 2);
      await admin.make(`${name}-x`, 1);
      const milvus = await milvusFor(name);
      const sinks = [1, 2].map(() =>
        startSink(shared.kafka, milvus, name, name, {
          name,
          tasksMax: 2,
          topicsRegex: `${name}[\\-.]\\d+`,
          consumer: { 'topic.metadata.refresh.interval.ms': 500, ...protocol },
        }),
      );
      const written = (ids: number[]) => milvus.until(m => ids.every(id => m.rows(name).has(id)), 60_000);
      await shared.kafka.produce(`${name}-x`, [{ value: message(100) }]);
      await shared.kafka.produce(first, [{ value: message(1) }, { partition: 1, value: message(2) }]);
      await written([1, 2]);
      await admin.make(second, 2);
      await shared.kafka.produce(second, [{ value: message(3) }, { partition: 1, value: message(4) }]);
      await written([3, 4]);
      await admin.remove(first);
      await Promise.all(sinks.map(sink => sink.said(`gone=${first}`)));
      await shared.kafka.produce(second, [{ value: message(5) }, { partition: 1, value: message(6) }]);
      await written([5, 6]);
      await eventually(() => sinks.every(sink => sink.health.ready), 'all are ready', 30_000);
      await admin.remove(second);
      await Promise.all(sinks.map(sink => sink.said('no topic matches')));
      await eventually(() => made(second), 'made again');
      await shared.kafka.produce(second, [{ value: message(7) }]);
      await written([7]);
      await eventually(() => sinks.every(sink => sink.health.ready), 'all are ready again', 30_000);
      expect(milvus.rows(name).has(100)).toBe(false);
      for (const sink of sinks) sink.stop();
      for (const sink of sinks) expect((await sink.ended).exitCode).toBe(0);
    },
  );

  for (let n = 1; n <= FAILING_TRIES; n++) {
    test.concurrent(`a bad record ends a sink of three tasks: no partition is committed beyond what is written (try ${n} of ${FAILING_TRIES})`, async () => {
      const name = unique('failing');
      const partitions = [0, 1, 2, 3, 4, 5];
      await admin.make(name, partitions.length);
      const milvus = await milvusFor(name);
      const each = 300;
      const bad = 50 + ((n * 67) % 200);
      await shared.kafka.produce(
        name,
        partitions.flatMap(partition =>
          Array.from({ length: each }, (_, i) =>
            partition === 2 && i === bad
              ? { partition, value: 'a bad record' }
              : { partition, value: message(partition * each + i) },
          ),
        ),
      );
      for (let i = 0; i < 500; i++) milvus.faults.push({ delayMs: (i * 13) % 40, times: 1 });
      const sink = startSink(shared.kafka, milvus, name, name, {
        name,
        tasksMax: 3,
        maxPollRecords: 20,
        batch: { maxRows: 7, maxInFlight: 3 },
      });
      expect((await sink.ended).exitCode).toBe(EXIT.badRecord);
      const committed = await shared.kafka.committed(sink.settings.groupId, name, partitions);
      const rows = new Set([...milvus.rows(name).keys()].map(Number));
      for (const partition of partitions) {
        for (let i = 0; i < (committed[partition] ?? 0); i++)
          expect(rows.has(partition * each + i), `${name}-${partition}@${i} is committed`).toBe(true);
      }
      expect(committed[2] ?? 0).toBeLessThanOrEqual(bad);
    });
  }
});
