// `validate --connect` between a mock Kafka and a Milvus in this process.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { checkClients } from '../../../src/cli/check-client.ts';
import { checkConnections } from '../../../src/cli/check-connections.ts';
import { checkConfiguration } from '../../../src/cli/validate.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { FakeMilvus, guideCollection } from '../../support/fake-milvus.ts';
import { MockKafka } from '../../support/mock-kafka.ts';

setDefaultTimeout(60_000);
const TOKEN = 'root:a-secret-of-tests';
let kafka: MockKafka;
let milvus: FakeMilvus;
beforeAll(async () => {
  kafka = await MockKafka.start();
  milvus = await FakeMilvus.start({ collections: [guideCollection('books')], token: TOKEN });
  await kafka.produce('books', [{ value: '{}' }]);
});
afterAll(async () => {
  await milvus.stop();
  await kafka.stop();
});

function settings(changes: Record<string, string> = {}) {
  const keys = {
    name: 'validate-test',
    'connector.class': 'MilvusSink',
    'bootstrap.servers': kafka.bootstrap,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'public.endpoint': `http://${milvus.address}`,
    token: TOKEN,
    'collection.name': 'books',
    topics: 'books',
    ...changes,
  };
  const lines = Object.entries(keys).map(([key, value]) => `${key}=${value}\n`);
  return loadConfiguration({
    files: [{ path: 'sink.properties', bytes: Buffer.from(lines.join('')) }],
    set: [],
    env: {},
    readFile: () => {
      throw new Error('no file is needed');
    },
  });
}

async function check(changes: Record<string, string> = {}) {
  const loaded = settings(changes);
  const lines: string[] = [];
  const log = createLogger({
    level: 'error',
    format: 'text',
    now: () => new Date(),
    write: line => lines.push(line),
    mask: loaded.mask,
  });
  const code = await checkConnections(loaded.connectors[0]!, loaded.mask, log, text => lines.push(text));
  return { code, text: lines.join('\n') };
}

test('all is well: brokers, topics, offsets, collection and every field', async () => {
  const { code, text } = await check();
  expect(code).toBe(0);
  for (const line of [/^Kafka +ok /m, /^topics +ok +books \(\d+ partitions?\)$/m, /^Milvus +ok /m]) {
    expect(text).toMatch(line);
  }
  expect(text).toMatch(/^group +ok +connect-validate-test: no committed offsets, starts at the earliest$/m);
  expect(text).toMatch(/^collection +ok +default\.books: 4 fields/m);
  expect(text).toMatch(/^title_vector +FloatVector\(8\) +record, required +array of 8 numbers$/m);
  expect(milvus.writes).toEqual([]);
});

test('a wrong token, a missing collection and a missing topic are told, with the exit code of run', async () => {
  const token = await check({ token: 'root:wrong-and-secret' });
  expect(token.code).toBe(3);
  expect(token.text).toMatch(/^Milvus +failed /m);
  expect(token.text).not.toContain('wrong-and-secret');

  const collection = await check({ 'collection.name': 'boks' });
  expect(collection.code).toBe(3);
  expect(collection.text).toMatch(/^collection +failed +MILVUS_COLLECTION_MISSING/m);

  const topic = await check({ topics: 'books,missing' });
  expect(topic.code).toBe(4);
  expect(topic.text).toMatch(/^topics +ok +books /m);
  expect(topic.text).toMatch(/^topics +missing missing does not exist/m);
  expect(topic.text).toMatch(/^collection +ok /m);
});

test('both sides are told when both are wrong', async () => {
  const { code, text } = await check({
    'bootstrap.servers': '127.0.0.1:9',
    'public.endpoint': 'http://127.0.0.1:9',
  });
  expect(code).toBe(4);
  expect(text).toMatch(/^Kafka +failed +KAFKA_UNREACHABLE at 127\.0\.0\.1:9: .*Connection refused/m);
  expect(text).toMatch(/^Milvus +failed .*ECONNREFUSED/m);
});

test('topics.regex shows what it matches, as a whole name', async () => {
  await kafka.produce('books-2', [{ value: '{}' }]);
  const matching = await check({ topics: '', 'topics.regex': 'books-\\\\d' });
  expect(matching.code).toBe(0);
  expect(matching.text).toMatch(/^topics +ok +books-2 \(\d+ partitions?\)$/m);
  const none = await check({ topics: '', 'topics.regex': 'ook' });
  expect(none.code).toBe(4);
  expect(none.text).toMatch(/^topics +missing no topic matches ook/m);
});

