// Counts what happens in the connectors, asks them for their state when somebody looks, and prints it for Prometheus.

import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { ConnectorEvents } from '../observe/events.ts';
import type { ConnectorSnapshot } from '../observe/snapshot.ts';
import { type CounterSeries, PlainCounter } from './counter.ts';
import { METRICS, type MetricDeclaration } from './declarations.ts';
import { PlainHistogram } from './histogram.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';

export interface MetricsOptions {
  version: string;
  commit?: string | undefined;
  bun?: string | undefined;
  usage?: ProcessUsage;
  /** The state of all connectors, asked for at each scrape. */
  connectors: () => ConnectorSnapshot[];
}

export interface Metrics {
  /**
   * Counts the events of one connector. Each call costs nanoseconds to a microsecond; those of each record nanoseconds.
   * To be asked for once for each connector.
   */
  eventsOf(connector: string): ConnectorEvents;
  /** Content type of what `render` returns. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format 0.0.4. */
  render(): Promise<string>;
}

/** Error codes that get a label of their own; a server may invent more than a time series database likes. */
export const MAX_RETRY_CODES = 50;

/** Metrics of this process in a registry of their own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const m = register(registry, options);
  m.buildInfo.set(
    {
      version: options.version,
      commit: options.commit ?? 'unknown',
      bun: options.bun ?? process.versions.bun,
    },
    1,
  );
  return {
    eventsOf: connector => countEvents(m, connector),
    contentType: registry.contentType,
    render() {
      m.current.connectors = options.connectors();
      return registry.metrics();
    },
  };
}

// --- internal ---

type Registered = ReturnType<typeof register>;

function countEvents(m: Registered, connector: string): ConnectorEvents {
  const written = seriesOf(m.rowsWritten, connector, 'operation', ['upsert', 'insert', 'delete']);
  const skipped = seriesOf(m.recordsSkipped, connector, 'reason', ['tombstone', 'bad_record']);
  const rebalanced = seriesOf(m.rebalances, connector, 'kind', ['assigned', 'revoked', 'lost']);
  const superseded = m.rowsSuperseded.with({ connector });
  const fieldsDropped = m.fieldsDropped.with({ connector });
  const batchRows = m.batchRows.with({ connector });
  const batchBytes = m.batchBytes.with({ connector });
  const requestSeconds = m.requestSeconds.with({ connector });
  const endToEndSeconds = m.endToEndSeconds.with({ connector });
  const topics = new Map<string, { records: CounterSeries; bytes: CounterSeries }>();
  const retries = new Map<string, CounterSeries>();
  const topicOf = (topic: string) => {
    const known = topics.get(topic);
    if (known) return known;
    const labels = { connector, topic };
    const made = { records: m.recordsRead.with(labels), bytes: m.bytesRead.with(labels) };
    topics.set(topic, made);
    return made;
  };
  return {
    polled(topic, records, bytes) {
      const series = topicOf(topic);
      series.records.value += records;
      series.bytes.value += bytes;
    },
    skipped(reason, records) {
      skipped[reason].value += records;
    },
    fieldsDropped(count) {
      fieldsDropped.value += count;
    },
    written(operation, report) {
      written[operation].value += report.rows;
      batchRows.observe(report.rows);
      batchBytes.observe(report.bytes);
      requestSeconds.observe(report.latencyMs / 1000);
    },
    superseded(rows) {
      superseded.value += rows;
    },
    // A producer's clock may be ahead of ours.
    endToEnd: (seconds, records) => endToEndSeconds.observe(Math.max(seconds, 0), records),
    retried(code) {
      const known = retries.has(code) || retries.size < MAX_RETRY_CODES;
      const label = known ? code : 'other';
      const series = retries.get(label) ?? m.requestRetries.with({ connector, code: label });
      retries.set(label, series);
      series.value++;
    },
    rebalanced(kind) {
      rebalanced[kind].value++;
    },
    topicGone(topic) {
      const series = topics.get(topic);
      if (!series) return;
      topics.delete(topic);
      m.recordsRead.remove(series.records);
      m.bytesRead.remove(series.bytes);
    },
  };
}

/** A series for each value of a label. */
function seriesOf<L extends string>(
  counter: PlainCounter,
  connector: string,
  label: string,
  values: readonly L[],
): Record<L, CounterSeries> {
  const entries = values.map(value => [value, counter.with({ connector, [label]: value })]);
  return Object.fromEntries(entries) as Record<L, CounterSeries>;
}

