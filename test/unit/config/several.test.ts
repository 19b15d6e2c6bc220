// Several connectors in one process: `milvus-sink worker.properties a.properties b.json …`.
import { describe, expect, test } from 'bun:test';
import { CONNECTOR, failure, type Given, load, loadAll, problems, WORKER } from './support.ts';

const named = (name: string, more = '') => CONNECTOR.replace('name=sink', `name=${name}`) + more;
/** A worker's file and the connectors a, b and c, each with lines of its own. */
const three = (a = '', b = '', c = ''): Given => ({
  connector: named('a', a),
  connectorName: 'a.properties',
  extra: [
    { path: 'b.properties', text: named('b', b) },
    { path: 'c.properties', text: named('c', c) },
  ],
});

describe('each connector', () => {
  test('has its own name, group, client and settings, in the order of the files', () => {
    const { connectors, warnings } = loadAll(
      three('insert.mode=insert\n', 'tasks.max=3\n', 'errors.tolerance=all\n'),
    );
    expect(warnings).toEqual([]);
    expect(connectors.map(c => [c.name, c.groupId, c.consumer['client.id']])).toEqual([
      ['a', 'connect-a', 'connector-consumer-a-0'],
      ['b', 'connect-b', 'connector-consumer-b-0'],
      ['c', 'connect-c', 'connector-consumer-c-0'],
    ]);
    expect(connectors.map(c => c.insertMode)).toEqual(['insert', 'upsert', 'upsert']);
    expect(connectors.map(c => c.tasksMax)).toEqual([1, 3, 1]);
    expect(connectors.map(c => c.errors.tolerance)).toEqual(['none', 'none', 'all']);
    const sources = connectors.map(c => c.effective.find(({ key }) => key === 'name')!.source);
    expect(sources).toEqual(['a.properties:1', 'b.properties:1', 'c.properties:1']);
  });

  test('is what it would be alone', () => {
    const files = [
      'value.converter=String\nconsumer.override.group.id=g\nmax.in.flight=9\n',
      'topics=x,y\nerrors.tolerance=all\nconsumer.override.max.poll.records=7\nbatch.max.rows=3\n',
      'tasks.max=300\nproducer.override.acks=1\ntokne=abcdefghi\ntransforms.a.type=x\n',
    ];
    const given = {
      worker: `${WORKER}consumer.fetch.min.bytes=5\nbatch.max.rows=8\non.failure=stop\nfetch=1\n`,
      env: { CONNECT_OFFSET_FLUSH_TIMEOUT_MS: '7' },
      set: ['errors.log.enable=true', 'value.converter.converter.type=value'],
    };
    const [a, b, c] = files as [string, string, string];
    const together = loadAll({ ...given, ...three(a, b, c) });
    const warnings = new Set<string>();
    ['a', 'b', 'c'].forEach((name, i) => {
      const alone = loadAll({
        ...given,
        connector: named(name, files[i]),
        connectorName: `${name}.properties`,
      });
      expect(together.connectors[i]).toEqual(alone.connectors[0]!);
      for (const warning of alone.warnings) warnings.add(warning);
    });
    // One of them names no place: it gets the file's.
    const unplaced = 'not used in this release: producer.override.acks';
    expect(
      new Set(together.warnings.map(text => text.replace(`c.properties: ${unplaced}`, unplaced))),
    ).toEqual(warnings);
  });

  test('may be JSON as connect-standalone takes it: with name and config, or flat', () => {
    const config = Object.fromEntries(
      CONNECTOR.trim()
        .split('\n')
        .slice(1)
        .map(line => line.split('=')),
    );
    const { connectors } = loadAll({
      connector: JSON.stringify({ name: 'nested', config }),
      connectorName: 'a.json',
      extra: [
        { path: 'b.json', text: JSON.stringify({ name: 'flat', ...config }) },
        { path: 'c.properties', text: named('plain') },
      ],
    });
    expect(connectors.map(c => c.name)).toEqual(['nested', 'flat', 'plain']);
  });

  test('has our keys of the worker’s file as defaults, under its own', () => {
    const { connectors } = loadAll({
      ...three('batch.max.rows=1\n'),
      worker: `${WORKER}batch.max.rows=7\nmax.in.flight=2\n`,
      env: { CONNECT_MAX_IN_FLIGHT: '3' },
    });
    expect(connectors.map(c => c.batch.maxRows)).toEqual([1, 7, 7]);
    expect(connectors.map(c => c.batch.maxInFlight)).toEqual([3, 3, 3]);
  });

  test('has its own converter, or the worker’s', () => {
    const own = 'value.converter=JsonConverter\n';
    const given = { ...three(own), set: ['value.converter.replace.null.with.default=false'] };
    const { connectors } = loadAll(given);
    expect(connectors.map(c => c.valueConverter.options)).toEqual([
      { 'replace.null.with.default': false },
      { 'schemas.enable': false, 'replace.null.with.default': false },
      { 'schemas.enable': false, 'replace.null.with.default': false },
    ]);
  });

  test('takes what --set says', () => {
    const { connectors } = loadAll({ ...three('batch.max.rows=1\n'), set: ['batch.max.rows=9', 'topics=x'] });
    expect(connectors.map(c => [c.batch.maxRows, c.topics])).toEqual(Array(3).fill([9, ['x']]));
  });

  test('has its client settings over the worker’s', () => {
    const { connectors } = loadAll({
      ...three('consumer.override.fetch.min.bytes=7\n'),
      worker: `${WORKER}consumer.fetch.min.bytes=5\n`,
    });
    expect(connectors.map(c => c.consumer['fetch.min.bytes'])).toEqual([7, 5, 5]);
  });
});

