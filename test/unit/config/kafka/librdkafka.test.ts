import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { mergeClient } from '../../../../src/config/kafka/client.ts';
import { kafkaProperty, kafkaPropertyNames } from '../../../../src/config/kafka/kafka-properties.ts';
import { translateConsumer } from '../../../../src/config/kafka/librdkafka.ts';
import { describeType } from '../../../../src/config/kafka/property-value.ts';
import type { Setting } from '../../../../src/config/value/entry.ts';
import { isSecretKey } from '../../../../src/config/value/secrets.ts';

const CERT = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n';

const JKS = Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2);
const PKCS12 = Uint8Array.of(0x30, 0x82, 0x05, 0x00, 0x02, 0x01, 0x03, 0x30);

type Layer = Record<string, string>;

function translate(layers: Layer | Layer[], disk: Record<string, string | Uint8Array> = {}) {
  const list = Array.isArray(layers) ? layers : [layers];
  const asSettings = (layer: Layer) =>
    new Map<string, Setting>(
      Object.entries(layer).map(([key, value]) => [
        key,
        { key, value, source: 'f:1', secret: isSecretKey(key) },
      ]),
    );
  const result = translateConsumer(mergeClient(list.map(asSettings)), path => {
    const content = disk[path];
    if (content === undefined) throw new Error('ENOENT');
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  });
  // What every consumer has.
  const { 'partition.assignment.strategy': assignor, ...properties } = result.properties;
  return { ...result, properties, assignor, first: result.problems[0] };
}