describe('several connectors', () => {
  /** Each made by itself; together in one configuration, as `validate` gets them. */
  async function checkAll(options: { show?: boolean; connect?: boolean }, ...all: Record<string, string>[]) {
    const loaded = all.map(settings);
    const lines: string[] = [];
    const configuration = { ...loaded[0]!, connectors: loaded.flatMap(({ connectors }) => connectors) };
    const log = createLogger({
      level: 'error',
      format: 'text',
      now: () => new Date(),
      write: line => lines.push(line),
      mask: configuration.mask,
    });
    const wanted = { show: false, connect: false, ...options, log };
    const code = await checkConfiguration(configuration, wanted, text => lines.push(text));
    const text = lines.join('\n');
    return { code, text, blocks: text.split('\n\n') };
  }
  /** No library of TLS knows such a suite: librdkafka makes no client. */
  const REFUSED = { 'security.protocol': 'SSL', 'ssl.cipher.suites': 'NO-SUCH-SUITE' };

  test('are checked one by one, each under its name', async () => {
    const { code, blocks } = await checkAll({}, { name: 'a' }, { name: 'b', 'collection.name': 'other' });
    expect(code).toBe(0);
    expect(blocks.map(block => block.split('\n'))).toEqual([
      ['a:', expect.stringMatching(/^files +ok +a: topics books → default\.books at /)],
      ['b:', expect.stringMatching(/^files +ok +b: topics books → default\.other at /)],
    ]);
  });

  test('show the settings of each', async () => {
    const { text } = await checkAll({ show: true }, { name: 'a' }, { name: 'b', 'batch.max.rows': '7' });
    const [, a, b] = /^a:\n(.*)\n\nb:\n(.*)$/s.exec(text)!;
    expect(a).toMatch(/^batch\.max\.rows += (?!7\b)\d+ /m);
    expect(b).toMatch(/^batch\.max\.rows += 7 /m);
    for (const block of [a, b]) expect(block).toMatch(/^files +ok /m);
    expect(text).not.toContain(TOKEN);
  });

  test('ask Kafka and Milvus for each; the first trouble gives the exit code and hides nothing', async () => {
    const { code, blocks } = await checkAll(
      { connect: true },
      { name: 'well' },
      { name: 'no-collection', 'collection.name': 'boks' },
      { name: 'no-topic', topics: 'missing' },
    );
    expect(code).toBe(3);
    const text = (name: string) => blocks.find(block => block.startsWith(`${name}:\n`))!;
    expect(text('well')).toMatch(/^group +ok +connect-well: no committed offsets/m);
    expect(text('well')).not.toMatch(/missing|failed/);
    expect(text('no-collection')).toMatch(/^collection +failed +MILVUS_COLLECTION_MISSING/m);
    expect(text('no-topic')).toMatch(/^topics +missing missing does not exist/m);
    expect(milvus.writes).toEqual([]);
  });

  test('of which one has settings that librdkafka refuses leave nothing unchecked', async () => {
    const { code, blocks } = await checkAll({}, { name: 'a', ...REFUSED }, { name: 'b' });
    expect(code).toBe(1);
    expect(blocks[0]).toMatch(
      /^a:\nfiles +failed +CONFIG_INVALID at ssl\.cipher\.suites, sink\.properties:\d+: OpenSSL knows none/,
    );
    expect(blocks[1]).toMatch(/^b:\nfiles +ok /);
  });

  test('do not start when librdkafka refuses one; all refusals are in one message, each once', async () => {
    const refusal = async (...all: Record<string, string>[]) => {
      const connectors = all.flatMap(changes => settings(changes).connectors);
      return checkClients(connectors, text => text).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
    };
    expect(await refusal({ name: 'a' }, { name: 'b' })).toBeUndefined();
    const one = await refusal({ name: 'a', ...REFUSED }, { name: 'b' }, { name: 'c', ...REFUSED });
    expect(one!.message).toMatch(
      /^CONFIG_INVALID at ssl\.cipher\.suites, sink\.properties:\d+: OpenSSL knows none/,
    );
    // The same refusal, a line further down.
    const two = await refusal(
      { name: 'a', ...REFUSED },
      { name: 'b', 'errors.tolerance': 'all', ...REFUSED },
    );
    const lines = two!.message.split('\n');
    expect(lines[0]).toBe('CONFIG_INVALID: 2 problems in the configuration');
    expect(lines).toHaveLength(3);
    for (const line of lines.slice(1)) {
      expect(line).toMatch(/^ {2}ssl\.cipher\.suites, sink\.properties:\d+: OpenSSL knows none/);
    }
    expect(lines[1]).not.toBe(lines[2]!);
  });
});
