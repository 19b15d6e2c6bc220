// Promise 3: a row that Milvus refuses takes no good one down with it, and never vanishes.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { RecordError } from '../../../src/errors.ts';
import { OffsetTracker } from '../../../src/kafka/offsets.ts';
import { Chunk } from '../../../src/record/chunk.ts';
import type { KafkaRecord } from '../../../src/record/record.ts';
import type { Pipeline } from '../../../src/task/pipeline.ts';
import { FakeMilvus, type FakeRow, guideCollection } from '../../support/fake-milvus.ts';
import { openPipeline } from '../../support/open-pipeline.ts';
import { eventually, message, pipelineSettings, pipelineStage, withTasks } from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('refused');
const { fresh } = shared;
const refuseRow = (row: FakeRow) => (row.title === 'bad' ? 'the title is not to my liking' : undefined);
const skipped = 'milvus_sink_records_skipped_total{reason="bad_record"}';

withTasks(startSink => {
  describe('errors.tolerance=all', () => {
    test.concurrent('the refused record alone is skipped, counted and named; a batch of 500 costs few requests more', async () => {
      const { name, milvus } = await fresh({ refuseRow });
      // One batch: the first request is held until all are read.
      milvus.faults.push({ delayMs: 1500 });
      await shared.kafka.produce(
        name,
        Array.from({ length: 501 }, (_, i) => ({ value: message(i, i === 333 ? 'bad' : 'good') })),
      );
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all', logEnable: true },
        batch: { maxRows: 500, maxInFlight: 1 },
      });
      await milvus.until(m => m.rows(name).size === 500);
      await eventually(
        async () => (await shared.kafka.committed(sink.settings.groupId, name, [0]))[0] === 501,
        'committed beyond the bad one',
      );
      expect(milvus.rows(name).has(333)).toBe(false);
      expect(await sink.metric(skipped)).toBe(1);
      expect(sink.lines.filter(l => l.includes('record skipped')).join('')).toMatch(
        /@333: Milvus refuses the row/,
      );
      expect(sink.lines.join('')).toContain('the title is not to my liking');
      const largest = Math.max(...milvus.writes.map(write => write.rows));
      expect(largest).toBeGreaterThan(256);
      expect(milvus.writes.filter(write => write.answer === 'refused').length).toBeLessThanOrEqual(10);
      expect(milvus.writes.length).toBeLessThanOrEqual(25);
      expect(sink.health.ready).toBe(true);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await sink.metric('milvus_sink_buffered_bytes')).toBe(0);
    });

    test.concurrent('a row that alone is larger than Milvus takes is skipped as well', async () => {
      const { name, milvus } = await fresh({ maxMessageBytes: 2000 });
      await shared.kafka.produce(name, [
        { value: message(1) },
        { value: message(2, 't'.repeat(200)) },
        { value: { ...message(3), link: 'l'.repeat(4000), title: 'x' } },
        { value: message(4) },
      ]);
      const wide = guideCollection(name).fields.map(f =>
        f.name === 'link' ? { ...f, maxLength: 60_000 } : f,
      );
      milvus.define({ name, fields: wide });
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all', logEnable: true },
      });
      await milvus.until(m => m.rows(name).size === 3);
      await sink.said('MILVUS_ROW_TOO_LARGE');
      expect([...milvus.rows(name).keys()].sort()).toEqual([1, 2, 4]);
      sink.stop();
      await sink.ended;
    });

    test.concurrent('the newest good value of a key stays when the refused one had replaced it in the batch', async () => {
      const { name, milvus } = await fresh({ refuseRow });
      milvus.faults.push({ delayMs: 1500 });
      const titles = ['first', 'second', 'bad', 'third', 'bad', 'bad'];
      await shared.kafka.produce(name, [
        { value: message(0) },
        ...titles.flatMap(title => [{ value: message(7, title) }, { value: message(8, title) }]),
      ]);
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all' },
        batch: { maxInFlight: 1 },
      });
      await milvus.until(
        m => m.rows(name).get(7)?.title === 'third' && m.rows(name).get(8)?.title === 'third',
      );
      await eventually(
        async () => (await shared.kafka.committed(sink.settings.groupId, name, [0]))[0] === 13,
        'all committed',
      );
      sink.stop();
      await sink.ended;
    });

    test.concurrent('a Milvus that refuses everything ends the sink after errors.max.consecutive records', async () => {
      const { name, milvus } = await fresh({ refuseRow });
      await shared.kafka.produce(
        name,
        Array.from({ length: 200 }, (_, i) => ({ value: message(i, 'bad') })),
      );
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all', maxConsecutive: 20 },
        batch: { maxInFlight: 1 },
      });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.badRecord);
      expect(error?.code).toBe('MILVUS_REFUSES_EVERYTHING');
      expect(error?.message).toContain('20 records in a row');
      expect(error?.message).toContain('not to my liking');
      expect(await sink.metric(skipped)).toBe(20);
      expect((await shared.kafka.committed(sink.settings.groupId, name, [0]))[0] ?? 0).toBeLessThanOrEqual(
        20,
      );
    });
  });

  describe('errors.tolerance=none', () => {
    test.concurrent('the good records before the refused one are written and committed; exit code 2 names it alone', async () => {
      const { name, milvus } = await fresh({ refuseRow });
      milvus.faults.push({ delayMs: 1500 });
      await shared.kafka.produce(
        name,
        Array.from({ length: 100 }, (_, i) => ({ value: message(i, i === 60 ? 'bad' : 'good') })),
      );
      const sink = startSink(shared.kafka, milvus, name, name, { batch: { maxInFlight: 1 } });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.badRecord);
      expect(error).toBeInstanceOf(RecordError);
      expect(error?.message).toContain(`MILVUS_REFUSED_ROW at ${name}-0@60:`);
      expect(error).toHaveProperty('stage', 'TASK_PUT');
      for (let id = 0; id < 60; id++) expect(milvus.rows(name).has(id)).toBe(true);
      expect(milvus.rows(name).has(60)).toBe(false);
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([60]);
    });
  });
});

