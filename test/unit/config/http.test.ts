// Where the process listens, read without the rest: for `milvus-sink healthcheck`.
import { expect, test } from 'bun:test';
import { type LoadInput, loadHttp } from '../../../src/config/load.ts';
import { SinkError } from '../../../src/errors.ts';
import { CONNECTOR, WORKER } from './support.ts';

function http(files: Record<string, string>, more: Partial<LoadInput> = {}) {
  return loadHttp({
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    set: [],
    env: {},
    readFile: path => {
      throw new Error(`ENOENT ${path}`);
    },
    ...more,
  });
}

test('needs the worker’s file alone, from which environment and --set differ as they do for the sink', () => {
  const worker = `${WORKER}listeners=http://edge:1\n`;
  expect(http({ w: worker })).toEqual({ enabled: true, host: 'edge', port: 1 });
  const env = { CONNECT_LISTENERS: 'http://:2' };
  expect(http({ w: worker }, { env }).port).toBe(2);
  expect(http({ w: worker }, { env, set: ['listeners=http://:3'] }).port).toBe(3);
  expect(http({ w: `${WORKER}rest.host.name=old\nrest.port=4\n` })).toMatchObject({ host: 'old', port: 4 });
  expect(http({ w: WORKER }, { set: ['http.enabled=false'] }).enabled).toBe(false);
  expect(http({ w: `${worker}${CONNECTOR}` }).port).toBe(1);
});

test('is the same with connectors’ files', () => {
  const files = { w: `${WORKER}rest.port=1\n`, a: CONNECTOR, b: `${CONNECTOR}http.enabled=false\n` };
  expect(http(files)).toEqual({ enabled: false, host: '', port: 1 });
});

test('does not ask for what other keys refer to, only for what its own do', () => {
  const provider = `config.providers=env
config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
bootstrap.servers=\${env:NOT_HERE}
offset.flush.timeout.ms=never
`;
  const listeners = `listeners=http://:\${env:PORT}\n`;
  expect(http({ w: provider + listeners }, { env: { PORT: '5' } }).port).toBe(5);
  expect(() => http({ w: provider + listeners })).toThrow(/one problem .*\n {2}w:5 listeners: .*PORT/);
});

test('an address that is none is a problem, as are files in the wrong order', () => {
  const refused = (files: Record<string, string>) => {
    expect(() => http(files)).toThrow(SinkError);
  };
  refused({ w: 'listeners=edge:1\n' });
  refused({ w: 'rest.port=none\n' });
  refused({ a: CONNECTOR, w: WORKER });
  refused({ 'w.json': '{' });
});
