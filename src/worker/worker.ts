// The process: its connectors, and the HTTP server that shows them. Each connector lives for itself; what the end of one
// means for the others is `on.failure`.
import type { Configuration, ConnectorSettings } from '../config/settings.ts';
import type { Connector } from '../connector/contract.ts';
import type { SinkError } from '../errors.ts';
import { type Logger, withFields } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import { nativeRows } from '../record/native-rows.ts';
import type { HttpServer } from '../serve/http.ts';

export interface WorkerOptions {
  configuration: Configuration;
  log: Logger;
  profile: Profile;
  version: string;
  commit?: string | undefined;
}

/** What ended a connector. */
export interface Failure {
  connector: string;
  error: SinkError;
}

export interface Worker {
  /** Where it serves; undefined with http.enabled=false. */
  readonly server: HttpServer | undefined;
  /**
   * Runs until every connector has ended.
   * @returns the first failure; undefined when none failed
   */
  run(): Promise<Failure | undefined>;
  /** Every connector finishes what is in flight, and `run` resolves. */
  stop(): void;
}

/**
 * Makes the connectors, and listens.
 * @throws SinkError NATIVE_LOAD, HTTP_ADDRESS_IN_USE or HTTP_ADDRESS_INVALID
 */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { configuration, log, version, commit } = options;
  const { http, onFailure } = configuration.worker;
  // The heavy imports run beside each other's waiting: a sink of which Kafka is slow to answer loses nothing by them.
  const [{ createMetrics }, { serveHttp }, { SinkConnector }, { officialClient }, { Garbage }] =
    await Promise.all([
      import('../serve/metrics.ts'),
      import('../serve/http.ts'),
      import('../connector/connector.ts'),
      import('../kafka/client.ts'),
      import('../task/garbage.ts'),
    ]);
  // A machine that cannot load it (read-only temp directory, old C library) is told now: a connector would take it for
  // a Kafka that is not there yet.
  const createClient = officialClient();
  const now = () => performance.now();
  const garbage = new Garbage({ collect: () => Bun.gc(true), trim: () => nativeRows().trim(), now });
  const several = configuration.connectors.length > 1;
  const connectors: Connector[] = [];
  const snapshots = () => connectors.map(connector => connector.snapshot());
  const metrics = createMetrics({ version, commit, connectors: snapshots });
  const create = (settings: ConnectorSettings): Connector => {
    const ownLog = several ? withFields(log, { connector: settings.name }) : log;
    return new SinkConnector({
      settings,
      events: metrics.eventsOf(settings.name),
      log: ownLog,
      profile: options.profile,
      createClient,
      connectMilvus: async () => {
        const { connectMilvus } = await import('../milvus/client/connection.ts');
        return connectMilvus(settings.milvus, { log: ownLog });
      },
      now,
      wallClock: () => Date.now(),
      random: Math.random,
      garbage,
    });
  };
  connectors.push(...configuration.connectors.map(create));
  const server = http.enabled
    ? serveHttp({ ...{ host: http.host, port: http.port }, version, connectors: snapshots, metrics })
    : undefined;

  const stop = () => {
    for (const connector of connectors) connector.stop();
  };
  return {
    server,
    stop,
    async run() {
      const first = await runAll(connectors, { onFailure, log, stop });
      await server?.stop();
      return first;
    },
  };
}

// --- internal ---

interface EndPolicy {
  onFailure: 'stop' | 'continue';
  log: Logger;
  stop: () => void;
}

async function runAll(
  connectors: readonly Connector[],
  { onFailure, log, stop }: EndPolicy,
): Promise<Failure | undefined> {
  let first: Failure | undefined;
  let running = connectors.length;
  await Promise.all(
    connectors.map(async connector => {
      const error = await connector.run();
      running--;
      if (!error) return;
      first ??= { connector: connector.name, error };
      const name = connectors.length > 1 ? connector.name : undefined;
      log.error(error.message, { code: error.code, connector: name });
      if (running === 0) return;
      if (onFailure === 'stop') {
        log.warn(`connector ${connector.name} has FAILED: the others are stopped (on.failure=stop)`, {
          connector: name,
        });
        stop();
      } else {
        log.warn(`connector ${connector.name} has FAILED: the others go on (on.failure=continue)`, {
          connector: name,
          running,
        });
      }
    }),
  );
  return first;
}
