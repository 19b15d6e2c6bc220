// One Kafka consumer: a thin shell over the official client's RdKafka.KafkaConsumer.

import type { Logger } from '../observe/log.ts';
import type { PlanHandle } from '../record/native-rows.ts';
import { type CreateClient, makeClient, STATISTICS_MS, startClient } from './client.ts';
import { type ClientEventHooks, ClientEvents } from './client-events.ts';
import { type CommitResult, Commits, commitResults } from './commit.ts';
import { isGroupMoving } from './failure.ts';
import type { TopicPartitionOffset } from './offsets.ts';
import type { KafkaProperties } from './properties.ts';
import { askCommitted, askMetadata, askWatermarks, knownEndOffset, knownPositions } from './questions.ts';
import type { Polled, RdConsumer, RdError, RdOffset, RecordPoller, TopicPartition } from './rdkafka.ts';
import { type RebalanceHooks, Rebalances } from './rebalance.ts';

export interface ConsumerHooks extends RebalanceHooks, ClientEventHooks {}

export interface ConsumerOptions {
  properties: KafkaProperties;
  hooks: ConsumerHooks;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
  create: CreateClient;
}

/** A poll waits this long for its first record, ms; it also bounds how long a stop waits for the poll. */
const POLL_WAIT_MS = 200;
/** The same for polls that only serve callbacks. */
const SERVE_WAIT_MS = 20;
const METADATA_TIMEOUT_MS = 3000;
const REASON_DELAY_MS = 100;

export class KafkaConsumer {
  private client: RdConsumer | undefined;
  private connecting: Promise<RdConsumer> | undefined;
  private connectedOnce = false;
  private paused = false;
  private closing = false;
  private poller: RecordPoller | undefined;
  private polling: Promise<unknown> | undefined;
  private readonly commits = new Commits();
  private readonly rebalances: Rebalances;
  private readonly events: ClientEvents;

  constructor(private readonly options: ConsumerOptions) {
    this.events = new ClientEvents({
      hooks: options.hooks,
      log: options.log,
      now: options.now,
      connectedOnce: () => this.connectedOnce,
      isClosing: () => this.closing,
    });
    this.rebalances = new Rebalances(options.hooks, {
      client: () => this.client,
      isPaused: () => this.paused,
      isClosing: () => this.closing,
      isDead: () => this.events.isDead,
      readsFromStart: (options.properties['auto.offset.reset'] ?? 'earliest') === 'earliest',
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
    const failure = await this.askBroker(client);
    if (!failure) {
      this.connectedOnce = true;
      return;
    }
    // The log line with the reason comes after the failure; the error events that tell a refusal from an outage, and
    // that end the sink, come when somebody polls.
    await this.serve(Bun.sleep(REASON_DELAY_MS));
    throw this.events.explain(failure);
  }

  /**
   * Joins the group, or changes which topics it reads; without topics, leaves it.
   * @throws the client's error ({code, message})
   */
  subscribe(topics: string[]): void {
    if (topics.length > 0) this.connected.subscribe(topics);
    else this.connected.unsubscribe();
  }

  /**
   * The next records, at most `max`, and errors beside them; nothing after 200 ms without any. Serves rebalances, so it must
   * go on while the partitions are paused. One at a time.
   * @param plan how plain records become rows while they are polled; null: none does
   * @throws Error when records were lost, for want of memory: nothing may be committed any more
   */
  async poll(max: number, plan: PlanHandle | null = null): Promise<Polled> {
    return this.pollOnce(max, POLL_WAIT_MS, plan);
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
    const oneForAll = offsets.length === 1 || isGroupMoving(error.code) || this.events.isDead || this.closing;
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
    while (!settled && !this.closing) {
      const { batch, errors } = await this.pollOnce(1, SERVE_WAIT_MS, null);
      batch?.release();
      if (errors.length > 0) await Bun.sleep(SERVE_WAIT_MS);
    }
  }

  /** Next offset to be written by a producer, as far as the last fetch knew; undefined before the first. */
  endOffset(topic: string, partition: number): number | undefined {
    return this.closing || !this.client ? undefined : knownEndOffset(this.client, topic, partition);
  }

  /**
   * Where reading goes on, of those of which it is known: beyond the last record polled, and beyond transaction markers
   * after it. To be asked between two polls.
   */
  positions(partitions: TopicPartition[]): TopicPartitionOffset[] {
    if (this.closing || !this.client || partitions.length === 0) return [];
    return knownPositions(this.client, partitions);
  }

  /** First and next offset of a partition, by the broker's word. @throws the client's error */
  async watermarks(topic: string, partition: number): Promise<{ low: number; high: number }> {
    return askWatermarks(this.connected, { topic, partition }, METADATA_TIMEOUT_MS);
  }

  /** The group's stored offsets; negative or undefined where there is none. @throws the client's error */
  async committed(partitions: TopicPartition[], timeoutMs: number): Promise<RdOffset[]> {
    return askCommitted(this.connected, partitions, timeoutMs);
  }

  /** The topics of the cluster that this user may see. @throws the client's error */
  async topics(): Promise<string[]> {
    const options = { allTopics: true, timeoutMs: METADATA_TIMEOUT_MS };
    const { topics } = await askMetadata(this.connected, options);
    return topics.map(topic => topic.name);
  }

  /** True when a broker answers a metadata request within a few seconds. */
  async reachable(): Promise<boolean> {
    if (!this.client?.isConnected()) return false;
    return (await this.askBroker(this.client)) === undefined;
  }

  /** Leaves the group. The revocation of what is assigned goes through the hooks first. */
  async close(): Promise<void> {
    const client = this.client;
    if (!client || this.closing) return;
    this.closing = true;
    this.commits.end();
    await this.poller?.stop();
    if (client.isConnected()) await new Promise<void>(resolve => client.disconnect(() => resolve()));
    this.client = undefined;
  }

  // --- internal ---

  private async pollOnce(max: number, waitMs: number, plan: PlanHandle | null): Promise<Polled> {
    if (!this.poller) throw new Error('the consumer is not connected');
    const polling = this.poller.poll(max, waitMs, plan);
    this.polling = polling;
    return polling.finally(() => {
      this.polling = undefined;
    });
  }

  private async start(): Promise<RdConsumer> {
    const { properties, log, create } = this.options;
    if (Number(properties['statistics.interval.ms'] ?? STATISTICS_MS) === 0)
      log.warn(
        `consumer.statistics.interval.ms=0 is not followed: a partition that is not read is found by the client's statistics, every ${STATISTICS_MS} ms`,
      );
    const client = makeClient(properties, create, {
      rebalance_cb: (error, partitions) => this.rebalances.event(error, partitions),
      offset_commit_cb: (error, offsets) => this.commits.answered(error, offsets),
    });
    this.client = client;
    this.events.listen(client);
    await startClient(client);
    this.poller = client.poller();
    return client;
  }

  /** @returns undefined when one has answered */
  private askBroker(client: RdConsumer): Promise<RdError | undefined> {
    const options = { allTopics: false, timeoutMs: METADATA_TIMEOUT_MS };
    return askMetadata(client, options).then(
      () => undefined,
      (error: RdError) => error,
    );
  }

  private get connected(): RdConsumer {
    if (!this.client) throw new Error('the consumer is not connected');
    return this.client;
  }
}
