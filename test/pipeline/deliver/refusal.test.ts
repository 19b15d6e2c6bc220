// A running sink that Milvus suddenly refuses: what may pass is waited for, loudly; what lasts ends it.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { type FakeField, guideCollection } from '../../support/fake-milvus.ts';
import {
  committedRecords,
  eventually,
  message,
  PARTITIONS,
  pipelineStage,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const shared = pipelineStage('refusal');
const { fresh } = shared;
const patient = { milvus: { refusedTimeoutMs: 60_000 } };
const autoId = (name: string, on: boolean) => ({
  name,
  fields: guideCollection(name).fields.map(f => (f.name === 'id' ? { ...f, autoId: on } : f)),
});

withTasks(startSink => {
  describe('a running sink', () => {
    test.concurrent.each([
      ['gRPC', { grpc: { code: 16, details: 'auth check failure, please check api key is correct' } }],
      ['Milvus', { status: { code: 1400, error_code: 1, reason: 'auth check failure' } }],
      ['a proxy', { http: 401 }],
    ])(
      'outlives a "not authenticated" of %s that passes, not ready meanwhile, and loses nothing',
      async (_, fault) => {
        const { name, milvus } = await fresh();
        await shared.kafka.produce(name, [{ value: message(1) }]);
        const sink = startSink(shared.kafka, milvus, name, name, patient);
        await milvus.until(m => m.rows(name).size === 1);
        milvus.faults.push({ ...fault, times: 2 });
        await shared.kafka.produce(name, spread([2, 3, 4, 5].map(id => ({ value: message(id) }))));
        await sink.said('waiting for Milvus');
        expect(sink.health.ready).toBe(false);
        expect(sink.health.get('milvus').detail).toContain('ends the sink when it lasts 60 s');
        await milvus.until(m => m.rows(name).size === 5);
        await eventually(() => sink.health.ready, 'ready again');
        sink.stop();
        expect((await sink.ended).exitCode).toBe(EXIT.stopped);
        expect(await committedRecords(shared.kafka, sink, name)).toBe(5);
      },
    );

    test.concurrent('is ended by a "not authenticated" that lasts: exit code 3, nothing committed that is not written', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, { milvus: { refusedTimeoutMs: 1500 } });
      await milvus.until(m => m.rows(name).size === 1);
      milvus.faults.push({ grpc: { code: 16, details: 'auth check failure' }, times: 1000 });
      await shared.kafka.produce(name, spread([2, 3, 4, 5].map(id => ({ value: message(id) }))));
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.code).toBe('MILVUS_AUTH');
      expect(await committedRecords(shared.kafka, sink, name)).toBe(1);
    });

    test.concurrent('outlives a "permission deny" that passes after a write was accepted, of whichever task', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, patient);
      await milvus.until(m => m.rows(name).size === 1);
      milvus.faults.push({ status: { code: 1401, error_code: 3, reason: 'permission deny' }, times: 2 });
      // Of several tasks, others have these than had the first.
      await shared.kafka.produce(
        name,
        PARTITIONS.slice(1).map(partition => ({ partition, value: message(1 + partition) })),
      );
      await milvus.until(m => m.rows(name).size === 4);
      await eventually(() => sink.health.ready, 'ready again');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(4);
    });

    test.concurrent('that may not write is told at once: no write was accepted before', async () => {
      const { name, milvus } = await fresh();
      milvus.faults.push({ status: { code: 1401, error_code: 3, reason: 'permission deny' }, times: 1000 });
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, patient);
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.details.fix).toContain('Grant');
      expect(milvus.writes).toHaveLength(1);
    });
  });

  describe('a collection that is dropped', () => {
    test.concurrent('and made again goes on, by its new schema', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, patient);
      await milvus.until(m => m.rows(name).size === 1);
      milvus.drop(name);
      await shared.kafka.produce(name, spread([2, 3, 4, 5].map(id => ({ value: message(id) }))));
      await sink.said("can't find collection");
      expect(sink.health.ready).toBe(false);
      const { fields } = guideCollection(name);
      milvus.define({ name, fields: fields.toReversed() });
      await milvus.until(m => m.rows(name).size === 4);
      for (const [id, row] of milvus.rows(name)) expect(row).toEqual(message(Number(id)));
      await eventually(() => sink.health.ready, 'ready again');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(5);
    });

    test.concurrent('for good ends the sink with the names of those that are there', async () => {
      const { name, milvus } = await fresh({ collections: [guideCollection('another')] });
      milvus.define(guideCollection(name));
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, { milvus: { refusedTimeoutMs: 1200 } });
      await milvus.until(m => m.rows(name).size === 1);
      milvus.drop(name);
      await shared.kafka.produce(name, [{ value: message(2) }]);
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.code).toBe('MILVUS_COLLECTION_MISSING');
      expect(error?.details.found).toBe('collections another');
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([1]);
    });

    test.concurrent('and comes back with autoID is inserted into, and upserted into when it comes back without', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, patient);
      await milvus.until(m => m.rows(name).size === 1);
      milvus.drop(name);
      await shared.kafka.produce(name, [{ value: message(2) }]);
      await sink.said("can't find collection");
      milvus.define(autoId(name, true));
      await milvus.until(m => m.rows(name).size === 1);
      expect(milvus.writes.at(-1)?.method).toBe('Insert');
      // The task that has the partition found out; the others write nothing.
      expect(sink.lines.filter(l => l.includes('gives its keys itself'))).toHaveLength(1);
      milvus.drop(name);
      await shared.kafka.produce(name, [{ value: message(3) }]);
      await eventually(() => !sink.health.ready, 'it waits again');
      milvus.define(autoId(name, false));
      await milvus.until(m => m.rows(name).has(3));
      expect(milvus.writes.at(-1)?.method).toBe('Upsert');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });

    test.concurrent('and comes back with autoID, although the user asked for upsert, ends the sink as at its start', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, { ...patient, insertModeExplicit: true });
      await milvus.until(m => m.rows(name).size === 1);
      milvus.drop(name);
      await shared.kafka.produce(name, [{ value: message(2) }]);
      await sink.said("can't find collection");
      milvus.define(autoId(name, true));
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.configuration);
      expect(error?.code).toBe('INSERT_MODE_AUTOID');
      expect(milvus.rows(name).size).toBe(0);
    });
  });

  describe('a schema that changes', () => {
    test.concurrent('while a request is too large: no value lands in another field', async () => {
      const { name, milvus } = await fresh({ latencyMs: 20 });
      const { fields } = guideCollection(name);
      milvus.define({ name, fields, schemaTimestamp: 1n });
      const value = (id: number) => ({ ...message(id), title: `title ${id}`, link: `link ${id}` });
      const produce = (from: number, to: number) =>
        shared.kafka.produce(
          name,
          spread(Array.from({ length: to - from }, (_, i) => ({ value: value(from + i) }))),
        );
      await produce(0, 400);
      const sink = startSink(shared.kafka, milvus, name, name, { batch: { maxRows: 10 } });
      await milvus.until(m => m.rows(name).size === 400);
      expect(sink.lines.join('')).not.toContain('has changed');
      await eventually(
        async () => ((await sink.metric('milvus_sink_in_flight_limit_requests')) ?? 0) >= 2,
        'two requests may be in flight',
      );
      // One is out, made by the old schema, while another one learns of the new one; then it is called too large.
      milvus.faults.push(
        {
          delayMs: 1000,
          grpc: { code: 8, details: 'grpc: received message larger than max (9 vs. 8)' },
          when: request => request.rows > 1,
        },
        { delayMs: 300, status: { code: 109, error_code: 62, reason: 'collection schema mismatch' } },
      );
      const writes = milvus.writes.length;
      await produce(400, 600);
      await eventually(() => milvus.writes.length >= writes + 2, 'two are out');
      const [id, title, vector, link] = fields as [FakeField, FakeField, FakeField, FakeField];
      milvus.define({ name, fields: [id, link, vector, title], schemaTimestamp: 2n });
      await milvus.until(m => m.rows(name).size === 600);
      expect(sink.lines.join('')).toContain('batches become smaller');
      expect(sink.lines.join('')).toContain('has changed');
      for (const [id, row] of milvus.rows(name)) expect(row).toEqual(value(Number(id)));
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });

    test.concurrent('unseen by an old server, which refuses rows for their content: read again before a row is blamed', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, { errors: { tolerance: 'all' } });
      await milvus.until(m => m.rows(name).size === 1);
      const { fields } = guideCollection(name);
      milvus.define({ name, fields: fields.filter(field => field.name !== 'link') });
      await shared.kafka.produce(name, spread([2, 3, 4, 5].map(id => ({ value: message(id) }))));
      await milvus.until(m => m.rows(name).size === 5);
      for (const id of [2, 3, 4, 5]) expect(milvus.rows(name).get(id)).not.toHaveProperty('link');
      expect(await sink.metric('milvus_sink_records_skipped_total{reason="bad_record"}')).toBe(0);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });
  });
});
