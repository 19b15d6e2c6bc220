// One connector's life: wait for Kafka and Milvus, run its tasks, and end so that nothing is lost.
import type { ConnectorSettings } from '../config/settings.ts';
import { Budget } from '../deliver/budget.ts';
import type { StopMode } from '../deliver/delivery.ts';
import { internalError, RecordError, SinkError } from '../errors.ts';
import type { ConsumerOptions } from '../kafka/consumer.ts';
import { discoverTopics } from '../kafka/discovery.ts';
import { topicFilter } from '../kafka/topics.ts';
import { FieldNotes } from '../map/field-notes.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { ConnectorEvents } from '../observe/events.ts';
import { Health } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { ConnectorSnapshot, ConnectorState } from '../observe/snapshot.ts';
import { WaitBoard, type Waits } from '../observe/waits.ts';
import { offsetsText } from '../task/committer.ts';
import type { Task } from '../task/contract.ts';
import type { Garbage } from '../task/garbage.ts';
import { ConsumerTask } from '../task/task.ts';
import { aborted, sleep } from '../wait.ts';
import type { Connector } from './contract.ts';
import { HeldTopics } from './held-topics.ts';
import { waitForMilvus } from './milvus-wait.ts';
import { Progress } from './progress.ts';

export interface ConnectorOptions {
  settings: ConnectorSettings;
  events: ConnectorEvents;
  log: Logger;
  profile: Profile;
  createClient: ConsumerOptions['create'];
  /** One try. @throws SinkError when Milvus refuses, any other error when it is not there yet */
  connectMilvus: () => Promise<MilvusConnection>;
  /** Monotonic ms. */
  now: () => number;
  /** ms since the epoch. */
  wallClock: () => number;
  random: () => number;
  /** Of the process. */
  garbage: Garbage;
}

