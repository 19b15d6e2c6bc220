// What becomes of Kafka's errors and silences: a wait that has a name, or the sink's end.
import type { ConnectorSettings } from '../config/settings.ts';
import type { SinkError } from '../errors.ts';
import type { KafkaConsumer } from '../kafka/consumer.ts';
import {
  classifyKafkaError,
  type FailureContext,
  failureContext,
  fatalKafkaError,
  type KafkaErrorLike,
} from '../kafka/failure.ts';
import type { TopicPartition } from '../kafka/rdkafka.ts';
import { lostOffset, type PartitionState, STUCK_AFTER_MS, type Stall, StallWatch } from '../kafka/stalled.ts';
import type { Logger } from '../observe/log.ts';
import { LogLimit } from '../observe/log-limit.ts';
import type { Waits } from '../observe/waits.ts';
import { sleep } from '../wait.ts';

export interface KafkaTroubleOptions {
  settings: ConnectorSettings;
  /** What is read; with topics.regex, what matches now. */
  topics: () => string[];
  waits: Waits;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
  /** Aborted when the sink stops. */
  stop: AbortSignal;
  /** undefined before a broker has answered. */
  consumer: () => KafkaConsumer | undefined;
  isAssigned: (partition: TopicPartition) => boolean;
  onFatal: (error: SinkError) => void;
}

export class KafkaTrouble {
  private readonly watch = new StallWatch();
  private readonly warnings: LogLimit;
  private probing = false;
  private lookingForTopics = false;
  private asking = false;

  constructor(private readonly options: KafkaTroubleOptions) {
    this.warnings = new LogLimit({ log: options.log, now: options.now, everyMs: WARN_EVERY_MS });
  }

  /** An error of a call or an event. `failedToConnect`: of a try to reach a broker at all. */
  error(error: KafkaErrorLike, failedToConnect = false): void {
    const { waits, log, onFatal } = this.options;
    const context = this.context();
    const verdict = classifyKafkaError(error, context);
    if (verdict.kind === 'refused') onFatal(verdict.error);
    else if (verdict.kind === 'topicMissing') this.topicMissing(verdict.reason);
    else if (failedToConnect) {
      const reason = 'reason' in verdict ? verdict.reason : error.message;
      waits.begin('kafka', 'Kafka', `${context.where}: ${reason}`);
    } else if (verdict.kind === 'wait') void this.probe(verdict.reason);
    else if (verdict.kind === 'recurring') waits.recurring('kafka', 'records', verdict.reason, QUIET_MS);
    else if (verdict.kind === 'logged') this.warnings.warn(`Kafka: ${error.message}`);
    else log.debug(`Kafka: ${error.message}`, { code: error.code });
  }

  /** The client is dead. */
  fatal(error: KafkaErrorLike): void {
    this.options.onFatal(fatalKafkaError(error, this.context()));
  }

  /** The partitions as the client's statistics have them, every few seconds. */
  states(partitions: PartitionState[]): void {
    const { consumer, isAssigned, now, waits } = this.options;
    const reading = consumer()?.isPaused ? [] : partitions.filter(isAssigned);
    const stalls = this.watch.look(reading, now());
    const stuck = stalls.filter(stall => stall.kind === 'stuck');
    // An outage has its own wait, and explains everything else.
    if (stuck.length > 0 && !waits.waitingFor('Kafka'))
      this.silent(stuck.map(({ topic, partition, reason }) => `${topic}-${partition}: ${reason}`));
    const unread = stalls.filter(stall => stall.kind === 'unread');
    if (unread.length > 0) void this.askAbout(unread);
  }

  // --- internal ---

  private context(): FailureContext {
    const { settings, consumer } = this.options;
    return failureContext(settings, consumer() !== undefined);
  }

