import { describe, expect, test } from 'bun:test';
import { Health } from '../../../src/observe/health.ts';
import type { ConnectorSnapshot } from '../../../src/observe/snapshot.ts';
import { METRICS, type MetricDeclaration, renderMetricsTable } from '../../../src/serve/declarations.ts';
import { createMetrics, MAX_RETRY_CODES } from '../../../src/serve/metrics.ts';
import { connectorSnapshot } from '../../support/snapshots.ts';

const DECLARED = Object.values<MetricDeclaration>(METRICS);

/** Metrics of one connector, `c`, that is in this state. */
function create(state: () => Partial<ConnectorSnapshot> = () => ({}), health = new Health()) {
  const metrics = createMetrics({
    version: '1.2.3',
    commit: 'abc',
    bun: '1.4.5',
    usage: { cpuSeconds: () => 1.5, residentBytes: () => 1024, startSeconds: 1000 },
    connectors: () => [connectorSnapshot({ name: 'c', ...state() }, health)],
  });
  return { ...metrics, events: metrics.eventsOf('c') };
}

/** Samples by their text, `name{labels}` → value. */
async function samples(
  metrics: Pick<ReturnType<typeof createMetrics>, 'render'>,
): Promise<Record<string, number>> {
  const lines = (await metrics.render()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('the declarations', () => {
  // https://prometheus.io/docs/practices/naming/
  const UNITS = /_(seconds|bytes|rows|records|requests|offset|info|ready|state)$/;

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
      'milvus_sink_records_read_total{connector="c",topic="a"}': 15,
      'milvus_sink_read_bytes_total{connector="c",topic="a"}': 1500,
      'milvus_sink_records_read_total{connector="c",topic="b"}': 1,
      'milvus_sink_records_skipped_total{connector="c",reason="tombstone"}': 2,
      'milvus_sink_records_skipped_total{connector="c",reason="bad_record"}': 0,
      'milvus_sink_fields_dropped_total{connector="c"}': 7,
      'milvus_sink_rows_superseded_total{connector="c"}': 6,
      'milvus_sink_rows_written_total{connector="c",operation="upsert"}': 7,
      'milvus_sink_rows_written_total{connector="c",operation="insert"}': 8,
      'milvus_sink_rows_written_total{connector="c",operation="delete"}': 0,
      'milvus_sink_batch_rows_sum{connector="c"}': 15,
      'milvus_sink_batch_bytes_count{connector="c"}': 2,
      'milvus_sink_request_seconds_sum{connector="c"}': 3.02,
      'milvus_sink_request_seconds_bucket{connector="c",le="0.025"}': 1,
      'milvus_sink_request_retries_total{connector="c",code="rate_limit"}': 1,
      'milvus_sink_rebalances_total{connector="c",kind="lost"}': 1,
    });
  });

  test('a second scrape counts nothing twice', async () => {
    const metrics = create();
    metrics.events.fieldsDropped(2);
    await metrics.render();
    expect(await samples(metrics)).toMatchObject({
      'milvus_sink_fields_dropped_total{connector="c"}': 2,
      process_cpu_seconds_total: 1.5,
    });
  });

  test('a timestamp counts for each record that has it, and one from a clock ahead of ours is no negative latency', async () => {
    const metrics = create();
    metrics.events.endToEnd(-5, 1);
    metrics.events.endToEnd(0.2, 3);
    expect(await samples(metrics)).toMatchObject({
      'milvus_sink_end_to_end_seconds_sum{connector="c"}': 0.2 * 3,
      'milvus_sink_end_to_end_seconds_count{connector="c"}': 4,
    });
  });

  test('gauges hold what the connector says at the scrape', async () => {
    const metrics = create(() => ({
      ...{ requestsInFlight: 3, requestLimit: 4, bufferedRows: 10, bufferedBytes: 2000 },
    }));
    expect(await samples(metrics)).toMatchObject({
      'milvus_sink_in_flight_requests{connector="c"}': 3,
      'milvus_sink_in_flight_limit_requests{connector="c"}': 4,
      'milvus_sink_buffered_rows{connector="c"}': 10,
      'milvus_sink_buffered_bytes{connector="c"}': 2000,
    });
  });
});

