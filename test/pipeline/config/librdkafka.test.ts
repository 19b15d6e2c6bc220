// What our settings make of Java's, librdkafka itself must accept when a consumer is made of it.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../../src/config/load.ts';
import type { KafkaProperties } from '../../../src/config/settings.ts';
import { loadKafka } from '../../../src/native/kafka.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const subject = ['-subj', '/CN=x', '-days', '2'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...subject,
    '-keyout',
    'key.pem',
    '-out',
    'cert.pem',
  );
  openssl(
    'pkcs12',
    '-export',
    '-in',
    'cert.pem',
    '-inkey',
    'key.pem',
    '-passout',
    'pass:changeit',
    '-out',
    'store.p12',
  );
  writeFileSync(join(directory, 'both.pem'), `${pem('key.pem')}${pem('cert.pem')}`);
});
afterAll(() => rmSync(directory, { recursive: true }));

const pem = (name: string) => readFileSync(join(directory, name), 'utf8');
const onOneLine = (name: string) => pem(name).replaceAll('\n', ' ');
const jaas = (module: string) =>
  `org.apache.kafka.common.security.${module} required username="u" password="p";`;

const cases: Record<string, () => Record<string, string>> = {
  'the defaults': () => ({}),
  'SASL/SCRAM': () => ({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.jaas.config': jaas('scram.ScramLoginModule'),
  }),
  'TLS with the system’s roots': () => ({ 'security.protocol': 'SSL' }),
  'PEM files': () => ({
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(directory, 'cert.pem'),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(directory, 'both.pem'),
    'ssl.endpoint.identification.algorithm': '',
  }),
  'PEM inline, on one line': () => ({
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': 'PLAIN',
    'sasl.jaas.config': jaas('plain.PlainLoginModule'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': onOneLine('cert.pem'),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': onOneLine('key.pem'),
    'ssl.keystore.certificate.chain': onOneLine('cert.pem'),
  }),
  PKCS12: () => ({
    'security.protocol': 'SSL',
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': join(directory, 'store.p12'),
    'ssl.keystore.password': 'changeit',
  }),
  'group.protocol=consumer': () => ({ 'group.protocol': 'consumer', 'group.instance.id': 'i' }),
  'values that only Java takes': () => ({
    'fetch.max.bytes': '2147483647',
    'max.poll.interval.ms': '2147483647',
    'receive.buffer.bytes': '-1',
    'connections.max.idle.ms': '-1',
    'fetch.min.bytes': '0',
    'retry.backoff.ms': '0',
    'reconnect.backoff.ms': '20000',
    'auto.offset.reset': 'none',
  }),
  'small fetches': () => ({
    'fetch.max.bytes': '5000',
    'metadata.max.age.ms': '5000',
    'fetch.max.wait.ms': '10',
  }),
  'eager assignors': () => ({
    'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RangeAssignor',
  }),
};

for (const [name, client] of Object.entries(cases)) {
  test(name, async () => expect(await refusal(consumerOf(client()))).toBeUndefined());
}

test('a refusal would be seen', async () => {
  expect(await refusal({ ...consumerOf({}), 'group.protocol': 'consumer' })).toContain('not supported');
});

function consumerOf(client: Record<string, string>): KafkaProperties {
  const encode = (lines: string[]) => new TextEncoder().encode(lines.join('\n'));
  const overrides = Object.entries(client).map(([key, value]) => `consumer.override.${key}=${value}`);
  const text = encode([
    'name=s',
    'connector.class=MilvusSink',
    'topics=t',
    'public.endpoint=localhost',
    'collection.name=c',
    'key.converter=StringConverter',
    'value.converter=JsonConverter',
    // Nobody listens there: making the client is what is tested.
    'bootstrap.servers=localhost:1',
    ...overrides,
  ]);
  const files = [{ path: 'one.properties', bytes: text }];
  return loadSettings({ files, set: [], env: {}, readFile: path => readFileSync(path) }).consumer;
}

/** Why librdkafka refuses the configuration; undefined when it makes a client of it. */
async function refusal(properties: KafkaProperties): Promise<string | undefined> {
  const { KafkaConsumer } = loadKafka();
  // The public connect() also waits for a broker; the native one below only makes the client.
  const { _client } = new KafkaConsumer(properties as never, {}) as unknown as {
    _client: { connect(cb: (error: Error | null) => void): void; disconnect(cb: () => void): void };
  };
  const error = await new Promise<Error | null>(resolve => _client.connect(resolve));
  if (!error) await new Promise<void>(resolve => _client.disconnect(resolve));
  return error?.message;
}