describe('one message', () => {
  test('has the problems of all files, file by file, each once, and names the file of what is missing', () => {
    const error = failure({
      ...three('tasks.max=none\n', 'batch.max.rows=0\n', 'insert.mode=replace\n'),
      worker: `${WORKER}http.enabled=perhaps\nconsumer.fetch.min.bytes=-1\n`,
      extra: [
        { path: 'b.properties', text: named('b', 'batch.max.rows=0\n').replace('collection.name=c\n', '') },
        { path: 'c.properties', text: named('c', 'insert.mode=replace\n').replace('topics=t\n', '') },
        { path: 'd.json', text: '{' },
      ],
    });
    expect(error.message.split('\n')).toEqual([
      'CONFIG_INVALID: 8 problems in the configuration',
      '  a.properties:7 tasks.max: bad value; expected an integer 1 to 2147483647; found none',
      '  b.properties:6 batch.max.rows: bad value; expected an integer 1 to 100000; found 0',
      "  b.properties collection.name: is missing from the connector's settings; expected text, not empty",
      '  c.properties:6 insert.mode: bad value; expected upsert or insert; found replace',
      '  c.properties topics: is missing; expected topics or topics.regex',
      '  d.json:1:2: not valid JSON; expected a field name in double quotes or "}"; found the end of the text',
      '  w.properties:5 http.enabled: bad value; expected true or false; found perhaps',
      '  w.properties:6 consumer.fetch.min.bytes: bad value; expected an integer 1 to 100000000; found -1',
    ]);
  });

  test('has each warning once, and says whose it is', () => {
    const given = three('tokne=hunter2222\n', 'consumer.override.acks=1\n');
    given.extra![1]!.text = given.extra![1]!.text.replace('https://milvus:443', 'milvus:19530');
    const { warnings, mask } = loadAll({ ...given, worker: `${WORKER}consumer.linger.ms=1\nqwertz=1\n` });
    expect(warnings).toEqual([
      'unknown key qwertz (w.properties:6) has no effect',
      'unknown key tokne (a.properties:7) has no effect, did you mean token?',
      "consumer.linger.ms (w.properties:5) has no effect: it is a producer's",
      "consumer.override.acks (b.properties:7) has no effect: it is a producer's",
      'c.properties: public.endpoint is not https://: token and records travel unencrypted',
    ]);
    expect(mask('hunter2222')).toBe('[hidden]');
  });

  test('masks the secrets of all files', () => {
    const given = three();
    given.extra![1]!.text = given.extra![1]!.text.replace('some-api-key', 'another-api-key');
    expect(loadAll(given).mask('some-api-key another-api-key')).toBe('[hidden] [hidden]');
  });

  test('tells files in the wrong order, wherever the worker’s is', () => {
    expect(
      problems({
        worker: named('a'),
        connector: named('b'),
        connectorName: 'b.properties',
        extra: [{ path: 'c.properties', text: WORKER }],
      }),
    ).toEqual([
      "w.properties: the first file is a connector's; expected the worker's file first: c.properties w.properties b.properties",
    ]);
  });
});