describe('names and values', () => {
  test('names that every JavaScript object has are values like any other', () => {
    for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      for (const name of ['fetch.min.bytes', 'receive.buffer.bytes', 'group.protocol', 'check.crcs']) {
        const { properties, first } = translate({ [name]: word });
        expect(first).toMatchObject({ key: name, problem: 'bad value', found: word });
        expect(properties).toEqual({});
      }
      expect(translate({ 'partition.assignment.strategy': word }).first?.problem).toBe('bad value');
      expect(translate([{ constructor: 'x' }]).warnings[0]).toContain('unknown client setting');
    }
  });

  test('Java’s names become librdkafka’s, whose own names pass as well', () => {
    const { properties, problems, warnings } = translate({
      'fetch.max.wait.ms': '100',
      'request.timeout.ms': '30000',
      'receive.buffer.bytes': '-1',
      'send.buffer.bytes': '4096',
      'metadata.max.age.ms': '5000',
      'connections.max.idle.ms': '-1',
      'allow.auto.create.topics': 'FALSE',
      'isolation.level': 'READ_COMMITTED',
      'queued.min.messages': '10',
      debug: 'cgrp,broker',
    });
    expect(properties).toEqual({
      'fetch.wait.max.ms': 100,
      'socket.timeout.ms': 30000,
      'socket.receive.buffer.bytes': 0,
      'socket.send.buffer.bytes': 4096,
      'topic.metadata.refresh.interval.ms': 5000,
      'connections.max.idle.ms': 0,
      'allow.auto.create.topics': false,
      'isolation.level': 'read_committed',
      'queued.min.messages': 10,
      debug: 'cgrp,broker',
    });
    expect([...problems, ...warnings]).toEqual([]);
  });

  test('an override in the other name still overrides', () => {
    const { properties } = translate([{ 'fetch.max.wait.ms': '1' }, { 'fetch.wait.max.ms': '2' }]);
    expect(properties).toEqual({ 'fetch.wait.max.ms': 2 });
  });

  test('bad values are problems', () => {
    for (const [key, value] of [
      ['session.timeout.ms', 'soon'],
      ['session.timeout.ms', '0'],
      ['queued.min.messages', '99999999999'],
      ['isolation.level', 'serializable'],
      ['check.crcs', '1'],
      ['debug', 'everything'],
      ['max.poll.records', '0'],
    ] as const) {
      expect(translate({ [key]: value }).first).toMatchObject({ where: 'f:1', key, found: value });
    }
  });

  test('a number that only Java takes becomes the highest that librdkafka takes', () => {
    const { properties, warnings } = translate({ 'max.poll.interval.ms': '2147483647' });
    expect(properties).toEqual({ 'max.poll.interval.ms': 86400000 });
    expect(warnings).toEqual(['max.poll.interval.ms (f:1) is above what librdkafka takes: 86400000 is used']);
  });

  test('Java-only keys and unknown ones are warnings that name the key', () => {
    const { warnings, problems } = translate({
      'key.deserializer': 'X',
      'interceptor.classes': 'X',
      'fetch.min.byte': '1',
      'linger.ms': '1',
      constructor: '1',
    });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      'key.deserializer (f:1) has no meaning without a JVM',
      'interceptor.classes (f:1) has no meaning without a JVM',
      'fetch.min.byte (f:1) is an unknown client setting and has no effect, did you mean fetch.min.bytes?',
      "linger.ms (f:1) has no effect: it is a producer's",
      'constructor (f:1) is an unknown client setting and has no effect',
    ]);
  });

  test('max.poll.records is ours', () => {
    expect(translate({ 'max.poll.records': '7' })).toMatchObject({ maxPollRecords: 7, properties: {} });
  });

  test('the list of properties is that of the librdkafka we ship', () => {
    const path = 'node_modules/@confluentinc/kafka-javascript/deps/librdkafka/CONFIGURATION.md';
    const documented = new Set<string>();
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const [name, scope, range, , ...rest] = line.split(/(?<!\\)\|/).map(cell => cell.trim());
      const type = /\*Type: ([^*]*)\*/.exec(rest.join('|'))?.[1];
      if (!type || type.startsWith('see dedicated') || documented.has(name!)) continue;
      documented.add(name!);
      const property = kafkaProperty(name!);
      expect([name, property?.scope]).toEqual([name, scope as 'C']);
      if (name === 'fetch.min.bytes' || !range) continue;
      const words = describeType(property!.type);
      const numbers = /^(\S+) \.\. (\S+)$/.exec(range);
      expect([name, words]).toEqual([
        name,
        numbers ? expect.stringContaining(`${numbers[1]} to ${numbers[2]}`) : words,
      ]);
      if (!numbers)
        for (const word of range.split(/, */))
          expect([name, words]).toEqual([name, expect.stringContaining(word)]);
    }
    const extra = [...kafkaPropertyNames()].filter(name => !documented.has(name));
    expect(extra).toEqual(['test.mock.broker.rtt', 'test.mock.num.brokers']);
  });
});

