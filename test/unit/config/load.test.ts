import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { readConfiguration } from '../../../src/config/read.ts';
import { SinkError } from '../../../src/errors.ts';
import { CONNECTOR, failure, load, problems, WORKER } from './support.ts';

const JSON_CLASS = 'org.apache.kafka.connect.json.JsonConverter';
const STRING = 'org.apache.kafka.connect.storage.StringConverter';
const add = (text: string) => ({ connector: CONNECTOR + text });
const addWorker = (text: string) => ({ worker: WORKER + text });

describe("the guide's two files", () => {
  test('become settings with Connect’s defaults', () => {
    const settings = load();
    expect(settings).toMatchObject({
      name: 'sink',
      groupId: 'connect-sink',
      topics: ['t'],
      tasksMax: 1,
      milvus: {
        address: 'milvus:443',
        tls: true,
        token: 'some-api-key',
        database: 'default',
        collection: 'c',
      },
      insertMode: 'upsert',
      insertModeExplicit: false,
      errors: { tolerance: 'none', retryTimeoutMs: 0 },
      keyConverter: { javaClass: STRING, options: {} },
      valueConverter: { javaClass: JSON_CLASS, options: { 'schemas.enable': false } },
      offsetFlushIntervalMs: 60000,
      offsetFlushTimeoutMs: 5000,
      http: { enabled: true, host: '', port: 8083 },
      warnings: [],
    });
    expect(settings.consumer).toEqual({
      'bootstrap.servers': 'kafka:9092',
      'client.id': 'connector-consumer-sink-0',
      'group.id': 'connect-sink',
      'auto.offset.reset': 'earliest',
      'isolation.level': 'read_uncommitted',
      'partition.assignment.strategy': 'cooperative-sticky',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'fetch.queue.backoff.ms': 5,
      'queued.max.messages.kbytes': 16384,
      'queued.min.messages': 1000,
      'fetch.wait.max.ms': 100,
      'topic.metadata.refresh.interval.ms': 3000,
    });
  });

  test('need not name their converters: the guide sets only schemas.enable', () => {
    const worker =
      'key.converter.schemas.enable=false\nvalue.converter.schemas.enable=false\nplugin.path=/plugins\n';
    const { keyConverter, valueConverter } = load({ worker });
    for (const converter of [keyConverter, valueConverter]) {
      expect(converter).toEqual({ javaClass: JSON_CLASS, options: { 'schemas.enable': false } });
    }
  });

  test('may be one file, or a JSON connector', () => {
    expect(load({ worker: WORKER + CONNECTOR, connector: undefined })).toMatchObject({
      name: 'sink',
      topics: ['t'],
    });
    const json = JSON.stringify({
      name: 'j',
      config: Object.fromEntries(
        CONNECTOR.trim()
          .split('\n')
          .slice(1)
          .map(line => line.split('=')),
      ),
    });
    expect(load({ connector: json, connectorName: 'c.json' })).toMatchObject({
      name: 'j',
      groupId: 'connect-j',
    });
  });

  test('in the wrong order are told so', () => {
    expect(problems({ worker: CONNECTOR, connector: WORKER })).toEqual([
      "w.properties: the first file is a connector's; expected the worker's file first: c.properties w.properties",
    ]);
  });
});

describe('the worker’s file alone', () => {
  test('is one problem, not one for each key that a connector needs', () => {
    const expected = [
      "w.properties: no connector is given; expected a connector's file after the worker's (w.properties connector.properties), or the keys of both in one file",
    ];
    for (const worker of [WORKER, '', `${WORKER}batch.max.rows=7\non.failure=stop\n`]) {
      expect(problems({ worker, connector: undefined })).toEqual(expected);
    }
    const more = problems({ worker: `${WORKER}http.enabled=perhaps\n`, connector: undefined });
    expect(more).toEqual([...expected, expect.stringContaining('http.enabled: bad value')].reverse());
  });

  test('with any of a connector’s keys is told which are missing', () => {
    const missing = problems({ worker: `${WORKER}topics=t\n`, connector: undefined });
    expect(missing.map(line => line.split(':')[0])).toEqual([
      'name',
      'connector.class',
      'public.endpoint',
      'collection.name',
    ]);
  });

  test('is no problem when --set gives a connector', () => {
    const set = CONNECTOR.trim().split('\n');
    expect(load({ worker: WORKER, connector: undefined, set }).name).toBe('sink');
  });
});

