// One Kafka consumer: a thin shell over the official client's RdKafka.KafkaConsumer.

import { SinkError } from '../errors.ts';
import type { Logger } from '../observe/log.ts';
import { LogLimit } from '../observe/log-limit.ts';
import type { KafkaRecord } from '../record/record.ts';
import { type ClientLogEvent, clientLogLine, fatalLogError } from './client-log.ts';
import { type CommitResult, Commits, commitResults } from './commit.ts';
import { plainReason, withErrorCode } from './event-error.ts';
import { isGroupMoving, type KafkaErrorLike } from './failure.ts';
import type { TopicPartitionOffset } from './offsets.ts';
import type { KafkaProperties } from './properties.ts';
import type { RdCallbacks, RdConsumer, RdError, RdMessage, RdOffset, TopicPartition } from './rdkafka.ts';
import { type RebalanceHooks, Rebalances } from './rebalance.ts';
import type { PartitionState } from './stalled.ts';
import { readStatistics } from './statistics.ts';

export interface ConsumerHooks extends RebalanceHooks {
  /** Errors that belong to no call. */
  error(error: KafkaErrorLike): void;
  /** Once: the client is dead, and others may have its partitions. With the cause's code. */
  fatal(error: KafkaErrorLike): void;
  /** Every few seconds: the partitions that the client knows. */
  states(partitions: PartitionState[]): void;
}

export interface ConsumerOptions {
  properties: KafkaProperties;
  hooks: ConsumerHooks;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
  create: (config: Record<string, unknown>, topicConfig: Record<string, unknown>) => RdConsumer;
}

/** A poll waits this long for its first record, ms; it also bounds how long a stop waits for the poll. */
const POLL_WAIT_MS = 200;
/** The same for polls that only serve callbacks. */
const SERVE_WAIT_MS = 20;
const METADATA_TIMEOUT_MS = 3000;
const REASON_DELAY_MS = 100;
const STATISTICS_MS = 5000;
/** As in Java's client; librdkafka would let a broker that is back wait for up to 10 s. */
const RECONNECT_MAX_MS = 1000;
const SAME_LINE_MS = 60_000;

export class KafkaConsumer {
  private client: RdConsumer | undefined;
  private connecting: Promise<RdConsumer> | undefined;
  private connectedOnce = false;
  private paused = false;
  private pollSize = 1;
  private closing = false;
  private dead = false;
  /** Why a connection failed last, in librdkafka's words: its errors say only that one failed. */
  private reason: string | undefined;
  private polling: Promise<unknown> | undefined;
  private readonly commits = new Commits();
  private readonly rebalances: Rebalances;
  private readonly lines: LogLimit;

  constructor(private readonly options: ConsumerOptions) {
    this.lines = new LogLimit({ log: options.log, now: options.now, everyMs: SAME_LINE_MS });
    this.rebalances = new Rebalances(options.hooks, {
      client: () => this.client,
      isPaused: () => this.paused,
      isClosing: () => this.closing,
      isDead: () => this.dead,
      polling: () => this.polling,
    });
  }

  /**
   * One try to reach a broker. The client is made by the first and kept: the package never frees one that had a
   * rebalance callback (9 KB each), and librdkafka tries on by itself.
   * @throws SinkError CONFIG_INVALID when librdkafka does not take the properties
   * @throws the client's error ({code, message})
   */
  async connect(): Promise<void> {
    this.connecting ??= this.start();
    const client = await this.connecting;
    const failure = await new Promise<RdError | null>(resolve =>
      client.getMetadata({ allTopics: false, timeout: METADATA_TIMEOUT_MS }, resolve),
    );
    if (!failure) {
      this.connectedOnce = true;
      return;
    }
    // The log line with the reason comes after the failure; the error events that tell a refusal from an outage, and
    // that end the sink, come when somebody polls.
    await this.serve(Bun.sleep(REASON_DELAY_MS));
    throw this.explain(failure);
  }

  /**
   * Joins the group, or tells it that other topics are read now; without topics, leaves it.
   * @throws the client's error ({code, message})
   */
  subscribe(topics: string[]): void {
    if (topics.length > 0) this.connected.subscribe(topics);
    else this.connected.unsubscribe();
  }