describe('the group', () => {
  test('assignors by class or name', () => {
    const P = 'org.apache.kafka.clients.consumer.';
    const strategy = (value: string) => translate({ 'partition.assignment.strategy': value });
    expect(translate({}).assignor).toBe('cooperative-sticky');
    expect(strategy(`${P}RangeAssignor`).assignor).toBe('range');
    expect(strategy(`${P}RoundRobinAssignor,range`).assignor).toBe('roundrobin,range');
    expect(strategy(`${P}StickyAssignor`).first?.expected).toContain('cooperative-sticky');
    const mixed = strategy(`${P}RangeAssignor,${P}CooperativeStickyAssignor`);
    expect(mixed.assignor).toBe('range');
    expect(mixed.warnings).toHaveLength(1);
  });

  test('offsets are committed by the sink alone', () => {
    for (const key of ['enable.auto.commit', 'enable.auto.offset.store', 'enable.partition.eof']) {
      const { problems, warnings, properties } = translate({ [key]: 'true' });
      expect(problems).toEqual([]);
      expect(warnings[0]).toStartWith(`${key} (f:1) is overridden with false: the sink decides this itself`);
      expect(properties).toEqual({});
      expect(translate({ [key]: 'False' }).warnings).toEqual([]);
    }
  });

  test('group.protocol=consumer forbids what the broker decides', () => {
    const { problems, assignor, properties } = translate({
      'group.protocol': 'CONSUMER',
      'group.instance.id': 'a',
    });
    expect(problems).toEqual([]);
    expect(assignor).toBeUndefined();
    expect(properties).toEqual({ 'group.protocol': 'consumer', 'group.instance.id': 'a' });
    for (const key of ['session.timeout.ms', 'heartbeat.interval.ms', 'partition.assignment.strategy']) {
      expect(translate({ 'group.protocol': 'consumer', [key]: '1000' }).first?.key).toBe(key);
    }
  });

  test('auto.offset.reset in Java’s words', () => {
    expect(translate({ 'auto.offset.reset': 'none' }).properties).toEqual({ 'auto.offset.reset': 'error' });
    expect(translate({ 'auto.offset.reset': 'Latest' }).properties).toEqual({
      'auto.offset.reset': 'latest',
    });
    expect(translate({ 'auto.offset.reset': 'by_duration:PT1H' }).problems).toHaveLength(1);
  });

  test('what librdkafka would refuse together', () => {
    const short = translate({ 'max.poll.interval.ms': '10000' });
    expect(short.properties).toEqual({ 'max.poll.interval.ms': 45000 });
    expect(short.warnings[0]).toContain('is shorter than session.timeout.ms');
    const long = translate({ 'session.timeout.ms': '600000' });
    expect(long.properties).toEqual({ 'session.timeout.ms': 600000, 'max.poll.interval.ms': 600000 });
    expect([...long.problems, ...long.warnings]).toEqual([]);
    expect(translate({ 'fetch.max.bytes': '5000' }).properties).toEqual({
      'fetch.max.bytes': 5000,
      'message.max.bytes': 5000,
    });
    expect(
      translate({ 'receive.message.max.bytes': '1000', 'fetch.max.bytes': '1000' }).first?.expected,
    ).toBe('at least 1512');
    expect(translate({ 'reconnect.backoff.ms': '20000' }).properties['reconnect.backoff.max.ms']).toBe(20000);
  });
});

