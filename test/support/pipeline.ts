// The sink in this process, between a mock Kafka and a fake Milvus: everything but the command line.

import { afterAll, beforeAll, describe } from 'bun:test';
import { type ExitCode, exitCodeOf } from '../../src/cli/exit-codes.ts';
import type { ConnectorSettings } from '../../src/config/settings.ts';
import { SinkConnector } from '../../src/connector/connector.ts';
import type { SinkError } from '../../src/errors.ts';
import { officialClient } from '../../src/kafka/client.ts';
import type { RdCallbacks, RdConsumer } from '../../src/kafka/rdkafka.ts';
import { connectMilvus } from '../../src/milvus/client/connection.ts';
import type { Health } from '../../src/observe/health.ts';
import { createLogger } from '../../src/observe/log.ts';
import { Profile } from '../../src/observe/profile.ts';
import type { TaskSnapshot } from '../../src/observe/snapshot.ts';
import { createMetrics } from '../../src/serve/metrics.ts';
import { Garbage } from '../../src/task/garbage.ts';
import { FakeMilvus, type FakeMilvusOptions, guideCollection } from './fake-milvus.ts';
import { MockKafka, type MockMessage } from './mock-kafka.ts';

export interface RunningSink {
  settings: ConnectorSettings;
  health: Pick<Health, 'ready' | 'get' | 'snapshot'>;
  /** Log lines so far. */
  lines: string[];
  stop(): void;
  /** What each task has now. */
  tasks(): TaskSnapshot[];
  /** Resolves when each task has partitions, or soon: see below. */
  atRest(): Promise<void>;
  ended: Promise<{ exitCode: ExitCode; error?: SinkError }>;
  /** Value of a metric by its name and labels as written, e.g. `milvus_sink_rows_written_total{operation="upsert"}`. */
  metric(name: string): Promise<number | undefined>;
  /** Resolves when a log line contains `text`. */
  said(text: string): Promise<void>;
}

type Overrides = Partial<Omit<ConnectorSettings, 'milvus' | 'batch' | 'errors'>> & {
  milvus?: Partial<ConnectorSettings['milvus']>;
  batch?: Partial<ConnectorSettings['batch']>;
  errors?: Partial<ConnectorSettings['errors']>;
};

/** Looks at each client that is made, and may listen to it or replace its methods. */
export type ClientTap = (client: RdConsumer, callbacks: RdCallbacks) => void;

let groups = 0;

/** What the sink runs with in these tests: small batches, short waits. */
export function pipelineSettings(
  bootstrap: string,
  milvus: FakeMilvus,
  topic: string,
  collection: string,
  overrides: Overrides = {},
): ConnectorSettings {
  const name = overrides.name ?? `pipeline-${process.pid}-${++groups}`;
  const groupId = `connect-${name}`;
  return {
    name,
    groupId,
    ...(overrides.topicsRegex === undefined && { topics: [topic] }),
    excludeInternalTopics: true,
    tasksMax: 1,
    insertMode: 'upsert',
    insertModeExplicit: false,
    keyConverter: {
      javaClass: 'org.apache.kafka.connect.storage.StringConverter',
      options: {},
    },
    valueConverter: {
      javaClass: 'org.apache.kafka.connect.json.JsonConverter',
      options: { 'schemas.enable': false },
    },
    offsetFlushIntervalMs: 200,
    offsetFlushTimeoutMs: 5000,
    maxPollRecords: 500,
    effective: [],
    ...overrides,
    consumer: {
      'bootstrap.servers': bootstrap,
      'group.id': groupId,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      ...(overrides.consumer?.['group.protocol'] !== 'consumer' && {
        'partition.assignment.strategy': 'cooperative-sticky',
      }),
      'fetch.queue.backoff.ms': 10,
      log_level: 0,
      ...overrides.consumer,
    },
    milvus: milvus.settings(collection, overrides.milvus),
    batch: { maxRows: 100, maxBytes: 1 << 20, maxInFlight: 4, bufferMaxBytes: 8 << 20, ...overrides.batch },
    errors: {
      tolerance: 'none',
      logEnable: false,
      logIncludeMessages: false,
      retryTimeoutMs: 0,
      retryDelayMaxMs: 200,
      maxConsecutive: 1000,
      ...overrides.errors,
    },
  };
}

