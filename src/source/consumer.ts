// One Kafka consumer: a thin shell over the official client's RdKafka.KafkaConsumer.
import type { KafkaProperties } from '../config/settings.ts';
import { EXIT, SinkError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RdConsumer, RdError, RdMessage, TopicPartition } from '../native/rdkafka.ts';
import { plainReason, withErrorCode } from './event-error.ts';
import type { KafkaErrorLike } from './failure.ts';
import type { TopicPartitionOffset } from './offsets.ts';
import type { KafkaRecord } from './record.ts';

export interface ConsumerHooks {
  assigned(partitions: TopicPartition[]): void;
  /** Partitions go: resolves when what is in flight for them is finished and committed. `lost`: too late for that. */
  revoked(partitions: TopicPartition[], lost: boolean): Promise<void>;
  /** Errors that belong to no call. */
  error(error: KafkaErrorLike): void;
}

export interface ConsumerOptions {
  properties: KafkaProperties;
  hooks: ConsumerHooks;
  log: Logger;
  create: (config: Record<string, unknown>, topicConfig: Record<string, unknown>) => RdConsumer;
}

/** A poll waits this long for its first record, ms; it also bounds how long a stop waits for the poll. */
const POLL_WAIT_MS = 200;
const METADATA_TIMEOUT_MS = 3000;
const REASON_DELAY_MS = 100;

export class KafkaConsumer {
  private client: RdConsumer | undefined;
  private paused = false;
  private pollSize = 1;
  private closing = false;
  /** Why a connection failed last, in librdkafka's words: its errors say only that one failed. */
  private reason: string | undefined;

  constructor(private readonly options: ConsumerOptions) {}

  /**
   * One try to reach a broker.
   * @throws SinkError CONFIG_INVALID when librdkafka does not take the properties
   * @throws the client's error ({code, message})
   */
  async connect(): Promise<void> {
    // librdkafka's one topic property for a consumer: as a global one the binding's own topic configuration hides it.
    const { 'auto.offset.reset': offsetReset = 'earliest', ...properties } = this.options.properties;
    const client = this.create(properties, { 'auto.offset.reset': offsetReset });
    this.client = client;
    client.setDefaultConsumeTimeout(POLL_WAIT_MS);
    client.setDefaultIsTimeoutOnlyForFirstMessage(true);
    client.on('event.log', (event: { fac: string; message: string }) => {
      if (event.fac === 'FAIL') this.reason = plainReason(event.message);
      this.options.log.debug(`librdkafka ${event.fac}: ${event.message}`);
    });
    client.on('event.error', (error: RdError) =>
      this.options.hooks.error(this.explain(withErrorCode(error))),
    );
    const failure = await new Promise<RdError | null>(resolve =>
      client.connect({ allTopics: false, timeout: METADATA_TIMEOUT_MS }, resolve),
    );
    if (!failure) return;
    // The log line with the reason is delivered after the failure.
    if (!this.reason) await Bun.sleep(REASON_DELAY_MS);
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
    const records = await new Promise<RdMessage[]>((resolve, reject) =>
      this.connected.consume(size, (error, messages) => (error ? reject(error) : resolve(messages))),
    );
    const waited = performance.now() - asked > 1;
    this.pollSize = records.length > 1 || (records.length === 1 && !waited) ? max : 1;
    return records;
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

  /** Stores offsets in the group. @throws the client's error */
  commit(offsets: TopicPartitionOffset[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.connected.commitCb(offsets, error => (error ? reject(error) : resolve())),
    );
  }

  /** Next offset to be written by a producer, as far as the last fetch knew; undefined before the first. */
  endOffset(topic: string, partition: number): number | undefined {
    try {
      const { highOffset } = this.connected.getWatermarkOffsets(topic, partition);
      return highOffset >= 0 ? highOffset : undefined;
    } catch {
      return undefined; // librdkafka has no watermark before the first fetch: there is nothing to report
    }
  }

  /** The group's stored offsets; negative or undefined where there is none. @throws the client's error */
  committed(
    partitions: TopicPartition[],
    timeoutMs: number,
  ): Promise<Array<TopicPartition & { offset?: number }>> {
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
    if (client.isConnected()) await new Promise<void>(resolve => client.disconnect(() => resolve()));
    this.client = undefined;
  }

  // --- internal ---

  private create(properties: KafkaProperties, topicProperties: KafkaProperties): RdConsumer {
    try {
      return this.options.create(
        {
          ...properties,
          rebalance_cb: (error: RdError, partitions: TopicPartition[]) =>
            void this.rebalance(error, partitions),
        },
        topicProperties,
      );
    } catch (error) {
      throw new SinkError(
        'CONFIG_INVALID',
        EXIT.configuration,
        "librdkafka does not take the consumer's settings",
        {
          found: error instanceof Error ? error.message : String(error),
          fix: 'Correct the consumer.* or consumer.override.* setting that it names',
        },
      );
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

  /** librdkafka waits with the rebalance until (un)assign is called; nothing in it blocks the JavaScript thread. */
  private async rebalance(error: RdError, partitions: TopicPartition[]): Promise<void> {
    try {
      const client = this.connected;
      const cooperative = client.rebalanceProtocol() === 'COOPERATIVE';
      if (error.code === ASSIGN_PARTITIONS) {
        this.options.hooks.assigned(partitions);
        if (cooperative) client.incrementalAssign(partitions);
        else client.assign(partitions);
        if (this.paused && partitions.length > 0) client.pause(partitions);
        return;
      }
      const lost = client.assignmentLost();
      await this.options.hooks.revoked(partitions, lost);
      // librdkafka keeps the pause of a partition that leaves: it would come back paused, and nobody would know.
      if (this.paused && partitions.length > 0 && !this.closing) client.resume(partitions);
      if (cooperative) client.incrementalUnassign(partitions);
      else client.unassign();
    } catch (thrown) {
      // During disconnect librdkafka may have dropped the assignment already.
      if (!this.closing) this.options.hooks.error(thrown as KafkaErrorLike);
    }
  }
}

/** ERR__TRANSPORT, ERR__ALL_BROKERS_DOWN, ERR__TIMED_OUT, ERR__SSL, ERR__AUTHENTICATION. */
const CONNECTION_ERRORS = new Set([-195, -187, -185, -181, -169]);
const ASSIGN_PARTITIONS = -175; // RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
