// Every metric, declared once: the registry, the README's table and the tests read it here.

export interface MetricDeclaration {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  /** What each label may hold, for the table; the values are bounded by what it says. */
  labels: Readonly<Record<string, string>>;
  /** Histograms: upper bounds, ascending, in the unit that the name ends in. */
  buckets?: readonly number[];
}

const OF_CONNECTOR: Readonly<Record<string, string>> = { connector: "the connector's `name`" };
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const TOPIC = 'a topic that is read';
const COUNTED_TOPIC = 'a topic that is read; under `topics.regex`, gone ten minutes after its last partition';
const PARTITION = 'an assigned partition; gone when it is handed over';

export const METRICS = {
  recordsRead: counter('records_read_total', 'Records taken from Kafka.', { topic: COUNTED_TOPIC }),
  bytesRead: counter('read_bytes_total', 'Bytes of the values of records taken from Kafka.', {
    topic: COUNTED_TOPIC,
  }),
  recordsSkipped: counter('records_skipped_total', 'Records read and not written, by reason.', {
    reason: '`tombstone`, `bad_record`',
  }),
  fieldsDropped: counter(
    'fields_dropped_total',
    'Fields of records that the collection lacks, left out of the row.',
  ),
  rowsWritten: counter('rows_written_total', 'Rows that Milvus acknowledged, by operation.', {
    operation: '`upsert`, `insert`, `delete`',
  }),
  rowsSuperseded: counter(
    'rows_superseded_total',
    'Rows not sent because a later record of the same batch had the same primary key.',
  ),
  batchRows: histogram(
    'batch_rows',
    'Rows of an acknowledged request.',
    [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000],
  ),
  batchBytes: histogram(
    'batch_bytes',
    'Bytes of an acknowledged request.',
    // 1 KiB to 64 MiB, the limit of a gRPC message.
    Array.from({ length: 9 }, (_, i) => 1024 * 4 ** i),
  ),
  requestSeconds: histogram('request_seconds', 'From sending a request to its acknowledgement.', SECONDS),
  endToEndSeconds: histogram(
    'end_to_end_seconds',
    "From a record's timestamp to its acknowledgement by Milvus.",
    [...SECONDS, 300, 1800, 7200, 86400],
  ),
  requestRetries: counter('request_retries_total', 'Failed requests that were tried again, by error code.', {
    code: 'the error code of Milvus or gRPC; at most 50, then `other`',
  }),
  inFlightRequests: gauge('in_flight_requests', 'Requests sent and not yet answered.'),
  inFlightLimit: gauge(
    'in_flight_limit_requests',
    'Requests that may be in flight, as learned from latency and refusals.',
  ),
  bufferedRows: gauge('buffered_rows', 'Rows read and not yet acknowledged.'),
  bufferedBytes: gauge('buffered_bytes', 'Bytes read and not yet acknowledged.'),
  lagRecords: gauge('lag_records', 'Records of a partition that are still to be written.', {
    topic: TOPIC,
    partition: PARTITION,
  }),
  committedOffset: gauge('committed_offset', 'Offset up to which a partition is committed.', {
    topic: TOPIC,
    partition: PARTITION,
  }),
  rebalances: counter('rebalances_total', 'Rebalances of the consumer group, by kind.', {
    kind: '`assigned`, `revoked`, `lost`',
  }),
  ready: gauge('ready', '1 when a check passes, 0 when not: what /readyz looks at.', {
    check: '`kafka`, `milvus`, `pipeline`',
  }),
  connectorState: gauge(
    'connector_state',
    '1 for the state that the connector is in, 0 for the others; /healthz has the reason of FAILED.',
    { state: '`STARTING`, `RUNNING`, `STOPPING`, `STOPPED`, `FAILED`' },
  ),
  buildInfo: bare('gauge', 'milvus_sink_build_info', 'Always 1; the versions are in the labels.', {
    version: 'of milvus-sink',
    commit: 'it was built from',
    bun: "Bun's version",
  }),
  processCpu: bare('counter', 'process_cpu_seconds_total', 'CPU time of the process, user and system.'),
  processMemory: bare('gauge', 'process_resident_memory_bytes', 'Resident memory of the process.'),
  processStart: bare('gauge', 'process_start_time_seconds', 'Start of the process, seconds since the epoch.'),
} satisfies Record<string, MetricDeclaration>;

/** Every metric of a connector has it, also where there is one connector. */
export const CONNECTOR = 'connector';

/** The README's table of metrics, Markdown. */
export function renderMetricsTable(): string {
  const rows = Object.values<MetricDeclaration>(METRICS).map(metric => {
    const labels = Object.entries(metric.labels)
      .filter(([name]) => name !== CONNECTOR)
      .map(([name, values]) => `\`${name}\`: ${values}`);
    return `| \`${metric.name}\` | ${metric.type} | ${labels.join('; ')} | ${metric.help} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

// --- internal ---

type Labels = Readonly<Record<string, string>>;

/** Of a connector, as the two after it. */
function counter(name: string, help: string, labels: Labels = {}): MetricDeclaration {
  return { name: `milvus_sink_${name}`, type: 'counter', help, labels: { ...OF_CONNECTOR, ...labels } };
}

function gauge(name: string, help: string, labels: Labels = {}): MetricDeclaration {
  return { name: `milvus_sink_${name}`, type: 'gauge', help, labels: { ...OF_CONNECTOR, ...labels } };
}

function histogram(name: string, help: string, buckets: readonly number[]): MetricDeclaration {
  return { name: `milvus_sink_${name}`, type: 'histogram', help, labels: OF_CONNECTOR, buckets };
}

/** Of the process; those that every Prometheus client has are under the name that dashboards know. */
function bare(type: 'counter' | 'gauge', name: string, help: string, labels: Labels = {}): MetricDeclaration {
  return { name, type, help, labels };
}
