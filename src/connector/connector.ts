// The sink's life: wait for Kafka and Milvus, run, and end so that nothing is lost. The task that wires a pipeline.
import type { ConnectorSettings } from '../config/settings.ts';
import { createKeyConverter, createValueConverter } from '../decode/registry.ts';
import { backoffMs } from '../deliver/retry.ts';
import { internalError, RecordError, SinkError } from '../errors.ts';
import type { ConsumerOptions } from '../kafka/consumer.ts';
import { discoverTopics } from '../kafka/discovery.ts';
import { topicFilter } from '../kafka/topics.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { SinkEvents } from '../observe/events.ts';
import type { Health } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import { Waits } from '../observe/waits.ts';
import { offsetsText } from '../task/committer.ts';
import { Pipeline } from '../task/pipeline.ts';
import { Task } from '../task/task.ts';
import { aborted, sleep } from '../wait.ts';
import { HeldTopics } from './held-topics.ts';

export interface SinkOptions {
  settings: ConnectorSettings;
  events: SinkEvents;
  health: Health;
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
  /** Frees what is no longer referenced, at once. */
  collectGarbage: () => void;
}

export class Sink {
  private readonly stopping = new AbortController();
  private fatal: SinkError | undefined;
  /** Kafka has refused us: another copy may be writing the same partitions already. */
  private abandoned = false;
  private readonly waits: Waits;
  private readonly tasks: Task[];
  private readonly settings: ConnectorSettings;
  private pipeline: Pipeline | undefined;
  private rowsSinceStatus = 0;
  private skippedSinceStatus = 0;
  private statusAt: number | undefined;
  private readonly heldTopics = new HeldTopics(TOPIC_GONE_MS);

  constructor(private readonly options: SinkOptions) {
    const { settings, log, health, now } = options;
    this.settings = settings;
    this.waits = new Waits(log, health, now);
    this.tasks = Array.from(
      { length: settings.tasksMax },
      (_, id) =>
        new Task({
          id,
          settings,
          createClient: options.createClient,
          events: this.countingEvents(),
          waits: this.waits,
          log,
          now,
          stop: this.stopping.signal,
          onFatal: error => this.end(error),
        }),
    );
  }

  /** Stops: what is in flight is finished and committed. To be called once; `run` then resolves. */
  stop(): void {
    this.stopping.abort();
  }

  /** Runs until `stop` or until something ends the sink. */
  async run(): Promise<{ error?: SinkError }> {
    const { health } = this.options;
    const ticker = setInterval(() => this.tick(), TICK_MS);
    let connection: MilvusConnection | undefined;
    try {
      const [milvus] = await Promise.all([
        Promise.race([this.connectMilvus(), aborted(this.stopping.signal)]),
        ...this.tasks.map(task => task.connect()),
      ]);
      connection = milvus?.connection;
      if (milvus && !this.stopping.signal.aborted) {
        this.pipeline = this.createPipeline(milvus.connection, milvus.schema);
        health.set('pipeline', true, 'running');
        // One that fails stops the others, and each has left its poll before the consumers are closed.
        const pipeline = this.pipeline;
        void this.discover();
        await Promise.all(
          this.tasks.map(task => task.run(pipeline).catch(error => this.end(internalError(error)))),
        );
      }
    } catch (error) {
      this.end(internalError(error));
    }
    health.set('pipeline', false, this.fatal ? 'failed' : 'stopping');
    if (this.pipeline) {
      const { offsetFlushTimeoutMs } = this.settings;
      const finished = await this.pipeline.stop(this.howToStop(), offsetFlushTimeoutMs);
      if (!finished) this.endsIncomplete(this.unanswered());
    }
    // Nothing may ask a client that is closing: the answer would wait for the end, and the end for this thread.
    clearInterval(ticker);
    await this.closeTasks();
    this.tellGauges();
    await connection?.close();
    return this.fatal ? { error: this.fatal } : {};
  }

  // --- internal ---

  private end(error: SinkError): void {
    this.fatal ??= error;
    if (error.kind === 'kafka') this.abandoned = true;
    this.stopping.abort();
    // Good rows around a bad record are still written; after anything else, not one request more.
    if (!(error instanceof RecordError)) void this.pipeline?.stop(this.howToStop(), 0);
  }

  private howToStop(): 'finish' | 'flush' | 'abandon' {
    if (this.abandoned) return 'abandon';
    return this.fatal instanceof RecordError ? 'flush' : 'finish';
  }

  /** A stop that leaves written records uncommitted is no success: they will be written once more. */
  private async closeTasks(): Promise<void> {
    const left = (await Promise.all(this.tasks.map(task => task.close()))).flat();
    if (left.length === 0) return;
    const error = new SinkError(
      'KAFKA_NOT_COMMITTED',
      `stopped, but Kafka has not stored the offsets of ${left.length} partition${left.length > 1 ? 's' : ''}`,
      {
        where: String(this.settings.consumer['bootstrap.servers']),
        expected: `an answer within offset.flush.timeout.ms=${this.settings.offsetFlushTimeoutMs}`,
        found: `not committed: ${offsetsText(left)}`,
        fix: 'Nothing is lost: the next start reads and writes the last records again',
      },
    );
    this.endsIncomplete(error);
  }