  /**
   * The next records, at most `max`; empty after 200 ms without any. Serves rebalances, so it must go on while the
   * partitions are paused.
   * @throws the client's error ({code, message})
   */
  async poll(max: number): Promise<KafkaRecord[]> {
    // librdkafka's binding waits one more millisecond for a second record unless it was asked for one only: so a
    // trickle is read one by one, and a call that did not have to wait switches to full polls.
    const size = Math.min(max, this.pollSize);
    const asked = performance.now();
    const polling = new Promise<RdMessage[]>((resolve, reject) =>
      this.connected.consume(size, (error, messages) => (error ? reject(error) : resolve(messages))),
    );
    this.polling = polling;
    const records = await polling.finally(() => {
      this.polling = undefined;
    });
    const waited = performance.now() - asked > 1;
    this.pollSize = records.length > 1 || (records.length === 1 && !waited) ? max : 1;
    return records;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Stops fetching from all partitions, newly assigned ones included; true when it had not been so before. */
  pause(): boolean {
    if (this.paused) return false;
    this.paused = true;
    const assigned = this.assignments();
    if (assigned.length > 0) this.connected.pause(assigned);
    return true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const assigned = this.assignments();
    if (assigned.length > 0) this.connected.resume(assigned);
  }

  assignments(): TopicPartition[] {
    return this.client?.isConnected() ? this.client.assignments() : [];
  }

  /**
   * Stores offsets in the group. One call at a time; it is answered while somebody polls (`poll` or `serve`).
   * @returns what became of each partition, by the coordinator's word
   * @throws the client's error when there is no answer to come
   */
  async commit(offsets: TopicPartitionOffset[]): Promise<CommitResult[]> {
    const error = await this.commits.send(offsets, refused =>
      this.connected.commitCb(offsets, failure => failure && refused(failure)),
    );
    if (!error) return offsets;
    const oneForAll = offsets.length === 1 || isGroupMoving(error.code) || this.dead || this.closing;
    const stored = oneForAll ? [] : await this.committed(offsets, METADATA_TIMEOUT_MS).catch(() => []);
    return commitResults(offsets, error, stored);
  }

  /** Polls and throws away what comes until `work` is settled: a callback comes only while somebody polls. */
  async serve(work: Promise<unknown>): Promise<void> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    this.client?.setDefaultConsumeTimeout(SERVE_WAIT_MS);
    while (!settled && !this.closing) await this.poll(1).catch(() => Bun.sleep(SERVE_WAIT_MS));
    this.client?.setDefaultConsumeTimeout(POLL_WAIT_MS);
  }

  /** Next offset to be written by a producer, as far as the last fetch knew; undefined before the first. */
  endOffset(topic: string, partition: number): number | undefined {
    if (this.closing) return undefined;
    try {
      const { highOffset } = this.connected.getWatermarkOffsets(topic, partition);
      return highOffset >= 0 ? highOffset : undefined;
    } catch {
      return undefined; // librdkafka has no watermark before the first fetch: there is nothing to report
    }
  }

  /**
   * Where reading goes on, of those of which it is known: beyond the last record polled, and beyond transaction markers
   * after it. To be asked between two polls.
   */
  positions(partitions: TopicPartition[]): TopicPartitionOffset[] {
    if (this.closing || partitions.length === 0) return [];
    try {
      return this.connected
        .position(partitions)
        .filter((p): p is TopicPartitionOffset => !(p instanceof Error) && (p.offset ?? -1) >= 0);
    } catch {
      return []; // none of them is known to librdkafka (any more)
    }
  }

  /** First and next offset of a partition, by the broker's word. @throws the client's error */
  watermarks(topic: string, partition: number): Promise<{ low: number; high: number }> {
    return new Promise((resolve, reject) =>
      this.connected.queryWatermarkOffsets(topic, partition, METADATA_TIMEOUT_MS, (error, offsets) =>
        error ? reject(error) : resolve({ low: offsets.lowOffset, high: offsets.highOffset }),
      ),
    );
  }

  /** The group's stored offsets; negative or undefined where there is none. @throws the client's error */
  committed(partitions: TopicPartition[], timeoutMs: number): Promise<RdOffset[]> {
    return new Promise((resolve, reject) =>
      this.connected.committed(partitions, timeoutMs, (error, offsets) =>
        error ? reject(error) : resolve(offsets),
      ),
    );
  }

  /** The topics of the cluster that this user may see. @throws the client's error */
  topics(): Promise<string[]> {
    return new Promise((resolve, reject) =>
      this.connected.getMetadata({ allTopics: true, timeout: METADATA_TIMEOUT_MS }, (error, metadata) =>
        error ? reject(error) : resolve(metadata.topics.map(topic => topic.name)),
      ),
    );
  }

  /** True when a broker answers a metadata request within a few seconds. */
  reachable(): Promise<boolean> {
    const client = this.client;
    if (!client?.isConnected()) return Promise.resolve(false);
    return new Promise(resolve =>
      client.getMetadata({ allTopics: false, timeout: METADATA_TIMEOUT_MS }, error => resolve(!error)),
    );
  }