describe('label sets are bounded', () => {
  test('a partition that was handed over has no series any more', async () => {
    const partition = (id: number) => ({ topic: 't', partition: id, committedOffset: 7, lagRecords: 5 });
    let partitions = [partition(0), { ...partition(1), lagRecords: undefined }];
    const metrics = create(() => ({ tasks: [{ id: 0, partitions, bufferedRows: 0, requestsInFlight: 0 }] }));
    const names = async () => Object.keys(await samples(metrics)).filter(name => name.includes('partition='));
    expect(await names()).toEqual([
      'milvus_sink_lag_records{connector="c",topic="t",partition="0"}',
      'milvus_sink_committed_offset{connector="c",topic="t",partition="0"}',
      'milvus_sink_committed_offset{connector="c",topic="t",partition="1"}',
    ]);
    partitions = [partition(1)];
    expect(await names()).toEqual([
      'milvus_sink_lag_records{connector="c",topic="t",partition="1"}',
      'milvus_sink_committed_offset{connector="c",topic="t",partition="1"}',
    ]);
  });

  test('a topic that is gone has no series', async () => {
    const metrics = create();
    for (const topic of ['kept', 'gone']) metrics.events.polled(topic, 1, 10);
    metrics.events.topicGone('gone');
    const names = Object.keys(await samples(metrics)).filter(name => name.includes('topic='));
    expect(names).toEqual([
      'milvus_sink_records_read_total{connector="c",topic="kept"}',
      'milvus_sink_read_bytes_total{connector="c",topic="kept"}',
    ]);
  });

  test('a server that invents error codes gets one label for the rest', async () => {
    const metrics = create();
    for (let code = 0; code < MAX_RETRY_CODES + 20; code++) metrics.events.retried(`c${code}`);
    metrics.events.retried('c0');
    const got = await samples(metrics);
    expect(Object.keys(got).filter(name => name.includes('code='))).toHaveLength(MAX_RETRY_CODES + 1);
    expect(got['milvus_sink_request_retries_total{connector="c",code="other"}']).toBe(20);
    expect(got['milvus_sink_request_retries_total{connector="c",code="c0"}']).toBe(2);
  });
});

test('checks are served as they are at the scrape', async () => {
  const health = new Health();
  const metrics = create(() => ({}), health);
  health.set('kafka', true, 'connected');
  expect(await samples(metrics)).toMatchObject({
    'milvus_sink_ready{connector="c",check="kafka"}': 1,
    'milvus_sink_ready{connector="c",check="milvus"}': 0,
  });
  health.set('kafka', false, 'gone');
  expect((await samples(metrics))['milvus_sink_ready{connector="c",check="kafka"}']).toBe(0);
});

test('the build is told', async () => {
  expect(await create().render()).toContain(
    'milvus_sink_build_info{version="1.2.3",commit="abc",bun="1.4.5"} 1',
  );
});

test('each metric of a connector has its label, and its state is 1 among the others', async () => {
  const metrics = create(() => ({ state: 'FAILED' }));
  const got = await samples(metrics);
  for (const name of Object.keys(got))
    if (name.startsWith('milvus_sink_') && !name.startsWith('milvus_sink_build_info'))
      expect(name).toContain('connector="c"');
  const states = Object.entries(got).filter(([name]) => name.startsWith('milvus_sink_connector_state'));
  expect(states.filter(([, value]) => value === 1).map(([name]) => name)).toEqual([
    'milvus_sink_connector_state{connector="c",state="FAILED"}',
  ]);
  expect(states).toHaveLength(5);
});
