// Promises 3 and 4: bad records, refusals, outages and full buffers.

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import { guideCollection } from '../../support/fake-milvus.ts';
import {
  committedRecords,
  eventually,
  message,
  pipelineStage,
  spread,
  withTasks,
} from '../../support/pipeline.ts';

// The mock's group coordinator takes three seconds for a first member: the tests of a file wait for it together.
setDefaultTimeout(60_000);
const shared = pipelineStage('failure');
const { fresh } = shared;

withTasks((startSink, tasks) => {
  describe('bad records', () => {
    test.concurrent.each([
      ['not JSON', '{"id":1,', 'VALUE_CONVERTER'],
      ['a wrong dimension', { ...message(1), title_vector: [1, 2, 3] }, 'TASK_PUT'],
      ['a missing field', { id: 1, title: 'x' }, 'TASK_PUT'],
    ])(
      'errors.tolerance=none: %s ends the sink with exit code 2; what came before is written and committed',
      async (_, bad, stage) => {
        const { name, milvus } = await fresh();
        await shared.kafka.produce(name, [
          { value: message(1) },
          { value: message(2) },
          { value: bad },
          { value: message(3) },
        ]);
        // Two dozen sinks at once: the mock's coordinator takes its time, and a group of three joins more than once.
        const sink = startSink(shared.kafka, milvus, name, name, { offsetFlushTimeoutMs: 20_000 });
        const { exitCode, error } = await sink.ended;
        expect(exitCode).toBe(EXIT.badRecord);
        expect(error?.message).toContain(`${name}-0@2`);
        expect(error).toHaveProperty('stage', stage);
        expect([...milvus.rows(name).keys()]).toEqual([1, 2]);
        expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([2]);
      },
    );

    test.concurrent('errors.tolerance=all: skipped, counted, and logged where the user wants it', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(
        name,
        spread([{ value: message(1) }, { value: 'no json' }, { value: { id: 'x' } }, { value: message(4) }]),
      );
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all', logEnable: true },
      });
      await milvus.until(m => m.rows(name).size === 2);
      await eventually(
        async () => (await committedRecords(shared.kafka, sink, name)) === 4,
        'committed beyond the bad ones',
      );
      expect(await sink.metric('milvus_sink_records_skipped_total{reason="bad_record"}')).toBe(2);
      const skipped = sink.lines.filter(l => l.includes('record skipped'));
      expect(skipped.map(l => /-\d@\d/.exec(l)?.[0]).toSorted()).toEqual(['-1@0', '-2@0']);
      expect(sink.lines.join('')).not.toContain('no json');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });

    test.concurrent('errors.log.include.messages names the record as Connect does, without its content', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ key: 'k1', value: 'no json' }]);
      const sink = startSink(shared.kafka, milvus, name, name, {
        errors: { tolerance: 'all', logEnable: true, logIncludeMessages: true },
      });
      await sink.said(`topic=${name} partition=0 offset=0 timestamp=1`);
      expect(sink.lines.join('')).not.toContain('no json');
      sink.stop();
      await sink.ended;
    });

    test.concurrent('an envelope that is read without schemas ends with the key that reads it', async () => {
      const { name, milvus } = await fresh();
      const schema = { type: 'struct', fields: [{ field: 'id', type: 'int64' }] };
      await shared.kafka.produce(name, [{ value: { schema, payload: message(1) } }]);
      const sink = startSink(shared.kafka, milvus, name, name);
      const { error, exitCode } = await sink.ended;
      expect(exitCode).toBe(EXIT.badRecord);
      expect(error).toMatchObject({ code: 'ROW_FIELD_MISSING' });
      expect(error?.message).toContain('set value.converter.schemas.enable=true');
    });

    test.concurrent('a tombstone is skipped and counted', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, spread([{ key: '1', value: null }, { value: message(2) }]));
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 1);
      await eventually(
        async () => (await sink.metric('milvus_sink_records_skipped_total{reason="tombstone"}')) === 1,
        'counted',
      );
      sink.stop();
      await sink.ended;
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0, 1])).toEqual([1, 1]);
    });

    test.concurrent('fields that the collection lacks are dropped, counted, and said once', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [
        { value: { ...message(1), extra: 1 } },
        { value: { ...message(2), extra: 2 } },
      ]);
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 2);
      expect(await sink.metric('milvus_sink_fields_dropped_total')).toBe(2);
      expect(sink.lines.filter(l => l.includes('"extra"') || l.includes('\\"extra\\"'))).toHaveLength(1);
      sink.stop();
      await sink.ended;
    });
  });

  describe('Milvus refuses', () => {
    test.concurrent('a record for its content: exit code 2, the record named, nothing of it committed', async () => {
      const { name, milvus } = await fresh();
      milvus.faults.push({
        status: {
          code: 1100,
          error_code: 5,
          reason: 'the row is not to my liking',
          extra_info: { is_input_error: 'true' },
        },
      });
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name);
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.badRecord);
      expect(error?.message).toContain(`${name}-0@0:`);
      expect(error?.message).toContain('not to my liking');
      expect(await shared.kafka.committed(sink.settings.groupId, name, [0])).toEqual([undefined]);
    });

    test.concurrent('a request as too large: it is halved until it fits', async () => {
      const { name, milvus: small } = await fresh({ maxMessageBytes: 2000 });
      await shared.kafka.produce(
        name,
        spread(Array.from({ length: 300 }, (_, i) => ({ value: message(i, 't'.repeat(200)) }))),
      );
      const sink = startSink(shared.kafka, small, name, name);
      await small.until(m => m.rows(name).size === 300);
      expect(sink.lines.join('')).toContain('batches become smaller');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(300);
    });

    test.concurrent('the token: exit code 3, and the token is in no line', async () => {
      const { name, milvus: locked } = await fresh({ token: 'root:right' });
      const sink = startSink(shared.kafka, locked, name, name, { milvus: { token: 'root:wrong-secret' } });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.details.fix).toContain('token');
      expect(error?.message + sink.lines.join('')).not.toContain('wrong-secret');
    });

    test.concurrent('a collection that is not there: exit code 3 and its name', async () => {
      const { name, milvus } = await fresh();
      const sink = startSink(shared.kafka, milvus, name, 'no_such_collection');
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.milvusRefused);
      expect(error?.message).toContain('no_such_collection');
    });

    test.concurrent('a collection that is dropped while the sink runs: exit code 3, nothing committed that is not written', async () => {
      const { name, milvus } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 1);
      milvus.drop(name);
      await shared.kafka.produce(name, spread([2, 3, 4, 5].map(id => ({ value: message(id) }))));
      expect((await sink.ended).exitCode).toBe(EXIT.milvusRefused);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(1);
    });
  });

  describe('waiting', () => {
    test.concurrent('Milvus not there at the start: alive, not ready, said; and on with it when it comes', async () => {
      const { name, milvus: late } = await fresh();
      await late.pause();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, late, name, name);
      await sink.said('waiting for Milvus');
      expect(sink.health.ready).toBe(false);
      expect(sink.health.get('milvus').detail).toStartWith(`waiting for Milvus: ${late.address}: `);
      expect(sink.health.get('milvus').detail).not.toContain('Milvus at');
      await late.resume();
      await late.until(m => m.rows(name).size === 1);
      expect(sink.health.ready).toBe(true);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });

    test.concurrent('Milvus away for a while: retried, not ready, and everything arrives', async () => {
      const { name, milvus: shaky } = await fresh();
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, shaky, name, name);
      await shaky.until(m => m.rows(name).size === 1);
      await shaky.pause();
      await shared.kafka.produce(
        name,
        spread(Array.from({ length: 1000 }, (_, i) => ({ value: message(i) }))),
      );
      await sink.said('waiting for Milvus');
      expect(sink.health.ready).toBe(false);
      await shaky.resume();
      await shaky.until(m => m.rows(name).size === 1000);
      await eventually(() => sink.health.ready, 'ready again');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(1001);
    });

    test.concurrent('a positive errors.retry.timeout ends the waiting with exit code 3', async () => {
      const { name, milvus } = await fresh();
      milvus.faults.push({
        status: { code: 8, error_code: 49, reason: 'rate limit exceeded', retriable: true },
        times: 1000,
      });
      await shared.kafka.produce(name, [{ value: message(1) }]);
      const sink = startSink(shared.kafka, milvus, name, name, { errors: { retryTimeoutMs: 300 } });
      expect((await sink.ended).exitCode).toBe(EXIT.milvusRefused);
      milvus.faults.length = 0;
    });

    test.concurrent('the buffer has a ceiling: while Milvus hangs the partitions are paused, and reading goes on afterwards', async () => {
      const { name, milvus: slow } = await fresh();
      slow.faults.push({ hang: true, times: 1000 });
      const value = { ...message(0), link: 'l'.repeat(400) };
      const bufferMaxBytes = 200_000;
      for (let i = 0; i < 5; i++)
        await shared.kafka.produce(
          name,
          spread(Array.from({ length: 1000 }, (_, k) => ({ value: { ...value, id: i * 1000 + k } }))),
        );
      const sink = startSink(shared.kafka, slow, name, name, {
        batch: { bufferMaxBytes, maxRows: 5000 },
        milvus: { requestTimeoutMs: 2000 },
      });
      await sink.said('partitions are paused');
      const buffered = (await sink.metric('milvus_sink_buffered_bytes'))!;
      // A poll of each task may go over the ceiling, of several tasks a smaller one: 500 records of about 1.2 kB as buffered.
      expect(buffered).toBeGreaterThan(0);
      expect(buffered).toBeLessThan(bufferMaxBytes + 500 * 1500);
      slow.faults.length = 0;
      await slow.until(m => m.rows(name).size === 5000, 20_000);
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
      expect(await committedRecords(shared.kafka, sink, name)).toBe(5000);
    }, 30_000);
  });

  describe('the collection', () => {
    test.concurrent('changes: the schema is read again and waiting rows are mapped by the new one', async () => {
      const { name, milvus: evolving } = await fresh();
      evolving.define({ ...guideCollection(name), schemaTimestamp: 1n });
      await shared.kafka.produce(name, [{ value: { ...message(1), lang: 'en' } }]);
      const sink = startSink(shared.kafka, evolving, name, name);
      await evolving.until(m => m.rows(name).size === 1);
      expect(evolving.rows(name).get(1)).not.toHaveProperty('lang');
      const fields = [
        ...guideCollection(name).fields,
        { name: 'lang', type: DataType.VarChar, maxLength: 8, nullable: true },
      ];
      evolving.define({ name, fields, schemaTimestamp: 2n });
      await shared.kafka.produce(name, [{ partition: 1, value: { ...message(2), lang: 'de' } }]);
      await evolving.until(m => m.rows(name).size === 2);
      expect(evolving.rows(name).get(2)).toHaveProperty('lang', 'de');
      sink.stop();
      expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    });

    test.concurrent('gives its keys itself (autoID): rows are inserted, said once', async () => {
      const { name, milvus } = await fresh();
      milvus.define({
        ...guideCollection(name),
        fields: guideCollection(name).fields.map(f => (f.name === 'id' ? { ...f, autoId: true } : f)),
      });
      await shared.kafka.produce(name, [
        { value: { title: 'x', title_vector: [1, 2, 3, 4, 5, 6, 7, 8], link: '' } },
      ]);
      const sink = startSink(shared.kafka, milvus, name, name);
      await milvus.until(m => m.rows(name).size === 1);
      expect(milvus.writes.at(-1)?.method).toBe('Insert');
      // Each task maps by itself, and says so.
      expect(sink.lines.filter(l => l.includes('autoID'))).toHaveLength(tasks);
      sink.stop();
      await sink.ended;
    });

    test.concurrent('gives its keys itself, and the user asked for upsert: refused at the start', async () => {
      const { name, milvus } = await fresh();
      milvus.define({
        ...guideCollection(name),
        fields: guideCollection(name).fields.map(f => (f.name === 'id' ? { ...f, autoId: true } : f)),
      });
      const sink = startSink(shared.kafka, milvus, name, name, { insertModeExplicit: true });
      const { exitCode, error } = await sink.ended;
      expect(exitCode).toBe(EXIT.configuration);
      expect(error?.message).toContain('insert.mode');
    });
  });
});