export function startSink(
  kafka: MockKafka,
  milvus: FakeMilvus,
  topic: string,
  collection: string,
  overrides: Overrides = {},
  tap: ClientTap = () => {},
): RunningSink {
  const settings = pipelineSettings(kafka.bootstrap, milvus, topic, collection, {
    ...overrides,
    consumer: { ...((overrides.tasksMax ?? 1) > 1 && kafka.severalMembers), ...overrides.consumer },
  });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const log = createLogger({
    level: 'debug',
    format: 'text',
    now: () => new Date(),
    mask: text => text,
    write: line => {
      lines.push(line);
      for (const look of [...listeners]) look();
    },
  });
  const connectors: SinkConnector[] = [];
  const createClient = officialClient();
  const metrics = createMetrics({ version: 'test', connectors: () => connectors.map(one => one.snapshot()) });
  const now = () => performance.now();
  const sink = new SinkConnector({
    settings,
    events: metrics.eventsOf(settings.name),
    log,
    profile: new Profile(false, now),
    createClient: (config, topicConfig) => {
      const client = createClient(config, topicConfig);
      tap(client, config as unknown as RdCallbacks);
      return client;
    },
    connectMilvus: () => connectMilvus(settings.milvus, { log }),
    now,
    wallClock: () => Date.now(),
    random: Math.random,
    garbage: new Garbage({ collect: () => Bun.gc(true), trim: () => {}, now }),
  });
  connectors.push(sink);
  return {
    settings,
    health: {
      get ready() {
        return sink.snapshot().ready;
      },
      get: check => sink.snapshot().checks[check],
      snapshot: () => sink.snapshot().checks,
    },
    lines,
    stop: () => sink.stop(),
    atRest: () => atRest(sink),
    tasks: () => sink.snapshot().tasks,
    ended: sink.run().then(error => ({ exitCode: exitCodeOf(error), ...(error && { error }) })),
    metric: async metricName => {
      const lines = (await metrics.render()).split('\n').map(withoutConnector);
      const line = lines.find(l => l.startsWith(`${metricName} `));
      return line === undefined ? undefined : Number(line.slice(metricName.length + 1).split(' ')[0]);
    },
    said: text =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`never said ${JSON.stringify(text)}:\n${lines.join('')}`)),
          20_000,
        );
        const look = () => {
          if (!lines.some(line => line.includes(text))) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}

export type StartSink = typeof startSink;

/**
 * What is promised of delivery holds for one task, and for three that share a budget and nothing else: the tests are
 * defined for both. `startSink` starts so many.
 */
export function withTasks(define: (startSink: StartSink, tasks: number) => void): void {
  describe.each([1, 3])('tasks.max=%d', tasksMax =>
    define(
      (kafka, milvus, topic, collection, overrides, tap) =>
        startSink(kafka, milvus, topic, collection, { tasksMax, ...overrides }, tap),
      tasksMax,
    ),
  );
}

/** Those of a topic that the mock broker makes: enough for three tasks. */
export const PARTITIONS = [0, 1, 2, 3];

/** One after the other over all partitions, so that each of several tasks has some. */
export function spread(messages: MockMessage[]): MockMessage[] {
  return messages.map((message, i) => ({ partition: i % PARTITIONS.length, ...message }));
}

/** How many records of a topic the sink's group has committed; its partitions begin at 0. */
export async function committedRecords(kafka: MockKafka, sink: RunningSink, topic: string): Promise<number> {
  const offsets = await kafka.committed(sink.settings.groupId, topic, PARTITIONS);
  return offsets.reduce((sum: number, offset) => sum + (offset ?? 0), 0);
}

/** A record of the guide's collection. */
export function message(id: number, title = 'x') {
  return { id, title, title_vector: [1, 2, 3, 4, 5, 6, 7, 8], link: 'l' };
}

/**
 * For a file of tests: a Kafka for all of them, and for each a name (topic and collection) with a Milvus of its own.
 * To be called where hooks may be; what it started ends with the file.
 * @param connect the mock's, or a client of a Kafka that runs already
 */
export function pipelineStage(prefix: string, connect: () => Promise<MockKafka> = MockKafka.start) {
  const servers: FakeMilvus[] = [];
  const stage = {} as { kafka: MockKafka };
  let made = 0;
  beforeAll(async () => {
    stage.kafka = await connect();
  });
  afterAll(async () => {
    await Promise.all(servers.map(server => server.stop()));
    await stage.kafka?.stop();
  });
  /** A Milvus that has this collection. */
  const milvusFor = async (collection: string, options: FakeMilvusOptions = {}): Promise<FakeMilvus> => {
    const milvus = await FakeMilvus.start({ collections: [guideCollection(collection)], ...options });
    servers.push(milvus);
    return milvus;
  };
  /** A name that nobody else has, and its Milvus. */
  const fresh = async (options?: FakeMilvusOptions): Promise<{ name: string; milvus: FakeMilvus }> => {
    const name = `${prefix}_${++made}`;
    return { name, milvus: await milvusFor(name, options) };
  };
  return {
    get kafka(): MockKafka {
      return stage.kafka;
    },
    milvusFor,
    fresh,
  };
}

/** Polls an asynchronous condition; for state that announces nothing. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(10);
  }
}

/**
 * Resolves when each of several tasks has partitions, or soon: in the middle of a rebalance the mock's coordinator refuses
 * the last commits of members that a real one would still take.
 */
async function atRest(sink: SinkConnector): Promise<void> {
  const tasks = () => sink.snapshot().tasks;
  if (tasks().length === 1) return;
  const until = performance.now() + AT_REST_MS;
  while (!tasks().every(task => task.partitions.length > 0) && performance.now() < until) await Bun.sleep(20);
}

const AT_REST_MS = 8000;

/** A sample without the label that every metric of a connector has. */
function withoutConnector(sample: string): string {
  return sample.replace(/\{connector="[^"]*"(?:,|\})/, found => (found.endsWith(',') ? '{' : ''));
}
