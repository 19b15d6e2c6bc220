// Rows on their way to Milvus: gathered into batches, sent, and taken back when their partitions go or the task stops.
// One batch's tries are in attempts.ts.
import { backoffMs } from '../backoff.ts';
import { internalError, type SinkError } from '../errors.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import type { Chunk } from '../record/chunk.ts';
import { Change, sleep } from '../wait.ts';
import { Attempts } from './attempts.ts';
import { BatchStates } from './batch-states.ts';
import { Batcher } from './batcher.ts';
import type { Budget } from './budget.ts';
import { CollectionWatch } from './collection-watch.ts';
import type { BatchEnd, RowOwner, WritePlan } from './contract.ts';
import { Deadlines } from './deadline.ts';
import { handOverTimes } from './hand-over.ts';
import { type Owners, RowQueue } from './row-queue.ts';
import { SERVER_GRACE_MS, ServerGrace } from './server-grace.ts';
import type { BatchSettings, ErrorsSettings } from './settings.ts';

export interface DeliveryOptions {
  settings: {
    batch: BatchSettings;
    errors: ErrorsSettings;
    milvus: MilvusSettings;
    consumer: KafkaProperties;
  };
  connection: MilvusConnection;
  plan: WritePlan;
  owner: RowOwner;
  budget: Budget;
  events: TaskEvents;
  waits: Waits;
  log: Logger;
  profile: Profile;
  /** Monotonic ms. */
  now: () => number;
  random: () => number;
}

/**
 * How a delivery ends: `finish` what is out; `flush` also what waits (a stop because of a bad record: all good ones before
 * it); `abandon`: somebody else writes these rows already, so cancel what is out.
 */
export type StopMode = 'finish' | 'flush' | 'abandon';

export class Delivery {
  /** Announced when a request is answered, and when a batch is over. */
  readonly change: Change;
  private readonly rows: RowQueue;
  private readonly batcher: Batcher;
  private readonly states: BatchStates;
  private readonly attempts: Attempts;
  private readonly watch: CollectionWatch;
  private readonly deadlines: Deadlines;
  private readonly grace: ServerGrace;
  /** Aborted when nothing more may be sent. */
  private readonly stopping = new AbortController();
  private readonly requestTimeoutMs: number;
  private readonly answersMs: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private readonly wake = () => this.pump();

  constructor(private readonly options: DeliveryOptions) {
    const { settings, budget, plan, now } = options;
    this.rows = new RowQueue(bytes => budget.buffer(bytes));
    this.batcher = new Batcher(settings.batch, budget, this.rows);
    const times = handOverTimes(settings.consumer, settings.milvus.requestTimeoutMs);
    this.requestTimeoutMs = times.requestTimeoutMs;
    this.answersMs = times.answersMs;
    const { requestTimeoutMinMs: minMs } = settings.milvus;
    this.deadlines = new Deadlines({ minMs, maxMs: times.requestTimeoutMs });
    this.grace = new ServerGrace(now);
    this.change = new Change(now);
    this.watch = new CollectionWatch({
      connection: options.connection,
      current: () => plan.schema,
      use: schema => this.use(schema),
    });
    const { rows, batcher, watch, deadlines, grace, change } = this;
    this.states = new BatchStates({ ...options, rows, batcher, change, onOver: end => this.batchOver(end) });
    this.attempts = new Attempts({
      ...options,
      ...{ rows, batcher, watch, deadlines, grace, change },
      states: this.states,
      stop: this.stopping.signal,
      onFailure: error => this.fail(error),
    });
  }

  /** True when reading more would not make the next batches any better. */
  get saturated(): boolean {
    return this.batcher.saturated;
  }

  get requestsInFlight(): number {
    return this.batcher.requestsInFlight;
  }

  /** Rows read and not yet acknowledged. */
  get bufferedRows(): number {
    return this.rows.liveRows;
  }

  /** Takes a chunk's rows, in the order of their records, those before the place `end`. */
  add(chunk: Chunk, owners: Owners, end: number): void {
    this.batcher.added(this.rows.add(chunk, owners, end), this.options.now());
    this.pump();
  }

  /** To be called several times a second: a Milvus that is silent for longer than usual is named before a deadline ends. */
  tick(): void {
    const silentMs = this.deadlines.silentMs(this.options.now());
    if (silentMs === undefined) return;
    this.options.waits.begin('milvus', 'Milvus', `has not answered for ${(silentMs / 1000).toFixed(0)} s`);
  }

