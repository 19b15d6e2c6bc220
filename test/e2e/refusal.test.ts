// What ends the sink, with which exit code, and what it says: refusals by Milvus and Kafka, and bad records.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { startSink, until } from '../../scripts/stack/sink.ts';
import { guideRecord, MILVUS_2_3, MILVUS_LITE, missing, type Stage, stage, unique } from '../support/e2e.ts';

// Servers take seconds to start, and bun's default for a test or a hook is five.
setDefaultTimeout(120_000);

describe.skipIf(missing !== undefined)('refused by Milvus 2.3.5 with authorization', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_2_3);
  });

  test('a wrong token ends with exit code 3 and shows no token', async () => {
    const topic = unique('wrong_token');
    await s.client.topic(s.bootstrap, topic);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: topic, topics: topic },
      token: 'root:not-the-password',
    });
    expect(await sink.ends()).toBe(3);
    expect(sink.log).toMatch(/token/i);
    expect(sink.log).not.toContain('not-the-password');
  });

  test('a collection that does not exist ends with exit code 3 and its name', async () => {
    const topic = unique('no_collection');
    await s.client.topic(s.bootstrap, topic);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: topic, topics: topic },
      token: s.at.token,
    });
    expect(await sink.ends()).toBe(3);
    expect(sink.log).toContain(topic);
    expect(sink.log).toMatch(/collection/i);
  });
});

describe.skipIf(missing !== undefined)('refused with milvus-lite 3.2.2', () => {
  let s: Stage;
  beforeAll(async () => {
    s = await stage(MILVUS_LITE);
  });

  test('a collection that does not exist ends with exit code 3 and its name', async () => {
    const topic = unique('no_collection');
    await s.client.topic(s.bootstrap, topic);
    const sink = await startSink({
      bootstrap: s.bootstrap,
      endpoint: s.at.uri,
      collection: topic,
      topics: topic,
    });
    expect(await sink.ends()).toBe(3);
    expect(sink.log).toContain(topic);
  });

  const jaas = (password: string) =>
    `org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="${password}";`;

  test('a wrong SASL password ends with exit code 4 and shows no password', async () => {
    const topic = unique('wrong_password');
    await s.client.create(s.at, topic);
    const sink = await startSink({
      bootstrap: `localhost:${s.kafka.port + 3}`,
      ...{ endpoint: s.at.uri, collection: topic, topics: topic },
      worker: {
        'consumer.security.protocol': 'SASL_PLAINTEXT',
        'consumer.sasl.mechanism': 'PLAIN',
        'consumer.sasl.jaas.config': jaas('not-the-secret'),
      },
    });
    expect(await sink.ends()).toBe(4);
    expect(sink.log).not.toContain('not-the-secret');
  });

  test('the right SASL password over TLS with a private CA (SASL_SSL, SCRAM-SHA-512) flows', async () => {
    const topic = unique('sasl_ssl');
    await s.client.create(s.at, topic);
    await s.client.topic(s.bootstrap, topic);
    await s.client.produce(s.bootstrap, topic, [{ value: guideRecord(7) }]);
    const sink = await startSink({
      bootstrap: `localhost:${s.kafka.port + 4}`,
      ...{ endpoint: s.at.uri, collection: topic, topics: topic },
      worker: {
        'consumer.security.protocol': 'SASL_SSL',
        'consumer.sasl.mechanism': 'SCRAM-SHA-512',
        'consumer.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required username="app" password="app-secret";',
        'consumer.ssl.truststore.type': 'PEM',
        'consumer.ssl.truststore.location': `${s.kafka.directory}/ssl/ca.pem`,
      },
    });
    expect(await s.client.count(s.at, topic, 1, 30)).toBe(1);
    expect(await sink.stop()).toBe(0);
    expect(sink.log).not.toContain('app-secret');
  });

  test('errors.tolerance=none: a bad record ends with exit code 2 and its place, and is not committed', async () => {
    const topic = unique('bad_none');
    await s.client.create(s.at, topic);
    await s.client.topic(s.bootstrap, topic);
    await s.client.produce(s.bootstrap, topic, [
      { value: guideRecord(1) },
      { value: guideRecord(2) },
      { value: '{"id": 3, "title": ' },
      { value: guideRecord(4) },
    ]);
    const sink = await startSink({
      bootstrap: s.bootstrap,
      endpoint: s.at.uri,
      collection: topic,
      topics: topic,
    });
    expect(await sink.ends()).toBe(2);
    expect(sink.log).toContain(`${topic}-0@2`);
    const [offset] = await s.client.committed(s.bootstrap, sink.group, topic);
    expect(offset).toBeLessThanOrEqual(2);
    // What came before it was written and committed on the way out.
    expect(await s.client.count(s.at, topic, 2, 10)).toBe(2);
    expect(offset).toBe(2);
  });

  test('errors.tolerance=all: bad records are skipped, counted and logged; the rest arrives and is committed', async () => {
    const topic = unique('bad_all');
    await s.client.create(s.at, topic);
    await s.client.topic(s.bootstrap, topic);
    const wrongDimension = '{"id": 6, "title": "t", "title_vector": [1, 2], "link": "l"}';
    const bad = ['{"id": 3, "title": ', wrongDimension, '"a string"', '{"title": "no key"}'];
    await s.client.produce(s.bootstrap, topic, [
      { value: guideRecord(1) },
      ...bad.map(value => ({ value })),
      { value: null, key: '"tombstone"' },
      { value: guideRecord(2) },
    ]);
    const sink = await startSink({
      ...{ bootstrap: s.bootstrap, endpoint: s.at.uri, collection: topic, topics: topic },
      connector: { 'errors.tolerance': 'all', 'errors.log.enable': 'true' },
    });
    expect(await s.client.count(s.at, topic, 2, 30)).toBe(2);
    await until('skipped records in the metrics', 10, async () => {
      return (await sink.metric('milvus_sink_records_skipped_total', /bad_record/)) === bad.length;
    });
    expect(await sink.metric('milvus_sink_records_skipped_total', /tombstone/)).toBe(1);
    for (const offset of [1, 2, 3, 4]) expect(sink.log).toContain(`${topic}-0@${offset}`);
    expect(await sink.stop()).toBe(0);
    expect(await s.client.committed(s.bootstrap, sink.group, topic)).toEqual([7]);
  });
});