describe('problems', () => {
  test('all in one error, a line each with place, key, expected and found', () => {
    const error = failure({
      worker: WORKER.replace('StringConverter', 'StrangeConverter'),
      connector:
        'name=\nconnector.class=Other\ntopics=t\ntopics.regex=t.*\ntasks.max=two\ncollection.nmae=c\n',
    });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.kind).toBe('configuration');
    expect(error.message.split('\n')).toEqual([
      'CONFIG_INVALID: 7 problems in the configuration',
      '  c.properties:1 name: is empty; expected text without control characters',
      '  c.properties:2 connector.class: not a connector of this program; expected com.milvus.io.kafka.MilvusSinkConnector, MilvusSinkConnector or MilvusSink; found Other',
      '  c.properties:4 topics.regex: is set together with topics (c.properties:3); expected one of the two',
      '  c.properties:5 tasks.max: bad value; expected an integer 1 to 2147483647; found two',
      '  w.properties:2 key.converter: unknown converter; expected org.apache.kafka.connect.json.JsonConverter or org.apache.kafka.connect.storage.StringConverter; found org.apache.kafka.connect.storage.StrangeConverter; did you mean org.apache.kafka.connect.storage.StringConverter?',
      "  public.endpoint: is missing from the connector's settings; expected https://host:port, http://host:port or host:port, without path or user",
      "  collection.name: is missing from the connector's settings; expected text, not empty",
      '  (unknown key collection.nmae (c.properties:6) has no effect, did you mean collection.name?)',
    ]);
  });

  test('topics or topics.regex, and names that Kafka allows', () => {
    const without = CONNECTOR.replace('topics=t\n', '');
    expect(problems({ connector: without })).toEqual(['topics: is missing; expected topics or topics.regex']);
    expect(problems({ connector: `${without}topics=,\n` })).toEqual([
      'c.properties:6 topics: is empty; expected topics or topics.regex',
    ]);
    expect(load({ connector: `${without}topics.regex=t-[0-9]+\n` })).toMatchObject({
      topicsRegex: 't-[0-9]+',
    });
    expect(problems({ connector: `${without}topics.regex=(t)\\\\1\n` })).toEqual([
      "c.properties:6 topics.regex: has a construct that is not taken: back references are not known here; expected a regular expression of Java's for the whole topic name; found \\1 at character 4 of (t)\\1. Write it with groups and character classes, or list the topics in `topics`",
    ]);
    for (const broken of ['t(', '*t', '[t']) {
      const [problem, ...more] = problems({ connector: `${without}topics.regex=${broken}\n` });
      expect(problem).toStartWith('c.properties:6 topics.regex: is no regular expression: ');
      expect(problem).toMatch(/found . at character \d of /);
      expect(more).toEqual([]);
    }
    expect(problems({ connector: `${without}topics=ok, a*b\n` })[0]).toContain('not a topic name');
    expect(load({ connector: `${without}topics= a , b,a, \n` }).topics).toEqual(['a', 'b']);
  });

  test('a pattern leaves Kafka’s own topics alone, a list needs no such care', () => {
    const regex = CONNECTOR.replace('topics=t', 'topics.regex=.*');
    expect(load({ connector: regex }).excludeInternalTopics).toBe(true);
    const exclude = (value: string) => ({
      connector: `${regex}consumer.override.exclude.internal.topics=${value}\n`,
    });
    expect(load(exclude('false')).excludeInternalTopics).toBe(false);
    expect(problems(exclude('no'))[0]).toContain('exclude.internal.topics: bad value');
  });

  test('numbers have their range', () => {
    expect(problems(add('batch.max.rows=0\nbatch.max.bytes=1e6\nmax.in.flight=-1\n'))).toHaveLength(3);
    expect(problems(add('buffer.max.bytes=1048576\n'))[0]).toContain('expected at least 4194304');
    expect(
      load(add('errors.retry.timeout=9223372036854775807\nerrors.retry.delay.max.ms=60000\n')).errors,
    ).toMatchObject({
      retryDelayMaxMs: 60000,
    });
    expect(load(add('errors.retry.timeout=-1\n')).errors.retryTimeoutMs).toBe(-1);
  });

  test('a missing file is told with its path', () => {
    expect(() => readConfiguration(['/nonexistent/w.properties'], [], {})).toThrow(
      /^CONFIG_FILE at \/nonexistent\/w\.properties: .* found no such file$/,
    );
    expect(() => readConfiguration(['/'], [], {})).toThrow(SinkError);
  });
});

