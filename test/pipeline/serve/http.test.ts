// The HTTP server on real sockets: HEAD, what is in the headers, addresses that cannot be had, and the health check.
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/stack/stack.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { SinkError } from '../../../src/errors.ts';
import { Health } from '../../../src/observe/health.ts';
import { type HttpServer, serveHttp } from '../../../src/serve/http.ts';
import { createMetrics } from '../../../src/serve/metrics.ts';
import { connectorSnapshot } from '../../support/snapshots.ts';

setDefaultTimeout(30_000);
const servers: HttpServer[] = [];
const ipv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'));
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function serve(port = 0, host = '127.0.0.1') {
  const health = new Health();
  const connectors = () => [connectorSnapshot({}, health)];
  const metrics = createMetrics({ version: '1', connectors });
  const server = serveHttp({ host, port, version: '1', connectors, metrics });
  servers.push(server);
  return { server, health };
}

function refusal(action: () => unknown): SinkError {
  try {
    action();
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** A connection that has sent `text`. */
async function raw(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => socket.write(text, error => (error ? reject(error) : resolve())));
    socket.once('error', reject);
  });
  return socket;
}

test('half a request, and an answer that nobody reads, do not hold up a stop', async () => {
  let asked = () => {};
  const reached = new Promise<void>(resolve => {
    asked = resolve;
  });
  const render = async () => {
    asked();
    return 'x'.repeat(50 << 20); // more than the sockets between take
  };
  const server = serveHttp({
    host: '127.0.0.1',
    port: 0,
    version: '1',
    connectors: () => [],
    metrics: { contentType: 'text/plain', render },
  });
  const half = await raw(server.port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n');
  const unread = await raw(server.port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  unread.pause();
  await reached;
  const closed = new Promise(resolve => half.once('close', resolve));
  // Bun itself closes such connections after ten seconds.
  const stopped = server.stop().then(() => 'stopped');
  expect(await Promise.race([stopped, Bun.sleep(8000).then(() => 'still waiting')])).toBe('stopped');
  await closed;
  unread.destroy();
});

test('an answer under way is finished before a stop', async () => {
  let answer = (_text: string) => {};
  let asked = () => {};
  const reached = new Promise<void>(resolve => {
    asked = resolve;
  });
  const render = () => {
    asked();
    return new Promise<string>(resolve => {
      answer = resolve;
    });
  };
  const server = serveHttp({
    host: '127.0.0.1',
    port: 0,
    version: '1',
    connectors: () => [],
    metrics: { contentType: 'text/plain', render },
  });
  const response = fetch(`${server.url}/metrics`);
  await reached;
  const stopped = server.stop();
  answer('the metrics');
  expect(await (await response).text()).toBe('the metrics');
  await stopped;
});

test('listeners=http://:port means all addresses, IPv6 included', async () => {
  const { worker } = loadConfiguration({
    files: [
      {
        path: 'w.properties',
        bytes: Buffer.from(
          'listeners=http://:0\nname=n\nconnector.class=MilvusSink\ntopics=t\npublic.endpoint=localhost\ncollection.name=c\n',
        ),
      },
    ],
    set: [],
    env: {},
    readFile: () => Buffer.alloc(0),
  });
  const { server } = serve(worker.http.port, worker.http.host);
  const addresses = ['127.0.0.1', ...(ipv6 ? ['::1'] : [])];
  for (const host of addresses) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host, port: server.port }, resolve).on('error', reject);
    await promise;
    socket.destroy();
  }
  expect(server.url).toBe(`http://localhost:${server.port}`);
});

test('HEAD has the headers of GET and no body', async () => {
  const { server } = serve();
  for (const path of ['/', '/livez', '/healthz', '/metrics']) {
    const [get, head] = await Promise.all([
      fetch(server.url + path),
      fetch(server.url + path, { method: 'HEAD' }),
    ]);
    expect([head.status, head.headers.get('content-type')]).toEqual([
      get.status,
      get.headers.get('content-type'),
    ]);
    expect(await head.text()).toBe('');
    expect(get.headers.get('server')).toBeNull();
    await get.text();
  }
});

test.each(['127.0.0.1', '0.0.0.0', ''])(
  'an address in use is refused with the keys that change it (%p)',
  host => {
    const { server } = serve(0, host);
    const error = refusal(() => serve(server.port, host));
    expect([error.code, error.kind]).toEqual(['HTTP_ADDRESS_IN_USE', 'configuration']);
    expect(error.message).toContain(`listeners=http://:${server.port + 1}`);
    expect(error.message).toContain('http.enabled=false');
  },
);

test('another process on the address is noticed as well', async () => {
  const { server } = serve(0, '0.0.0.0');
  const code = `import { serveHttp } from '${join(ROOT, 'src/serve/http.ts')}';
    try { serveHttp({ host: '0.0.0.0', port: ${server.port}, version: '1', connectors: () => [], metrics: undefined }); }
    catch (error) { console.log(error.code); }
    process.exit();`;
  const child = Bun.spawn([process.execPath, '-e', code], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  expect(await new Response(child.stdout).text()).toBe('HTTP_ADDRESS_IN_USE\n');
});

test('an address of another machine is refused', () => {
  // 192.0.2.0/24 is for documentation: no machine has it.
  const error = refusal(() => serve(0, '192.0.2.1'));
  expect([error.code, error.kind]).toEqual(['HTTP_ADDRESS_INVALID', 'configuration']);
});

async function healthcheck(args: string[]) {
  const child = Bun.spawn([process.execPath, 'src/main.ts', 'healthcheck', ...args], {
    cwd: ROOT,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    // Nobody listens there: who goes through the proxy fails.
    env: { ...process.env, HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9' },
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

test('milvus-sink healthcheck tells life from readiness', async () => {
  const { server, health } = serve();
  expect(await healthcheck(['--url', server.url])).toEqual({ code: 0, out: 'alive\n', err: '' });
  const waiting = await healthcheck(['--url', server.url, '--ready']);
  expect([waiting.code, waiting.out]).toEqual([1, expect.stringContaining('not ready: kafka: starting')]);
  for (const name of ['kafka', 'milvus', 'pipeline'] as const) health.set(name, true, 'fine');
  expect(await healthcheck(['--url', server.url, '--ready'])).toEqual({ code: 0, out: 'ready\n', err: '' });
});

test('milvus-sink healthcheck finds the address in the worker’s file alone', async () => {
  const { server } = serve();
  const path = join(tmpdir(), `milvus-sink-healthcheck-${process.pid}.properties`);
  await Bun.write(path, `bootstrap.servers=kafka:9092\nlisteners=http://127.0.0.1:${server.port}\n`);
  try {
    expect(await healthcheck([path])).toEqual({ code: 0, out: 'alive\n', err: '' });
    const disabled = await healthcheck([path, '--set', 'http.enabled=false']);
    expect([disabled.code, disabled.err]).toEqual([1, expect.stringContaining('HTTP_DISABLED')]);
  } finally {
    await Bun.file(path).delete();
  }
});

test('milvus-sink healthcheck says when nobody answers', async () => {
  const { server } = serve();
  await server.stop();
  const { code, out, err } = await healthcheck(['--url', server.url]);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(`HEALTHCHECK_FAILED at ${server.url}/livez`);
});
