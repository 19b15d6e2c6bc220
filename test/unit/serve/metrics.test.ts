import { describe, expect, test } from 'bun:test';
import { Health } from '../../../src/observe/health.ts';
import { METRICS, type MetricDeclaration, renderMetricsTable } from '../../../src/serve/declarations.ts';
import { createMetrics, MAX_RETRY_CODES } from '../../../src/serve/metrics.ts';

const DECLARED = Object.values<MetricDeclaration>(METRICS);

function create() {
  return createMetrics({
    version: '1.2.3',
    commit: 'abc',
    bun: '1.4.5',
    usage: { cpuSeconds: () => 1.5, residentBytes: () => 1024, startSeconds: 1000 },
  });
}

/** Samples by their text, `name{labels}` → value. */
async function samples(metrics: ReturnType<typeof createMetrics>): Promise<Record<string, number>> {
  const lines = (await metrics.render()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('the declarations', () => {
  // https://prometheus.io/docs/practices/naming/
  const UNITS = /_(seconds|bytes|rows|records|requests|offset|info|ready)$/;

  test.each(DECLARED.map(metric => [metric.name, metric] as const))(
    '%s follows the naming rules',
    (name, metric) => {
      expect(name).toMatch(/^(milvus_sink|process)_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(metric.type === 'counter');
      if (metric.type !== 'counter') expect(name).toMatch(UNITS);
      expect(metric.help).toMatch(/\S/);
      for (const label of Object.keys(metric.labels)) expect(label).toMatch(/^[a-z]+$/);
      expect(metric.buckets !== undefined).toBe(metric.type === 'histogram');
      const { buckets = [] } = metric;
      expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    },
  );

  test('are all served, and nothing else is', async () => {
    const text = await create().render();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(types.toSorted()).toEqual(DECLARED.map(({ name, type }) => `${name} ${type}`).toSorted());
  });

  test('make a table with a row each', () => {
    const rows = renderMetricsTable().split('\n').slice(2);
    expect(rows.map(row => row.split('`')[1])).toEqual(DECLARED.map(({ name }) => name));
    for (const row of rows) expect(row.split(' | ')).toHaveLength(4);
  });
});

describe('events are counted', () => {
  test('records, rows and requests', async () => {
    const metrics = create();
    const { events } = metrics;
    events.polled('a', 10, 1000);
    events.polled('a', 5, 500);
    events.polled('b', 1, 1);
    events.skipped('tombstone', 2);
    events.fieldsDropped(3);
    events.fieldsDropped(4);
    events.superseded(6);
    events.written('upsert', { rows: 7, bytes: 2048, latencyMs: 20 });
    events.written('insert', { rows: 8, bytes: 4096, latencyMs: 3000 });
    events.retried('rate_limit');
    events.rebalanced('lost');
    expect(await samples(metrics)).toMatchObject({
      'milvus_sink_records_read_total{topic="a"}': 15,
      'milvus_sink_read_bytes_total{topic="a"}': 1500,
      'milvus_sink_records_read_total{topic="b"}': 1,
      'milvus_sink_records_skipped_total{reason="tombstone"}': 2,
      'milvus_sink_records_skipped_total{reason="bad_record"}': 0,
      milvus_sink_fields_dropped_total: 7,
      milvus_sink_rows_superseded_total: 6,
      'milvus_sink_rows_written_total{operation="upsert"}': 7,
      'milvus_sink_rows_written_total{operation="insert"}': 8,
      'milvus_sink_rows_written_total{operation="delete"}': 0,
      milvus_sink_batch_rows_sum: 15,
      milvus_sink_batch_bytes_count: 2,
      milvus_sink_request_seconds_sum: 3.02,
      'milvus_sink_request_seconds_bucket{le="0.025"}': 1,
      'milvus_sink_request_retries_total{code="rate_limit"}': 1,
      'milvus_sink_rebalances_total{kind="lost"}': 1,
    });
  });

  test('a second scrape counts nothing twice', async () => {
    const metrics = create();
    metrics.events.fieldsDropped(2);
    await metrics.render();
    expect(await samples(metrics)).toMatchObject({
      milvus_sink_fields_dropped_total: 2,
      process_cpu_seconds_total: 1.5,
    });
  });

  test('a timestamp from a clock ahead of ours is no negative latency', async () => {
    const metrics = create();
    metrics.events.endToEnd(-5);
    metrics.events.endToEnd(0.2);
    expect(await samples(metrics)).toMatchObject({
      milvus_sink_end_to_end_seconds_sum: 0.2,
      milvus_sink_end_to_end_seconds_count: 2,
    });
  });

  test('gauges hold the latest value', async () => {
    const metrics = create();
    metrics.events.inFlight(1, 2);
    metrics.events.inFlight(3, 4);
    metrics.events.buffered(10, 2000);
    expect(await samples(metrics)).toMatchObject({
      milvus_sink_in_flight_requests: 3,
      milvus_sink_in_flight_limit_requests: 4,
      milvus_sink_buffered_rows: 10,
      milvus_sink_buffered_bytes: 2000,
    });
  });
});

describe('label sets are bounded', () => {
  test('a forgotten partition has no series', async () => {
    const metrics = create();
    for (const partition of [0, 1]) {
      metrics.events.lag('t', partition, 5);
      metrics.events.committed('t', partition, 7);
    }
    metrics.events.forgotten('t', 0);
    const names = Object.keys(await samples(metrics)).filter(name => name.includes('partition='));
    expect(names).toEqual([
      'milvus_sink_lag_records{topic="t",partition="1"}',
      'milvus_sink_committed_offset{topic="t",partition="1"}',
    ]);
  });

  test('a topic that is gone has no series', async () => {
    const metrics = create();
    for (const topic of ['kept', 'gone']) metrics.events.polled(topic, 1, 10);
    metrics.events.topicGone('gone');
    const names = Object.keys(await samples(metrics)).filter(name => name.includes('topic='));
    expect(names).toEqual([
      'milvus_sink_records_read_total{topic="kept"}',
      'milvus_sink_read_bytes_total{topic="kept"}',
    ]);
  });

  test('a server that invents error codes gets one label for the rest', async () => {
    const metrics = create();
    for (let code = 0; code < MAX_RETRY_CODES + 20; code++) metrics.events.retried(`c${code}`);
    metrics.events.retried('c0');
    const got = await samples(metrics);
    expect(Object.keys(got).filter(name => name.includes('code='))).toHaveLength(MAX_RETRY_CODES + 1);
    expect(got['milvus_sink_request_retries_total{code="other"}']).toBe(20);
    expect(got['milvus_sink_request_retries_total{code="c0"}']).toBe(2);
  });
});

test('checks are served as they are at the scrape', async () => {
  const metrics = create();
  const health = new Health();
  metrics.bindHealth(health);
  health.set('kafka', true, 'connected');
  expect(await samples(metrics)).toMatchObject({
    'milvus_sink_ready{check="kafka"}': 1,
    'milvus_sink_ready{check="milvus"}': 0,
  });
  health.set('kafka', false, 'gone');
  expect((await samples(metrics))['milvus_sink_ready{check="kafka"}']).toBe(0);
});

test('the build is told', async () => {
  expect(await create().render()).toContain(
    'milvus_sink_build_info{version="1.2.3",commit="abc",bun="1.4.5"} 1',
  );
});