export class SinkConnector implements Connector {
  private readonly stopping = new AbortController();
  private fatal: SinkError | undefined;
  /** Kafka has refused us: another copy may be writing the same partitions already. */
  private fenced = false;
  private state: ConnectorState = 'STARTING';
  private readonly health = new Health();
  private readonly board: WaitBoard;
  private readonly waits: Waits;
  private readonly budget: Budget;
  private readonly tasks: Task[];
  private readonly progress = new Progress();
  private readonly heldTopics = new HeldTopics(TOPIC_GONE_MS);
  private topicsNotedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ConnectorOptions) {
    const { settings, events, log, now } = options;
    this.board = new WaitBoard(log, this.health, now);
    this.waits = this.board.waits();
    this.budget = new Budget({
      maxBytes: settings.batch.bufferMaxBytes,
      maxRequests: settings.batch.maxInFlight,
      errors: settings.errors,
      now,
    });
    const fieldNotes = new FieldNotes(log);
    const counted = this.progress.counting(events);
    this.tasks = Array.from(
      { length: settings.tasksMax },
      (_, id) =>
        new ConsumerTask({
          ...options,
          id,
          events: counted,
          budget: this.budget,
          fieldNotes,
          waits: this.board.waits(),
          stop: this.stopping.signal,
          onFatal: error => this.end(error),
        }),
    );
  }

  get name(): string {
    return this.options.settings.name;
  }

  stop(): void {
    this.stopping.abort();
  }

  async run(): Promise<SinkError | undefined> {
    const { health } = this;
    const ticker = setInterval(() => this.tick(), TICK_MS);
    let connection: MilvusConnection | undefined;
    try {
      const connecting = this.connectMilvus();
      const [milvus] = await Promise.all([
        Promise.race([connecting, aborted(this.stopping.signal)]),
        ...this.tasks.map(task => task.connect()),
      ]);
      connection = milvus?.connection;
      // One that comes after the end is nobody's.
      if (!milvus) void connecting.then(late => late?.connection.close());
      if (milvus && !this.stopping.signal.aborted) {
        this.state = 'RUNNING';
        health.set('pipeline', true, 'running');
        void this.discover();
        // One that fails stops the others, and each has left its poll before the consumers are closed.
        await Promise.all(
          this.tasks.map(task => task.run(milvus).catch(error => this.end(internalError(error)))),
        );
      }
    } catch (error) {
      this.end(internalError(error));
    }
    this.state = 'STOPPING';
    health.set('pipeline', false, this.fatal ? 'failed' : 'stopping');
    await this.stopTasks().catch(error => this.endsIncomplete(internalError(error)));
    // Nothing may ask a client that is closing: the answer would wait for the end, and the end for this thread.
    clearInterval(ticker);
    await this.closeTasks();
    await connection?.close().catch(error => this.endsIncomplete(internalError(error)));
    this.state = this.fatal ? 'FAILED' : 'STOPPED';
    for (const check of ['kafka', 'milvus'] as const) health.set(check, false, 'stopped');
    health.set('pipeline', false, this.fatal ? `failed: ${this.fatal.message}` : 'stopped');
    return this.fatal;
  }

  snapshot(): ConnectorSnapshot {
    const { settings } = this.options;
    const tasks = this.tasks.map(task => task.snapshot());
    return {
      name: settings.name,
      state: this.state,
      ...(this.state === 'FAILED' && this.fatal && { reason: this.fatal.message }),
      ready: this.health.ready,
      checks: this.health.snapshot(),
      bufferedRows: tasks.reduce((sum, task) => sum + task.bufferedRows, 0),
      bufferedBytes: this.budget.bufferedBytes,
      requestsInFlight: this.budget.requestsInFlight,
      requestLimit: this.budget.requestLimit,
      tasks,
      about: {
        topics: settings.topics?.join(', ') ?? settings.topicsRegex ?? '',
        group: settings.groupId,
        collection: `${settings.milvus.database}.${settings.milvus.collection}`,
        milvus: settings.milvus.address,
      },
    };
  }

  // --- internal ---

  private end(error: SinkError): void {
    this.fatal ??= error;
    if (error.kind === 'kafka') this.fenced = true;
    this.stopping.abort();
    // Good rows around a bad record are still written; after anything else, not one request more.
    if (!(error instanceof RecordError)) for (const task of this.tasks) void task.stop(this.stopMode(), 0);
  }

  private stopMode(): StopMode {
    if (this.fenced) return 'abandon';
    return this.fatal instanceof RecordError ? 'flush' : 'finish';
  }

  private async connectMilvus(): ReturnType<typeof waitForMilvus> {
    const { settings, connectMilvus, log, random } = this.options;
    try {
      return await waitForMilvus({
        connect: connectMilvus,
        address: settings.milvus.address,
        collection: settings.milvus.collection,
        waits: this.waits,
        log,
        random,
        stop: this.stopping.signal,
      });
    } catch (error) {
      this.end(internalError(error));
      return undefined;
    }
  }

  private async stopTasks(): Promise<void> {
    const { offsetFlushTimeoutMs } = this.options.settings;
    const mode = this.stopMode();
    const finished = await Promise.all(this.tasks.map(task => task.stop(mode, offsetFlushTimeoutMs)));
    if (!finished.every(Boolean)) this.endsIncomplete(this.unanswered());
  }

  /**
   * No task leaves the group, which then rebalances, before all have committed. A stop that leaves written records
   * uncommitted is no success: they will be written once more.
   */
  private async closeTasks(): Promise<void> {
    // A task that fails here keeps no other in the group.
    const defect = (thrown: unknown) => this.endsIncomplete(internalError(thrown));
    const left = (await Promise.all(this.tasks.map(task => task.commit().catch(defect)))).flatMap(
      uncommitted => uncommitted ?? [],
    );
    await Promise.all(this.tasks.map(task => task.close().catch(defect)));
    if (left.length === 0) return;
    const { settings } = this.options;
    const error = new SinkError(
      'KAFKA_NOT_COMMITTED',
      `stopped, but Kafka has not stored the offsets of ${left.length} partition${left.length > 1 ? 's' : ''}`,
      {
        where: String(settings.consumer['bootstrap.servers']),
        expected: `an answer within offset.flush.timeout.ms=${settings.offsetFlushTimeoutMs}`,
        found: `not committed: ${offsetsText(left)}`,
        fix: 'Nothing is lost: the next start reads and writes the last records again',
      },
    );
    this.endsIncomplete(error);
  }

  private unanswered(): SinkError {
    return new SinkError('MILVUS_UNANSWERED', 'stopped, but requests in flight did not finish in time', {
      where: this.options.settings.milvus.address,
      expected: 'answers within their deadlines (milvus.request.timeout.ms)',
      fix: 'Nothing is lost: their records are not committed, and the next start reads and writes them again',
    });
  }

  /** The first reason counts. */
  private endsIncomplete(error: SinkError): void {
    if (this.fatal) this.options.log.warn(error.message);
    else this.fatal = error;
  }

  /** With topics.regex: looks for the topics, and gives them to all tasks. */
  private async discover(): Promise<void> {
    const { settings, log } = this.options;
    if (settings.topicsRegex === undefined) return;
    const stop = this.stopping.signal;
    await discoverTopics({
      pattern: settings.topicsRegex,
      matches: topicFilter(settings),
      refreshMs: Number(settings.consumer['topic.metadata.refresh.interval.ms'] ?? TOPICS_REFRESH_MS),
      list: () => this.tasks[0]!.listTopics(),
      changed: topics => {
        for (const task of this.tasks) task.subscribe(topics);
      },
      waiting: reason => this.waits.begin('kafka', 'topics', reason),
      found: () => this.waits.end('kafka', 'topics', 'topics found'),
      pause: ms => sleep(ms, stop),
      stopped: () => stop.aborted,
      log,
    });
  }

  private tick(): void {
    const { settings, events, log, now } = this.options;
    this.board.tick();
    this.options.garbage.tick();
    for (const task of this.tasks) task.tick();
    if (settings.topicsRegex !== undefined) this.noteTopics(events, now());
    this.progress.tick(now(), log, () => this.snapshot());
  }

  private noteTopics(events: ConnectorEvents, now: number): void {
    if (now - this.topicsNotedAt < NOTE_TOPICS_MS) return;
    this.topicsNotedAt = now;
    const held = this.tasks.flatMap(task => task.snapshot().partitions.map(({ topic }) => topic));
    for (const topic of this.heldTopics.gone(held, now)) events.topicGone(topic);
  }
}

const TICK_MS = 200;
const TOPICS_REFRESH_MS = 3000;
const TOPIC_GONE_MS = 600_000;
const NOTE_TOPICS_MS = 5000;