  private silent(partitions: string[]): void {
    const shown = partitions.slice(0, MAX_SHOWN).join('; ');
    const more = partitions.length > MAX_SHOWN ? `; and ${partitions.length - MAX_SHOWN} more` : '';
    this.options.waits.recurring('kafka', 'records', shown + more, QUIET_MS);
  }

  /**
   * librdkafka does not fetch these. Its error may be lost (the package drops one that comes behind records), so that
   * the truth is asked for: without a valid offset, and none to be chosen, only a person can help.
   */
  private async askAbout(unread: Array<Extract<Stall, { kind: 'unread' }>>): Promise<void> {
    const { settings, consumer: current, isAssigned, stop } = this.options;
    const consumer = current();
    if (this.asking || !consumer) return;
    this.asking = true;
    try {
      const silent: string[] = [];
      const known = consumer.positions(unread);
      // What has an error in the answer has no place in it.
      const committed = await consumer.committed(unread, settings.offsetFlushTimeoutMs);
      for (const { topic, partition, forMs } of unread) {
        const isIt = (o: TopicPartition) => o.topic === topic && o.partition === partition;
        const group = committed.find(isIt);
        const position = known.find(isIt)?.offset;
        if (position === undefined && !group) continue;
        const stored = group?.offset !== undefined && group.offset >= 0 ? group.offset : undefined;
        const marks = await consumer.watermarks(topic, partition).catch(() => undefined);
        if (stop.aborted || !isAssigned({ topic, partition })) continue;
        const lost = lostOffset({ start: position ?? stored, low: marks?.low, high: marks?.high });
        if (lost && settings.consumer['auto.offset.reset'] === 'error') {
          this.error({ code: NO_OFFSET, message: `${topic}-${partition}: ${lost}` });
          return;
        }
        if (forMs >= STUCK_AFTER_MS)
          silent.push(`${topic}-${partition}: ${lost ?? 'librdkafka does not read it'}`);
      }
      if (silent.length > 0) this.silent(silent);
    } catch (error) {
      this.options.log.debug(`Kafka does not say why partitions are not read: ${String(error)}`);
    } finally {
      this.asking = false;
    }
  }

  private topicMissing(reason: string): void {
    const { settings, waits } = this.options;
    // One that went no longer matches, and nobody promised that it comes back.
    if (settings.topicsRegex !== undefined) {
      this.warnings.warn('a topic that matched topics.regex is not there any more');
      return;
    }
    waits.begin('kafka', 'topics', reason);
    void this.lookForTopics();
  }

  /**
   * A topic that comes is known by its partitions' assignment, but only to the member of the group that gets them: the
   * others look for it themselves.
   */
  private async lookForTopics(): Promise<void> {
    const { waits, stop, topics, consumer } = this.options;
    if (this.lookingForTopics) return;
    this.lookingForTopics = true;
    while (!stop.aborted && waits.waitingFor('topics')) {
      await sleep(TOPICS_PAUSE_MS, stop);
      const there = await consumer()
        ?.topics()
        .catch((): string[] => []);
      if (topics().every(topic => there?.includes(topic)))
        waits.end('kafka', 'topics', 'all topics are there');
    }
    this.lookingForTopics = false;
  }

  /** One broker's trouble is not Kafka's: only when no broker answers is Kafka away, until one does. */
  private async probe(reason: string): Promise<void> {
    const { waits, stop, settings, log, consumer } = this.options;
    if (this.probing || !consumer()) {
      log.debug(`Kafka: ${reason}`);
      return;
    }
    this.probing = true;
    try {
      for (let current = consumer(); !stop.aborted && current; current = consumer()) {
        if (await current.reachable()) {
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

const NO_OFFSET = -140; // RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET
const RECONNECT_PAUSE_MS = 1000;
const TOPICS_PAUSE_MS = 2000;
const WARN_EVERY_MS = 60_000;
/** An error or a silence that has not shown for so long is over. */
const QUIET_MS = 30_000;
const MAX_SHOWN = 5;
