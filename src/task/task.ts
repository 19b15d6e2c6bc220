import { createKeyConverter, createValueConverter } from '../decode/registry.ts';
import type { StopMode } from '../deliver/delivery.ts';
import { internalError, SinkError } from '../errors.ts';
import { type ConsumerOptions, KafkaConsumer } from '../kafka/consumer.ts';
import { OffsetTracker, type TopicPartitionOffset } from '../kafka/offsets.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import type { RdError } from '../kafka/rdkafka.ts';
import type { TaskSnapshot } from '../observe/snapshot.ts';
import { aborted, sleep, within } from '../wait.ts';
import { CommitPace } from './commit-pace.ts';
import { type Committable, Committer, dirty } from './committer.ts';
import type { Task, TaskTarget } from './contract.ts';
import { KafkaTrouble } from './kafka-trouble.ts';
import { Pipeline, type PipelineContext } from './pipeline.ts';
import { PAUSE_AFTER_MS, ReadingPolicy } from './reading.ts';
import { TaskRebalances } from './rebalances.ts';

export interface TaskOptions extends PipelineContext {
  id: number;
  createClient: ConsumerOptions['create'];
  /** Aborted when the connector stops. */
  stop: AbortSignal;
}

export class ConsumerTask implements Task {
  private readonly tracker = new OffsetTracker();
  private readonly committer: Committer;
  private readonly pace: CommitPace;
  private readonly trouble: KafkaTrouble;
  private readonly rebalances: TaskRebalances;
  private readonly reading = new ReadingPolicy();
  private consumer: KafkaConsumer | undefined;
  private pipeline: Pipeline | undefined;
  private positionsAt = Number.NEGATIVE_INFINITY;
  /** librdkafka has said that another member has this one's place, or that it cannot go on. */
  private dead = false;
  private closing = false;
  /** Kafka has answered the last commits in time. */
  private answered = false;
  /** The last hand-over of partitions, until they are given up. */
  private handOver: Promise<void> = Promise.resolve();
  /** Handed over and not given up yet; at a stop also those that were. */
  private readonly leaving = new Set<Committable>();

  /** What is read; with topics.regex, what matches now. */
  private subscription: string[];

  constructor(private readonly options: TaskOptions) {
    const { settings, events, log, now } = options;
    const { tracker } = this;
    this.subscription = settings.topics ?? [];
    this.pace = new CommitPace(settings.offsetFlushIntervalMs);
    this.trouble = new KafkaTrouble({
      ...options,
      topics: () => this.subscription,
      consumer: () => this.consumer,
      isAssigned: ({ topic, partition }) => tracker.get(topic, partition) !== undefined,
    });
    this.committer = new Committer({
      send: offsets => this.consumer!.commit(offsets),
      stored: ({ offsets }, offset) => offsets.commit(offset),
      failed: error => this.trouble.error(error),
      log,
      now,
    });
    this.rebalances = new TaskRebalances({
      ...options,
      taskId: options.id,
      tracker,
      release: async (partitions, lost) => this.pipeline?.release(partitions, lost),
      commitLeaving: partitions => this.commitLeaving(partitions),
      events,
    });
  }

  subscribe(topics: string[]): void {
    this.subscription = topics;
    if (!this.consumer || !this.pipeline || this.options.stop.aborted) return;
    try {
      this.consumer.subscribe(topics);
    } catch (error) {
      this.trouble.error(error as RdError);
    }
  }

  listTopics(): Promise<string[]> {
    return this.consumer?.topics() ?? Promise.reject(new Error('not connected'));
  }

  async connect(): Promise<void> {
    const { stop, waits, log, onFatal } = this.options;
    const consumer = this.createConsumer();
    let connecting: Promise<void> | undefined;
    while (!stop.aborted) {
      try {
        connecting = consumer.connect();
        await Promise.race([connecting, aborted(stop)]);
        if (stop.aborted) break;
        this.consumer = consumer;
        waits.end('kafka', 'Kafka', 'connected');
        return;
      } catch (error) {
        if (error instanceof SinkError) return onFatal(error);
        this.trouble.error(error as RdError, true);
        await sleep(RECONNECT_PAUSE_MS, stop);
      }
    }
    // Its question has a time-out, which the stop does not wait for.
    const close = () => consumer.close();
    void connecting
      ?.then(close, close)
      .catch(error => log.debug(`a client was not closed: ${String(error)}`));
  }

  async run(target: TaskTarget): Promise<void> {
    const { stop, settings, log, now } = this.options;
    const { consumer } = this;
    if (!consumer || stop.aborted) return;
    const pipeline = new Pipeline({
      ...this.options,
      ...target,
      valueConverter: createValueConverter(settings.valueConverter),
      keyConverter: createKeyConverter(settings.keyConverter),
    });
    this.pipeline = pipeline;
    this.pace.start(now());
    if (this.subscription.length > 0) consumer.subscribe(this.subscription);
    while (!stop.aborted) {
      const reading = this.reading.decide(pipeline, now());
      if (reading === 'hold') {
        await pipeline.change(PAUSE_AFTER_MS);
        continue;
      }
      if (reading === 'poll') consumer.resume();
      else consumer.pause();
      if (this.reading.worthALine(now()))
        log.info('Milvus is behind: the partitions are paused until there is room', {
          task: this.options.id,
        });
      // What these throw is a defect: going on would leave their records behind for ever.
      const { batch, errors } = await consumer.poll(pipeline.pollRecords, pipeline.rowPlan.handle);
      const taken = batch && pipeline.take(batch, this.tracker);
      if (taken) await taken;
      for (const error of errors) this.trouble.error(error);
      if (errors.length > 0) await sleep(POLL_ERROR_PAUSE_MS, stop);
      this.notePositions();
    }
  }