describe('the worker’s file forgotten', () => {
  const json = (settings: object) => ({ connector: named('c'), worker: JSON.stringify(settings) });

  test('is refused: the first connector would be dropped, the others would run on default addresses', () => {
    const expected = [
      "w.properties: the first file is a connector's; expected the worker's file first: worker.properties w.properties c.properties. Give the worker's file (bootstrap.servers, listeners, …) before it",
    ];
    const strayed = named('a', 'on.failure=stop\nvalue.converter=JsonConverter\n');
    expect(problems({ worker: strayed, connector: named('c') })).toEqual(expected);
    expect(problems(json({ name: 'b', config: { topics: 't' } }))).toEqual(expected);
    expect(problems(json({ 'public.endpoint': 'milvus' }))).toEqual(expected);
  });

  test('behind a file with both sides’ keys, which may only be alone', () => {
    const worker = `${WORKER}listeners=http://:1\nssl.key.password=x\nconsumer.fetch.min.bytes=1\n${named('a')}`;
    expect(problems({ worker, connector: named('c') })).toEqual([
      "w.properties: the first file is a connector's; expected the worker's file first: worker.properties w.properties c.properties. Move the worker's keys (bootstrap.servers, listeners, ssl.key.password, …) into a file of their own and give it first, or run this file alone",
    ]);
    expect(loadAll({ worker: WORKER + named('a'), connector: undefined }).connectors).toHaveLength(1);
  });

  test('a later file is taken for the worker’s only when it can be one', () => {
    const later = (text: string) =>
      problems({ worker: named('a'), connector: text, connectorName: 'b.json' });
    expect(later('{"name": "b", "config": {}}')[0]).toContain("the worker's file first: worker.properties");
    expect(later('{')[1]).toContain("the worker's file first: worker.properties");
    expect(later('{"listeners": "http://:1"}')[0]).toContain("the worker's file first: b.json w.properties");
  });

  test('a connector’s key strayed into the worker’s file makes it no connector', () => {
    const { connectors, warnings } = loadAll({ worker: `${WORKER}name=x\n`, connector: named('c') });
    expect(connectors.map(c => c.name)).toEqual(['c']);
    expect(warnings).toHaveLength(1);
    const flat = { 'bootstrap.servers': 'kafka:9092' };
    expect(loadAll({ worker: JSON.stringify(flat), connector: named('c') }).connectors).toHaveLength(1);
  });
});