describe('what later releases bring is refused by key, its defaults are not', () => {
  const refused = [
    'errors.deadletterqueue.topic.name=dlq',
    'errors.deadletterqueue.topic.name=dlq\nerrors.deadletterqueue.topic.replication.factor=1',
    'transforms=a',
    'transforms=a\ntransforms.a.type=org.apache.kafka.connect.transforms.Flatten$Value\npredicates=p',
    'delete.enabled=true',
    'auto.create=true',
    'auto.evolve=TRUE',
    'pk.mode=record_key',
    'pk.fields=id',
    'value.converter=io.confluent.connect.avro.AvroConverter',
    'value.converter=org.apache.kafka.connect.converters.ByteArrayConverter',
  ];
  for (const line of refused) {
    test(line, () => {
      const [first, ...more] = problems(add(`${line}\n`));
      expect(first).toStartWith(`c.properties:7 ${line.split('=')[0]}: `);
      expect(first).toContain('not in this release');
      expect(more).toEqual([]);
    });
  }

  test('what is left over from one of them is told and hinders nothing', () => {
    const leftovers = [
      ['transforms.a.type=org.apache.kafka.connect.transforms.Flatten$Value', 'transforms'],
      ['predicates=p', 'transforms'],
      ['predicates.p.type=x', 'transforms'],
      ['errors.deadletterqueue.topic.replication.factor=1', 'errors.deadletterqueue.topic.name'],
      ['errors.deadletterqueue.context.headers.enable=true', 'errors.deadletterqueue.topic.name'],
    ] as const;
    for (const [line, needs] of leftovers) {
      const key = line.split('=')[0];
      const said = `${key} (c.properties:7) has no effect: ${needs} is not set`;
      expect(load(add(`${line}\n`)).warnings).toEqual([said]);
      expect(load({ ...add(`${line}\n${needs}=x\n`), set: [`${needs}=`] }).warnings).toEqual([said]);
    }
    expect(load(add('errors.deadletterqueue.topic.nmae=x\n')).warnings[0]).toContain(
      'did you mean errors.deadletterqueue.topic.name?',
    );
  });

  test('a converter of keys or headers is of no consequence, unless nobody knows it', () => {
    const known = [
      'org.apache.kafka.connect.converters.ByteArrayConverter',
      'org.apache.kafka.connect.converters.LongConverter',
      'IntegerConverter',
      'io.confluent.connect.avro.AvroConverter',
      'io.confluent.connect.protobuf.ProtobufConverter',
    ];
    for (const name of known) {
      const lines = `key.converter=${name}\nkey.converter.schema.registry.url=http://r\nheader.converter=${name}\n`;
      const settings = load(add(`${lines}header.converter.schemas.enable=false\n`));
      expect(settings.keyConverter.javaClass).toEndWith(name);
      expect(settings.warnings).toEqual([]);
      expect(settings.notes).toEqual([
        'key.converter (c.properties:7) is not needed: keys are not used',
        'key.converter.schema.registry.url (c.properties:8) is not needed: keys are not used',
        'header.converter (c.properties:9) is not needed: headers are not used',
        'header.converter.schemas.enable (c.properties:10) is not needed: headers are not used',
      ]);
    }
    for (const key of ['key.converter', 'header.converter']) {
      expect(problems(add(`${key}=com.acme.Converter\n`))[0]).toContain(`${key}: unknown converter`);
    }
  });

  test('harmless values', () => {
    const text = `errors.deadletterqueue.topic.name=
errors.deadletterqueue.topic.replication.factor=3
errors.deadletterqueue.context.headers.enable=false
transforms=
predicates=
delete.enabled=false
auto.create=false
auto.evolve=false
pk.mode=record_value
`;
    expect(load(add(text)).warnings).toEqual([]);
  });
});

