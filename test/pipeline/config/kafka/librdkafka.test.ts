// What our settings make of Java's, librdkafka itself must accept when a consumer is made of it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClient } from '../../../../src/cli/check-client.ts';
import { loadConfiguration } from '../../../../src/config/load.ts';
import { SinkError } from '../../../../src/errors.ts';

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
  test(name, async () => expect(await refusal(client())).toBeUndefined());
}

describe('wrong TLS material is configuration: the key, its place and the whole reason are told at start', () => {
  const tls = (name: string) => join(import.meta.dir, '../../../support/tls', name);
  const ssl = { 'security.protocol': 'SSL' };
  const keyStore = (name: string, password: string) => ({
    ...ssl,
    'ssl.keystore.location': tls(name),
    'ssl.keystore.password': password,
  });
  const pemStore = (key: string, more: Record<string, string> = {}) => ({
    ...ssl,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': readFileSync(tls(key), 'utf8').replaceAll('\n', '\\n'),
    'ssl.keystore.certificate.chain': readFileSync(tls('client.pem'), 'utf8').replaceAll('\n', '\\n'),
    ...more,
  });

  test('what is right is taken, also a .jks that is PKCS#12 and a password with blanks behind it', async () => {
    expect(await refusal(keyStore('client.p12', 'correct-horse'))).toBeUndefined();
    expect(await refusal(keyStore('client-today.jks', 'correct-horse  '))).toBeUndefined();
    expect(
      await refusal(pemStore('client-encrypted.key', { 'ssl.key.password': 'correct-horse' })),
    ).toBeUndefined();
  });

  const broken = `-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----`;
  const wrong: [string, () => Record<string, string>, RegExp, RegExp, RegExp][] = [
    [
      'the password of a key store',
      () => keyStore('client.p12', 'wrong-password'),
      /^consumer\.override\.ssl\.keystore\.password, one\.properties:\d+$/,
      /the password does not open the key store/,
      /mac verify failure/,
    ],
    [
      'an encrypted key without its password',
      () => pemStore('client-encrypted.key'),
      /ssl\.keystore\.key, one/,
      /the private key is encrypted, and its password is missing/,
      /ssl\.key\.pem/,
    ],
    [
      'an encrypted key with another password',
      () => pemStore('client-encrypted.key', { 'ssl.key.password': 'wrong-password' }),
      /ssl\.key\.password, one/,
      /the password does not open the private key/,
      /ssl\.key\.pem/,
    ],
    [
      'a key and a certificate that do not belong together',
      () => pemStore('server.key'),
      /ssl\.keystore\.key, one/,
      /the private key does not belong to the certificate/,
      /key values mismatch/,
    ],
    [
      'a broken certificate authority',
      () => ({ ...ssl, 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': broken }),
      /ssl\.truststore\.certificates, one/,
      /the certificates of the trust store cannot be read/,
      /not in PEM format/,
    ],
    [
      'a cipher that there is not',
      () => ({ ...ssl, 'ssl.cipher.suites': 'NO-SUCH-CIPHER' }),
      /ssl\.cipher\.suites, one/,
      /OpenSSL knows none of the cipher suites/,
      /no cipher match/,
    ],
  ];
  test.each(wrong)('%s', async (_, client, where, summary, found) => {
    const error = await refusal(client());
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', kind: 'configuration' });
    expect(error?.message).toMatch(summary);
    expect(error?.details.where).toMatch(where);
    expect(error?.details.found).toMatch(found);
    expect(error?.message).not.toContain('wrong-password');
  });

  test('and whatever else librdkafka refuses, in its words', async () => {
    const { settings, mask } = settingsOf({ 'group.protocol': 'consumer' });
    settings.consumer['session.timeout.ms'] = 10_000;
    expect((await checkClient(settings, mask).catch(error => error)).message).toContain('session.timeout.ms');
    settings.consumer['no.such.property'] = 1;
    expect((await checkClient(settings, mask).catch(error => error)).message).toContain('no.such.property');
  });
});

/** What ends the start with this configuration. */
async function refusal(client: Record<string, string>): Promise<SinkError | undefined> {
  try {
    const { settings, mask } = settingsOf(client);
    await checkClient(settings, mask);
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  return undefined;
}

function settingsOf(client: Record<string, string>) {
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
    // Nobody listens there, and nobody is asked.
    'bootstrap.servers=localhost:1',
    ...overrides,
  ]);
  const files = [{ path: 'one.properties', bytes: text }];
  const configuration = loadConfiguration({
    files,
    set: [],
    env: {},
    readFile: path => readFileSync(path),
  });
  return { settings: configuration.connectors[0]!, mask: configuration.mask };
}
