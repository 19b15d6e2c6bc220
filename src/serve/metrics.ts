// Counts what happens in the pipelines and prints it for Prometheus.

import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { SinkEvents } from '../observe/events.ts';
import type { Health } from '../observe/health.ts';
import { METRICS, type MetricDeclaration } from './declarations.ts';
import { PlainHistogram } from './histogram.ts';

export { renderMetricsTable } from './declarations.ts';

/** The process' own figures, passed in. */
export interface ProcessUsage {
  /** User and system CPU time since the start, s. */
  cpuSeconds(): number;
  /** Bytes. */
  residentBytes(): number;
  /** Seconds since the epoch. */
  startSeconds: number;
}

export interface MetricsOptions {
  version: string;
  commit?: string | undefined;
  bun?: string | undefined;
  usage?: ProcessUsage;
}

export interface Metrics {
  /** Each call costs nanoseconds to a microsecond; those of each record nanoseconds. */
  readonly events: SinkEvents;
  /** Makes `milvus_sink_ready` say what these checks say. */
  bindHealth(health: Health): void;
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
  const usage = options.usage ?? processUsage();
  const m = register(registry, usage);
  m.buildInfo.set(
    {
      version: options.version,
      commit: options.commit ?? 'unknown',
      bun: options.bun ?? process.versions.bun,
    },
    1,
  );
  for (const operation of ['upsert', 'insert', 'delete']) m.rowsWritten.inc({ operation }, 0);
  for (const reason of ['tombstone', 'bad_record']) m.recordsSkipped.inc({ reason }, 0);
  for (const kind of ['assigned', 'revoked', 'lost']) m.rebalances.inc({ kind }, 0);

  const retryLabel = boundedLabel(MAX_RETRY_CODES);
  const events: SinkEvents = {
    polled(topic, records, bytes) {
      m.recordsRead.inc({ topic }, records);
      m.bytesRead.inc({ topic }, bytes);
    },
    skipped: (reason, records) => m.recordsSkipped.inc({ reason }, records),
    fieldsDropped(count) {
      m.load.fieldsDropped += count;
    },
    written(operation, report) {
      m.rowsWritten.inc({ operation }, report.rows);
      m.batchRows.observe(report.rows);
      m.batchBytes.observe(report.bytes);
      m.requestSeconds.observe(report.latencyMs / 1000);
    },
    superseded: rows => m.rowsSuperseded.inc(rows),
    // A producer's clock may be ahead of ours.
    endToEnd: seconds => m.endToEndSeconds.observe(Math.max(seconds, 0)),
    retried: code => m.requestRetries.inc({ code: retryLabel(code) }),
    inFlight(requests, limit) {
      m.load.requests = requests;
      m.load.limit = limit;
    },
    buffered(rows, bytes) {
      m.load.rows = rows;
      m.load.bytes = bytes;
    },
    lag: (topic, partition, records) => m.lagRecords.set({ topic, partition }, records),
    committed: (topic, partition, offset) => m.committedOffset.set({ topic, partition }, offset),
    rebalanced: kind => m.rebalances.inc({ kind }),
    forgotten(topic, partition) {
      m.lagRecords.remove({ topic, partition });
      m.committedOffset.remove({ topic, partition });
    },
    topicGone(topic) {
      m.recordsRead.remove({ topic });
      m.bytesRead.remove({ topic });
    },
  };
  return {
    events,
    bindHealth(health) {
      m.readHealth = () => health.snapshot();
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

// --- internal ---

function register(registry: Registry, usage: ProcessUsage) {
  const registers = [registry];
  const config = (d: MetricDeclaration) => ({
    name: d.name,
    help: d.help,
    labelNames: Object.keys(d.labels),
    registers,
  });
  const counter = (d: MetricDeclaration) => new Counter(config(d));
  const gauge = (d: MetricDeclaration) => new Gauge(config(d));
  /** A value that is asked for when Prometheus asks. */
  const asked = (d: MetricDeclaration, read: () => number) =>
    new Gauge({
      ...config(d),
      collect() {
        this.set(read());
      },
    });
  /** A total that is asked for, too: it may rise with every field of every record. */
  const total = (d: MetricDeclaration, read: () => number) =>
    new Counter({
      ...config(d),
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const histogram = (d: MetricDeclaration) => {
    const own = new PlainHistogram(d.name, d.help, d.buckets ?? []);
    // The registry asks nothing but name and get() of a metric; its type lists its own classes only.
    registry.registerMetric(own as unknown as Gauge);
    return own;
  };
  const state = {
    load: { requests: 0, limit: 0, rows: 0, bytes: 0, fieldsDropped: 0 },
    readHealth: undefined as (() => ReturnType<Health['snapshot']>) | undefined,
  };
  const metrics = {
    recordsRead: counter(METRICS.recordsRead),
    bytesRead: counter(METRICS.bytesRead),
    recordsSkipped: counter(METRICS.recordsSkipped),
    fieldsDropped: total(METRICS.fieldsDropped, () => state.load.fieldsDropped),
    rowsWritten: counter(METRICS.rowsWritten),
    rowsSuperseded: counter(METRICS.rowsSuperseded),
    batchRows: histogram(METRICS.batchRows),
    batchBytes: histogram(METRICS.batchBytes),
    requestSeconds: histogram(METRICS.requestSeconds),
    endToEndSeconds: histogram(METRICS.endToEndSeconds),
    requestRetries: counter(METRICS.requestRetries),
    inFlightRequests: asked(METRICS.inFlightRequests, () => state.load.requests),
    inFlightLimit: asked(METRICS.inFlightLimit, () => state.load.limit),
    bufferedRows: asked(METRICS.bufferedRows, () => state.load.rows),
    bufferedBytes: asked(METRICS.bufferedBytes, () => state.load.bytes),
    lagRecords: gauge(METRICS.lagRecords),
    committedOffset: gauge(METRICS.committedOffset),
    rebalances: counter(METRICS.rebalances),
    ready: new Gauge({
      ...config(METRICS.ready),
      collect() {
        for (const [check, { ok }] of Object.entries(state.readHealth?.() ?? {})) {
          this.set({ check }, ok ? 1 : 0);
        }
      },
    }),
    buildInfo: gauge(METRICS.buildInfo),
    processCpu: total(METRICS.processCpu, usage.cpuSeconds),
    processMemory: asked(METRICS.processMemory, usage.residentBytes),
    processStart: asked(METRICS.processStart, () => usage.startSeconds),
  };
  return Object.assign(state, metrics satisfies Record<keyof typeof METRICS, unknown>);
}

/** The first `max` different values as they are, every further one as `other`. */
function boundedLabel(max: number): (value: string) => string {
  const known = new Set<string>();
  return value => {
    if (known.has(value)) return value;
    if (known.size >= max) return 'other';
    known.add(value);
    return value;
  };
}

function processUsage(): ProcessUsage {
  return {
    cpuSeconds() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    residentBytes: () => process.memoryUsage.rss(),
    startSeconds: Date.now() / 1000 - process.uptime(),
  };
}