describe('what two connectors may not share', () => {
  test('a name: both places are told', () => {
    const given = three();
    given.extra![1]!.text = named('a');
    expect(problems(given)).toEqual([
      'c.properties:1 name: is the name of another connector as well (a.properties:1); expected a name of its own for each connector; found a',
    ]);
  });

  test('a name given by --set', () => {
    expect(problems({ ...three(), set: ['name=x'] })).toEqual([
      "--set name: cannot name several connectors at once; expected a name of its own in each connector's file",
    ]);
    expect(load({ set: ['name=x'] }).name).toBe('x');
  });

  test('a static member of one group', () => {
    const group = 'consumer.override.group.id=g\n';
    const id = (text: string) => `${group}consumer.override.group.instance.id=${text}\n`;
    expect(problems(three(id('i'), '', id('i')))).toEqual([
      'c.properties:8 consumer.override.group.instance.id: makes c the same static member (i) of the group g as a (a.properties): Kafka lets only one of them in; expected a group.id or a group.instance.id of its own for each connector',
    ]);
    // With several tasks each is a member of its own, with the task's number behind the id.
    expect(problems(three(id('i-1'), `${id('i')}tasks.max=2\n`))[0]).toContain('(i-1)');
    expect(loadAll(three(id('i-2'), `${id('i')}tasks.max=2\n`)).connectors).toHaveLength(3);
    // Of a group of the same name in another cluster it is none.
    const elsewhere = `${id('i')}consumer.override.bootstrap.servers=other:9092\n`;
    expect(loadAll(three(id('i'), elsewhere)).warnings).toEqual([]);
    // Without a group of their own the names make the groups.
    const worker = `${WORKER}consumer.group.instance.id=i\n`;
    expect(loadAll({ ...three(), worker }).connectors.map(c => c.groupId)).toEqual([
      'connect-a',
      'connect-b',
      'connect-c',
    ]);
  });

  test('a group divides the records of a topic: that is warned of', () => {
    const { warnings } = loadAll(
      three('', 'consumer.override.group.id=g\n', 'consumer.override.group.id=g\n'),
    );
    expect(warnings).toEqual([
      'consumer.override.group.id (c.properties:7) puts b and c into one consumer group, g: of a topic that both read, each gets a part of the records',
    ]);
  });
});

describe('on.failure', () => {
  test('is stop with one connector and continue with several, unless it is set', () => {
    expect(loadAll().worker.onFailure).toBe('stop');
    expect(loadAll(three()).worker.onFailure).toBe('continue');
    expect(loadAll({ ...three(), worker: `${WORKER}on.failure=stop\n` }).worker.onFailure).toBe('stop');
    expect(loadAll({ env: { CONNECT_ON_FAILURE: 'continue' } }).worker.onFailure).toBe('continue');
    expect(problems({ worker: `${WORKER}on.failure=restart\n` })[0]).toEndWith(
      'expected stop or continue; found restart',
    );
    const shown = loadAll(three()).connectors[2]!.effective.find(({ key }) => key === 'on.failure');
    expect(shown).toEqual({ key: 'on.failure', value: 'continue', source: 'default' });
  });

  test('in the file of one connector of several steers all, and is told; so are two that differ', () => {
    const given = three('on.failure=stop\n', '', 'on.failure=continue\n');
    const misplaced = "concerns all connectors of the process: it belongs into the worker's file";
    expect(loadAll(given).worker.onFailure).toBe('continue');
    expect(loadAll(given).warnings).toEqual([
      `on.failure (a.properties:7) ${misplaced}`,
      `on.failure (c.properties:7) ${misplaced}`,
      'on.failure is set twice, at a.properties:7 and c.properties:7: the last one wins',
    ]);
    const http = loadAll(three('', 'http.enabled=false\nlisteners=http://:1\n'));
    expect(http.worker.http).toEqual({ enabled: false, host: '', port: 8083 });
    expect(http.warnings).toEqual([
      `http.enabled (b.properties:7) ${misplaced}`,
      "listeners (b.properties:8) has no effect in the connector's file: it belongs into the worker's file",
    ]);
    // With one connector there is nothing that it could do to others.
    expect(loadAll({ connector: named('a', 'on.failure=stop\n') }).warnings).toEqual([]);
    expect(loadAll({ ...three(), set: ['on.failure=stop'] }).warnings).toEqual([]);
  });
});