function take(pipeline: Pipeline, records: KafkaRecord[], tracker: OffsetTracker): void {
  pipeline.take(Chunk.of(records, pipeline.rowPlan.handle), tracker);
}

function kafkaRecord(topic: string, partition: number, offset: number, id: number, title: string) {
  const value = Buffer.from(JSON.stringify(message(id, title)));
  return { topic, partition, offset, key: null, value, size: value.length };
}

describe('what happens while a refused request is looked at', () => {
  let milvus: FakeMilvus;
  beforeAll(async () => {
    milvus = await FakeMilvus.start({ refuseRow });
  });
  afterAll(() => milvus.stop());
  const start = async (name: string) => {
    milvus.define(guideCollection(name));
    const settings = pipelineSettings('', milvus, name, name, {
      errors: { tolerance: 'all', retryDelayMaxMs: 10, maxConsecutive: 0 },
      batch: { maxInFlight: 1 },
    });
    const opened = await openPipeline(settings);
    const tracker = new OffsetTracker();
    for (const partition of [0, 1]) tracker.assign(name, partition);
    // One batch of what comes next: it gathers behind this.
    const before = milvus.writes.length;
    milvus.faults.push({ delayMs: 200 });
    take(opened.pipeline, [kafkaRecord(name, 1, 0, 100, 'first')], tracker);
    await eventually(() => milvus.writes.length === before + 1, 'the first is on its way');
    return { ...opened, tracker, before };
  };

  test('the bad row goes with its partition: the good one beside it is written, not blamed', async () => {
    const name = 'while_leaving';
    const { pipeline, budget, connection, tracker, before } = await start(name);
    milvus.faults.push({ delayMs: 300 });
    take(pipeline, [kafkaRecord(name, 0, 0, 1, 'bad'), kafkaRecord(name, 1, 1, 2, 'good')], tracker);
    await eventually(() => milvus.writes.length === before + 2, 'both are on their way');
    const leaving = tracker.get(name, 0)!;
    tracker.revoke(name, 0);
    expect(await pipeline.release(new Set([leaving]), false)).toBe(true);
    await eventually(() => pipeline.bufferedRows === 0, 'everything is answered for');
    expect([...milvus.rows(name).keys()].sort()).toEqual([100, 2]);
    expect(tracker.get(name, 1)?.committable).toBe(2);
    expect(leaving.committable).toBeUndefined();
    expect(budget.bufferedBytes).toBe(0);
    await connection.close();
  });

  test('the collection becomes another one between two halves: only the bad row is skipped', async () => {
    const name = 'while_halved';
    const { pipeline, budget, connection, tracker } = await start(name);
    const away = { grpc: { code: 14 }, times: 1_000_000, when: (r: { rows: number }) => r.rows === 4 };
    milvus.faults.push(away);
    const records = Array.from({ length: 8 }, (_, i) => kafkaRecord(name, 0, i, i, i === 5 ? 'bad' : 'good'));
    take(pipeline, records, tracker);
    await eventually(
      () => milvus.writes.filter(write => write.rows === 4).length > 2,
      'the first half waits for Milvus',
    );
    const { fields } = guideCollection(name);
    milvus.define({ name, fields: fields.filter(field => field.name !== 'link') });
    milvus.faults.length = 0;
    await eventually(() => pipeline.bufferedRows === 0, 'everything is answered for');
    expect([...milvus.rows(name).keys()].map(Number).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 6, 7, 100,
    ]);
    expect(tracker.get(name, 0)?.committable).toBe(8);
    expect(budget.bufferedBytes).toBe(0);
    await connection.close();
  });
});