describe('sides', () => {
  test("a connector's own converter wins as a whole", () => {
    const worker = `${WORKER}value.converter.decimal.format=NUMERIC\n`;
    expect(load({ worker }).valueConverter.options).toEqual({
      'schemas.enable': false,
      'decimal.format': 'NUMERIC',
    });
    expect(load({ worker, ...add('value.converter=JsonConverter\n') }).valueConverter).toEqual({
      javaClass: JSON_CLASS,
      options: {},
    });
    const encoded = add('value.converter=String\nvalue.converter.converter.encoding=ISO-8859-1\n');
    expect(load(encoded).valueConverter).toEqual({
      javaClass: STRING,
      options: { 'converter.encoding': 'iso-8859-1' },
    });
  });

  test('an option without a converter of its own has no effect, as in Connect, and is told', () => {
    const settings = load(add('value.converter.schemas.enable=true\n'));
    expect(settings.valueConverter.options).toEqual({ 'schemas.enable': false });
    expect(settings.warnings).toHaveLength(1);
    expect(settings.warnings[0]).toContain('value.converter.schemas.enable (c.properties:7) has no effect');
  });

  test('converter options are checked', () => {
    expect(problems(addWorker('value.converter.decimal.format=TEXT\n'))[0]).toContain(
      'expected BASE64 or NUMERIC',
    );
    expect(problems(addWorker('value.converter.schema.content={}\n'))).toEqual([
      'w.properties:5 value.converter.schema.content: a fixed schema is not in this release; expected no such key',
    ]);
    expect(load(addWorker('value.converter.schema.content=\n')).warnings).toEqual([]);
    expect(problems(addWorker('key.converter.converter.encoding=utf-7\n'))).toEqual([
      'w.properties:5 key.converter.converter.encoding: bad value; expected UTF-8, ISO-8859-1 or US-ASCII; found utf-7',
    ]);
    expect(load(addWorker('value.converter.schema.enable=x\n')).warnings).toEqual([
      'unknown option value.converter.schema.enable (w.properties:5), did you mean value.converter.schemas.enable?',
    ]);
  });

  test('a key in the wrong file has no effect and is told, with the right way', () => {
    const settings = load({
      ...addWorker('topics=other\n'),
      ...add('bootstrap.servers=other:1\nconsumer.max.poll.records=7\n'),
    });
    expect(settings.topics).toEqual(['t']);
    expect(settings.consumer['bootstrap.servers']).toBe('kafka:9092');
    expect(settings.maxPollRecords).toBe(2000);
    expect(settings.warnings).toEqual([
      "topics (w.properties:5) has no effect in the worker's file: it belongs into the connector's file",
      "bootstrap.servers (c.properties:7) has no effect in the connector's file: it belongs into the worker's file",
      "consumer.max.poll.records (c.properties:8) has no effect in the connector's file: it belongs into the worker's file; in the connector's it would be consumer.override.max.poll.records",
    ]);
  });

  test('our own keys may stand in either file', () => {
    expect(load({ ...addWorker('batch.max.rows=7\n'), ...add('http.enabled=false\n') })).toMatchObject({
      batch: { maxRows: 7 },
      http: { enabled: false },
      warnings: [],
    });
  });

  test('unknown keys are warned of with the nearest known one, never with their value', () => {
    const settings = load(add('tokne=abcdefgh\nqwertz=abcdefgh\nerrors.tolerence=all\n'));
    expect(settings.warnings).toEqual([
      'unknown key tokne (c.properties:7) has no effect, did you mean token?',
      'unknown key qwertz (c.properties:8) has no effect',
      'unknown key errors.tolerence (c.properties:9) has no effect, did you mean errors.tolerance?',
    ]);
    expect(settings.mask('abcdefgh')).toBe('[hidden]');
  });

  test('what Kafka Connect takes and this program has less of is taken, with a word', () => {
    const many = load(add('tasks.max=300\n'));
    expect(many.tasksMax).toBe(256);
    expect(many.warnings).toEqual([
      'tasks.max (c.properties:7) is more than one process is good for: 256 consumers are made',
    ]);
    const patient = load(add('consumer.override.session.timeout.ms=600000\n'));
    expect(patient.consumer).toMatchObject({
      'session.timeout.ms': 600000,
      'max.poll.interval.ms': 600000,
    });
    const committing = load(addWorker('consumer.enable.auto.commit=true\n'));
    expect(committing.consumer['enable.auto.commit']).toBe(false);
    expect(committing.warnings[0]).toStartWith(
      'consumer.enable.auto.commit (w.properties:5) is overridden with false',
    );
  });

  test('no warning for what stands in everybody’s files', () => {
    const worker =
      'key.converter.schemas.enable=true\nclient.id=c\nrequest.timeout.ms=1\nretry.backoff.ms=1\nrebalance.timeout.ms=1\n';
    const settings = load(addWorker(worker));
    expect(settings.warnings).toEqual([]);
    expect(settings.notes).toContain(
      "key.converter.schemas.enable (w.properties:5) has no effect: it is another converter's option",
    );
    expect(settings.notes).toHaveLength(5);
    expect(load(add('client.id=c\n')).warnings[0]).toContain("belongs into the worker's file");
  });

  test("Connect's other keys are accepted, quietly", () => {
    const worker =
      'plugin.path=/p\noffset.storage.file.filename=/o\nplugin.discovery=only_scan\nrest.extension.classes=\n';
    const settings = load({
      ...addWorker(worker),
      ...add('config.action.reload=none\ntasks.max.enforce=false\n'),
    });
    expect(settings.warnings).toEqual([]);
    expect(settings.notes).toHaveLength(6);
    expect(load(addWorker('metric.reporters=X\ngroup.id=connect-cluster\n')).warnings).toHaveLength(2);
  });

  test('layers of client settings: without prefix, consumer.*, consumer.override.*', () => {
    const worker =
      'security.protocol=PLAINTEXT\nconsumer.client.id=w\nconsumer.fetch.min.bytes=7\nconsumer.group.id=g\n';
    const settings = load({ ...addWorker(worker), ...add('consumer.override.client.id=c\n') });
    expect(settings.consumer).toMatchObject({ 'client.id': 'c', 'fetch.min.bytes': 7, 'group.id': 'g' });
    expect(settings.groupId).toBe('g');
  });

  test('producer.* and admin.* are checked and said to be unused', () => {
    const settings = load({
      ...addWorker('producer.acks=all\nadmin.retries=3\n'),
      ...add('producer.override.linger.ms=5\n'),
    });
    expect(settings.warnings[0]).toBe('not used in this release: producer.acks, producer.override.linger.ms');
    expect(settings.warnings[1]).toContain('admin.retries');
    expect(problems(addWorker('producer.linger.ms=soon\n'))[0]).toContain('producer.linger.ms: bad value');
  });
});

