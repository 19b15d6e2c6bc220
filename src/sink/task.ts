// One task: a consumer whose records go into the sink's pipeline and whose offsets follow the acknowledgements.
import type { KafkaProperties, SinkSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { TopicPartition } from '../native/rdkafka.ts';
import { type ConsumerOptions, KafkaConsumer } from '../source/consumer.ts';
import { classifyKafkaError, isGroupMoving, type KafkaErrorLike } from '../source/failure.ts';
import { OffsetTracker, type PartitionOffsets } from '../source/offsets.ts';
import type { KafkaRecord } from '../source/record.ts';
import type { SinkEvents } from './events.ts';
import type { Pipeline } from './pipeline.ts';
import { aborted, sleep, within } from './wait.ts';
import type { Waits } from './waits.ts';

export interface TaskOptions {
  id: number;
  settings: SinkSettings;
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
  private consumer: KafkaConsumer | undefined;
  private pipeline: Pipeline | undefined;
  private everConnected = false;
  private committing: Promise<void> | undefined;
  private committedAt = 0;
  private probing = false;
  private lookingForTopics = false;

  /** What is read; with topics.regex, what matches now. */
  private topics: string[];

  constructor(private readonly options: TaskOptions) {
    this.topics = options.settings.topics ?? [];
  }

  /** Reads these topics from now on. */
  subscribe(topics: string[]): void {
    this.topics = topics;
    if (!this.consumer || !this.pipeline || this.options.stop.aborted) return;
    try {
      this.consumer.subscribe(topics);
    } catch (error) {
      this.kafkaError(error as KafkaErrorLike);
    }
  }

  /** All topics of the cluster that this user may see. @throws the client's error */
  listTopics(): Promise<string[]> {
    return this.consumer?.topics() ?? Promise.reject(new Error('not connected'));
  }

  /** Tries until a broker answers or the sink stops. Kafka not being there is no error. */
  async connect(): Promise<void> {
    const { stop, createClient, log } = this.options;
    while (!stop.aborted) {
      const consumer = new KafkaConsumer({
        properties: this.properties(),
        hooks: {
          assigned: partitions => this.assigned(partitions),
          revoked: (partitions, lost) => this.revoked(partitions, lost),
          error: error => this.kafkaError(error),
        },
        log,
        create: createClient,
      });
      try {
        await Promise.race([consumer.connect(), aborted(stop)]);
        // A client that was still connecting is left to the end of the process: closing it would wait for its time-out.
        if (stop.aborted) return;
        this.consumer = consumer;
        this.everConnected = true;
        this.options.waits.end('kafka', 'Kafka', 'connected');
        return;
      } catch (error) {
        if (error instanceof SinkError) return this.options.onFatal(error);
        this.kafkaError(error as KafkaErrorLike, true);
        // The client delivers the events that tell a refusal from an outage only now, after the try has failed.
        await sleep(RECONNECT_PAUSE_MS, stop);
        await consumer.close();
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
    if (this.topics.length > 0) consumer.subscribe(this.topics);
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
        this.kafkaError(error as KafkaErrorLike);
        await sleep(POLL_ERROR_PAUSE_MS, stop);
      }
      // Not in the try: what it throws is a defect, and going on would leave its records behind for ever.
      pipeline.process(records, this.tracker);
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
    if (!this.committing && now() - this.committedAt >= wait) void this.commit();
    for (const { topic, partition, records } of this.lags()) events.lag(topic, partition, records);
  }

  /** Sum of the lag of all partitions, records; undefined before it is known. */
  get lag(): number | undefined {
    let sum: number | undefined;
    for (const { records } of this.lags()) sum = (sum ?? 0) + records;
    return sum;
  }

  /** Commits what is done and leaves the group. */
  async close(): Promise<void> {
    const { log } = this.options;
    const timeoutMs = this.options.settings.offsetFlushTimeoutMs;
    const committed = await within(this.committing?.then(() => this.commit()) ?? this.commit(), timeoutMs);
    if (!committed) log.warn('offsets could not be committed in time: the last records will be read again');
    if (this.consumer) {
      const left = await within(this.consumer.close(), CLOSE_TIMEOUT_MS);
      if (!left)
        log.warn('the consumer did not leave its group in time: the group notices after session.timeout.ms');
    }
  }

  // --- internal ---

  /** Records still to be written, of the partitions of which that is known. */
  private *lags(): Generator<{ topic: string; partition: number; records: number }> {
    for (const { topic, partition, offsets } of this.tracker.all()) {
      const end = this.consumer?.endOffset(topic, partition);
      const position = offsets.committable ?? offsets.committed;
      if (end !== undefined && position !== undefined)
        yield { topic, partition, records: Math.max(0, end - position) };
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
    const { events, log, settings } = this.options;
    const leaving = new Set<PartitionOffsets>();
    const last: Array<{ topic: string; partition: number; offsets: PartitionOffsets }> = [];
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
    // librdkafka's commit has no time-out of its own while the coordinator is away.
    if (!lost) {
      const commit = Promise.resolve(this.committing).then(() => this.commitThese(last));
      await within(commit, settings.offsetFlushTimeoutMs);
    }
    for (const { topic, partition } of partitions) events.forgotten(topic, partition);
  }

  private commit(): Promise<void> {
    this.committedAt = this.options.now();
    this.committing = this.commitThese([...this.tracker.all()]).finally(() => {
      this.committing = undefined;
    });
    return this.committing;
  }

  /** Never rejects: an offset that was not stored is stored by the next commit, or its records are read again. */
  private async commitThese(
    partitions: Array<{ topic: string; partition: number; offsets: PartitionOffsets }>,
  ): Promise<void> {
    const moves = partitions
      .filter(p => p.offsets.dirty)
      .map(p => ({ ...p, offset: p.offsets.committable! }));
    if (moves.length === 0 || !this.consumer) return;
    try {
      await this.consumer.commit(moves.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
      for (const { topic, partition, offset, offsets } of moves) {
        offsets.commit(offset);
        this.options.events.committed(topic, partition, offset);
      }
    } catch (error) {
      const kafkaError = error as KafkaErrorLike;
      if (isGroupMoving(kafkaError.code)) this.options.log.debug(`commit deferred: ${kafkaError.message}`);
      else {
        this.options.log.warn(`offsets not committed, will be tried again: ${kafkaError.message}`);
        this.kafkaError(kafkaError);
      }
    }
  }

  private kafkaError(error: KafkaErrorLike, failedToConnect = false): void {
    const { settings, waits, log, onFatal } = this.options;
    const where = String(settings.consumer['bootstrap.servers']);
    const topics = settings.topics?.join(', ') ?? settings.topicsRegex ?? '';
    const verdict = classifyKafkaError(error, {
      where,
      topics,
      groupId: settings.groupId,
      everConnected: this.everConnected,
    });
    if (verdict.kind === 'refused') onFatal(verdict.error);
    else if (verdict.kind === 'ignore' && !failedToConnect)
      log.debug(`Kafka: ${error.message}`, { code: error.code });
    else if (verdict.kind === 'wait' && verdict.topicMissing && settings.topicsRegex !== undefined)
      // A topic that matched is deleted: the next looks at the cluster leave it out.
      log.debug(`Kafka: ${error.message}`, { code: error.code });
    else if (verdict.kind === 'wait' && verdict.topicMissing) {
      waits.begin('kafka', 'topics', verdict.reason);
      void this.lookForTopics();
    } else if (failedToConnect || verdict.kind === 'ignore')
      waits.begin('kafka', 'Kafka', `${where}: ${verdict.kind === 'wait' ? verdict.reason : error.message}`);
    else void this.probe(verdict.reason);
  }

  /**
   * A topic that comes is known by its partitions' assignment, but only to the member of the group that gets them: the
   * others look for it themselves.
   */
  private async lookForTopics(): Promise<void> {
    const { waits, stop } = this.options;
    if (this.lookingForTopics) return;
    this.lookingForTopics = true;
    while (!stop.aborted && waits.waitingFor('topics')) {
      await sleep(TOPICS_PAUSE_MS, stop);
      const there = await this.consumer?.topics().catch((): string[] => []);
      if (this.topics.every(topic => there?.includes(topic)))
        waits.end('kafka', 'topics', 'all topics are there');
    }
    this.lookingForTopics = false;
  }

  /** One broker's trouble is not Kafka's: only when no broker answers is Kafka away, until one does. */
  private async probe(reason: string): Promise<void> {
    const { waits, stop, settings, log } = this.options;
    if (this.probing || !this.consumer) {
      log.debug(`Kafka: ${reason}`);
      return;
    }
    this.probing = true;
    try {
      while (!stop.aborted && this.consumer) {
        if (await this.consumer.reachable()) {
          waits.end('kafka', 'Kafka', 'connected');
          return;
        }
        waits.begin('kafka', 'Kafka', `${settings.consumer['bootstrap.servers']}: ${reason}`);
        await sleep(RECONNECT_PAUSE_MS, stop);
      }
    } finally {
      this.probing = false;
    }
  }
}

const RECONNECT_PAUSE_MS = 1000;
const TOPICS_PAUSE_MS = 2000;
const POLL_ERROR_PAUSE_MS = 100;
/** A full pipeline stops reading at once, and pauses the partitions when it lasts: a pause throws away what was fetched. */
const PAUSE_AFTER_MS = 500;
const BUSY_COMMIT_MS = 1000;
const IDLE_COMMIT_MS = 500;
const CLOSE_TIMEOUT_MS = 10_000;

function names(partitions: TopicPartition[]): string {
  return partitions.map(p => `${p.topic}-${p.partition}`).join(',');
}
