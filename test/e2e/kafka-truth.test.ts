// What librdkafka's callbacks do not tell, with a real Kafka: a member that is fenced, an offset that is lost, a commit
// that nobody stored, records that are none.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { startSink as startExecutable } from '../../scripts/stack/sink.ts';
import { lacks, sharedKafka, startKafka } from '../../scripts/stack/stack.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { loadKafka } from '../../src/kafka/load.ts';
import { unique } from '../support/e2e.ts';
import type { FakeMilvus } from '../support/fake-milvus.ts';
import { done, KafkaAdmin } from '../support/kafka-admin.ts';
import { MockKafka } from '../support/mock-kafka.ts';

import { eventually, message, pipelineStage, startSink } from '../support/pipeline.ts';

setDefaultTimeout(180_000);

describe.skipIf(lacks.kafka !== undefined)("the Kafka client's truth", () => {
  const shared = pipelineStage('truth', async () => MockKafka.at((await sharedKafka()).address));
  const { milvusFor } = shared;
  let admin: KafkaAdmin;
  beforeAll(() => {
    admin = new KafkaAdmin(shared.kafka.bootstrap);
  });
  afterAll(() => admin?.close());
  const numbered = (from: number, to: number, partition = 0) =>
    Array.from({ length: to - from }, (_, i) => ({ partition, value: message(from + i) }));

  /** Records without end, until it is told to stop. */
  function load(topic: string, partitions: number): () => Promise<void> {
    let on = true;
    const producing = (async () => {
      for (let id = 0; on; id += 200) {
        await shared.kafka.produce(
          topic,
          Array.from({ length: 200 }, (_, i) => ({ partition: i % partitions, value: message(id + i) })),
        );
        await Bun.sleep(20);
      }
    })();
    return () => {
      on = false;
      return producing;
    };
  }

  const TRIES = Number(process.env.TRIES ?? 3);
  for (let n = 1; n <= TRIES; n++) {
    const tasks = n % 2 === 1 ? 1 : 3;
    test(`a second copy with the same group.instance.id ends the first with exit code 4 and the reason (tasks.max=${tasks}, try ${n} of ${TRIES})`, async () => {
      const name = unique('fenced');
      await admin.make(name, 4);
      const [old, next] = await Promise.all([milvusFor(name), milvusFor(name)]);
      const start = (milvus: FakeMilvus) =>
        startExecutable({
          bootstrap: shared.kafka.bootstrap,
          endpoint: `http://${milvus.address}`,
          collection: name,
          topics: name,
          name,
          connector: { 'consumer.override.group.instance.id': name, 'tasks.max': String(tasks) },
        });
      const stopLoad = load(name, 4);
      const first = await start(old);
      await old.until(m => m.rows(name).size > 500, 60_000);
      const second = await start(next);
      await next.until(m => m.rows(name).size > 0, 60_000);
      // It learns of it by its next heartbeat (3 s) or commit.
      expect(await first.ends(20)).toBe(EXIT.kafkaRefused);
      expect(first.log).toContain(
        'KAFKA_FENCED at ' +
          shared.kafka.bootstrap +
          ': fenced by another member with the same group.instance.id',
      );
      const written = old.requests.length;
      const rows = next.rows(name).size;
      await next.until(m => m.rows(name).size > rows + 1000, 60_000);
      expect(old.requests.length).toBe(written);
      await stopLoad();
      expect(await second.stop()).toBe(0);
    });
  }

  test.concurrent('auto.offset.reset=none and a lost offset end the sink with exit code 4, beside a busy partition', async () => {
    const name = unique('lost');
    await admin.make(name, 2);
    const milvus = await milvusFor(name);
    await shared.kafka.produce(name, [...numbered(0, 5, 0), ...numbered(100, 105, 1)]);
    const first = startSink(shared.kafka, milvus, name, name, { name });
    await milvus.until(m => m.rows(name).size === 10, 30_000);
    first.stop();
    await first.ended;
    await shared.kafka.produce(name, numbered(5, 60, 0));
    await admin.shorten(name, 0, 50);
    let id = 1000;
    let busy = true;
    const producing = (async () => {
      for (; busy; id += 500) await shared.kafka.produce(name, numbered(id, id + 500, 1));
    })();
    await eventually(() => id > 5000, 'a backlog');
    const sink = startSink(shared.kafka, milvus, name, name, {
      name,
      consumer: { 'auto.offset.reset': 'error' },
    });
    const { exitCode, error } = await sink.ended;
    busy = false;
    await producing;
    expect(error?.message).toContain('KAFKA_NO_OFFSET');
    expect(exitCode).toBe(EXIT.kafkaRefused);
    expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([5]);
  });

  test.concurrent('auto.offset.reset=none without any offset ends the sink with exit code 4', async () => {
    const name = unique('no_offset');
    await admin.make(name, 1);
    const milvus = await milvusFor(name);
    const sink = startSink(shared.kafka, milvus, name, name, {
      name,
      consumer: { 'auto.offset.reset': 'error' },
    });
    const { exitCode, error } = await sink.ended;
    expect(error?.message).toContain('KAFKA_NO_OFFSET');
    expect(exitCode).toBe(EXIT.kafkaRefused);
  });

  test.concurrent('an idle partition, one that ends in a marker, and one that ends in aborted records are no silence; their lag is 0', async () => {
    const name = unique('transactional');
    await admin.make(name, 3);
    const milvus = await milvusFor(name);
    await shared.kafka.produce(name, numbered(10, 11, 0));
    await transaction(shared.kafka.bootstrap, name, 1, 'commit', [message(1), message(2)]);
    await transaction(shared.kafka.bootstrap, name, 2, 'commit', [message(3)]);
    await transaction(shared.kafka.bootstrap, name, 2, 'abort', [message(4), message(5)]);
    const consumer = { 'isolation.level': 'read_committed', 'statistics.interval.ms': 500 };
    const first = startSink(shared.kafka, milvus, name, name, { name, consumer });
    await milvus.until(m => m.rows(name).size === 4, 30_000);
    const noLag = (sink: typeof first) =>
      eventually(
        async () => {
          const lags = [0, 1, 2].map(p =>
            sink.metric(`milvus_sink_lag_records{topic="${name}",partition="${p}"}`),
          );
          return (await Promise.all(lags)).every(lag => lag === 0);
        },
        'no lag',
        20_000,
      );
    await noLag(first);
    first.stop();
    await first.ended;

    // The same once more, from the committed offsets: nothing is read, and nothing is amiss.
    let reports = 0;
    const again = startSink(
      shared.kafka,
      milvus,
      name,
      name,
      { name, consumer: { ...consumer, 'auto.offset.reset': 'error' } },
      client => void client.on('event.stats', () => reports++),
    );
    await again.said('partitions assigned');
    await noLag(again);
    const before = reports;
    await eventually(() => reports >= before + 8, 'several looks at what is not read', 20_000);
    expect(again.health.ready).toBe(true);
    again.stop();
    expect(await again.ended).toEqual({ exitCode: EXIT.stopped });
  });

  test.concurrent('an offset reset is told, with the partition and both offsets', async () => {
    const name = unique('reset');
    await admin.make(name, 1);
    const milvus = await milvusFor(name);
    await shared.kafka.produce(name, numbered(0, 5));
    const options = { name, consumer: { log_level: 6 } };
    const first = startSink(shared.kafka, milvus, name, name, options);
    await milvus.until(m => m.rows(name).size === 5, 30_000);
    first.stop();
    await first.ended;
    await shared.kafka.produce(name, numbered(5, 60));
    await admin.shorten(name, 0, 50);
    const sink = startSink(shared.kafka, milvus, name, name, options);
    await milvus.until(m => m.rows(name).size === 15, 30_000);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    const line = sink.lines.find(l => l.includes('offset reset'));
    expect(line).toContain('WARN');
    expect(line).toContain(`offset reset of ${name}-0: from 5 to the beginning`);
    expect(sink.lines.join('')).toContain(`${name}-0 holds offsets 50 to 59 now`);
  });

  test.concurrent('one topic of a pattern is deleted: rows flow on, and the sink is ready', async () => {
    const prefix = unique('pattern');
    const [kept, deleted] = [`${prefix}.kept`, `${prefix}.deleted`];
    await Promise.all([admin.make(kept, 1), admin.make(deleted, 1)]);
    const milvus = await milvusFor(prefix);
    await shared.kafka.produce(kept, numbered(0, 5));
    await shared.kafka.produce(deleted, numbered(10, 15));
    const sink = startSink(shared.kafka, milvus, prefix, prefix, {
      name: prefix,
      topics: undefined,
      topicsRegex: `${prefix}\\..*`,
      consumer: { 'topic.metadata.refresh.interval.ms': 500 },
    } as never);
    await milvus.until(m => m.rows(prefix).size === 10, 30_000);
    await admin.remove(deleted);
    await eventually(
      () => sink.lines.some(l => /partitions (revoked|lost)/.test(l) && l.includes(deleted)),
      'its partition leaves',
      60_000,
    );
    await shared.kafka.produce(kept, numbered(5, 8));
    await milvus.until(m => m.rows(prefix).size === 13, 30_000);
    await eventually(() => sink.health.ready, 'ready');
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });

  test.each([1, 3])(
    'Kafka goes away before a commit, tasks.max=%d: committed_offset does not move, and SIGTERM ends with exit code 4 and the offsets',
    async tasks => {
      const name = unique('uncommitted');
      const own = await startKafka();
      const milvus = await milvusFor(name);
      const producer = await MockKafka.at(own.address);
      await producer.produce(name, numbered(0, 1));
      const sink = await startExecutable({
        bootstrap: own.address,
        endpoint: `http://${milvus.address}`,
        collection: name,
        topics: name,
        name,
        worker: { 'offset.flush.timeout.ms': '1500' },
        connector: { 'tasks.max': String(tasks) },
      });
      const committed = () => sink.metric('milvus_sink_committed_offset');
      await eventually(async () => (await committed()) === 1, 'the first is committed', 30_000);
      // Acknowledged only after Kafka has gone.
      milvus.faults.push({ delayMs: 8000, times: 1 });
      await producer.produce(name, numbered(1, 51));
      await milvus.until(m => m.faults.length === 0, 30_000);
      await producer.stop();
      await own.stop();
      await milvus.until(m => m.rows(name).size === 51, 60_000);
      await eventually(async () => (await sink.metric('milvus_sink_buffered_rows')) === 0, 'acknowledged');
      expect(await sink.stop()).toBe(EXIT.kafkaRefused);
      expect(await committed()).toBe(0); // nobody answers any more
      expect(sink.log).toContain('KAFKA_NOT_COMMITTED');
      expect(sink.log).toContain(`not committed: ${name}-0 up to 51`);
    },
  );
});

/** Records of one transaction, in one partition. */
async function transaction(
  bootstrap: string,
  topic: string,
  partition: number,
  end: 'commit' | 'abort',
  values: object[],
): Promise<void> {
  const { Producer } = loadKafka();
  const producer = new Producer({
    'bootstrap.servers': bootstrap,
    'transactional.id': unique('transaction'),
    dr_cb: true,
    log_level: 0,
  } as never);
  await new Promise<void>(resolve => {
    producer.on('ready', () => resolve());
    producer.connect();
  });
  producer.setPollInterval(20);
  await done(cb => producer.initTransactions(30_000, cb as never));
  await done(cb => producer.beginTransaction(cb as never));
  for (const value of values) producer.produce(topic, partition, Buffer.from(JSON.stringify(value)), null);
  await done(cb => producer.flush(30_000, cb as never));
  await done(cb =>
    end === 'commit'
      ? producer.commitTransaction(30_000, cb as never)
      : producer.abortTransaction(30_000, cb as never),
  );
  await new Promise<void>(resolve => producer.disconnect(() => resolve()));
}
