// Memory is bounded by what is kept, whatever a record drags along: headers and keys as much as values.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { Client } from '../../scripts/stack/client.ts';
import { type Sink, startSink, until } from '../../scripts/stack/sink.ts';
import { sharedKafka } from '../../scripts/stack/stack.ts';
import { guideRecord, missing, unique } from '../support/e2e.ts';
import { FakeMilvus, type Fault, guideCollection } from '../support/fake-milvus.ts';
import { MockKafka } from '../support/mock-kafka.ts';

setDefaultTimeout(120_000);

/** Far behind: the queue of the Kafka client fills. */
const SLOW = { 'batch.max.rows': '20', 'max.in.flight': '1' };
const RECORDS = 3000;
const BULK = 'b'.repeat(200_000);
/**
 * A sink that waits idly for Milvus has about 100 MB; of the records, which have 600 MB, the Kafka client may hold a
 * thousand (queued.min.messages), 200 MB.
 */
const BOUND_MB = 450;

describe.skipIf(missing !== undefined)('memory stays within bounds, with a real Kafka', () => {
  let kafka: MockKafka;
  let client: Client;
  const open: { stop(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    kafka = await MockKafka.at((await sharedKafka()).address);
    client = await Client.start();
  });
  afterAll(async () => {
    for (const one of open.reverse()) await one.stop();
    await kafka.stop();
    await client.close();
  });

  test.each(['headers', 'key'] as const)(
    '3,000 records with 200 kB each in the %s, and a Milvus that hangs',
    async what => {
      const { sink, milvus } = await start(what, { hang: true, times: 1_000_000 });
      await milvus.until(m => m.writes.length > 0, 30_000);
      // A record is kept whole until it is written, and counted whole: reading stops at the ceiling.
      await until('a pause', 60, () => sink.log.includes('partitions are paused'), sink);
      const before = await read(sink);
      expect(before).toBeLessThan(RECORDS);
      expect(peakMb(sink)).toBeLessThan(BOUND_MB);
      for (const line of sink.log.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    },
  );

  test('3,000 records with large headers, and a Milvus that is slower than Kafka', async () => {
    const { sink } = await start('headers', { delayMs: 50, times: 1_000_000 }, SLOW);
    await until('500 records read', 60, async () => (await read(sink)) >= 500, sink);
    expect(peakMb(sink)).toBeLessThan(BOUND_MB);
  });

  async function start(what: 'headers' | 'key', fault: Fault, connector: Record<string, string> = {}) {
    const topic = unique(`memory_${what}`);
    const milvus = await FakeMilvus.start({ collections: [guideCollection(topic)] });
    milvus.faults.push(fault);
    open.push(milvus);
    await client.topic(kafka.bootstrap, topic);
    for (let id = 0; id < RECORDS; id += 100) {
      const messages = Array.from({ length: 100 }, (_, i) => ({
        value: guideRecord(id + i),
        ...(what === 'key' ? { key: `"${BULK}"` } : { headers: { trace: BULK } }),
      }));
      await kafka.produce(topic, messages);
    }
    const sink = await startSink({
      bootstrap: kafka.bootstrap,
      endpoint: `http://${milvus.address}`,
      collection: topic,
      topics: topic,
      connector,
      args: ['--log-format', 'json'],
    });
    open.push(sink);
    return { sink, milvus };
  }
});

const read = (sink: Sink) => sink.metric('milvus_sink_records_read_total');

/** Most that was resident since its start. */
function peakMb(sink: Sink): number {
  const status = readFileSync(`/proc/${sink.pid}/status`, 'utf8');
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)![1]) / 1024;
}
