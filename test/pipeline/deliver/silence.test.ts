// A Milvus that says nothing is noticed, told and left behind in seconds, long before the longest deadline.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { eventually, message, pipelineStage, withTasks } from '../../support/pipeline.ts';

setDefaultTimeout(30_000);
const stage = pipelineStage('silence');
const HOUR_MS = 3_600_000;

withTasks(startSink => {
  test.concurrent('an upsert that gets no answer is sent again after a deadline that follows the usual', async () => {
    const { name, milvus } = await stage.fresh();
    const sink = startSink(stage.kafka, milvus, name, name, {
      milvus: { requestTimeoutMs: HOUR_MS, requestTimeoutMinMs: 1000 },
    });
    await stage.kafka.produce(name, [{ value: message(1) }]);
    await milvus.until(m => m.rows(name).size === 1);
    milvus.faults.push({ hang: true, times: 2 });
    await stage.kafka.produce(name, [{ value: message(2) }]);
    await milvus.until(m => m.rows(name).size === 2, 20_000);
    expect(milvus.writes.map(write => [write.keys, write.cancelled])).toEqual([
      [[1], undefined],
      [[2], true],
      [[2], true],
      [[2], undefined],
    ]);
    await eventually(() => sink.health.ready, 'ready');
    expect(sink.lines.join('')).toMatch(/waiting for Milvus: has not answered for \d+ s/);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });

  test.concurrent('readiness tells of a silent Milvus while its request still has time, until it answers', async () => {
    const { name, milvus } = await stage.fresh();
    const sink = startSink(stage.kafka, milvus, name, name, {
      insertMode: 'insert',
      milvus: { requestTimeoutMs: HOUR_MS, requestTimeoutMinMs: 1000 },
    });
    await stage.kafka.produce(name, [{ value: message(1) }]);
    await milvus.until(m => m.rows(name).size === 1);
    await eventually(() => sink.health.ready, 'ready');
    const gate = Promise.withResolvers<void>();
    milvus.faults.push({ after: gate.promise });
    await stage.kafka.produce(name, [{ value: message(2) }]);
    await eventually(() => !sink.health.ready, 'no longer ready');
    expect(sink.health.snapshot().milvus).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^waiting for Milvus: has not answered for \d+ s$/),
    });
    gate.resolve();
    await eventually(() => sink.health.ready, 'ready again');
    // An insert is not cut off: it went out once.
    expect(milvus.writes.map(write => write.keys)).toEqual([[1], [2]]);
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  });
});
