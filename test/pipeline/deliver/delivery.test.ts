// Promises 1 and 2: nothing is lost, offsets follow acknowledgements, a key's records keep their order.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import {
  committedRecords,
  eventually,
  message,
  PARTITIONS,
  pipelineStage,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

// The mock's group coordinator takes three seconds for a first member: the tests of a file wait for it together.
setDefaultTimeout(60_000);
const shared = pipelineStage('delivery');
const { fresh } = shared;

withTasks((startSink, tasks) => {
  describe('delivery', () => {
    test.concurrent("the guide's message becomes the row, and its offset is committed", async () => {
      const { name, milvus } = await fresh();
      const vector = [
        0.041732933, 0.013779674, -0.027564144, -0.013061441, 0.009748648, 0.00082446384, -0.00071647146,
        0.048612226,
      ];
      await shared.kafka.produce(name, [
        {
          value: {
            id: 0,
            title: 'The Reported Mortality Rate',
            title_vector: vector,
            link: 'https://medium.com/x',
          },
        },
      ]);
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 1);
      expect(milvus.rows(name).get(0)).toEqual({
        id: 0,
        title: 'The Reported Mortality Rate',
        title_vector: vector.map(Math.fround),
        link: 'https://medium.com/x',
      });
      await eventually(
        async () => (await sink.metric(`milvus_sink_committed_offset{topic="${name}",partition="0"}`)) === 1,
        'committed',
      );
      expect(sink.health.ready).toBe(true);
      sink.stop();
      expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([1]);
    });

    test.concurrent('Int64 keys and values beyond 2^53 arrive to the last digit', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [
        { value: `{"id":9007199254740993,"title":"a","title_vector":[1,2,3,4,5,6,7,8],"link":""}` },
        { value: `{"id":-9223372036854775808,"title":"b","title_vector":[1,2,3,4,5,6,7,8],"link":""}` },
      ]);
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 2);
      expect([...milvus.rows(name).keys()]).toEqual([9007199254740993n, -9223372036854775808n]);
      sink.stop();
      await sink.ended;
    });

    test.concurrent('20,000 records of 50 keys through every kind of passing failure: each key ends with its last value', async () => {
      const { name, milvus } = await fresh();
      const count = 20_000;
      const messages = Array.from({ length: count }, (_, i) => ({
        key: String(i % 50),
        partition: (i % 50) % PARTITIONS.length,
        value: message(i % 50, `v${i}`),
      }));
      const passing = [
        { status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true } },
        { status: { code: 1, error_code: 1, reason: 'service not ready', retriable: true } },
        { status: { code: 3, error_code: 1, reason: 'memory limit exceeded' } },
        { grpc: { code: 14 } },
        { grpc: { code: 4 } },
        { drop: true },
        { drop: true, applied: true },
        { http: 503 },
        { reset: 7 },
        { delayMs: 30 },
      ].filter(fault => fault.status?.code !== 3);
      milvus.faults.push(
        ...passing.map((fault, i) => ({ ...fault, when: () => (milvus.writes.length + i) % 3 === 0 })),
      );
      const sink = startSink(shared.kafka, milvus, name, name, { batch: { maxRows: 40, maxInFlight: 3 } });
      for (let i = 0; i < count; i += 2000) await shared.kafka.produce(name, messages.slice(i, i + 2000));
      const last = (key: number) => `v${count - 50 + key}`;
      await milvus.until(
        m =>
          Array.from({ length: 50 }, (_, k) => m.rows(name).get(k)?.title).every(
            (title, k) => title === last(k),
          ),
        30_000,
      );
      await eventually(
        async () => (await committedRecords(shared.kafka, sink, name)) === count,
        'all committed',
      );
      expect(milvus.faults).toEqual([]);
      expect(sink.lines.join('')).toContain('waiting for Milvus');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await sink.metric('milvus_sink_buffered_rows')).toBe(0);
      expect(await sink.metric('milvus_sink_buffered_bytes')).toBe(0);
    }, 60_000);

    test.concurrent('an offset is not committed before Milvus acknowledged every record up to it', async () => {
      const { name, milvus } = await fresh();
      milvus.faults.push({ hang: true, times: 1 });
      await shared.kafka.produce(name, spread([1, 2, 3, 4].map(id => ({ value: message(id) }))));
      // One request at a time: with several tasks one is not answered, and the others wait for theirs.
      const sink = startSink(shared.kafka, milvus, name, name, {
        batch: { maxInFlight: 1 },
        milvus: { requestTimeoutMs: 1500 },
        offsetFlushTimeoutMs: 300,
      });
      await milvus.until(m => m.faults.length === 0);
      sink.stop();
      const { exitCode, error } = await sink.ended;
      // Not everything in flight is written and committed: that is no success, though nothing is lost.
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.message).toContain('did not finish in time');
      expect(milvus.rows(name).size).toBe(0);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(0);
    });

    test.concurrent('stop finishes and commits what is in flight', async () => {
      const { name, milvus } = await fresh();
      milvus.faults.push({ delayMs: 500, times: 1 });
      await shared.kafka.produce(name, spread([1, 2, 3, 4].map(id => ({ value: message(id) }))));
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.faults.length === 0);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      // What waits for its turn is not begun any more.
      expect(milvus.rows(name).size).toBeGreaterThanOrEqual(1);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(milvus.rows(name).size);
    });

    test.concurrent('each task reads and writes partitions of its own, and together they have all', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(
        name,
        spread(Array.from({ length: 400 }, (_, i) => ({ value: message(i) }))),
      );
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 400, 30_000);
      const held = () => sink.tasks().map(task => task.partitions.map(({ partition }) => partition));
      await eventually(() => held().flat().length === PARTITIONS.length, 'all are assigned', 30_000);
      expect(held()).toHaveLength(tasks);
      for (const partitions of held()) expect(partitions).not.toBeEmpty();
      expect(held().flat().toSorted()).toEqual(PARTITIONS);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await shared.kafka.committed(sink.settings.groupId, name, PARTITIONS)).toEqual([
        100, 100, 100, 100,
      ]);
    });
  });
});