describe('whatever is refused and however the server fails', () => {
  let milvus: FakeMilvus;
  beforeAll(async () => {
    milvus = await FakeMilvus.start({ refuseRow });
  });
  afterAll(() => milvus.stop());
  const passing = [
    { grpc: { code: 14 } },
    { drop: true, applied: true },
    { status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true } },
    { grpc: { code: 8, details: 'grpc: received message larger than max (3000 vs. 2000)' } },
  ];
  let runs = 0;

  test('each key ends with its newest good value, each record is done, and nothing stays in the buffer', async () => {
    const history = fc.array(
      fc.record({
        key: fc.integer({ min: 0, max: 12 }),
        bad: fc.boolean(),
        partition: fc.integer({ min: 0, max: 2 }),
      }),
      { minLength: 1, maxLength: 120 },
    );
    const faults = fc.array(
      fc.record({ fault: fc.constantFrom(...passing), at: fc.integer({ min: 0, max: 20 }) }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(
        history,
        faults,
        fc.integer({ min: 1, max: 40 }),
        async (records, failures, maxRows) => {
          const name = `any_${++runs}`;
          milvus.define(guideCollection(name));
          const before = milvus.writes.length;
          milvus.faults.length = 0;
          milvus.faults.push(
            ...failures.map(({ fault, at }) => ({
              ...fault,
              when: (request: { rows: number }) =>
                milvus.writes.length - before >= at &&
                (!('grpc' in fault && fault.grpc.code === 8) || request.rows > 1),
            })),
          );
          const settings = pipelineSettings('', milvus, name, name, {
            errors: { tolerance: 'all', retryDelayMaxMs: 1, maxConsecutive: 0 },
            batch: { maxRows, maxInFlight: 3 },
          });
          const { pipeline, budget, connection, fatal } = await openPipeline(settings);
          const tracker = new OffsetTracker();
          const next = [0, 0, 0];
          for (const partition of next.keys()) tracker.assign(name, partition);
          const expected = new Map<number, string>();
          const kafka = records.map(({ key, bad, partition }, i) => {
            if (!bad) expected.set(key, `v${i}`);
            const value = Buffer.from(JSON.stringify(message(key, bad ? 'bad' : `v${i}`)));
            return {
              topic: name,
              partition,
              offset: next[partition]!++,
              key: null,
              value,
              size: value.length,
            };
          });
          for (let at = 0; at < kafka.length; at += 10) take(pipeline, kafka.slice(at, at + 10), tracker);
          await eventually(() => pipeline.bufferedRows === 0, 'everything is answered for');
          expect(fatal).toEqual([]);
          expect(Object.fromEntries([...milvus.rows(name)].map(([key, row]) => [key, row.title]))).toEqual(
            Object.fromEntries(expected),
          );
          for (const [partition, end] of next.entries())
            if (end > 0) expect(tracker.get(name, partition)?.committable).toBe(end);
          expect([budget.bufferedBytes, budget.requestsInFlight]).toEqual([0, 0]);
          await pipeline.stop('finish', 1000);
          await connection.close();
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