describe('SASL', () => {
  const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const sasl = (jaas: string, more: Layer = {}) =>
    translate({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config': jaas,
      ...more,
    });

  test('user and password from a JAAS line with its quotes and escapes', () => {
    const cases: [string, string][] = [
      [`${PLAIN} required username="u" password="p";`, 'p'],
      [`${PLAIN}  REQUIRED\n username='u'\n password='p"q' ;`, 'p"q'],
      [`${PLAIN} required username=u password="a\\"b\\\\c\\t\\101";`, 'a"b\\c\tA'],
      [`/* c */ ${PLAIN} required // x\n username="u" password="//=;";`, '//=;'],
      [`org.apache.kafka.common.security.scram.ScramLoginModule required password="p" username="u";`, 'p'],
    ];
    for (const [jaas, password] of cases) {
      const { properties, problems } = sasl(jaas);
      expect(problems).toEqual([]);
      expect(properties).toEqual({
        'security.protocol': 'sasl_plaintext',
        'sasl.mechanisms': 'PLAIN',
        'sasl.username': 'u',
        'sasl.password': password,
      });
    }
  });

  test('what is wrong with it is said without its text', () => {
    const cases: [string, string][] = [
      [`${PLAIN} required username="u" password="hunter22"`, "the ';' at the end is missing"],
      [`${PLAIN} required username="u" password="hunter22;`, 'a quote without its end'],
      [`${PLAIN} required username="u" password=hunter22!;`, 'an unquoted special character'],
      [`${PLAIN} username="u" password="hunter22";`, "'required' is missing"],
      [`${PLAIN} required username="u";`, 'password is missing'],
      [`${PLAIN} required username password="hunter22";`, 'option 1 is not of the form'],
      [`${PLAIN} required password="hunter22"; B required;`, 'several login modules'],
      [`com.acme.Hunter22 required password="hunter22";`, 'unknown login module'],
      ['', 'needs sasl.jaas.config'],
    ];
    for (const [jaas, problem] of cases) {
      const { first } = sasl(jaas);
      expect(first?.problem).toContain(problem);
      expect(JSON.stringify(first).toLowerCase()).not.toContain('hunter22');
    }
  });

  test('the password is a secret of its own', () => {
    expect(sasl(`${PLAIN} required username="u" password="hunter22";`).secrets).toContain('hunter22');
    expect(sasl(`${PLAIN} required username="u" password="hunter22;`).secrets).toContain('hunter22;');
  });

  test('librdkafka’s own words, the later layer winning', () => {
    const base = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' };
    const jaas = { 'sasl.jaas.config': `${PLAIN} required username="j" password="j";` };
    const own = { 'sasl.username': 'o', 'sasl.password': 'o' };
    expect(translate([base, jaas, own]).properties['sasl.username']).toBe('o');
    expect(translate([base, own, jaas]).properties['sasl.username']).toBe('j');
    expect(translate([base, { ...own, ...jaas }]).warnings).toEqual([
      'sasl.username (f:1) has no effect beside sasl.jaas.config',
      'sasl.password (f:1) has no effect beside sasl.jaas.config',
    ]);
    expect(translate([base, { 'sasl.username': 'o' }]).first?.problem).toBe('needs sasl.password as well');
  });

  test('Kerberos and OAUTHBEARER are not in this release', () => {
    for (const mechanism of ['GSSAPI', 'OAUTHBEARER']) {
      expect(sasl('', { 'sasl.mechanism': mechanism }).first?.problem).toContain('not in this release');
    }
    expect(translate({ 'security.protocol': 'SASL_SSL' }).first?.problem).toBe(
      'needs sasl.mechanism as well',
    );
    expect(sasl('', { 'sasl.mechanism': 'SCRAM-SHA-25' }).first?.didYouMean).toBe('SCRAM-SHA-256');
  });

  test('without SASL its keys have no effect, and that is said', () => {
    const { properties, warnings } = translate({
      'sasl.mechanism': 'PLAIN',
      'ssl.truststore.location': '/t.jks',
    });
    expect(properties).toEqual({});
    expect(warnings).toEqual([
      'no effect with security.protocol=PLAINTEXT: sasl.mechanism, ssl.truststore.location',
    ]);
  });
});

