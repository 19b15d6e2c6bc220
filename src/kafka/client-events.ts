// What a client says without being asked: its log lines, errors and statistics, and once, that it is dead.
import type { Logger } from '../observe/log.ts';
import { LogLimit } from '../observe/log-limit.ts';
import { type ClientLogEvent, clientLogLine, fatalLogError } from './client-log.ts';
import { plainReason, withErrorCode } from './event-error.ts';
import { askWatermarks } from './questions.ts';
import type { RdConsumer, RdError, TopicPartition } from './rdkafka.ts';
import { CODE } from './rdkafka.ts';
import type { PartitionState } from './stalled.ts';
import { readStatistics } from './statistics.ts';

export interface ClientEventHooks {
  /** Errors that belong to no call. */
  error(error: RdError): void;
  /** Once: the client is dead, and others may have its partitions. With the cause's code. */
  fatal(error: RdError): void;
  /** Every few seconds: the partitions that the client knows. */
  states(partitions: PartitionState[]): void;
}

export interface ClientEventsOptions {
  hooks: ClientEventHooks;
  log: Logger;
  /** Monotonic ms. */
  now: () => number;
  /** A broker has answered since the start. */
  connectedOnce: () => boolean;
  isClosing: () => boolean;
}

export class ClientEvents {
  private dead = false;
  /** Why a connection failed last, in librdkafka's words: its errors say only that one failed. */
  private reason: string | undefined;
  private readonly warnings: LogLimit;

  constructor(private readonly options: ClientEventsOptions) {
    this.warnings = new LogLimit({ log: options.log, now: options.now, everyMs: SAME_LINE_MS });
  }

  /** librdkafka has given up, and has dropped the assignment: others may have these partitions. */
  get isDead(): boolean {
    return this.dead;
  }

  listen(client: RdConsumer): void {
    client.on('event.log', (event: ClientLogEvent) => this.logLine(client, event));
    client.on('event.error', (error: RdError) =>
      this.options.hooks.error(this.explain(withErrorCode(error))),
    );
    client.on('event.stats', ({ message }: { message: string }) => this.statistics(message));
  }

  /** The error with the reason that the log has for it. */
  explain(error: RdError): RdError {
    return this.reason && CONNECTION_ERRORS.has(error.code)
      ? { code: error.code, message: this.reason }
      : error;
  }

  // --- internal ---

  private logLine(client: RdConsumer, event: ClientLogEvent): void {
    const fatal = fatalLogError(event);
    if (fatal) this.die(fatal);
    if (event.fac === 'FAIL') this.reason = plainReason(event.message);
    const { level, text, key, reset } = clientLogLine(event, this.options.connectedOnce());
    if (level === 'debug') this.options.log.debug(text);
    else if (this.warnings.warn(text, key) && reset) void this.logRange(client, reset);
  }

  /** Which records there are, after a reset: the client says where it was, and of where it goes only "the beginning". */
  private async logRange(client: RdConsumer, { topic, partition }: TopicPartition): Promise<void> {
    const range = await askWatermarks(client, { topic, partition }, WATERMARKS_TIMEOUT_MS).catch(
      () => undefined,
    );
    if (range)
      this.options.log.warn(`${topic}-${partition} holds offsets ${range.low} to ${range.high - 1} now`);
  }

  private statistics(json: string): void {
    if (this.options.isClosing()) return;
    const { partitions, fatal } = readStatistics(json);
    if (fatal) this.die(fatal);
    else this.options.hooks.states(partitions);
  }

  private die(error: RdError): void {
    if (this.dead) return;
    this.dead = true;
    this.options.hooks.fatal(error);
  }
}

const SAME_LINE_MS = 60_000;
const WATERMARKS_TIMEOUT_MS = 3000;
const CONNECTION_ERRORS: ReadonlySet<number> = new Set([
  CODE.TRANSPORT,
  CODE.ALL_BROKERS_DOWN,
  CODE.TIMED_OUT,
  CODE.SSL,
  CODE.AUTHENTICATION,
]);
