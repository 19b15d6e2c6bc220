// One task: a consumer whose records go into the sink's pipeline and whose offsets follow the acknowledgements.
import type { ConnectorSettings } from '../config/settings.ts';
import { internalError, SinkError } from '../errors.ts';
import { type ConsumerOptions, KafkaConsumer } from '../kafka/consumer.ts';
import type { KafkaErrorLike } from '../kafka/failure.ts';
import { OffsetTracker, type PartitionOffsets, type TopicPartitionOffset } from '../kafka/offsets.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import type { TopicPartition } from '../kafka/rdkafka.ts';
import type { SinkEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Waits } from '../observe/waits.ts';
import type { KafkaRecord } from '../record/record.ts';
import { aborted, sleep, within } from '../wait.ts';
import { type Committable, Committer, dirty } from './committer.ts';
import { KafkaTrouble } from './kafka-trouble.ts';
import type { Pipeline } from './pipeline.ts';

export interface TaskOptions {
  id: number;
  settings: ConnectorSettings;
  createClient: ConsumerOptions['create'];
  events: SinkEvents;
  waits: Waits;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
  /** Aborted when the sink stops. */
  stop: AbortSignal;
  onFatal: (error: SinkError) => void;
}

export class Task {
  private readonly tracker = new OffsetTracker();
  private readonly committer: Committer;
  private readonly trouble: KafkaTrouble;
  private consumer: KafkaConsumer | undefined;
  private pipeline: Pipeline | undefined;
  private committedAt = 0;
  private positionsAt = Number.NEGATIVE_INFINITY;
  /** librdkafka has said that another member has this one's place, or that it cannot go on. */
  private dead = false;
  private closing = false;
  /** Given up at the stop while Kafka had not stored them. */
  private readonly uncommitted: TopicPartitionOffset[] = [];

  /** What is read; with topics.regex, what matches now. */
  private subscription: string[];

  constructor(private readonly options: TaskOptions) {
    const { events, log, now } = options;
    this.subscription = options.settings.topics ?? [];
    this.trouble = new KafkaTrouble({
      ...options,
      topics: () => this.subscription,
      consumer: () => this.consumer,
      isAssigned: ({ topic, partition }) => this.tracker.get(topic, partition) !== undefined,
    });
    this.committer = new Committer({
      send: offsets => this.consumer!.commit(offsets),
      stored: ({ topic, partition, offsets }, offset) => {
        offsets.commit(offset);
        // One that has left has no gauge any more.
        if (this.tracker.get(topic, partition) === offsets) events.committed(topic, partition, offset);
      },
      failed: error => this.trouble.error(error),
      log,
      now,
    });
  }

  /** Reads these topics from now on. */
  subscribe(topics: string[]): void {
    this.subscription = topics;
    if (!this.consumer || !this.pipeline || this.options.stop.aborted) return;
    try {
      this.consumer.subscribe(topics);
    } catch (error) {
      this.trouble.error(error as KafkaErrorLike);
    }
  }

  /** All topics of the cluster that this user may see. @throws the client's error */
  listTopics(): Promise<string[]> {
    return this.consumer?.topics() ?? Promise.reject(new Error('not connected'));
  }

  /** Tries until a broker answers or the sink stops. Kafka not being there is no error. */
  async connect(): Promise<void> {
    const { stop, waits, onFatal } = this.options;
    const consumer = this.createConsumer();
    while (!stop.aborted) {
      try {
        await Promise.race([consumer.connect(), aborted(stop)]);
        // A client that was still connecting is left to the end of the process: closing it would wait for its time-out.
        if (stop.aborted) return;
        this.consumer = consumer;
        waits.end('kafka', 'Kafka', 'connected');
        return;
      } catch (error) {
        if (error instanceof SinkError) return onFatal(error);
        this.trouble.error(error as KafkaErrorLike, true);
        await sleep(RECONNECT_PAUSE_MS, stop);
      }
    }
  }

