// `milvus-sink run`: wires the sink to this process — HTTP server, signals, the two connections — and waits for its end.

import type { Configuration, ConnectorSettings } from '../config/settings.ts';
import { RecordError, type SinkError } from '../errors.ts';
import type { RdConsumer } from '../kafka/rdkafka.ts';
import { Health } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { Profile } from '../observe/profile.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { logStrayOutput } from './stray-output.ts';

/** What `run` needs of the process; tests pass their own. */
export interface RunOptions {
  configuration: Configuration;
  log: Logger;
  version: string;
  commit?: string;
}

/**
 * Runs the sink until a signal or something that ends it.
 * @returns the process' exit code; the error that ended the sink has been logged
 */
export async function runSink({ configuration, log, version, commit }: RunOptions): Promise<ExitCode> {
  logStrayOutput(globalThis, log);
  const { worker, connectors } = configuration;
  const settings = connectors[0]!;
  const now = () => performance.now();
  const health = new Health();
  const profile = new Profile(process.env.MILVUS_SINK_PROFILE === '1', now);
  for (const warning of configuration.warnings) log.warn(warning);
  for (const note of configuration.notes) log.debug(note);
  sayWhatWillHappen(settings, log);

  // The heavy imports run beside each other's waiting: a sink of which Kafka is slow to answer loses nothing by them.
  const [{ createMetrics }, { serveHttp }, { Sink }, { loadKafka }] = await Promise.all([
    import('../serve/metrics.ts'),
    import('../serve/http.ts'),
    import('../connector/connector.ts'),
    import('../kafka/load.ts'),
  ]);
  // A machine that cannot load it (read-only temp directory, old C library) is told now: the sink would take it for
  // a Kafka that is not there yet.
  const { KafkaConsumer } = loadKafka();
  const metrics = createMetrics({ version, commit });
  metrics.bindHealth(health);
  const { http } = worker;
  const server = http.enabled
    ? serveHttp({
        host: http.host,
        port: http.port,
        name: settings.name,
        version,
        health,
        metrics,
        about: about(settings),
      })
    : undefined;
  if (server)
    log.info('health and metrics', { health: `${server.url}/healthz`, metrics: `${server.url}/metrics` });

  const sink = new Sink({
    settings,
    events: metrics.events,
    health,
    log,
    profile,
    // The package's types know fewer properties than librdkafka, and a callback less.
    createClient: (config, topicConfig) =>
      new KafkaConsumer(config as never, topicConfig as never) as unknown as RdConsumer,
    connectMilvus: async () => {
      const { connectMilvus } = await import('../milvus/client/connection.ts');
      return connectMilvus(settings.milvus, { log });
    },
    now,
    wallClock: () => Date.now(),
    random: Math.random,
    collectGarbage: () => Bun.gc(true),
  });
  const restoreSignals = stopOnSignals(sink, log);
  const { error } = await sink.run();
  const exitCode = exitCodeOf(error);
  restoreSignals();
  await server?.stop();
  if (error) log.error(error.message, { code: error.code });
  const { user, system } = process.cpuUsage();
  const report = profile.report((user + system) / 1000);
  if (report) process.stderr.write(report + '\n');
  log.info(lastWords(exitCode, error));
  return exitCode;
}

/** The last line of the log; after a bad record it says how one goes on. */
export function lastWords(exitCode: ExitCode, error: SinkError | undefined): string {
  if (exitCode === EXIT.stopped) return 'stopped';
  const next =
    error instanceof RecordError
      ? ': the record is not committed, and the next start meets it again; errors.tolerance=all skips bad records'
      : '';
  return `ended with exit code ${exitCode}${next}`;
}

// --- internal ---

function sayWhatWillHappen(settings: ConnectorSettings, log: Logger): void {
  const { milvus, batch } = settings;
  log.info(`milvus-sink ${settings.name} starts`, {
    topics: settings.topics?.join(',') ?? `/${settings.topicsRegex}/`,
    group: settings.groupId,
    kafka: String(settings.consumer['bootstrap.servers']),
    milvus: `${milvus.tls ? 'https' : 'http'}://${milvus.address}`,
    collection: `${milvus.database}.${milvus.collection}`,
    mode: settings.insertMode,
    tasks: settings.tasksMax,
    batch_rows: batch.maxRows,
  });
}

function about(settings: ConnectorSettings): Record<string, string> {
  return {
    topics: settings.topics?.join(', ') ?? settings.topicsRegex ?? '',
    group: settings.groupId,
    collection: `${settings.milvus.database}.${settings.milvus.collection}`,
    milvus: settings.milvus.address,
  };
}

/** The first signal stops in order; a second one ends the process at once, as promised to impatient hands. */
function stopOnSignals(sink: { stop(): void }, log: Logger): () => void {
  let asked = false;
  const handler = (signal: NodeJS.Signals) => {
    if (asked) {
      log.warn(`${signal} again: ending at once; what is not committed will be read again`);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    asked = true;
    log.info(`${signal}: finishing what is in flight, then stopping (again to end at once)`);
    sink.stop();
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return () => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
}
