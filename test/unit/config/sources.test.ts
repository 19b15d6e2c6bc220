// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Kafka's references to config providers.
import { describe, expect, test } from 'bun:test';
import { environmentKey } from '../../../src/config/environment.ts';
import { CONNECTOR, load, problems, WORKER } from './support.ts';

const KAFKA = 'org.apache.kafka.common.config.provider';

describe('environment', () => {
  test('the container images’ names', () => {
    expect(environmentKey('CONNECT_BOOTSTRAP_SERVERS')).toBe('bootstrap.servers');
    expect(environmentKey('CONNECT_A__B_C___D')).toBe('a_b.c-d');
  });

  test('goes over the worker’s file, and --set over both', () => {
    const env = { CONNECT_BOOTSTRAP_SERVERS: 'env:1', CONNECT_OFFSET_FLUSH_TIMEOUT_MS: '7', HOME: '/x' };
    const fromEnv = load({ env });
    expect(fromEnv.consumer['bootstrap.servers']).toBe('env:1');
    expect(fromEnv.offsetFlushTimeoutMs).toBe(7);
    expect(load({ env, set: ['bootstrap.servers=set:1'] }).consumer['bootstrap.servers']).toBe('set:1');
    expect(fromEnv.effective.find(e => e.key === 'offset.flush.timeout.ms')).toEqual({
      key: 'offset.flush.timeout.ms',
      value: '7',
      source: 'environment CONNECT_OFFSET_FLUSH_TIMEOUT_MS',
    });
  });

  test('holds what Kubernetes tells of a service named connect, which are no settings', () => {
    const env = {
      CONNECT_SERVICE_HOST: '10.0.0.1',
      CONNECT_SERVICE_PORT: '8083',
      CONNECT_SERVICE_PORT_HTTP: '8083',
      CONNECT_PORT: 'tcp://10.0.0.1:8083',
      CONNECT_PORT_8083_TCP: 'tcp://10.0.0.1:8083',
      CONNECT_PORT_8083_TCP_PROTO: 'tcp',
      CONNECT_PORT_8083_TCP_PORT: '8083',
      CONNECT_PORT_8083_TCP_ADDR: '10.0.0.1',
      CONNECT_CLUSTER_PORT: 'tcp://10.0.0.1:8083',
      CONNECT_CLUSTER_SERVICE_HOST: '10.0.0.1',
    };
    expect(load({ env }).warnings).toEqual([]);
    expect(load({ env: { CONNECT_REST_PORT: '8084' } }).http.port).toBe(8084);
  });

  test('is the worker’s: a connector key in it has no effect and is told', () => {
    const settings = load({ env: { CONNECT_TOPICS: 'other' } });
    expect(settings.topics).toEqual(['t']);
    expect(settings.warnings.join()).toContain('topics (environment CONNECT_TOPICS) has no effect');
  });
});

describe('--set', () => {
  test('overrides either side', () => {
    const settings = load({ set: ['topics=a,b', 'listeners=http://:1', 'batch.max.rows=5'] });
    expect(settings.topics).toEqual(['a', 'b']);
    expect(settings.http.port).toBe(1);
    expect(settings.batch.maxRows).toBe(5);
  });

  test('an option reaches the converter that is in use', () => {
    const set = ['value.converter.schemas.enable=true'];
    expect(load({ set }).valueConverter.options).toEqual({ 'schemas.enable': true });
    const connector = `${CONNECTOR}value.converter=JsonConverter\nvalue.converter.schemas.enable=false\n`;
    expect(load({ connector, set }).valueConverter.options).toEqual({ 'schemas.enable': true });
  });

  test('without = is a problem that does not repeat it', () => {
    expect(problems({ set: ['a=1', 'hunter22'] })).toEqual([
      '--set: argument 2 is not of the form key=value; expected --set key=value',
    ]);
  });

  test('warns that a secret on the command line is not one', () => {
    const settings = load({ set: ['token=hunter22'] });
    expect(settings.milvus.token).toBe('hunter22');
    expect(settings.warnings).toEqual([
      "token given by --set can be seen in the machine's list of processes",
    ]);
  });

  test('a reference to a secret may stand there', () => {
    const settings = load({
      worker:
        'config.providers=env\nconfig.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n',
      set: ['token=${env:TOKEN}'],
      env: { TOKEN: 'hunter22' },
    });
    expect(settings.milvus.token).toBe('hunter22');
    expect(settings.warnings).toEqual([]);
  });
});

