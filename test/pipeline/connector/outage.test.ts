// Promise 4: no wait outlives its cause, and what cannot pass by waiting ends the sink.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { guideCollection } from '../../support/fake-milvus.ts';
import {
  committedRecords,
  eventually,
  message,
  pipelineStage,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('outage');
const { fresh } = shared;
const rateLimited = { status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true } };

withTasks(startSink => {
  test.concurrent('a batch that is split after an outage ends the wait with its parts', async () => {
    const { name, milvus } = await fresh();
    const when = (request: { rows: number }) => request.rows > 1;
    const tooLarge = { code: 8, details: 'grpc: received message larger than max (3000 vs. 2000)' };
    milvus.faults.push({ ...rateLimited, when }, { grpc: tooLarge, when });
    await shared.kafka.produce(
      name,
      spread(Array.from({ length: 50 }, (_, i) => ({ value: message(i, 't'.repeat(200)) }))),
    );
    const sink = startSink(shared.kafka, milvus, name, name, { batch: { maxInFlight: 1 } });
    await milvus.until(m => m.rows(name).size === 50);
    expect(sink.lines.join('')).toContain('batches become smaller');
    await eventually(() => sink.health.ready, 'ready');
    sink.stop();
    await sink.ended;
  });

  test.concurrent('a stop while Milvus is away does not wait for a try that will not be made', async () => {
    const { name, milvus } = await fresh();
    milvus.faults.push({ ...rateLimited, times: 1_000_000 });
    await shared.kafka.produce(name, spread([1, 2, 3, 4].map(id => ({ value: message(id) }))));
    const sink = startSink(shared.kafka, milvus, name, name, {
      errors: { retryDelayMaxMs: 60_000 },
      offsetFlushTimeoutMs: 500,
    });
    await eventually(() => milvus.writes.length > 5, 'the pauses have grown', 20_000);
    sink.stop();
    expect(await sink.ended).toEqual({ exitCode: EXIT.stopped });
    expect(sink.lines.join('')).not.toContain('did not finish in time');
  });

  test.concurrent('properties that librdkafka does not take end the sink', async () => {
    const { name, milvus } = await fresh();
    const unknown = startSink(shared.kafka, milvus, name, name, { consumer: { 'no.such.property': 'x' } });
    expect((await unknown.ended).error?.message).toContain('no.such.property');
    expect((await unknown.ended).exitCode).toBe(EXIT.configuration);
  });

  test.concurrent('a record that a changed schema makes bad does not take the one that it replaced with it', async () => {
    const { name, milvus } = await fresh();
    const { fields } = guideCollection(name);
    milvus.define({ name, fields, schemaTimestamp: 1n });
    milvus.faults.push({ delayMs: 1500 }, { delayMs: 500 });
    // While the first is on its way, two of one key gather: they go out as one row, the second.
    await shared.kafka.produce(name, [{ value: message(1) }]);
    const sink = startSink(shared.kafka, milvus, name, name, {
      errors: { tolerance: 'all' },
      batch: { maxInFlight: 1 },
    });
    await eventually(() => milvus.faults.length === 1, 'the first is on its way');
    await shared.kafka.produce(name, [{ value: message(2, 'short') }, { value: message(2, 'much longer') }]);
    await eventually(() => milvus.writes.length === 2, 'they are on their way');
    expect(milvus.writes[1]?.rows).toBe(1);
    const narrow = fields.map(field => (field.name === 'title' ? { ...field, maxLength: 5 } : field));
    milvus.define({ name, fields: narrow, schemaTimestamp: 2n });
    await milvus.until(m => m.rows(name).size === 2);
    expect(milvus.rows(name).get(2)).toHaveProperty('title', 'short');
    await eventually(async () => (await committedRecords(shared.kafka, sink, name)) === 3, 'all committed');
    sink.stop();
    await sink.ended;
    expect(await sink.metric('milvus_sink_buffered_rows')).toBe(0);
    expect(await sink.metric('milvus_sink_buffered_bytes')).toBe(0);
  });
});
