// A connector that ends before both sides have answered: where others go on in its process, nothing of it stays.

import { expect, setDefaultTimeout, test } from 'bun:test';
import type { RdConsumer } from '../../../src/kafka/rdkafka.ts';
import { eventually, pipelineStage, withTasks } from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('start');

withTasks((startSink, tasks) => {
  test.concurrent('clients that still look for Kafka when Milvus refuses are closed', async () => {
    const { name, milvus } = await shared.fresh();
    const clients: RdConsumer[] = [];
    const nowhere = { 'bootstrap.servers': '127.0.0.1:1' };
    const sink = startSink(shared.kafka, milvus, name, 'absent', { consumer: nowhere }, client => {
      clients.push(client);
    });
    expect((await sink.ended).error?.code).toBe('MILVUS_COLLECTION_MISSING');
    expect(clients).toHaveLength(tasks);
    await eventually(() => clients.every(client => !client.isConnected()), 'all are closed');
  });

  test.concurrent('a connection that Milvus takes after the end is closed', async () => {
    const { name, milvus } = await shared.fresh();
    const answer = Promise.withResolvers<void>();
    milvus.faults.push({ method: 'Connect', after: answer.promise, delayMs: 1 });
    const sink = startSink(shared.kafka, milvus, name, name);
    await eventually(() => milvus.faults.length === 0, 'Milvus is asked');
    sink.stop();
    expect((await sink.ended).error).toBeUndefined();
    answer.resolve();
    await eventually(() => milvus.requests.some(r => r.method === 'Connect' && r.answer), 'Milvus answers');
    await eventually(() => milvus.connections === 0, 'nothing is open');
  });
});
