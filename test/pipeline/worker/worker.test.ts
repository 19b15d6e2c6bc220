// Several connectors in one process: each lives for itself, and what the end of one means for the others is `on.failure`.

import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { ConnectorSettings } from '../../../src/config/settings.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { Profile } from '../../../src/observe/profile.ts';
import { createWorker, type Worker } from '../../../src/worker/worker.ts';
import { eventually, pipelineSettings, pipelineStage } from '../../support/pipeline.ts';

setDefaultTimeout(60_000);
const stage = pipelineStage('worker');
const message = (id: number) => ({ id, title: 't', title_vector: [1, 2, 3, 4, 5, 6, 7, 8], link: 'l' });
const workers: Worker[] = [];
afterAll(() => {
  for (const worker of workers) worker.stop();
});

/** A worker of these connectors, as `run` makes one. */
async function start(connectors: ConnectorSettings[], onFailure: 'stop' | 'continue') {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'text',
    now: () => new Date(),
    mask: text => text,
    write: line => lines.push(line),
  });
  const worker = await createWorker({
    configuration: {
      worker: { http: { enabled: true, host: '127.0.0.1', port: 0 }, onFailure },
      connectors,
      warnings: [],
      notes: [],
      mask: text => text,
    },
    log,
    profile: new Profile(false, () => performance.now()),
    version: 'test',
  });
  workers.push(worker);
  const get = async (path: string) => {
    const response = await fetch(worker.server!.url + path);
    return { status: response.status, body: await response.text() };
  };
  return {
    worker,
    lines,
    get,
    ended: worker.run(),
    /** State of a connector, by its name. */
    async state(name: string): Promise<string> {
      const { connectors } = JSON.parse((await get('/healthz')).body);
      return connectors.find((one: { name: string }) => one.name === name).state;
    },
  };
}

/** A connector with a topic and a collection of its own, in which `rows` rows are waiting. */
async function connector(rows = 0, overrides: Parameters<typeof pipelineSettings>[4] = {}) {
  const { name, milvus } = await stage.fresh();
  if (rows > 0)
    await stage.kafka.produce(
      name,
      Array.from({ length: rows }, (_, id) => ({ partition: id % 4, value: message(id) })),
    );
  const settings = pipelineSettings(stage.kafka.bootstrap, milvus, name, name, { name, ...overrides });
  return { name, milvus, settings };
}

test.concurrent('one of three fails: the others write on, and health, metrics and the end tell of it', async () => {
  const [a, b, c] = [await connector(50), await connector(), await connector(50)];
  b.settings.milvus.collection = 'nowhere';
  const { worker, lines, get, state, ended } = await start([a.settings, b.settings, c.settings], 'continue');
  await a.milvus.until(m => m.rows(a.name).size === 50);
  await c.milvus.until(m => m.rows(c.name).size === 50);
  await eventually(async () => (await state(b.name)) === 'FAILED', 'b has failed');
  expect([await state(a.name), await state(c.name)]).toEqual(['RUNNING', 'RUNNING']);
  const health = await get('/healthz');
  expect(health.status).toBe(503);
  const failed = JSON.parse(health.body).connectors.find((one: { name: string }) => one.name === b.name);
  expect(failed.reason).toContain('MILVUS_COLLECTION_MISSING');
  const ready = await get('/readyz');
  expect(ready.status).toBe(503);
  expect(ready.body).toContain(`not ready: ${b.name}: pipeline: failed: MILVUS_COLLECTION_MISSING`);
  expect((await get('/livez')).status).toBe(200);
  const metrics = (await get('/metrics')).body;
  expect(metrics).toContain(`milvus_sink_connector_state{connector="${b.name}",state="FAILED"} 1`);
  expect(metrics).toContain(`milvus_sink_connector_state{connector="${a.name}",state="FAILED"} 0`);
  for (const { name } of [a, c])
    expect(metrics).toContain(`milvus_sink_rows_written_total{connector="${name}",operation="upsert"} 50`);
  expect(lines.join('')).toContain(`connector ${b.name} has FAILED: the others go on (on.failure=continue)`);
  expect(
    lines.some(line => line.includes('partitions assigned') && line.includes(`connector=${a.name}`)),
  ).toBe(true);
  worker.stop();
  expect((await ended)?.error.code).toBe('MILVUS_COLLECTION_MISSING');
  for (const { name } of [a, c])
    expect(await stage.kafka.committed(`connect-${name}`, name, [0, 1, 2, 3])).toEqual([13, 13, 12, 12]);
});

test.concurrent('on.failure=stop: the others finish what is in flight, and the process ends', async () => {
  const [a, b] = [await connector(40), await connector()];
  // On its way when the other one fails.
  a.milvus.faults.push({ delayMs: 400, times: 1000 });
  const { lines, ended } = await start([a.settings, b.settings], 'stop');
  await eventually(() => a.milvus.writes.length > 0, 'a has a request in flight');
  b.milvus.faults.push({ status: { code: 65535, reason: 'permission deny', error_code: 3 }, times: 1000 });
  await stage.kafka.produce(b.name, [{ value: message(1) }]);
  const failure = await ended;
  expect(failure?.error.kind).toBe('milvus');
  expect(lines.join('')).toContain(`connector ${b.name} has FAILED: the others are stopped`);
  const written = a.milvus.rows(a.name).size;
  const committed = await stage.kafka.committed(`connect-${a.name}`, a.name, [0, 1, 2, 3]);
  expect(written).toBeGreaterThan(0);
  expect(committed.reduce((sum: number, offset) => sum + (offset ?? 0), 0)).toBe(written);
});

test.concurrent('when all have failed the process ends, also with on.failure=continue, with the first failure', async () => {
  const [a, b] = [await connector(), await connector(1)];
  a.settings.milvus.collection = 'nowhere';
  b.milvus.faults.push({ delayMs: 500, times: 1 });
  await stage.kafka.produce(b.name, [{ value: 'no JSON' }]);
  const { ended } = await start([a.settings, b.settings], 'continue');
  expect((await ended)?.error.code).toBe('MILVUS_COLLECTION_MISSING');
});

test.concurrent('a connector whose Milvus hangs slows no other', async () => {
  const [slow, quick] = [await connector(500), await connector(2000)];
  slow.milvus.faults.push({ hang: true, times: 1_000_000 });
  slow.settings.milvus.requestTimeoutMs = 2000;
  const { worker, state, ended } = await start([slow.settings, quick.settings], 'continue');
  await quick.milvus.until(m => m.rows(quick.name).size === 2000, 30_000);
  expect(slow.milvus.rows(slow.name).size).toBe(0);
  expect([await state(slow.name), await state(quick.name)]).toEqual(['RUNNING', 'RUNNING']);
  worker.stop();
  expect((await ended)?.error.code).toBe('MILVUS_UNANSWERED');
});

test.concurrent('ten connectors in one process', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => connector(20)));
  const { worker, get, ended } = await start(
    all.map(one => one.settings),
    'continue',
  );
  for (const { name, milvus } of all) await milvus.until(m => m.rows(name).size === 20, 30_000);
  await eventually(async () => (await get('/readyz')).status === 200, 'all are ready');
  worker.stop();
  expect(await ended).toBeUndefined();
});
