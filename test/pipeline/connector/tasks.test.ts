// What the tasks of a connector share, and what they add up to: one ceiling of bytes, one of requests, one set of metrics.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import type { FakeMilvus } from '../../support/fake-milvus.ts';
import {
  committedRecords,
  eventually,
  message,
  PARTITIONS,
  pipelineStage,
  type RunningSink,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('tasks');
const { fresh } = shared;
const numbered = (count: number) => Array.from({ length: count }, (_, i) => ({ value: message(i) }));
/** One for each partition: what makes the topic. */
const FIRST = PARTITIONS.map(partition => ({ partition, value: message(100_000 + partition) }));
const holdsAll = (sink: RunningSink) => {
  const held = sink.tasks().map(task => task.partitions.length);
  return held.every(count => count > 0) && held.reduce((sum, count) => sum + count, 0) === PARTITIONS.length;
};
const total = (sink: RunningSink, what: 'bufferedRows' | 'requestsInFlight') =>
  sink.tasks().reduce((sum, task) => sum + task[what], 0);
/** The group is at rest: a rebalance would wait for the requests that these tests hold back. */
async function settled(name: string, milvus: FakeMilvus, sink: RunningSink): Promise<void> {
  await eventually(() => holdsAll(sink), 'each task has partitions', 30_000);
  await milvus.until(m => m.rows(name).size === FIRST.length, 30_000);
}

withTasks((startSink, tasks) => {
  test.concurrent('metrics add up over the tasks exactly, through tombstones, bad records, keys that come again, and faults', async () => {
    const { name, milvus } = await fresh({
      refuseRow: row => (row.title === 'bad' ? 'the title is not to my liking' : undefined),
    });
    const faults = [
      { status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true } },
      { grpc: { code: 14 } },
      { drop: true },
      { drop: true, applied: true },
      { http: 503 },
      { grpc: { code: 8, details: 'grpc: received message larger than max (3000 vs. 2000)' } },
    ];
    milvus.faults.push(
      ...faults.map((fault, i) => ({
        ...fault,
        when: (request: { rows: number }) => request.rows > 1 && milvus.writes.length % 5 === i % 5,
      })),
    );
    const records = Array.from({ length: 6000 }, (_, i) => {
      // Each key is in one partition, and comes twice in a row.
      const key = (i >> 1) % 400;
      const partition = key % PARTITIONS.length;
      if (i % 17 === 0) return { partition, key: String(key), value: null };
      if (i % 31 === 0) return { partition, value: 'no json' };
      return { partition, value: message(key, i % 101 === 0 ? 'bad' : `v${i}`) };
    });
    await shared.kafka.produce(name, records.slice(0, 1500));
    const sink = startSink(shared.kafka, milvus, name, name, {
      errors: { tolerance: 'all', maxConsecutive: 0 },
      batch: { maxRows: 30, maxInFlight: 3 },
      milvus: { requestTimeoutMs: 2000 },
    });
    await eventually(() => holdsAll(sink), 'each task has partitions', 30_000);
    for (let i = 1500; i < records.length; i += 1500)
      await shared.kafka.produce(name, records.slice(i, i + 1500));
    await eventually(
      async () => (await committedRecords(shared.kafka, sink, name)) === records.length,
      'all committed',
      30_000,
    );
    const metric = async (metricName: string) => (await sink.metric(`milvus_sink_${metricName}`))!;
    const read = await metric(`records_read_total{topic="${name}"}`);
    const written = await metric('rows_written_total{operation="upsert"}');
    const superseded = await metric('rows_superseded_total');
    const tombstones = await metric('records_skipped_total{reason="tombstone"}');
    const bad = await metric('records_skipped_total{reason="bad_record"}');
    expect(milvus.faults).toEqual([]);
    expect(read).toBe(records.length);
    expect(await metric(`read_bytes_total{topic="${name}"}`)).toBe(
      records.reduce((sum, { value }) => sum + bytesOf(value), 0),
    );
    expect(tombstones).toBe(records.filter(({ value }) => value === null).length);
    // Those that Milvus would refuse are fewer than that when a later record of their key took their place.
    const notJson = records.filter(({ value }) => value === 'no json').length;
    expect(bad).toBeGreaterThanOrEqual(notJson);
    expect(superseded).toBeGreaterThan(0);
    expect(written + superseded + tombstones + bad).toBe(read);
    expect(await metric('batch_rows_sum')).toBe(written);
    expect(await metric('end_to_end_seconds_count')).toBe(written + superseded);
    expect(await metric('rebalances_total{kind="assigned"}')).toBeGreaterThanOrEqual(tasks);
    for (const partition of PARTITIONS) {
      const labels = `{topic="${name}",partition="${partition}"}`;
      expect(await metric(`committed_offset${labels}`)).toBe(
        records.filter(record => record.partition === partition).length,
      );
      await eventually(async () => (await metric(`lag_records${labels}`)) === 0, 'no lag');
    }
    for (const nothing of ['buffered_rows', 'buffered_bytes', 'in_flight_requests'])
      expect([nothing, await metric(nothing)]).toEqual([nothing, 0]);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });

  test.concurrent('buffer.max.bytes is one ceiling over all tasks', async () => {
    const { name, milvus } = await fresh();
    await shared.kafka.produce(name, FIRST);
    const bufferMaxBytes = 300_000;
    const maxPollRecords = 20;
    const sink = startSink(shared.kafka, milvus, name, name, {
      batch: { bufferMaxBytes, maxRows: 5000 },
      maxPollRecords,
      milvus: { requestTimeoutMs: 1000 },
    });
    await settled(name, milvus, sink);
    milvus.faults.push({ hang: true, times: 1_000_000 });
    const records = spread(numbered(4000));
    // Two quick tasks could fill it before the third has anything.
    await shared.kafka.produce(name, records.slice(0, 40));
    await eventually(() => sink.tasks().every(task => task.bufferedRows > 0), 'each task has some');
    await shared.kafka.produce(name, records.slice(40));
    for (let task = 0; task < tasks; task++) await sink.said(`paused until there is room task=${task}`);
    const bytes = (await sink.metric('milvus_sink_buffered_bytes'))!;
    expect(bytes).toBeGreaterThanOrEqual(bufferMaxBytes);
    // A poll of each task, begun before it was full, may go over it: records of about 600 bytes as buffered.
    expect(bytes).toBeLessThan(bufferMaxBytes + tasks * maxPollRecords * 700);
    expect(await sink.metric('milvus_sink_buffered_rows')).toBe(total(sink, 'bufferedRows'));
    for (const task of sink.tasks()) expect(task.bufferedRows).toBeGreaterThan(0);
    sink.stop();
    await sink.ended;
  });

  test.concurrent('max.in.flight is one limit over all tasks, and a task that waits for a request is woken when it is there', async () => {
    const { name, milvus } = await fresh();
    await shared.kafka.produce(name, FIRST);
    const sink = startSink(shared.kafka, milvus, name, name, { batch: { maxInFlight: 1 } });
    await settled(name, milvus, sink);
    const gate = Promise.withResolvers<void>();
    milvus.faults.push({ after: gate.promise });
    const before = milvus.writes.length;
    await shared.kafka.produce(name, spread(numbered(40)));
    await eventually(() => total(sink, 'bufferedRows') === 40, 'all are read');
    // One has the request. Nothing more comes that would make the others look again.
    expect(milvus.writes).toHaveLength(before + 1);
    expect(total(sink, 'requestsInFlight')).toBe(1);
    expect(await sink.metric('milvus_sink_in_flight_requests')).toBe(1);
    for (const task of sink.tasks()) expect(task.bufferedRows).toBeGreaterThan(0);
    gate.resolve();
    await milvus.until(m => m.rows(name).size === 40 + FIRST.length);
    await eventually(
      async () => (await committedRecords(shared.kafka, sink, name)) === 40 + FIRST.length,
      'all partitions are committed',
    );
    expect(await sink.metric('milvus_sink_in_flight_requests')).toBe(0);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });
});

function bytesOf(value: unknown): number {
  if (value === null) return 0;
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}