  /** Leaves the group. The revocation of what is assigned goes through the hooks first. */
  async close(): Promise<void> {
    const client = this.client;
    if (!client || this.closing) return;
    this.closing = true;
    this.commits.end();
    if (client.isConnected()) await new Promise<void>(resolve => client.disconnect(() => resolve()));
    this.client = undefined;
  }

  // --- internal ---

  private async start(): Promise<RdConsumer> {
    // What finds a partition that is not read must not be switched off.
    const statisticsMs = Number(this.options.properties['statistics.interval.ms'] ?? STATISTICS_MS);
    if (statisticsMs === 0)
      this.options.log.warn(
        `consumer.statistics.interval.ms=0 is not followed: a partition that is not read is found by the client's statistics, every ${STATISTICS_MS} ms`,
      );
    // librdkafka's one topic property for a consumer: as a global one the binding's own topic configuration hides it.
    const { 'auto.offset.reset': offsetReset = 'earliest', ...properties } = this.options.properties;
    const client = this.create(
      {
        'reconnect.backoff.max.ms': Math.max(
          RECONNECT_MAX_MS,
          Number(properties['reconnect.backoff.ms'] ?? 0),
        ),
        ...properties,
        'statistics.interval.ms': statisticsMs || STATISTICS_MS,
      },
      { 'auto.offset.reset': offsetReset },
    );
    this.client = client;
    client.setDefaultConsumeTimeout(POLL_WAIT_MS);
    client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    client.on('event.log', (event: ClientLogEvent) => this.logged(event));
    client.on('event.error', (error: RdError) =>
      this.options.hooks.error(this.explain(withErrorCode(error))),
    );
    client.on('event.stats', ({ message }: { message: string }) => this.reported(message));
    // The package throws a client away whose first question is not answered in time: it does not get to ask it.
    client.getMetadata = (_, answered) => answered(null, { brokers: [], topics: [] });
    const failure = await new Promise<RdError | null>(resolve => client.connect({}, resolve));
    delete (client as Partial<RdConsumer>).getMetadata;
    if (failure) throw refusedSettings(failure.message);
    return client;
  }

  private create(properties: KafkaProperties, topicProperties: KafkaProperties): RdConsumer {
    const callbacks: RdCallbacks = {
      rebalance_cb: (error, partitions) => this.rebalances.event(error, partitions),
      offset_commit_cb: (error, offsets) => this.commits.answered(error, offsets),
    };
    try {
      return this.options.create({ ...properties, ...callbacks }, topicProperties);
    } catch (error) {
      throw refusedSettings(error instanceof Error ? error.message : String(error));
    }
  }

  private get connected(): RdConsumer {
    if (!this.client) throw new Error('the consumer is not connected');
    return this.client;
  }

  private explain(error: KafkaErrorLike): KafkaErrorLike {
    return this.reason && CONNECTION_ERRORS.has(error.code)
      ? { code: error.code, message: this.reason }
      : error;
  }

  private logged(event: ClientLogEvent): void {
    const { log } = this.options;
    const fatal = fatalLogError(event);
    if (fatal) this.die(fatal);
    if (event.fac === 'FAIL') this.reason = plainReason(event.message);
    const { level, text, key, reset } = clientLogLine(event, this.connectedOnce);
    if (level === 'debug') {
      log.debug(text);
      return;
    }
    if (this.lines.warn(text, key) && reset) void this.tellRange(reset);
  }

  /** Which records there are, after a reset: the client says where it was, and of where it goes only "the beginning". */
  private async tellRange({ topic, partition }: TopicPartition): Promise<void> {
    const range = await this.watermarks(topic, partition).catch(() => undefined);
    if (range)
      this.options.log.warn(`${topic}-${partition} holds offsets ${range.low} to ${range.high - 1} now`);
  }

  private reported(statistics: string): void {
    if (this.closing) return;
    const { partitions, fatal } = readStatistics(statistics);
    if (fatal) this.die(fatal);
    else this.options.hooks.states(partitions);
  }

  private die(error: KafkaErrorLike): void {
    if (this.dead) return;
    this.dead = true;
    this.options.hooks.fatal(error);
  }
}

function refusedSettings(found: string): SinkError {
  return new SinkError('CONFIG_INVALID', "librdkafka does not take the consumer's settings", {
    found,
    fix: 'Correct the consumer.* or consumer.override.* setting that it names',
  });
}

/** ERR__TRANSPORT, ERR__ALL_BROKERS_DOWN, ERR__TIMED_OUT, ERR__SSL, ERR__AUTHENTICATION. */
const CONNECTION_ERRORS = new Set([-195, -187, -185, -181, -169]);