describe('TLS', () => {
  const ssl = (more: Layer, disk: Record<string, string | Uint8Array> = {}) => {
    const result = translate({ 'security.protocol': 'SSL', ...more }, disk);
    const { 'security.protocol': _, ...properties } = result.properties;
    return { ...result, properties };
  };

  test('without a trust store the system’s roots are looked for', () => {
    expect(ssl({}).properties).toEqual({ 'ssl.ca.location': 'probe' });
    expect(ssl({ 'ssl.ca.location': '/ca.pem' }).properties).toEqual({ 'ssl.ca.location': '/ca.pem' });
  });

  test('PEM trust stores, as file and inline on one line', () => {
    const file = { 'ssl.truststore.type': 'pem', 'ssl.truststore.location': '/ca.pem' };
    expect(ssl(file, { '/ca.pem': CERT }).properties).toEqual({ 'ssl.ca.location': '/ca.pem' });
    const inline = {
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': CERT.replaceAll('\n', ' '),
    };
    expect(ssl(inline).properties).toEqual({ 'ssl.ca.pem': CERT });
    expect(ssl(file).first?.problem).toBe('the file cannot be read');
    expect(ssl(file, { '/ca.pem': Uint8Array.of(0xfe, 0xed, 0xfe, 0xed) }).first?.found).toBe('a JKS store');
    expect(ssl({ ...file, ...inline }).first?.problem).toContain('is set together with');
    expect(ssl({ 'ssl.truststore.certificates': CERT }).first?.problem).toBe('needs ssl.truststore.type=PEM');
  });

  test('of a trust store and librdkafka’s own word the later layer wins; in one layer the other is told', () => {
    const base = { 'security.protocol': 'SSL', 'ssl.truststore.type': 'PEM' };
    const [store, own] = [{ 'ssl.truststore.location': '/store' }, { 'ssl.ca.location': '/own' }];
    const roots = (...layers: Layer[]) => translate([base, ...layers], { '/store': CERT });
    expect(roots(own, store).properties['ssl.ca.location']).toBe('/store');
    expect(roots(store, own)).toMatchObject({ properties: { 'ssl.ca.location': '/own' }, warnings: [] });
    expect(roots({ ...store, ...own })).toMatchObject({
      properties: { 'ssl.ca.location': '/own' },
      warnings: ['ssl.truststore.location (f:1) has no effect beside ssl.ca.location'],
    });
  });

  test('what belongs to no store is an unknown setting', () => {
    expect(ssl({ 'ssl.keystore.pasword': 'x', 'ssl.truststore.password': 'x' }).warnings).toEqual([
      'ssl.keystore.pasword (f:1) is an unknown client setting and has no effect, did you mean ssl.keystore.password?',
    ]);
  });

  test('key stores: PEM file, PEM inline, PKCS12', () => {
    const type = { 'ssl.keystore.type': 'PEM' };
    const file = { ...type, 'ssl.keystore.location': '/k.pem', 'ssl.key.password': 'hunter22' };
    expect(ssl(file, { '/k.pem': KEY + CERT }).properties).toEqual({
      'ssl.ca.location': 'probe',
      'ssl.certificate.location': '/k.pem',
      'ssl.key.location': '/k.pem',
      'ssl.key.password': 'hunter22',
    });
    expect(ssl(file, { '/k.pem': CERT }).first?.expected).toContain('PRIVATE KEY');
    const inline = { ...type, 'ssl.keystore.key': KEY, 'ssl.keystore.certificate.chain': CERT };
    expect(ssl(inline).properties).toEqual({
      'ssl.ca.location': 'probe',
      'ssl.key.pem': KEY,
      'ssl.certificate.pem': CERT,
    });
    expect(ssl({ ...type, 'ssl.keystore.key': KEY }).first?.problem).toContain('certificate.chain as well');
    const p12 = {
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': '/k.p12',
      'ssl.keystore.password': 'hunter22',
    };
    expect(ssl(p12, { '/k.p12': PKCS12 }).properties).toEqual({
      'ssl.ca.location': 'probe',
      'ssl.keystore.location': '/k.p12',
      'ssl.keystore.password': 'hunter22',
    });
  });

  test('what OpenSSL cannot read is refused with the line that converts it', () => {
    expect(
      ssl({ 'ssl.truststore.location': '/etc/my trust.jks' }, { '/etc/my trust.jks': JKS }).first?.fix,
    ).toBe(
      "Convert it: keytool -importkeystore -srckeystore '/etc/my trust.jks' -destkeystore 'my trust.p12' -deststoretype PKCS12 && openssl pkcs12 -in 'my trust.p12' -nokeys -out 'my trust.pem', then set ssl.truststore.type=PEM and ssl.truststore.location='my trust.pem'",
    );
    expect(
      ssl({ 'ssl.truststore.location': '/t.p12', 'ssl.truststore.type': 'PKCS12' }, { '/t.p12': PKCS12 })
        .first?.fix,
    ).toStartWith('Convert it: openssl pkcs12 -in /t.p12 -nokeys -out t.pem,');
    const keyStore = { 'ssl.keystore.location': '/k.jks', 'ssl.keystore.password': 'hunter22' };
    expect(ssl(keyStore, { '/k.jks': JKS }).first?.fix).toStartWith(
      'Convert it: keytool -importkeystore -srckeystore /k.jks -destkeystore k.p12 -deststoretype PKCS12,',
    );
    expect(ssl(keyStore, { '/k.jks': Uint8Array.of(0xce, 0xce, 0xce, 0xce) }).first?.fix).toContain(
      '-srcstoretype JCEKS',
    );
  });

  test('a store is what its first bytes say, whatever its name and its type', () => {
    const keyStore = { 'ssl.keystore.location': '/k.jks', 'ssl.keystore.password': 'hunter22' };
    for (const type of ['JKS', 'PKCS12', undefined]) {
      const given = type === undefined ? keyStore : { ...keyStore, 'ssl.keystore.type': type };
      const { properties, problems, warnings } = ssl(given, { '/k.jks': PKCS12 });
      expect(problems).toEqual([]);
      expect(warnings).toEqual([]);
      expect(properties).toMatchObject({ 'ssl.keystore.location': '/k.jks' });
    }
    const pem = ssl({ 'ssl.keystore.location': '/k.pem' }, { '/k.pem': KEY + CERT });
    expect(pem.properties).toMatchObject({ 'ssl.key.location': '/k.pem' });
    expect(pem.warnings).toEqual([
      'ssl.keystore.location (f:1) is a PEM file and read as one: Java would need ssl.keystore.type=PEM',
    ]);
    const trust = ssl({ 'ssl.truststore.location': '/ca.crt' }, { '/ca.crt': `subject=CN\n${CERT}` });
    expect(trust.problems).toEqual([]);
    expect(trust.properties).toEqual({ 'ssl.ca.location': '/ca.crt' });
    expect(trust.warnings[0]).toContain('ssl.truststore.type=PEM');
    const trustStore = ssl({ 'ssl.truststore.location': '/t.jks' }, { '/t.jks': PKCS12 }).first;
    expect(trustStore).toMatchObject({ found: 'a PKCS12 store' });
    expect(trustStore?.fix).toStartWith('Convert it: openssl pkcs12 -in /t.jks -nokeys -out t.pem,');
    const der = Uint8Array.of(0x30, 0x82, 0x01, 0x00, 0x30, 0x82, 0x00, 0xf0);
    expect(ssl({ 'ssl.truststore.location': '/ca.der' }, { '/ca.der': der }).first?.found).toContain('DER');
    expect(ssl({ 'ssl.truststore.location': '/x' }, { '/x': 'hello' }).first?.problem).toContain('no store');
  });

  test('white space around the passwords of stores is cut off, as in Java', () => {
    const blank = ' \t';
    expect(
      ssl(
        { 'ssl.keystore.location': '/k.p12', 'ssl.keystore.password': `${blank}hunter 22${blank}` },
        { '/k.p12': PKCS12 },
      ).properties['ssl.keystore.password'],
    ).toBe('hunter 22');
    expect(
      ssl(
        { 'ssl.keystore.location': '/k.pem', 'ssl.keystore.type': 'PEM', 'ssl.key.password': 'hunter22 ' },
        { '/k.pem': KEY + CERT },
      ).properties['ssl.key.password'],
    ).toBe('hunter22');
    // Java cuts no other white space.
    expect(
      ssl(
        { 'ssl.keystore.location': '/k.p12', 'ssl.keystore.password': 'hunter22\u00a0' },
        { '/k.p12': PKCS12 },
      ).properties['ssl.keystore.password'],
    ).toBe('hunter22\u00a0');
  });

  test('host name verification: empty means none', () => {
    const algorithm = (value: string) =>
      ssl({ 'ssl.endpoint.identification.algorithm': value }).properties[
        'ssl.endpoint.identification.algorithm'
      ];
    expect(algorithm('')).toBe('none');
    expect(algorithm('HTTPS')).toBe('https');
  });
});