describe('addresses', () => {
  test('public.endpoint in all its forms', () => {
    const milvus = (endpoint: string) =>
      load({ connector: CONNECTOR.replace('https://milvus:443', endpoint) }).milvus;
    expect(milvus('https://in01.zillizcloud.com')).toMatchObject({
      host: 'in01.zillizcloud.com',
      port: 443,
      tls: true,
    });
    expect(milvus('http://h')).toMatchObject({ address: 'h:19530', tls: false });
    expect(milvus('localhost:9')).toMatchObject({ address: 'localhost:9', tls: false });
    expect(milvus('HTTPS://[::1]:7/')).toMatchObject({ address: '[::1]:7', host: '::1', port: 7, tls: true });
  });

  test('and what it is not', () => {
    const bad = [
      'https://<public.endpoint>:port',
      'https://h/path',
      'ftp://h',
      'h:0',
      'h:70000',
      'https://',
      'a b',
      '[::1',
      '[x]:1',
      ':1',
    ];
    for (const endpoint of bad) {
      const [problem] = problems({ connector: CONNECTOR.replace('https://milvus:443', endpoint) });
      expect(problem).toBe(
        `c.properties:4 public.endpoint: bad value; expected https://host:port, http://host:port or host:port, without path or user; found ${endpoint}`,
      );
    }
    expect(problems({ connector: CONNECTOR.replace('milvus:443', 'me:pass@h:1') })[0]).toEndWith(
      'found https://[hidden]@h:1',
    );
  });

  test('listeners, and the older rest.* keys', () => {
    const http = (text: string) => load(addWorker(text)).http;
    expect(http('listeners=http://localhost:9999\n')).toEqual({
      enabled: true,
      host: 'localhost',
      port: 9999,
    });
    expect(http('listeners=http://[::]:1\n')).toMatchObject({ host: '::', port: 1 });
    expect(http('rest.port=8084\n')).toMatchObject({ host: '', port: 8084 });
    expect(http('rest.port=8084\nrest.host.name=127.0.0.1\nlisteners=http://:1\n')).toMatchObject({
      host: '',
      port: 1,
    });
    expect(http('listeners=https://:2,http://:1\n').port).toBe(1);
    expect(problems(addWorker('listeners=https://:8443\n'))[0]).toContain('HTTPS is not served');
    expect(problems(addWorker('listeners=:8083\n'))[0]).toContain('listeners: bad value');
  });
});