  tick(): void {
    if (!this.pipeline) return;
    this.pipeline.tick();
    const idle = this.pipeline.bufferedRows === 0;
    if (!this.committer.busy && this.pace.due(idle, this.options.now())) void this.commitDone();
  }

  snapshot(): TaskSnapshot {
    const partitions = [...this.tracker.all()].map(({ topic, partition, offsets }) => {
      const end = this.consumer?.endOffset(topic, partition);
      return {
        topic,
        partition,
        committedOffset: offsets.committed,
        lagRecords: end === undefined ? undefined : offsets.lag(end),
      };
    });
    return {
      id: this.options.id,
      partitions,
      bufferedRows: this.pipeline?.bufferedRows ?? 0,
      requestsInFlight: this.pipeline?.requestsInFlight ?? 0,
    };
  }

  async stop(mode: StopMode, flushMs: number): Promise<boolean> {
    return (await this.pipeline?.stop(mode, flushMs)) ?? true;
  }

  async commit(): Promise<TopicPartitionOffset[]> {
    const { consumer } = this;
    const { now, settings } = this.options;
    if (!consumer) return [];
    // What is fetched from here on is not wanted.
    if (!this.dead) consumer.pause();
    const committing = this.commitUntil(now() + settings.offsetFlushTimeoutMs);
    const answered = within(committing, settings.offsetFlushTimeoutMs);
    await consumer.serve(answered);
    this.answered = await answered;
    return dirty([...this.leaving, ...(this.dead ? [] : this.tracker.all())]).map(
      ({ topic, partition, offset }) => ({ topic, partition, offset }),
    );
  }

  async close(): Promise<void> {
    this.closing = true;
    if (!this.consumer) return;
    // A Kafka that does not answer a commit will not answer a farewell.
    const left = await within(this.consumer.close(), this.answered ? CLOSE_TIMEOUT_MS : UNANSWERED_CLOSE_MS);
    if (!left)
      this.options.log.warn(
        'the consumer did not leave its group in time: the group notices after session.timeout.ms',
      );
  }

  // --- internal ---

  private createConsumer(): KafkaConsumer {
    const { log, now, createClient, onFatal } = this.options;
    return new KafkaConsumer({
      properties: this.properties(),
      hooks: {
        assigned: (partitions, committed) => this.rebalances.assigned(partitions, committed),
        revoked: (partitions, lost) => {
          this.handOver = this.rebalances.revoked(partitions, lost);
          return this.handOver;
        },
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

  /** Each task is a client and, under static membership, a member of its own. */
  private properties(): KafkaProperties {
    const { settings, id } = this.options;
    const instance = settings.consumer['group.instance.id'];
    if (instance === undefined || settings.tasksMax === 1) return settings.consumer;
    return { ...settings.consumer, 'group.instance.id': `${instance}-${id}` };
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

  private commitDone(until?: number): Promise<void> {
    return this.store(() => (this.dead ? [] : this.tracker.all()), until);
  }

  private store(partitions: () => Iterable<Committable>, until?: number): Promise<void> {
    return this.committer
      .commit(partitions, until)
      .catch(error => this.options.onFatal(internalError(error)));
  }

  /** librdkafka's commit has no time-out of its own while the coordinator is away. At the end it has been made already. */
  private async commitLeaving(partitions: readonly Committable[]): Promise<void> {
    if (this.dead || this.closing) return;
    const { settings, stop, now } = this.options;
    const timeoutMs = settings.offsetFlushTimeoutMs;
    for (const partition of partitions) this.leaving.add(partition);
    await within(
      this.store(() => partitions, now() + timeoutMs),
      timeoutMs,
    );
    if (!stop.aborted) for (const partition of partitions) this.leaving.delete(partition);
  }

  /** The last commits: what fails is tried again as long as there is time. */
  private async commitUntil(until: number): Promise<void> {
    const { now } = this.options;
    for (;;) {
      await this.commitDone(until);
      // A rebalance may be under way: its commit is answered as long as somebody polls.
      await this.handOver.catch(() => {}); // told by whoever began it
      if (this.dead || dirty(this.tracker.all()).length === 0 || now() + COMMIT_AGAIN_MS >= until) return;
      await Bun.sleep(COMMIT_AGAIN_MS);
    }
  }
}

const RECONNECT_PAUSE_MS = 1000;
const POLL_ERROR_PAUSE_MS = 100;
const COMMIT_AGAIN_MS = 200;
const POSITIONS_MS = 200;
const CLOSE_TIMEOUT_MS = 10_000;
const UNANSWERED_CLOSE_MS = 1000;
