// Promise 5, where Milvus is slow: nothing is given to the next owner while an old request may still be written.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { eventually, pipelineStage, startSink } from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('stop');
const { fresh } = shared;
const message = (id: number) => ({ id, title: 'x', title_vector: [1, 2, 3, 4, 5, 6, 7, 8], link: 'l' });

test.concurrent('a stop waits for a request in flight longer than offset.flush.timeout.ms, and commits what it wrote', async () => {
  const { name, milvus } = await fresh();
  milvus.faults.push({ delayMs: 2000 });
  await shared.kafka.produce(name, [{ value: message(1) }]);
  const sink = startSink(shared.kafka, milvus, name, name, { offsetFlushTimeoutMs: 300 });
  await milvus.until(m => m.faults.length === 0);
  sink.stop();
  expect((await sink.ended).exitCode).toBe(EXIT.stopped);
  expect(milvus.writes[0]?.answer).toBe('message');
  expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([1]);
  expect(sink.lines.join('')).not.toContain('did not finish');
});

test.concurrent('a stop does not outlast the deadline of a request that is never answered, and says so', async () => {
  const { name, milvus } = await fresh();
  milvus.faults.push({ hang: true });
  await shared.kafka.produce(name, [{ value: message(1) }]);
  const sink = startSink(shared.kafka, milvus, name, name, { milvus: { requestTimeoutMs: 1000 } });
  await milvus.until(m => m.faults.length === 0);
  sink.stop();
  const { exitCode, error } = await sink.ended;
  expect(exitCode).toBe(EXIT.milvusRefused);
  expect(error?.message).toContain('MILVUS_UNANSWERED');
  expect(milvus.writes).toHaveLength(1);
  expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([undefined]);
});

test.concurrent('max.poll.interval.ms bounds a request: its answer is known before the group goes on without us', async () => {
  const { name, milvus } = await fresh();
  milvus.faults.push({ hang: true });
  await shared.kafka.produce(name, [{ value: message(1) }]);
  const sink = startSink(shared.kafka, milvus, name, name, {
    milvus: { requestTimeoutMs: 600_000 },
    consumer: { 'max.poll.interval.ms': 7000, 'session.timeout.ms': 6000 },
  });
  await milvus.until(m => m.rows(name).size === 1, 20_000);
  expect(milvus.writes[1]!.at - milvus.writes[0]!.at).toBeGreaterThan(3000);
  await eventually(() => sink.health.ready, 'ready again');
  sink.stop();
  expect((await sink.ended).exitCode).toBe(EXIT.stopped);
});