  /**
   * Partitions go to another consumer. Rows that wait are dropped, be it for their first try or another: their new owner
   * reads them again, and written later they would undo what it wrote. Resolves when no request holds such rows any
   * more: it has been answered, its deadline has passed (which the server knows as well), or it was cancelled.
   * @param owners of the rows
   * @param lost somebody else has them already: what is out is cancelled at once
   * @returns false when a request was cancelled
   */
  async release(owners: Iterable<number>, lost: boolean): Promise<boolean> {
    const { log } = this.options;
    this.rows.gone(owners);
    this.rows.dropGone();
    if (this.states.none) void this.lookForMilvus();
    this.states.release();
    const answered = await this.change.until(
      () => this.states.requestsOfGone().length === 0,
      lost ? 0 : this.answersMs,
    );
    if (!answered) {
      const requests = this.states.requestsOfGone();
      for (const request of requests) request.abort();
      this.grace.unanswered();
      log.warn('requests for partitions that went were cancelled: their records will be read again', {
        requests: requests.length,
      });
    }
    if (!lost) await this.grace.over();
    return answered;
  }

  /**
   * Ends: nothing new goes out; resolves when no request is out any more. Each has a deadline, so that this is bounded.
   * Leaving the group before would hand the partitions to somebody whose newer rows a late request could undo.
   * @param flushMs how long `flush` goes on sending
   * @returns true when nothing is left that was to be written
   */
  async stop(mode: StopMode, flushMs: number): Promise<boolean> {
    const { log, budget } = this.options;
    const idle = () => this.states.none;
    if (mode === 'flush') await this.change.until(() => idle() && this.rows.waitingRows === 0, flushMs);
    this.stopping.abort(); // also the pauses before tries that will not be made
    clearTimeout(this.timer);
    budget.stopWaiting(this.wake);
    if (mode === 'abandon') this.states.cancelAll();
    else if (this.states.requestsOut > 0) {
      const fields = { requests: this.states.requestsOut, at_most_ms: this.requestTimeoutMs };
      log.debug('waiting for the answers to what is in flight', fields);
    }
    await this.change.until(idle, this.requestTimeoutMs + SERVER_GRACE_MS);
    if (mode !== 'abandon') await this.grace.over();
    return this.attempts.unanswered === 0 && (mode !== 'flush' || this.rows.waitingRows === 0);
  }

  // --- internal ---

  /** Sends whatever the batcher says should go now, and asks to be woken for what should go later. */
  private pump(): void {
    if (this.stopping.signal.aborted) return;
    const { budget, now } = this.options;
    for (;;) {
      const batch = this.batcher.next(now());
      if (!batch) break;
      this.states.begin(batch);
      this.attempts.send(batch).catch(error => this.defect(error));
    }
    if (this.rows.waitingRows > 0 && !budget.mayRequest) budget.waitForRequest(this.wake);
    this.setAlarm(this.batcher.wakeAt);
  }

  private setAlarm(at: number | undefined): void {
    if (at === undefined || at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(
      () => {
        this.timerAt = Number.POSITIVE_INFINITY;
        this.pump();
      },
      Math.max(0, at - this.options.now()),
    );
  }

  private batchOver(end: BatchEnd): void {
    this.pump();
    if (end === 'withdrawn' && this.states.none) void this.lookForMilvus();
  }

  private fail(error: SinkError): void {
    this.stopping.abort();
    this.options.owner.failed(error);
  }

  /** A stop does not wait for batches that nobody looks after any more. */
  private defect(thrown: unknown): void {
    this.states.forgetUnsent();
    this.fail(internalError(thrown));
  }

  /** When no write is left to show that Milvus is there again, somebody else must. */
  private async lookForMilvus(): Promise<void> {
    const { connection, waits, random, now } = this.options;
    const stop = this.stopping.signal;
    for (let attempt = 1; waits.waitingFor('Milvus') && this.states.none && !stop.aborted; attempt++) {
      try {
        await connection.ping();
        this.deadlines.heard(now());
        waits.end('milvus', 'Milvus', 'answers');
      } catch {
        // Refusals may pass as well; the next write finds out, and says so.
        await sleep(backoffMs(attempt, { baseMs: 100, maxMs: LOOK_MAX_MS, random }), stop);
      }
    }
  }

  private use(schema: CollectionSchema): void {
    const { plan, owner, log } = this.options;
    plan.use(schema);
    log.info(`collection ${schema.collection} has changed: its schema was read again`);
    this.rows.remake(undefined, plan.rows.handle, row => owner.remake(row));
    this.states.refreshWaiting();
  }
}

const LOOK_MAX_MS = 5000;
