// What waits for Milvus is counted, and nothing is kept that nobody will read.

import { expect, setDefaultTimeout, test } from 'bun:test';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { DataType } from '../../../src/milvus/wire/data-type.ts';
import { guideCollection } from '../../support/fake-milvus.ts';
import { eventually, message, pipelineStage, spread, withTasks } from '../../support/pipeline.ts';

setDefaultTimeout(30_000);
const stage = pipelineStage('memory');
// The mock broker keeps 5 MB of a partition.
const BULK = 'b'.repeat(50_000);

withTasks((startSink, tasks) => {
  test.concurrent('waiting records are whole, keys and headers included, and what they keep is counted', async () => {
    const { name, milvus } = await stage.fresh();
    milvus.faults.push({ hang: true, times: 1_000_000 });
    const records = 30;
    await stage.kafka.produce(
      name,
      spread(
        Array.from({ length: records }, (_, i) => ({
          key: BULK,
          headers: { trace: BULK },
          value: message(i),
        })),
      ),
    );
    const sink = startSink(stage.kafka, milvus, name, name, { offsetFlushTimeoutMs: 300 });
    await eventually(
      async () => (await sink.metric('milvus_sink_buffered_rows')) === records,
      'all records wait',
    );
    const bytes = (await sink.metric('milvus_sink_buffered_bytes'))!;
    // Values of some 80 bytes and their rows, with what a row costs beside its bytes.
    expect(bytes).toBeGreaterThan(records * (2 * BULK.length + 200));
    expect(bytes).toBeLessThan(records * (2 * BULK.length + 800));
    sink.stop();
    await sink.ended;
  });

  test.concurrent('a ceiling of small rows counts what each costs beside its bytes', async () => {
    const { name, milvus } = await stage.fresh();
    milvus.faults.push({ hang: true, times: 1_000_000 });
    const records = 4000;
    await stage.kafka.produce(
      name,
      spread(Array.from({ length: records }, (_, i) => ({ value: message(i) }))),
    );
    const bufferMaxBytes = 500_000;
    const sink = startSink(stage.kafka, milvus, name, name, {
      batch: { bufferMaxBytes, maxRows: 5000 },
      offsetFlushTimeoutMs: 300,
    });
    await sink.said('partitions are paused');
    const rows = (await sink.metric('milvus_sink_buffered_rows'))!;
    // A poll of 500 of each task may go over it; by values and encoded rows alone it would be thousands.
    expect(rows).toBeLessThan(bufferMaxBytes / 250 + 500 * tasks);
    sink.stop();
    await sink.ended;
  });

  test.concurrent('a row is made again after a change of the collection, its key converted once more', async () => {
    const { name, milvus } = await stage.fresh();
    milvus.define({ ...guideCollection(name), schemaTimestamp: 1n });
    const sink = startSink(stage.kafka, milvus, name, name, {
      keyConverter: {
        javaClass: 'org.apache.kafka.connect.json.JsonConverter',
        options: { 'schemas.enable': true },
      },
    });
    const key = JSON.stringify({ schema: { type: 'string' }, payload: 'k' });
    await stage.kafka.produce(name, [{ key, value: { ...message(1), lang: 'en' } }]);
    await milvus.until(m => m.rows(name).size === 1);
    const lang = { name: 'lang', type: DataType.VarChar, maxLength: 8, nullable: true };
    milvus.define({ name, fields: [...guideCollection(name).fields, lang], schemaTimestamp: 2n });
    await stage.kafka.produce(name, [{ key, value: { ...message(2), lang: 'de' } }]);
    await milvus.until(m => m.rows(name).size === 2);
    expect(milvus.rows(name).get(2)).toHaveProperty('lang', 'de');
    await sink.atRest();
    sink.stop();
    expect((await sink.ended).exitCode).toBe(EXIT.stopped);
    expect(await sink.metric('milvus_sink_buffered_bytes')).toBe(0);
  });
});
