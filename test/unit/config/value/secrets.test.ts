import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { renderEffective } from '../../../../src/config/effective.ts';
import { createMask, isSecretKey } from '../../../../src/config/value/secrets.ts';
import { SinkError } from '../../../../src/errors.ts';
import { CONNECTOR, load, WORKER } from '../support.ts';

describe('which keys are secret', () => {
  const secret = [
    'token',
    'sasl.jaas.config',
    'sasl.password',
    'consumer.override.sasl.jaas.config',
    'ssl.key.password',
    'ssl.keystore.key',
    'producer.ssl.key.pem',
    'ssl.truststore.password',
    'basic.auth.user.info',
    'sasl.oauthbearer.client.secret',
  ];
  const open = [
    'name',
    'key.converter',
    'topics',
    'ssl.key.location',
    'milvus.tls.key.location',
    'sasl.oauthbearer.token.endpoint.url',
    'pk.fields',
    'sasl.username',
  ];
  test('by name', () => {
    expect(secret.filter(key => !isSecretKey(key))).toEqual([]);
    expect(open.filter(isSecretKey)).toEqual([]);
  });
});

describe('mask', () => {
  test('the whole secret, its password half, and how it looks in JSON, a URL and base64', () => {
    const mask = createMask(['root:correct horse"']);
    expect(mask('x root:correct horse" y')).toBe('x [hidden] y');
    expect(mask('correct horse"')).toBe('[hidden]');
    expect(mask(JSON.stringify({ a: 'root:correct horse"' }))).toBe('{"a":"[hidden]"}');
    expect(mask(encodeURIComponent('root:correct horse"'))).toBe('[hidden]');
    expect(mask(Buffer.from('root:correct horse"').toString('base64'))).toStartWith('[hidden]');
  });

  test('the longer of two secrets goes first', () => {
    expect(createMask(['abcd', 'abcdefgh'])('abcdefgh abcd')).toBe('[hidden] [hidden]');
  });

  test('short ones and everyday passwords do not blot out ordinary words', () => {
    expect(createMask(['ab', ''])('cab')).toBe('cab');
    expect(createMask(['root:Milvus'])('Milvus says no to root:Milvus')).toBe('Milvus says no to [hidden]');
  });

  test('a short one is found as a whole word, never inside another', () => {
    const mask = createMask(['topic1', 'a+b1c']);
    expect(mask('topic1 topic12 mytopic1 "topic1"')).toBe('[hidden] topic12 mytopic1 "[hidden]"');
    expect(mask('a+b1c xa+b1c')).toBe('[hidden] xa+b1c');
  });

  test('one of digits leaves offsets, ports and counts as they are', () => {
    const secrets = ['8083', '12345678', '9007199254740991'];
    const line = 'orders-0@8083 localhost:8083 offset=12345678 123456789 9007199254740991';
    expect(createMask(secrets)(line)).toBe(line);
    expect(createMask(['01234567890123456789'])('x=01234567890123456789')).toBe('x=[hidden]');
  });

  test('lines of a private key', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----';
    expect(createMask([pem])('MIIEvQIBADANBgkqhkiG9w0B')).toBe('[hidden]');
  });
});

describe('no secret is ever told, whatever the configuration is', () => {
  // Marked so that a hit is no coincidence.
  const secret = fc.stringMatching(/^[A-Za-z0-9!"'=;:@/$ é]{0,12}$/).map(tail => `S3cr3t${tail.trimEnd()}`);
  const place = fc.constantFrom(
    (s: string) => `token=${s}`,
    (s: string) => `token=root:${s}`,
    (s: string) => `tokne=${s}`,
    (s: string) => `public.endpoint=https://user:${s.replace(/[ /@]/g, '')}@host:1`,
    (s: string) =>
      `consumer.override.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="${s}";`,
    (s: string) => `consumer.override.sasl.jaas.config=${s}`,
    (s: string) => `consumer.override.sasl.password=${s}`,
    (s: string) => `consumer.override.ssl.keystore.key=${s}`,
    (s: string) => `consumer.override.ssl.keystore.password=${s}`,
    (s: string) => `consumer.override.ssl.truststore.password=${s}`,
    (s: string) => `producer.override.sasl.jaas.config=${s}`,
    (s: string) => `transforms.a.password=${s}`,
    (s: string) => `value.converter.basic.auth.user.info=u:${s}`,
  );
  const other = fc.constantFrom(
    'consumer.override.security.protocol=SASL_SSL',
    'consumer.override.security.protocol=SSL',
    'consumer.override.sasl.mechanism=PLAIN',
    'consumer.override.sasl.mechanism=NONE',
    'consumer.override.ssl.keystore.type=PEM',
    'consumer.override.ssl.keystore.type=PKCS12',
    'consumer.override.ssl.keystore.location=/k',
    'consumer.override.ssl.keystore.certificate.chain=x',
    'tasks.max=none',
    'bad\\u00',
    'transforms=a',
    'value.converter=JsonConverter',
    'topics.regex=(?!)',
  );
  const escaped = (line: string) => line.replaceAll('\\', '\\\\');

  test('neither in the error nor in settings that are shown', () => {
    fc.assert(
      fc.property(
        secret,
        fc.uniqueArray(place, { minLength: 1, maxLength: 5 }),
        fc.array(other, { maxLength: 5 }),
        fc.boolean(),
        (s, places, others, bySet) => {
          const lines = places.map(write => write(s));
          const base = CONNECTOR.replace('token=some-api-key\n', '');
          const given = bySet
            ? { connector: [base, ...others].join('\n'), set: lines }
            : { connector: [base, ...others, ...lines.map(escaped)].join('\n') };
          expect(told({ worker: WORKER, ...given })).not.toContain('S3cr3t');
        },
      ),
      { numRuns: 400 },
    );
  });

  test('nor in broken JSON', () => {
    fc.assert(
      fc.property(secret, fc.nat(60), (s, cut) => {
        const json = JSON.stringify({ name: 'n', config: { token: s, 'public.endpoint': 'x' } });
        expect(
          told({ connector: json.slice(0, json.length - (cut % json.length)), connectorName: 'c.json' }),
        ).not.toContain('S3cr3t');
      }),
    );
  });
});

/** Everything that could reach a person. */
function told(given: Parameters<typeof load>[0]): string {
  try {
    const settings = load(given);
    return [renderEffective(settings), ...settings.warnings, ...settings.notes].join('\n');
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    return `${error.message}\n${JSON.stringify(error)}\n${String(error.cause)}`;
  }
}