  /** Joins the group and feeds `pipeline` until the sink stops. */
  async run(pipeline: Pipeline): Promise<void> {
    const { stop, log } = this.options;
    const consumer = this.consumer;
    if (!consumer || stop.aborted) return;
    this.pipeline = pipeline;
    this.committedAt = this.options.now();
    if (this.subscription.length > 0) consumer.subscribe(this.subscription);
    let fullSince: number | undefined;
    let pauseSaid = false;
    while (!stop.aborted) {
      if (pipeline.full) {
        fullSince ??= this.options.now();
        const lasts = this.options.now() - fullSince >= PAUSE_AFTER_MS;
        if (!lasts && !pipeline.heavy) {
          await pipeline.change(PAUSE_AFTER_MS);
          continue;
        }
        consumer.pause();
        if (lasts && !pauseSaid) {
          pauseSaid = true;
          log.info('Milvus is behind: the partitions are paused until there is room', {
            task: this.options.id,
          });
        }
      } else {
        fullSince = undefined;
        pauseSaid = false;
        consumer.resume();
      }
      let records: KafkaRecord[] = [];
      try {
        records = await consumer.poll(pipeline.pollRecords);
      } catch (error) {
        if (!('code' in (error as object))) throw error;
        this.trouble.error(error as KafkaErrorLike);
        await sleep(POLL_ERROR_PAUSE_MS, stop);
      }
      // Not in the try: what it throws is a defect, and going on would leave its records behind for ever.
      pipeline.process(records, this.tracker);
      this.notePositions();
    }
  }

  /** Housekeeping, about every 200 ms: commits and gauges. */
  tick(): void {
    if (!this.pipeline) return;
    const { now, events, settings } = this.options;
    // Soon while rows flow, sooner still when everything is written: what is not committed is read again after a crash.
    const wait = Math.min(
      settings.offsetFlushIntervalMs,
      this.pipeline.idle ? IDLE_COMMIT_MS : BUSY_COMMIT_MS,
    );
    if (!this.committer.busy && now() - this.committedAt >= wait) {
      this.committedAt = now();
      void this.commit();
    }
    for (const { topic, partition, records } of this.lags()) events.lag(topic, partition, records);
  }

  /** Sum of the lag of all partitions, records; undefined before it is known. */
  get lag(): number | undefined {
    let sum: number | undefined;
    for (const { records } of this.lags()) sum = (sum ?? 0) + records;
    return sum;
  }

  /** The topics of which it holds partitions. */
  *topics(): Generator<string> {
    for (const { topic } of this.tracker.all()) yield topic;
  }