function register(registry: Registry, options: MetricsOptions) {
  const usage = options.usage ?? processUsage();
  /** As of the scrape that is made now. */
  const current = { connectors: [] as ConnectorSnapshot[] };
  const config = (d: MetricDeclaration) => ({
    name: d.name,
    help: d.help,
    labelNames: Object.keys(d.labels),
    registers: [registry],
  });
  const counter = (d: MetricDeclaration) => {
    const own = new PlainCounter(d.name, d.help);
    // The registry asks nothing but name and get() of a metric; its type lists its own classes only.
    registry.registerMetric(own as unknown as Gauge);
    return own;
  };
  const histogram = (d: MetricDeclaration) => {
    const own = new PlainHistogram(d.name, d.help, d.buckets ?? []);
    registry.registerMetric(own as unknown as Gauge);
    return own;
  };
  /** Values that are asked for at each scrape: what is not there any more has no series any more. */
  const asked = (d: MetricDeclaration, read: (set: SetSample) => void) =>
    new Gauge({
      ...config(d),
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  /** A total that is asked for, too. */
  const total = (d: MetricDeclaration, read: (set: SetSample) => void) =>
    new Counter({
      ...config(d),
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  const ofConnectors = (d: MetricDeclaration, value: (connector: ConnectorSnapshot) => number) =>
    asked(d, set => {
      for (const one of current.connectors) set({ connector: one.name }, value(one));
    });
  const ofPartitions = (d: MetricDeclaration, value: (partition: Partition) => number | undefined) =>
    asked(d, set => {
      for (const { name, tasks } of current.connectors)
        for (const { partitions } of tasks)
          for (const one of partitions) {
            const known = value(one);
            if (known === undefined) continue;
            set({ connector: name, topic: one.topic, partition: String(one.partition) }, known);
          }
    });

  const metrics = {
    recordsRead: counter(METRICS.recordsRead),
    bytesRead: counter(METRICS.bytesRead),
    recordsSkipped: counter(METRICS.recordsSkipped),
    fieldsDropped: counter(METRICS.fieldsDropped),
    rowsWritten: counter(METRICS.rowsWritten),
    rowsSuperseded: counter(METRICS.rowsSuperseded),
    batchRows: histogram(METRICS.batchRows),
    batchBytes: histogram(METRICS.batchBytes),
    requestSeconds: histogram(METRICS.requestSeconds),
    endToEndSeconds: histogram(METRICS.endToEndSeconds),
    requestRetries: counter(METRICS.requestRetries),
    inFlightRequests: ofConnectors(METRICS.inFlightRequests, one => one.requestsInFlight),
    inFlightLimit: ofConnectors(METRICS.inFlightLimit, one => one.requestLimit),
    bufferedRows: ofConnectors(METRICS.bufferedRows, one => one.bufferedRows),
    bufferedBytes: ofConnectors(METRICS.bufferedBytes, one => one.bufferedBytes),
    lagRecords: ofPartitions(METRICS.lagRecords, one => one.lagRecords),
    committedOffset: ofPartitions(METRICS.committedOffset, one => one.committedOffset),
    rebalances: counter(METRICS.rebalances),
    ready: asked(METRICS.ready, set => {
      for (const { name, checks } of current.connectors)
        for (const [check, { ok }] of Object.entries(checks)) set({ connector: name, check }, ok ? 1 : 0);
    }),
    connectorState: asked(METRICS.connectorState, set => {
      for (const one of current.connectors)
        for (const state of STATES) set({ connector: one.name, state }, one.state === state ? 1 : 0);
    }),
    buildInfo: new Gauge(config(METRICS.buildInfo)),
    processCpu: total(METRICS.processCpu, set => set({}, usage.cpuSeconds())),
    processMemory: asked(METRICS.processMemory, set => set({}, usage.residentBytes())),
    processStart: asked(METRICS.processStart, set => set({}, usage.startSeconds)),
  };
  return Object.assign({ current }, metrics satisfies Record<keyof typeof METRICS, unknown>);
}

type SetSample = (labels: Record<string, string>, value: number) => void;
type Partition = ConnectorSnapshot['tasks'][number]['partitions'][number];

const STATES: readonly ConnectorSnapshot['state'][] = [
  'STARTING',
  'RUNNING',
  'STOPPING',
  'STOPPED',
  'FAILED',
];
