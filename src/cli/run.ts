// `milvus-sink run`: runs the worker in this process, until a signal or something that ends it.

import { readConfiguration } from '../config/read.ts';
import type { Configuration, ConnectorSettings } from '../config/settings.ts';
import { RecordError, type SinkError } from '../errors.ts';
import { createLogger, type Logger } from '../observe/log.ts';
import { Profile } from '../observe/profile.ts';
import { createWorker } from '../worker/worker.ts';
import type { CommandLine } from './args.ts';
import { checkClients } from './check-client.ts';
import { type ExitCode, exitCodeOf } from './exit-codes.ts';
import { logStrayOutput } from './stray-output.ts';
import type { Terminal } from './terminal.ts';
import { COMMIT, VERSION } from './version.ts';

export default async function run(line: CommandLine, { err }: Terminal): Promise<ExitCode> {
  const configuration = readConfiguration(line.files, line.set);
  const { connectors, mask } = configuration;
  // What librdkafka would refuse is refused before anything waits for Kafka.
  await checkClients(connectors, mask);
  const log = createLogger({
    level: line.logLevel,
    format: line.logFormat,
    now: () => new Date(),
    write: err,
    mask,
  });
  return runWorker(configuration, log, err);
}

/**
 * The last line of the log; after a bad record it says how one goes on.
 * @param connector whose error it is, when there are several
 */
export function lastWords(error: SinkError | undefined, connector?: string): string {
  const exitCode = exitCodeOf(error);
  if (!error) return 'stopped';
  const whose = connector === undefined ? '' : `: connector ${connector}: ${error.code}`;
  const next =
    error instanceof RecordError
      ? ': the record is not committed, and the next start meets it again; errors.tolerance=all skips bad records'
      : '';
  return `ended with exit code ${exitCode}${whose}${next}`;
}

// --- internal ---

/**
 * Runs the connectors until a signal or something that ends them.
 * @param err writes text with its line end past the log
 * @returns the process' exit code; the errors that ended connectors have been logged
 */
async function runWorker(
  configuration: Configuration,
  log: Logger,
  err: (text: string) => void,
): Promise<ExitCode> {
  logStrayOutput(globalThis, log);
  const profile = new Profile(process.env.MILVUS_SINK_PROFILE === '1', () => performance.now());
  for (const warning of configuration.warnings) log.warn(warning);
  for (const note of configuration.notes) log.debug(note);
  const several = configuration.connectors.length > 1;
  for (const settings of configuration.connectors) logSettings(settings, log, several);

  const worker = await createWorker({ configuration, log, profile, version: VERSION, commit: COMMIT });
  if (worker.server) {
    const { url } = worker.server;
    log.info('health and metrics', { health: `${url}/healthz`, metrics: `${url}/metrics` });
  }
  const restoreSignals = stopOnSignals(worker, log);
  const failure = await worker.run();
  restoreSignals();
  const { user, system } = process.cpuUsage();
  const report = profile.report((user + system) / 1000);
  if (report) err(report + '\n');
  log.info(lastWords(failure?.error, several ? failure?.connector : undefined));
  return exitCodeOf(failure?.error);
}

function logSettings(settings: ConnectorSettings, log: Logger, several: boolean): void {
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
    connector: several ? settings.name : undefined,
  });
}

/** The first signal stops in order; a second one ends the process at once, as promised to impatient hands. */
function stopOnSignals(worker: { stop(): void }, log: Logger): () => void {
  let asked = false;
  const handler = (signal: NodeJS.Signals) => {
    if (asked) {
      log.warn(`${signal} again: ending at once; what is not committed will be read again`);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    asked = true;
    log.info(`${signal}: finishing what is in flight, then stopping (again to end at once)`);
    worker.stop();
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return () => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
}