  /**
   * Commits what is done and leaves the group. To be called when nothing else asks the consumer any more.
   * @returns what is written and could not be committed in time
   */
  async close(): Promise<TopicPartitionOffset[]> {
    const { consumer } = this;
    const { log, now, settings } = this.options;
    if (!consumer) return [];
    // What is fetched from here on is not wanted.
    if (!this.dead) consumer.pause();
    const until = now() + settings.offsetFlushTimeoutMs;
    const committing = this.commitUntil(until);
    const answered = within(committing, settings.offsetFlushTimeoutMs);
    await consumer.serve(answered);
    if (!this.dead) this.uncommitted.push(...dirty(this.tracker.all()));
    this.closing = true;
    // A Kafka that does not answer a commit will not answer a farewell.
    const left = await within(consumer.close(), (await answered) ? CLOSE_TIMEOUT_MS : UNANSWERED_CLOSE_MS);
    if (!left)
      log.warn('the consumer did not leave its group in time: the group notices after session.timeout.ms');
    return this.uncommitted.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  // --- internal ---

  private createConsumer(): KafkaConsumer {
    const { log, now, createClient, onFatal } = this.options;
    return new KafkaConsumer({
      properties: this.properties(),
      hooks: {
        assigned: partitions => this.assigned(partitions),
        revoked: (partitions, lost) => this.revoked(partitions, lost),
        error: error => this.trouble.error(error),
        fatal: error => {
          this.dead = true;
          this.trouble.fatal(error);
        },
        failed: error => onFatal(error),
        states: partitions => this.trouble.states(partitions),
      },
      log,
      now,
      create: createClient,
    });
  }

  /** Between two polls, when no record is on its way from librdkafka to us. */
  private notePositions(): void {
    const { now } = this.options;
    if (now() - this.positionsAt < POSITIONS_MS) return;
    this.positionsAt = now();
    const partitions = [...this.tracker.all()].map(({ topic, partition }) => ({ topic, partition }));
    for (const { topic, partition, offset } of this.consumer?.positions(partitions) ?? []) {
      const offsets = this.tracker.get(topic, partition);
      if (offsets) offsets.position = offset;
    }
  }

  /** Records still to be written, of the partitions of which that is known. */
  private *lags(): Generator<{ topic: string; partition: number; records: number }> {
    for (const { topic, partition, offsets } of this.tracker.all()) {
      const end = this.consumer?.endOffset(topic, partition);
      const records = end === undefined ? undefined : offsets.lag(end);
      if (records !== undefined) yield { topic, partition, records };
    }
  }

  /** Each task is a client and, under static membership, a member of its own. */
  private properties(): KafkaProperties {
    const { settings, id } = this.options;
    const instance = settings.consumer['group.instance.id'];
    if (instance === undefined || settings.tasksMax === 1) return settings.consumer;
    return { ...settings.consumer, 'group.instance.id': `${instance}-${id}` };
  }

  private assigned(partitions: TopicPartition[]): void {
    const { events, waits, log, settings } = this.options;
    for (const { topic, partition } of partitions) this.tracker.assign(topic, partition);
    if (partitions.length > 0) {
      waits.end('kafka', 'topics', 'partitions assigned');
      log.info('partitions assigned', { task: this.options.id, partitions: names(partitions) });
      this.consumer?.committed(partitions, settings.offsetFlushTimeoutMs).then(
        offsets => {
          for (const { topic, partition, offset } of offsets) {
            const offsets = this.tracker.get(topic, partition);
            // What this process committed in the meantime is newer.
            if (offset === undefined || offset < 0 || !offsets || offsets.committed !== undefined) continue;
            offsets.commit(offset);
            events.committed(topic, partition, offset);
          }
        },
        error => log.debug(`the committed offsets are not known yet: ${(error as KafkaErrorLike).message}`),
      );
    }
    events.rebalanced('assigned');
  }

  private async revoked(partitions: TopicPartition[], lost: boolean): Promise<void> {
    const { events, log, settings, stop } = this.options;
    const leaving = new Set<PartitionOffsets>();
    const last: Committable[] = [];
    for (const { topic, partition } of partitions) {
      const offsets = this.tracker.get(topic, partition);
      if (!offsets) continue;
      leaving.add(offsets);
      last.push({ topic, partition, offsets });
      this.tracker.revoke(topic, partition);
    }
    if (partitions.length > 0)
      log.info(lost ? 'partitions lost' : 'partitions revoked', {
        task: this.options.id,
        partitions: names(partitions),
      });
    events.rebalanced(lost ? 'lost' : 'revoked');
    // While the sink stops, too: what is in flight still is.
    await this.pipeline?.release(leaving, lost);
    // librdkafka's commit has no time-out of its own while the coordinator is away. At the end it has been made already.
    if (!lost && !this.dead && !this.closing) {
      const timeoutMs = settings.offsetFlushTimeoutMs;
      await within(
        this.store(() => last, this.options.now() + timeoutMs),
        timeoutMs,
      );
      if (stop.aborted) this.uncommitted.push(...dirty(last));
    }
    for (const { topic, partition } of partitions) events.forgotten(topic, partition);
  }

  private commit(until?: number): Promise<void> {
    return this.store(() => (this.dead ? [] : this.tracker.all()), until);
  }

  private store(partitions: () => Iterable<Committable>, until?: number): Promise<void> {
    return this.committer
      .commit(partitions, until)
      .catch(error => this.options.onFatal(internalError(error)));
  }

  /** The last commits: what fails is tried again as long as there is time. */
  private async commitUntil(until: number): Promise<void> {
    const { now } = this.options;
    for (;;) {
      await this.commit(until);
      if (this.dead || dirty(this.tracker.all()).length === 0 || now() + COMMIT_AGAIN_MS >= until) return;
      await Bun.sleep(COMMIT_AGAIN_MS);
    }
  }
}

const RECONNECT_PAUSE_MS = 1000;
const POLL_ERROR_PAUSE_MS = 100;
/** A full pipeline stops reading at once, and pauses the partitions when it lasts: a pause throws away what was fetched. */
const PAUSE_AFTER_MS = 500;
const BUSY_COMMIT_MS = 1000;
const IDLE_COMMIT_MS = 500;
const COMMIT_AGAIN_MS = 200;
const POSITIONS_MS = 200;
const CLOSE_TIMEOUT_MS = 10_000;
const UNANSWERED_CLOSE_MS = 1000;

function names(partitions: TopicPartition[]): string {
  return partitions.map(p => `${p.topic}-${p.partition}`).join(',');
}