describe('config providers', () => {
  const providers = `config.providers=env,file,dir
config.providers.env.class=${KAFKA}.EnvVarConfigProvider
config.providers.file.class=${KAFKA}.FileConfigProvider
config.providers.dir.class=${KAFKA}.DirectoryConfigProvider
`;
  const withToken = (token: string) => CONNECTOR.replace('some-api-key', token);
  const disk = { '/run/s.properties': 'a.key = from\\u0020file', '/run/secrets/token': 'from dir\n' };

  test('the three of Kafka, whole or inside a value', () => {
    const env = { TOKEN: 'from env' };
    const token = (reference: string) =>
      load({ worker: WORKER + providers, connector: withToken(reference), env, disk }).milvus.token;
    expect(token('${env:TOKEN}')).toBe('from env');
    expect(token('${env::TOKEN}')).toBe('from env');
    expect(token('root:${env:TOKEN}!')).toBe('root:from env!');
    expect(token('${file:/run/s.properties:a.key}')).toBe('from file');
    expect(token('${dir:/run/secrets:token}')).toBe('from dir');
  });

  test('what came through one is secret only where its key is', () => {
    const connector = withToken('root:${env:PASSWORD}').replace('topics=t', 'topics=${env:TOPIC}');
    const settings = load({
      worker: `${WORKER}${providers}listeners=http://:${'${env:PORT}'}\n`,
      connector,
      env: { TOPIC: 'orders', PORT: '8083', PASSWORD: 'hunter2222' },
    });
    expect(settings.topics).toEqual(['orders']);
    const shown = (key: string) => settings.effective.find(e => e.key === key)?.value;
    expect([shown('topics'), shown('listeners'), shown('token')]).toEqual([
      'orders',
      'http://:8083',
      '[hidden]',
    ]);
    const line = 'RECORD_NOT_JSON at orders-0@18083';
    expect(settings.mask(line)).toBe(line);
    expect(settings.mask('bad password hunter2222 of root:hunter2222')).toBe(
      'bad password [hidden] of [hidden]',
    );
  });

  test('resolve only where config.providers names them', () => {
    const settings = load({ connector: withToken('${env:TOKEN}'), env: { TOKEN: 'x' } });
    expect(settings.milvus.token).toBe('${env:TOKEN}');
    expect(settings.warnings.join()).toContain(
      "token (c.properties:5) holds a reference to a config provider 'env'",
    );
  });

  test('each that cannot be resolved is one problem', () => {
    const cases: [string, string][] = [
      ['${env:NONE}', 'the environment variable NONE is not set. Export NONE'],
      ['${env:path:NONE}', 'the environment has no paths; expected ${env:NAME}'],
      ['${file:/none:k}', '/none cannot be read. Check that it exists and that this user may read it'],
      ['${file:/run/s.properties:k}', '/run/s.properties has no key k'],
      [
        '${dir:/run/secrets:../s.properties}',
        'a file name without a path is needed; expected ${dir:/path:file}',
      ],
    ];
    for (const [reference, problem] of cases) {
      const given = { worker: WORKER + providers, connector: withToken(reference), disk };
      expect(problems(given)).toEqual([`c.properties:5 token: ${problem}`]);
    }
  });

  test('a required key that cannot be resolved is not called missing, too', () => {
    const connector = CONNECTOR.replace('https://milvus:443', '${env:NONE}');
    expect(problems({ worker: WORKER + providers, connector })).toHaveLength(1);
  });

  test('allowlist.pattern matches whole names', () => {
    const worker = `${WORKER}${providers}config.providers.env.param.allowlist.pattern=MILVUS_.*\n`;
    const env = { MILVUS_TOKEN: 'good one', NOT_MILVUS_TOKEN: 'x' };
    expect(load({ worker, connector: withToken('${env:MILVUS_TOKEN}'), env }).milvus.token).toBe('good one');
    expect(problems({ worker, connector: withToken('${env:NOT_MILVUS_TOKEN}'), env })[0]).toContain(
      'not allowed',
    );
  });

  test('allowed.paths bounds files, .. resolved', () => {
    const worker = `${WORKER}${providers}config.providers.dir.param.allowed.paths=/run/secrets,/etc/x\n`;
    expect(load({ worker, connector: withToken('${dir:/run/secrets:token}'), disk }).milvus.token).toBe(
      'from dir',
    );
    for (const path of ['/run/secrets/../other', '/run/secrets2', 'run/secrets']) {
      expect(problems({ worker, connector: withToken(`\${dir:${path}:token}`), disk })[0]).toContain(
        'may not be read',
      );
    }
  });

  test('names that every JavaScript object has are names like any other', () => {
    const named = (list: string, javaClass: string) =>
      `${WORKER}config.providers=${list}\nconfig.providers.${list}.class=${javaClass}\n`;
    expect(problems({ worker: named('v', 'constructor') })[0]).toContain('is not available here');
    const worker = named('constructor', `${KAFKA}.EnvVarConfigProvider`);
    const connector = withToken('${constructor:toString}');
    expect(problems({ worker, connector })[0]).toContain('the environment variable toString is not set');
    for (const key of ['constructor', '__proto__', 'consumer.constructor', 'value.converter.constructor']) {
      expect(load({ worker: `${WORKER}${key}=x\n` }).warnings[0]).toContain(`${key} (w.properties:5)`);
    }
    for (const key of ['insert.mode', 'errors.tolerance', 'tasks.max', 'value.converter']) {
      const problem = problems({ connector: `${CONNECTOR}${key}=constructor\n` })[0];
      expect(problem).toContain(`c.properties:7 ${key}: `);
    }
  });

  test('an unknown provider class is refused with the known ones', () => {
    const worker = `${WORKER}config.providers=v\nconfig.providers.v.class=com.acme.Vault\n`;
    expect(problems({ worker, connector: withToken('${v:a}') })).toEqual([
      `w.properties:6 config.providers.v.class: a config provider that is not available here; expected one of ${KAFKA}.EnvVarConfigProvider, ${KAFKA}.FileConfigProvider, ${KAFKA}.DirectoryConfigProvider; found com.acme.Vault`,
    ]);
  });
});