test('milvus.transport is native unless it is set to grpc-js, and nothing else', () => {
  expect(load().milvus.transport).toBe('native');
  expect(load(add('milvus.transport=grpc-js\n')).milvus.transport).toBe('grpc-js');
  expect(problems(add('milvus.transport=http3\n'))[0]).toContain('milvus.transport: bad value');
});

describe('TLS to Milvus', () => {
  const tls = (name: string) => readFileSync(`${import.meta.dir}/../../support/tls/${name}`, 'utf8');
  const [PEM, KEY] = [tls('client.pem'), tls('client.key')];

  test('takes PEM files', () => {
    const text = `milvus.tls.ca.location=/ca
milvus.tls.certificate.location=/c
milvus.tls.key.location=/k
milvus.tls.server.name=m
`;
    expect(load({ ...add(text), disk: { '/ca': PEM, '/c': PEM, '/k': KEY } }).milvus).toMatchObject({
      tlsCaFile: '/ca',
      tlsCertFile: '/c',
      tlsKeyFile: '/k',
      tlsServerName: 'm',
    });
    expect(problems({ ...add(text), disk: { '/c': KEY, '/k': KEY } })).toEqual([
      'c.properties:7 milvus.tls.ca.location: the file cannot be read; expected a file that this user may read; found /ca',
      'c.properties:8 milvus.tls.certificate.location: the file is not PEM; expected -----BEGIN CERTIFICATE----- in it',
    ]);
    expect(problems(add('milvus.tls.key.location=/k\n'))[0]).toContain(
      'needs milvus.tls.certificate.location',
    );
  });

  test('material that cannot be used is told with its place', () => {
    const text =
      'milvus.tls.ca.location=/ca\nmilvus.tls.certificate.location=/c\nmilvus.tls.key.location=/k\n';
    const said = (disk: Record<string, string>) =>
      problems({ ...add(text), disk: { '/ca': tls('ca.pem'), '/c': PEM, '/k': KEY, ...disk } });
    expect(said({ '/k': tls('server.key') })[0]).toStartWith(
      'c.properties:9 milvus.tls.key.location: the key does not belong to the certificate',
    );
    expect(said({ '/k': tls('client-encrypted.key') })[0]).toContain('the key is encrypted');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(said({ '/ca': broken })[0]).toStartWith(
      'c.properties:7 milvus.tls.ca.location: the certificates cannot be read',
    );
  });

  test("a token that still holds the guide's asterisks is named as such", () => {
    const connector = CONNECTOR.replace('some-api-key', '*'.repeat(41));
    expect(load({ connector }).warnings).toEqual([
      "token (c.properties:5) still holds the guide's asterisks: put in your API key or user:password, or remove the line for a Milvus without authentication",
    ]);
    expect(load({ connector: CONNECTOR.replace('some-api-key', 'a**b') }).warnings).toEqual([]);
  });

  test('a token that travels in the open, or is missing, is warned of', () => {
    const over = (from: string, to: string) => load({ connector: CONNECTOR.replace(from, to) }).warnings;
    expect(over('https://milvus:443', 'milvus:1')).toEqual([
      'public.endpoint is not https://: token and records travel unencrypted',
    ]);
    expect(over('https://milvus:443', 'localhost')).toEqual([]);
    expect(over('some-api-key', '')).toHaveLength(1);
  });
});
