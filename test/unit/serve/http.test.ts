import { describe, expect, test } from 'bun:test';
import { Health } from '../../../src/observe/health.ts';
import type { ConnectorSnapshot } from '../../../src/observe/snapshot.ts';
import { type HttpOptions, localUrl, respond } from '../../../src/serve/http.ts';
import { connectorSnapshot } from '../../support/snapshots.ts';

function setup(more: Partial<ConnectorSnapshot> = {}) {
  const health = new Health();
  const options: HttpOptions = {
    host: '',
    port: 0,
    version: '1.2.3',
    connectors: () => [connectorSnapshot({ name: 'my-sink', ...more }, health)],
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', render: async () => 'm 1\n' },
  };
  const get = (path: string, method = 'GET') => respond(new Request(`http://x${path}`, { method }), options);
  const allOk = () => {
    for (const name of ['kafka', 'milvus', 'pipeline'] as const) health.set(name, true, 'fine');
  };
  return { health, get, allOk };
}

describe('/livez', () => {
  test('is 200 while Milvus is waited for', async () => {
    const { get, health } = setup();
    health.set('milvus', false, 'waiting for Milvus');
    expect((await get('/livez')).status).toBe(200);
  });
});

describe('/readyz', () => {
  test('names what is missing', async () => {
    const { get, health, allOk } = setup();
    allOk();
    health.set('milvus', false, 'waiting for Milvus: connection refused');
    const answer = await get('/readyz');
    expect([answer.status, await answer.text()]).toEqual([
      503,
      'not ready: milvus: waiting for Milvus: connection refused\n',
    ]);
  });

  test('is 200 when all checks pass', async () => {
    const { get, allOk } = setup();
    allOk();
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/readyz/')).status).toBe(200);
  });
});

test('/healthz has a line per connector and check', async () => {
  const { get, health, allOk } = setup();
  allOk();
  const well = await get('/healthz');
  expect([well.status, await well.json()]).toEqual([
    200,
    {
      status: 'ok',
      version: '1.2.3',
      connectors: [
        {
          name: 'my-sink',
          state: 'RUNNING',
          checks: {
            kafka: { ok: true, detail: 'fine' },
            milvus: { ok: true, detail: 'fine' },
            pipeline: { ok: true, detail: 'fine' },
          },
        },
      ],
    },
  ]);
  health.set('kafka', false, 'no broker');
  const ill = await get('/healthz');
  expect([ill.status, await ill.json()]).toMatchObject([503, { status: 'failing' }]);
});

test('several connectors: each is named, and one that has FAILED says why and is not ready', async () => {
  const well = new Health();
  for (const name of ['kafka', 'milvus', 'pipeline'] as const) well.set(name, true, 'fine');
  const ill = new Health();
  for (const name of ['kafka', 'milvus'] as const) ill.set(name, true, 'fine');
  ill.set('pipeline', false, 'failed: MILVUS_AUTH: refused');
  const options: HttpOptions = {
    host: '',
    port: 0,
    version: '1',
    connectors: () => [
      connectorSnapshot({ name: 'a' }, well),
      connectorSnapshot({ name: 'b "quoted"', state: 'FAILED', reason: 'MILVUS_AUTH: refused' }, ill),
    ],
    metrics: { contentType: 'text/plain', render: async () => '' },
  };
  const ready = await respond(new Request('http://x/readyz'), options);
  expect([ready.status, await ready.text()]).toEqual([
    503,
    'not ready: b "quoted": pipeline: failed: MILVUS_AUTH: refused\n',
  ]);
  const health = await respond(new Request('http://x/healthz'), options);
  expect(health.status).toBe(503);
  const text = await health.text();
  expect(JSON.parse(text)).toMatchObject({
    status: 'failing',
    connectors: [
      { name: 'a', state: 'RUNNING' },
      { name: 'b "quoted"', state: 'FAILED', reason: 'MILVUS_AUTH: refused' },
    ],
  });
  expect(text.split('\n').filter(line => line.includes('"ok"') && line.includes('"detail"'))).toHaveLength(6);
  const page = await (await respond(new Request('http://x/'), options)).text();
  expect(page).toContain('b &quot;quoted&quot;: failed');
});

test('/metrics has the type that Prometheus asks for', async () => {
  const answer = await setup().get('/metrics');
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await answer.text()).toBe('m 1\n');
});

test('/ shows text, never markup, of what others wrote', async () => {
  const { get, health } = setup({ name: '<script>alert(1)</script>', about: { topics: '"><img src=x>' } });
  health.set('milvus', false, 'waiting: <b>bold</b>');
  const page = await (await get('/')).text();
  expect(page).not.toMatch(/<script|<img|<b>/);
  expect(page).toContain('&lt;script&gt;');
  expect(page).toContain('href="/metrics"');
});

test('what is not there says what is', async () => {
  const answer = await setup().get('/connectors');
  expect([answer.status, await answer.text()]).toEqual([
    404,
    'Nothing here. There is /, /livez, /readyz, /healthz, /metrics.\n',
  ]);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed', async method => {
  const answer = await setup().get('/healthz', method);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test.each([
  ['', 'http://localhost:8083'],
  ['0.0.0.0', 'http://localhost:8083'],
  ['::', 'http://[::1]:8083'],
  ['::1', 'http://[::1]:8083'],
  ['[::1]', 'http://[::1]:8083'],
  ['10.0.0.1', 'http://10.0.0.1:8083'],
  ['edge.local', 'http://edge.local:8083'],
])('a server on %p is reached at %s', (host, url) => {
  expect(localUrl(host, 8083)).toBe(url);
});
