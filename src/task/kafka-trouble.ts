// What Kafka's errors and silences lead to: a line in the log, a wait that has a name, or the sink's end.
import type { ConnectorSettings } from '../config/settings.ts';
import type { SinkError } from '../errors.ts';
import type { KafkaConsumer } from '../kafka/consumer.ts';
import {
  classifyKafkaError,
  type FailureContext,
  failureContext,
  fatalKafkaError,
} from '../kafka/failure.ts';
import type { ConsumerSettings } from '../kafka/properties.ts';
import type { TopicPartition } from '../kafka/rdkafka.ts';
import { CODE, type RdError } from '../kafka/rdkafka.ts';
import { type PartitionState, StallWatch } from '../kafka/stalled.ts';
import type { Logger } from '../observe/log.ts';
import { LogLimit } from '../observe/log-limit.ts';
import type { Waits } from '../observe/waits.ts';
import { sleep } from '../wait.ts';
import { BrokerProbe } from './broker-probe.ts';
import { MissingTopics } from './missing-topics.ts';
import { UnreadPartitions, type UnreadStall } from './unread-partitions.ts';

export interface KafkaTroubleOptions {
  settings: ConsumerSettings & Pick<ConnectorSettings, 'offsetFlushTimeoutMs'>;
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
  private readonly stalls = new StallWatch();
  private readonly warnings: LogLimit;
  private readonly brokers: BrokerProbe;
  private readonly topics: MissingTopics;
  private readonly unread: UnreadPartitions;

  constructor(private readonly options: KafkaTroubleOptions) {
    const { settings, waits, log, now, consumer, stop, topics, isAssigned } = options;
    const stopped = () => stop.aborted;
    this.warnings = new LogLimit({ log, now, everyMs: WARN_EVERY_MS });
    this.brokers = new BrokerProbe({
      consumer,
      away: reason => this.waitForKafka(reason),
      answered: () => waits.end('kafka', 'Kafka', 'connected'),
      pause: () => sleep(BROKERS_PAUSE_MS, stop),
      stopped,
    });
    this.topics = new MissingTopics({
      consumer,
      wanted: topics,
      isWaiting: () => !stopped() && waits.waitingFor('topics'),
      found: () => waits.end('kafka', 'topics', 'all topics are there'),
      pause: () => sleep(TOPICS_PAUSE_MS, stop),
    });
    this.unread = new UnreadPartitions({
      consumer,
      isAssigned,
      mayReset: settings.consumer['auto.offset.reset'] !== 'error',
      timeoutMs: settings.offsetFlushTimeoutMs,
      stopped,
    });
  }

  /** An error of a call or an event. `failedToConnect`: of a try to reach a broker at all. */
  error(error: RdError, failedToConnect = false): void {
    const { waits, log, onFatal } = this.options;
    const verdict = classifyKafkaError(error, this.context());
    if (verdict.kind === 'refused') onFatal(verdict.error);
    else if (verdict.kind === 'topicMissing') this.topicMissing(verdict.reason);
    else if (failedToConnect) this.waitForKafka('reason' in verdict ? verdict.reason : error.message);
    else if (verdict.kind === 'wait') {
      if (!this.brokers.start(verdict.reason)) log.debug(`Kafka: ${verdict.reason}`);
    } else if (verdict.kind === 'recurring') waits.recurring('kafka', 'records', verdict.reason, QUIET_MS);
    else if (verdict.kind === 'logged') this.warnings.warn(`Kafka: ${error.message}`);
    else log.debug(`Kafka: ${error.message}`, { code: error.code });
  }

  /** The client is dead. */
  fatal(error: RdError): void {
    this.options.onFatal(fatalKafkaError(error, this.context()));
  }

  /** The partitions as the client's statistics have them, every few seconds. */
  states(partitions: PartitionState[]): void {
    const { consumer, isAssigned, now, waits } = this.options;
    const reading = consumer()?.isPaused ? [] : partitions.filter(isAssigned);
    const stalls = this.stalls.look(reading, now());
    const stuck = stalls.filter(stall => stall.kind === 'stuck');
    // An outage has its own wait, and explains everything else.
    if (!waits.waitingFor('Kafka'))
      this.waitForRecords(stuck.map(({ topic, partition, reason }) => `${topic}-${partition}: ${reason}`));
    const unread = stalls.filter(stall => stall.kind === 'unread');
    if (unread.length > 0) void this.askAbout(unread);
  }

  // --- internal ---

  private context(): FailureContext {
    const { settings, consumer } = this.options;
    return failureContext(settings, consumer() !== undefined);
  }

  private waitForKafka(reason: string): void {
    this.options.waits.begin('kafka', 'Kafka', `${this.context().where}: ${reason}`);
  }

  private topicMissing(reason: string): void {
    const { settings, waits } = this.options;
    // One that went no longer matches, and nobody promised that it comes back.
    if (settings.topicsRegex !== undefined) {
      this.warnings.warn('a topic that matched topics.regex is not there any more');
      return;
    }
    waits.begin('kafka', 'topics', reason);
    this.topics.look();
  }

  private async askAbout(unread: UnreadStall[]): Promise<void> {
    try {
      const answer = await this.unread.ask(unread);
      if (answer?.kind === 'noOffset')
        this.error({ code: CODE.AUTO_OFFSET_RESET, message: answer.partition });
      else if (answer) this.waitForRecords(answer.partitions);
    } catch (error) {
      this.options.log.debug(`Kafka does not say why partitions are not read: ${String(error)}`);
    }
  }

  /** Of these nothing comes. @param partitions each with what is known of it */
  private waitForRecords(partitions: readonly string[]): void {
    if (partitions.length === 0) return;
    const shown = partitions.slice(0, MAX_SHOWN).join('; ');
    const more = partitions.length > MAX_SHOWN ? `; and ${partitions.length - MAX_SHOWN} more` : '';
    this.options.waits.recurring('kafka', 'records', shown + more, QUIET_MS);
  }
}

const BROKERS_PAUSE_MS = 1000;
const TOPICS_PAUSE_MS = 2000;
const WARN_EVERY_MS = 60_000;
/** An error or a silence that has not shown for so long is over. */
const QUIET_MS = 30_000;
const MAX_SHOWN = 5;
