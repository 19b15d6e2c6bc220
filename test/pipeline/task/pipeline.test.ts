// One task's pipeline beside others that share its budget, without a Kafka: what it waits for ends with what it holds.

import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createKeyConverter, createValueConverter } from '../../../src/decode/registry.ts';
import { Budget } from '../../../src/deliver/budget.ts';
import { OffsetTracker } from '../../../src/kafka/offsets.ts';
import { FieldNotes } from '../../../src/map/field-notes.ts';
import { connectMilvus } from '../../../src/milvus/client/connection.ts';
import type { TaskEvents } from '../../../src/observe/events.ts';
import { Health } from '../../../src/observe/health.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { Profile } from '../../../src/observe/profile.ts';
import { WaitBoard } from '../../../src/observe/waits.ts';
import { PolledBatch } from '../../../src/record/polled-batch.ts';
import { Garbage } from '../../../src/task/garbage.ts';
import { Pipeline } from '../../../src/task/pipeline.ts';
import { FakeMilvus, guideCollection } from '../../support/fake-milvus.ts';
import { eventually, message, pipelineSettings } from '../../support/pipeline.ts';

const NO_LIMIT = { tolerance: 'none', maxConsecutive: 0 } as const;

setDefaultTimeout(30_000);
const COLLECTION = 'alone';
const milvus = await FakeMilvus.start({ collections: [guideCollection(COLLECTION)] });
afterAll(() => milvus.stop());

const EVENTS: TaskEvents = {
  polled: () => {},
  skipped: () => {},
  fieldsDropped: () => {},
  written: () => {},
  superseded: () => {},
  retried: () => {},
  endToEnd: () => {},
  rebalanced: () => {},
};

test('a wait for Milvus ends with the partitions of the rows that waited, also when none of them is in a batch', async () => {
  const log = createLogger({
    level: 'info',
    format: 'text',
    now: () => new Date(),
    mask: t => t,
    write: () => {},
  });
  const now = () => performance.now();
  const settings = pipelineSettings('unused:1', milvus, 'topic', COLLECTION);
  const health = new Health();
  const waits = new WaitBoard(log, health, now).waits();
  const budget = new Budget({ maxBytes: 1 << 20, maxRequests: 1, errors: NO_LIMIT, now });
  const connection = await connectMilvus(settings.milvus, { log });
  const pipeline = new Pipeline({
    settings,
    connection,
    schema: await connection.describe(),
    valueConverter: createValueConverter(settings.valueConverter),
    keyConverter: createKeyConverter(settings.keyConverter),
    budget,
    fieldNotes: new FieldNotes(log),
    events: EVENTS,
    waits,
    log,
    profile: new Profile(false, now),
    now,
    wallClock: () => Date.now(),
    random: Math.random,
    garbage: new Garbage({ collect: () => {}, now }),
    onFatal: error => {
      throw error;
    },
  });
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
  await pipeline.take(new PolledBatch(records as never), tracker);
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
  await connection.close();
});
