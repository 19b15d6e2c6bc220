// Whatever is not there yet, or goes away, is waited for: the sink stays alive, says so, and goes on by itself.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { startSink, until } from '../../scripts/stack/sink.ts';
import { freePort, startKafka, startMilvus } from '../../scripts/stack/stack.ts';
import { guideRecord, MILVUS_LITE, missing, type Stage, stage, unique } from '../support/e2e.ts';

// Servers take seconds to start, and bun's default for a test or a hook is five.
setDefaultTimeout(120_000);

describe.skipIf(missing !== undefined)('waiting, with a real Kafka and milvus-lite 3.2.2', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_LITE);
  });

  test('a topic that is not there yet is waited for, said, and read when it is made', async () => {
    const topic = unique('later');
    await s.client.create(s.at, topic);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: topic, topics: topic },
      worker: {
        'consumer.topic.metadata.refresh.interval.ms': '1000',
        'consumer.metadata.max.age.ms': '1000',
      },
    });
    await sink.logged(new RegExp(`${topic}.*(not exist|not there|missing|wait)|(wait).*${topic}`, 'i'));
    expect((await sink.get('/livez'))?.status).toBe(200);
    expect((await sink.get('/readyz'))?.status).toBe(503);
    await s.client.topic(s.bootstrap, topic);
    await s.client.produce(s.bootstrap, topic, [{ value: guideRecord(1) }]);
    expect(await s.client.count(s.at, topic, 1, 60)).toBe(1);
    await sink.ready();
    expect(await sink.stop()).toBe(0);
  });

  test('Milvus not there at start, and going away later, is waited for; nothing is lost', async () => {
    const topic = unique('milvus_away');
    await s.client.topic(s.bootstrap, topic);
    await s.client.produce(s.bootstrap, topic, numbered(0, 50));
    const milvus = await startMilvus('lite3');
    const at = { uri: `http://${milvus.address}` };
    await s.client.create(at, topic);
    await s.client.forget(at);
    await milvus.stop();

    const sink = await startSink({
      bootstrap: s.bootstrap,
      endpoint: at.uri,
      collection: topic,
      topics: topic,
    });
    await until('a live, unready sink', 30, async () => (await sink.get('/readyz'))?.status === 503, sink);
    expect((await sink.get('/livez'))?.status).toBe(200);
    await milvus.start();
    await sink.ready(200, 60);
    expect(await count(at, topic, 50)).toBe(50);

    await s.client.forget(at);
    await milvus.stop();
    await s.client.produce(s.bootstrap, topic, numbered(50, 100));
    await sink.ready(503, 60);
    expect((await sink.get('/livez'))?.status).toBe(200);
    expect((await s.client.committed(s.bootstrap, sink.group, topic))[0]).toBeLessThanOrEqual(50);
    await milvus.start();
    expect(await count(at, topic, 100)).toBe(100);
    await sink.ready(200, 60);
    expect(await sink.stop()).toBe(0);
    expect(await s.client.committed(s.bootstrap, sink.group, topic)).toEqual([100]);
    await s.client.forget(at);
    await milvus.stop();
  });

  test.each([1, 3])(
    'Kafka not there at start, and going away later, is waited for, tasks.max=%d; nothing is lost',
    async tasks => {
      const topic = unique('kafka_away');
      await s.client.create(s.at, topic);
      const kafka = await startKafka();
      await s.client.topic(kafka.address, topic);
      await kafka.stop();

      const sink = await startSink({
        bootstrap: kafka.address,
        endpoint: s.at.uri,
        collection: topic,
        topics: topic,
        connector: { 'tasks.max': String(tasks) },
      });
      await until('a live, unready sink', 30, async () => (await sink.get('/readyz'))?.status === 503, sink);
      await kafka.start();
      await s.client.produce(kafka.address, topic, numbered(0, 50));
      expect(await count(s.at, topic, 50)).toBe(50);
      await sink.ready(200, 60);

      await kafka.stop();
      await sink.ready(503, 60);
      expect((await sink.get('/livez'))?.status).toBe(200);
      await kafka.start();
      await s.client.produce(kafka.address, topic, numbered(50, 100));
      expect(await count(s.at, topic, 100)).toBe(100);
      await sink.ready(200, 60);
      expect(await sink.stop()).toBe(0);
      expect(await s.client.committed(kafka.address, sink.group, topic)).toEqual([100]);
      await kafka.stop();
    },
  );

  test.each([1, 3])('neither is there, tasks.max=%d: SIGTERM still ends it with 0', async tasks => {
    const nobody = await freePort();
    const sink = await startSink({
      bootstrap: `localhost:${nobody}`,
      endpoint: `http://localhost:${nobody}`,
      collection: 'nothing',
      topics: 'nothing',
      connector: { 'tasks.max': String(tasks) },
    });
    await until('a live sink', 30, async () => (await sink.get('/livez'))?.status === 200, sink);
    expect(await sink.stop()).toBe(0);
  });

  const count = (at: { uri: string }, topic: string, rows: number) => s.client.count(at, topic, rows, 60);
});

function numbered(from: number, to: number): { value: string }[] {
  return Array.from({ length: to - from }, (_, i) => ({ value: guideRecord(from + i) }));
}
