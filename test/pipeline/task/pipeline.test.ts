// One task's pipeline beside others that share its budget, without a Kafka: what it waits for ends with what it holds.

import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { OffsetTracker } from '../../../src/kafka/offsets.ts';
import { Chunk } from '../../../src/record/chunk.ts';
import { FakeMilvus, guideCollection } from '../../support/fake-milvus.ts';
import { openPipeline } from '../../support/open-pipeline.ts';
import { eventually, message, pipelineSettings } from '../../support/pipeline.ts';

setDefaultTimeout(30_000);
const COLLECTION = 'alone';
const milvus = await FakeMilvus.start({ collections: [guideCollection(COLLECTION)] });
afterAll(() => milvus.stop());

test('a wait for Milvus ends with the partitions of the rows that waited, also when none of them is in a batch', async () => {
  const settings = pipelineSettings('unused:1', milvus, 'topic', COLLECTION, {
    batch: { bufferMaxBytes: 1 << 20, maxInFlight: 1 },
  });
  const { pipeline, budget, connection, health, waits, fatal } = await openPipeline(settings);
  const tooLarge = Promise.withResolvers<void>();
  milvus.faults.push(
    { grpc: { code: 14 } },
    {
      after: tooLarge.promise,
      grpc: { code: 8, details: 'grpc: received message larger than max (3000 vs. 2000)' },
    },
  );
  const tracker = new OffsetTracker();
  tracker.assign('topic', 0);
  const records = [0, 1].map(offset => {
    const value = Buffer.from(JSON.stringify(message(offset)));
    return { topic: 'topic', partition: 0, offset, key: null, value, size: value.length, timestamp: 1 };
  });
  await pipeline.take(Chunk.of(records, pipeline.rowPlan.handle), tracker);
  await eventually(() => milvus.faults.length === 0, 'the second try is out');
  expect(waits.waitingFor('Milvus')).toBe(true);
  // Another task has the only request when the batch falls apart.
  budget.requestTaken();
  tooLarge.resolve();
  await eventually(() => pipeline.requestsInFlight === 0, 'the batch is divided');
  expect(pipeline.bufferedRows).toBe(2);
  await pipeline.release(new Set([tracker.get('topic', 0)!]), false);
  expect([pipeline.bufferedRows, budget.bufferedBytes, budget.requestsInFlight]).toEqual([0, 0, 1]);
  await eventually(() => !waits.waitingFor('Milvus'), 'the wait is over', 3000);
  expect(health.get('milvus').ok).toBe(true);
  await pipeline.stop('finish', 0);
  expect(fatal).toEqual([]);
  await connection.close();
});