  private unanswered(): SinkError {
    return new SinkError('MILVUS_UNANSWERED', 'stopped, but requests in flight did not finish in time', {
      where: this.settings.milvus.address,
      expected: 'answers within their deadlines (milvus.request.timeout.ms)',
      fix: 'Nothing is lost: their records are not committed, and the next start reads and writes them again',
    });
  }

  /** The first reason counts. */
  private endsIncomplete(error: SinkError): void {
    if (this.fatal) this.options.log.warn(error.message);
    else this.fatal = error;
  }

  /** Tries until Milvus answers with the collection's schema. Milvus not being there is no error; a refusal is. */
  private async connectMilvus(): Promise<
    { connection: MilvusConnection; schema: CollectionSchema } | undefined
  > {
    const { random, log } = this.options;
    const { address, collection } = this.settings.milvus;
    const stop = this.stopping.signal;
    for (let attempt = 1; !stop.aborted; attempt++) {
      let connection: MilvusConnection | undefined;
      try {
        connection = await this.options.connectMilvus();
        const schema = await connection.describe();
        this.waits.end('milvus', 'Milvus', `connected to ${address}`);
        log.debug('Milvus connected', { version: connection.serverVersion, collection });
        return { connection, schema };
      } catch (error) {
        await connection?.close();
        if (error instanceof SinkError) {
          this.end(error);
          return undefined;
        }
        // MilvusUnavailable says "Milvus at host: reason", and the line begins with "waiting for Milvus" already.
        const reason = error instanceof Error ? error.message : String(error);
        this.waits.begin('milvus', 'Milvus', reason.replace(/^Milvus at /, ''));
        await sleep(backoffMs(attempt, { baseMs: 200, maxMs: RECONNECT_MAX_MS, random }), stop);
      }
    }
    return undefined;
  }

  /** With topics.regex: looks for the topics, and tells all tasks. */
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

  private createPipeline(connection: MilvusConnection, schema: CollectionSchema): Pipeline {
    const { log, profile, now, wallClock, random, collectGarbage } = this.options;
    return new Pipeline({
      settings: this.settings,
      connection,
      schema,
      valueConverter: createValueConverter(this.settings.valueConverter),
      keyConverter: createKeyConverter(this.settings.keyConverter),
      events: this.countingEvents(),
      waits: this.waits,
      log,
      profile,
      now,
      wallClock,
      random,
      collectGarbage,
      onFatal: error => this.end(error),
    });
  }

  private countingEvents(): SinkEvents {
    const { events } = this.options;
    return {
      ...events,
      written: (operation, report) => {
        this.rowsSinceStatus += report.rows;
        events.written(operation, report);
      },
      skipped: (reason, records) => {
        this.skippedSinceStatus += records;
        events.skipped(reason, records);
      },
    };
  }

  /** Gauges are for who looks now and then; told for every batch they would cost as much as encoding it. */
  private tellGauges(): void {
    if (!this.pipeline) return;
    const { rows, bytes, requests, limit } = this.pipeline.buffered;
    this.options.events.inFlight(requests, limit);
    this.options.events.buffered(rows, bytes);
  }

  private tick(): void {
    this.pipeline?.tick();
    this.waits.tick();
    for (const task of this.tasks) task.tick();
    this.tellGauges();
    const now = this.options.now();
    this.statusAt ??= now;
    if (this.settings.topicsRegex !== undefined) {
      const held = this.tasks.flatMap(task => [...task.topics()]);
      for (const topic of this.heldTopics.gone(held, now)) this.options.events.topicGone(topic);
    }
    const elapsedMs = now - this.statusAt;
    if (elapsedMs < STATUS_MS || !this.pipeline) return;
    const rows = this.rowsSinceStatus;
    this.statusAt = now;
    const skipped = this.skippedSinceStatus;
    this.rowsSinceStatus = 0;
    this.skippedSinceStatus = 0;
    if (rows === 0 && skipped === 0) return;
    const { buffered } = this.pipeline;
    const lags = this.tasks.map(task => task.lag).filter(lag => lag !== undefined);
    this.options.log.info(`${rows} rows written, ${Math.round((rows * 1000) / elapsedMs)}/s`, {
      lag: lags.length > 0 ? lags.reduce((sum, lag) => sum + lag, 0) : undefined,
      skipped: skipped > 0 ? skipped : undefined,
      buffered: buffered.rows,
      in_flight: `${buffered.requests}/${buffered.limit}`,
    });
  }
}

const TICK_MS = 200;
const TOPICS_REFRESH_MS = 3000;
const STATUS_MS = 30_000;
const RECONNECT_MAX_MS = 2000;
const TOPIC_GONE_MS = 600_000;
