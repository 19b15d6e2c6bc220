// Batches on their way to Milvus: each is tried until it is acknowledged, until the row that Milvus refuses stands
// alone, or until its partitions have gone. What a failure leads to is decided in verdict.ts.
import { internalError, type RecordError, type SinkError } from '../errors.ts';
import type { KafkaProperties } from '../kafka/properties.ts';
import type { Row } from '../map/row.ts';
import type { RowReader } from '../map/row-reader.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { Failure, FailureKind } from '../milvus/client/failure.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { WriteOutcome } from '../milvus/client/writer.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { encodeWrite } from '../milvus/wire/encode.ts';
import type { SinkEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import { Change, sleep } from '../wait.ts';
import { type Batch, Batcher } from './batcher.ts';
import { CollectionWatch } from './collection-watch.ts';
import { callEnd, Deadlines } from './deadline.ts';
import { handOverTimes } from './hand-over.ts';
import type { Signal } from './limiter.ts';
import { everythingRefused, refusedRecord } from './refused-content.ts';
import { backoffMs } from './retry.ts';
import type { BatchSettings, ErrorsSettings } from './settings.ts';
import { type Verdict, verdictOn } from './verdict.ts';

export interface DeliveryOptions {
  settings: {
    batch: BatchSettings;
    errors: ErrorsSettings;
    milvus: MilvusSettings;
    consumer: KafkaProperties;
  };
  connection: MilvusConnection;
  reader: RowReader;
  events: SinkEvents;
  waits: Waits;
  log: Logger;
  profile: Profile;
  /** Monotonic ms. */
  now: () => number;
  random: () => number;
  owner: DeliveryOwner;
}

/** Who answers for the rows. Every row that was added ends in exactly one of these calls, or stays undone at the end. */
export interface DeliveryOwner {
  /** Milvus has them, or a later one of the same key. */
  acknowledged(rows: readonly Row[]): void;
  /** Their partition has gone: they stay undone. */
  dropped(rows: readonly Row[]): void;
  /** Milvus refuses this one for its content. */
  refused(row: Row, error: RecordError): void;
  /** The row as the collection's present schema wants it; undefined when its record does not fit any more. */
  remap(row: Row): Row | undefined;
  /** True when the row's partition is not ours any more. */
  gone(row: Row): boolean;
  /** Called once, with what ends the sink. */
  fatal(error: SinkError): void;
}

export class Delivery {
  /** Announced when a request is answered, and when a batch is finished. */
  readonly change: Change;
  private readonly batcher: Batcher;
  private readonly batches = new Set<Batch>();
  /** Those of them that no request is out for: they wait for their next try, or for their turn. */
  private readonly waiting = new Set<Batch>();
  /** Those that a request is out for, each with what cancels it. */
  private readonly onWire = new Map<Batch, AbortController>();
  /** When a request ended last without an answer: Milvus may still be busy with it for a moment. */
  private unansweredAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private stopped = false;
  private readonly abort = new AbortController();
  private readonly watch: CollectionWatch;
  private readonly deadlines: Deadlines;
  private accepted = false;
  /** Since when Milvus has answered with nothing but refusals. */
  private refusedSince: number | undefined;
  private refusedInARow = 0;
  private released = false;
  private saidThatItSplits = false;
  /** Requests that were out at a stop and did not get through. */
  private unanswered = 0;
  private readonly requestTimeoutMs: number;
  private readonly answersMs: number;

  constructor(private readonly options: DeliveryOptions) {
    const { settings } = options;
    this.batcher = new Batcher(settings.batch);
    const times = handOverTimes(settings.consumer, settings.milvus.requestTimeoutMs);
    this.requestTimeoutMs = times.requestTimeoutMs;
    this.answersMs = times.answersMs;
    const { requestTimeoutMinMs: minMs } = settings.milvus;
    this.deadlines = new Deadlines({ minMs, maxMs: times.requestTimeoutMs });
    this.change = new Change(options.now);
    this.watch = new CollectionWatch({
      connection: options.connection,
      current: () => options.reader.target,
      use: schema => this.use(schema),
    });
  }

  /** True when reading more would not make the next batches any better. */
  get saturated(): boolean {
    return this.batcher.saturated;
  }

  get requests(): { inFlight: number; limit: number } {
    return { inFlight: this.batcher.requestsInFlight, limit: this.batcher.limiter.limit };
  }

  /** Takes rows, in the order of their records. */
  add(rows: readonly Row[]): void {
    this.batcher.add(rows, this.options.now());
    this.pump();
  }

  /** To be called several times a second: a Milvus that is silent for longer than usual is told before a deadline ends. */
  tick(): void {
    const silentMs = this.deadlines.silentMs(this.options.now());
    if (silentMs === undefined) return;
    this.options.waits.begin('milvus', 'Milvus', `has not answered for ${(silentMs / 1000).toFixed(0)} s`);
  }

  /**
   * Partitions go to another consumer. Rows that wait are dropped, be it for their first try or another: their new owner
   * reads them again, and written later they would undo what it wrote. Resolves when no request holds such rows any
   * more: it has been answered, its deadline has passed (which the server knows as well), or it was cancelled.
   * @param lost somebody else has them already: what is out is cancelled at once
   * @returns false when a request was cancelled
   */
  async release(lost: boolean): Promise<boolean> {
    const { owner, log } = this.options;
    this.released = true;
    owner.dropped(this.batcher.drop(row => owner.gone(row)));
    for (const batch of [...this.waiting]) this.withdraw(batch);
    const out = () => [...this.onWire].filter(([batch]) => batch.taken.some(row => owner.gone(row)));
    const answered = await this.change.until(() => out().length === 0, lost ? 0 : this.answersMs);
    if (!answered) {
      const cancelled = out();
      for (const [, cancel] of cancelled) cancel.abort();
      this.unansweredAt = this.options.now();
      log.warn('requests for partitions that went were cancelled: their records will be read again', {
        requests: cancelled.length,
      });
    }
    if (!lost) await this.serverGrace();
    return answered;
  }

  /**
   * Ends: nothing new goes out; resolves when no request is out any more. Each has a deadline, so that this is bounded.
   * Leaving the group before would hand the partitions to somebody whose newer rows a late request could undo.
   * @param how `finish` what is out; `flush` also what waits, for `flushMs` (a stop because of a bad record: all good
   * ones before it); `abandon`: somebody else writes these rows already, so cancel what is out
   * @returns true when nothing is left that was to be written
   */
  async stop(how: 'finish' | 'flush' | 'abandon', flushMs: number): Promise<boolean> {
    const { log } = this.options;
    const idle = () => this.batches.size === 0;
    if (how === 'flush') await this.change.until(() => idle() && this.batcher.waitingRows === 0, flushMs);
    this.stopped = true;
    clearTimeout(this.timer);
    this.abort.abort(); // the pauses before tries that will not be made
    if (how === 'abandon') for (const cancel of this.onWire.values()) cancel.abort();
    else if (this.onWire.size > 0) {
      const fields = { requests: this.onWire.size, at_most_ms: this.requestTimeoutMs };
      log.debug('waiting for the answers to what is in flight', fields);
    }
    await this.change.until(idle, this.requestTimeoutMs + SERVER_GRACE_MS);
    if (how !== 'abandon') await this.serverGrace();
    return this.unanswered === 0 && (how !== 'flush' || this.batcher.waitingRows === 0);
  }

  // --- internal ---

  /** Sends whatever the batcher says should go now, and sets the alarm that it asks for. */
  private pump(): void {
    if (this.stopped) return;
    for (;;) {
      const batch = this.batcher.next(this.options.now());
      if (!batch) break;
      this.batches.add(batch);
      this.send(batch).catch(error => this.defect(error));
    }
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

  /** Writes one batch; true when Milvus has taken all of its rows. */
  private async send(batch: Batch): Promise<boolean> {
    const { profile, now } = this.options;
    let encoded: { rows: Row[]; body: Buffer } | undefined;
    let firstFailureAt: number | undefined;
    let whole = true;
    for (let attempt = 1; ; attempt++) {
      if (!this.withdraw(batch) || !this.refresh(batch)) return false;
      if (encoded?.rows !== batch.rows) {
        encoded = { rows: batch.rows, body: profile.time('encode', () => this.encode(batch.rows)) };
      }
      const cancel = new AbortController();
      batch.sentAt = now();
      this.onWire.set(batch, cancel);
      const outcome = await this.write(batch, encoded.body, cancel.signal);
      this.onWire.delete(batch);
      if (outcome.ok) {
        this.acknowledge(batch, encoded.body.length, attempt > 1);
        return whole;
      }
      const { failure } = outcome;
      if (UNANSWERED.has(failure.label)) this.unansweredAt = now();
      const left = this.withdraw(batch);
      this.change.announce(); // whoever waits for the answers to what is out
      if (this.stopped) this.unanswered++;
      if (!left || this.over(batch)) return false;
      // A cancelled request is no failure of the rows that are left, and a refusal of others says nothing about these.
      if (cancel.signal.aborted || (batch.rows !== encoded.rows && ABOUT_THE_ROWS.has(failure.kind))) {
        attempt = 0;
        continue;
      }
      firstFailureAt ??= now();
      const verdict = this.judge(failure, batch, attempt, firstFailureAt);
      switch (verdict.action) {
        case 'shrink':
          this.shrink(batch, encoded.body.length, failure);
          return false;
        case 'isolate':
        case 'reject': {
          const other = await this.refusedForTheSchema(batch);
          if (!this.withdraw(batch) || this.over(batch)) return false;
          if (other || batch.rows !== encoded.rows) break;
          if (verdict.action === 'isolate') {
            await this.isolate(batch, failure);
            return false;
          }
          if (!this.reject(batch, failure)) return false;
          whole = false;
          attempt = 0;
          firstFailureAt = undefined;
          break;
        }
        case 'end':
          this.giveUp(batch, this.endedBy(failure));
          return false;
        case 'retry':
          if (!(await this.waitForNextTry(batch, failure, verdict))) return false;
          break;
        default:
          throw new Error(`no such verdict: ${JSON.stringify(verdict satisfies never)}`);
      }
    }
  }

  private async write(batch: Batch, body: Buffer, signal: AbortSignal): Promise<WriteOutcome> {
    const { connection, reader, profile, now } = this.options;
    const { insertMode } = reader;
    const call = this.deadlines.sent(insertMode, body.length, batch.sentAt);
    const options = { timeoutMs: call.timeoutMs, signal };
    const outcome = await profile.time('send', () =>
      connection.writer.write(insertMode, body, batch.rows.length, options),
    );
    this.deadlines.ended(call, callEnd(outcome), now());
    return outcome;
  }

  private encode(rows: readonly Row[]): Buffer {
    const { reader } = this.options;
    const { database, collection, schemaTimestamp } = reader.target;
    return encodeWrite(reader.insertMode, { database, collection, schemaTimestamp }, reader.columns, rows);
  }

  private acknowledge(batch: Batch, bytes: number, triedBefore: boolean): void {
    const { owner, events, waits, reader, profile, now } = this.options;
    const answeredAt = now();
    this.accepted = true;
    this.refusedSince = undefined;
    this.refusedInARow = 0;
    // Any answer will do, unless others still wait for theirs: a batch that was split or withdrawn gets none.
    if (triedBefore || (this.waiting.size === 0 && waits.waitingFor('Milvus')))
      waits.end('milvus', 'Milvus', 'writes are acknowledged');
    events.written(reader.insertMode, {
      rows: batch.rows.length,
      bytes,
      latencyMs: answeredAt - batch.sentAt,
    });
    const superseded = batch.taken.length - batch.rows.length;
    if (superseded > 0) events.superseded(superseded);
    profile.time('ack', () => owner.acknowledged(batch.taken));
    this.finished(batch, 'ok');
  }

  private judge(failure: Failure, batch: Batch, attempt: number, firstFailureAt: number): Verdict {
    const { settings, random, now } = this.options;
    const at = now();
    this.refusedSince = failure.kind === 'refused' ? (this.refusedSince ?? at) : undefined;
    const { retryTimeoutMs, retryDelayMaxMs } = settings.errors;
    const { refusedTimeoutMs } = settings.milvus;
    return verdictOn(
      failure,
      {
        attempt,
        rows: batch.rows.length,
        failingForMs: at - firstFailureAt,
        refusedForMs: at - (this.refusedSince ?? at),
        accepted: this.accepted,
      },
      { retryTimeoutMs, retryDelayMaxMs, refusedTimeoutMs, random },
    );
  }

  /** Says what is waited for, and pauses; false when there will be no next try. */
  private async waitForNextTry(
    batch: Batch,
    failure: Failure,
    verdict: Extract<Verdict, { action: 'retry' }>,
  ): Promise<boolean> {
    const { events, waits, settings, now } = this.options;
    events.retried(failure.label);
    if (verdict.describe && (await this.watch.look()) === 'changed') return !this.over(batch);
    if (!verdict.quiet) {
      const limitMs = settings.milvus.refusedTimeoutMs;
      const ends =
        failure.kind === 'refused' && limitMs >= 0 ? `; ends the sink when it lasts ${limitMs / 1000} s` : '';
      waits.begin('milvus', 'Milvus', failure.reason + ends, { rows: batch.rows.length });
    }
    this.batcher.failed(batch, verdict.signal, now());
    this.waiting.add(batch);
    if (!this.withdraw(batch)) return false;
    await sleep(verdict.pauseMs, this.abort.signal);
    // A collection that was away may be another one now, and take what it should not be sent.
    if (verdict.describe && !this.stopped) await this.watch.look();
    return this.waiting.delete(batch) && !this.over(batch);
  }

  private shrink(batch: Batch, bytes: number, failure: Failure): void {
    const { events, log, now } = this.options;
    events.retried(failure.label);
    log.warn('Milvus takes no request of this size: batches become smaller', {
      bytes,
      rows: batch.rows.length,
    });
    this.batcher.split(batch, now());
    this.finished(batch, undefined);
  }

  /**
   * True when the rows do not fit because the collection is another one by now: then each would be refused. Looked at when
   * a request is refused, and once more before a row is blamed: an outage may lie in between.
   */
  private async refusedForTheSchema(batch: Batch): Promise<boolean> {
    if (this.stale(batch)) return true;
    if (batch.isolated && batch.rows.length > 1) return false;
    return (await this.watch.look()) === 'changed' || this.stale(batch);
  }

  /**
   * Some row is refused and takes the others with it: each half is sent for itself, and a half that is refused is halved
   * again. One bad row among n costs about 2 log2(n) requests.
   */
  private async isolate(batch: Batch, failure: Failure): Promise<void> {
    const { events, log } = this.options;
    events.retried(failure.label);
    const fields = { rows: batch.rows.length, reason: failure.reason };
    const message = 'Milvus refuses a request for its content: it is halved until the bad row stands alone';
    if (this.saidThatItSplits) log.debug(message, fields);
    else log.warn(message, fields);
    this.saidThatItSplits = true;
    const [first, second] = this.batcher.halve(batch);
    this.batches.delete(batch);
    this.batches.add(first).add(second);
    this.waiting.add(second);
    const suspects = second.rows;
    const clean = await this.send(first);
    if (!this.waiting.delete(second)) return; // its partitions went
    this.batcher.resume(second);
    if (this.over(second)) return;
    // What was refused is in the second half then, unless that has changed meanwhile.
    if (clean && suspects.length > 1 && second.rows === suspects && !this.stale(second))
      await this.isolate(second, failure);
    else await this.send(second);
  }

  /**
   * The batch's one row is a bad record. An earlier value of its key that it had replaced takes its place.
   * @returns false when nothing is left to send
   */
  private reject(batch: Batch, failure: Failure): boolean {
    const { owner, settings } = this.options;
    const culprit = batch.rows[0]!;
    owner.refused(culprit, refusedRecord(culprit.record, failure));
    this.batcher.replace(
      batch,
      batch.taken.filter(row => row !== culprit),
    );
    this.refusedInARow++;
    const { maxConsecutive, tolerance } = settings.errors;
    if (tolerance === 'all' && maxConsecutive > 0 && this.refusedInARow >= maxConsecutive) {
      this.giveUp(batch, everythingRefused(culprit.record, failure, this.refusedInARow));
      return false;
    }
    return this.hasRows(batch);
  }

  /** A look at the collection says more about its absence than a write's refusal: which ones there are instead. */
  private endedBy(failure: Failure): SinkError {
    const { refusal } = this.watch;
    return refusal?.code === failure.errorCode ? refusal : failure.error();
  }

  /** The batch stays undone; the sink ends. */
  private giveUp(batch: Batch, error: SinkError): void {
    this.stopped = true;
    this.finished(batch, undefined);
    this.options.owner.fatal(error);
  }

  /** The sink ends, and a stop does not wait for batches that nobody looks after any more. */
  private defect(thrown: unknown): void {
    this.stopped = true;
    for (const batch of this.batches) if (!this.onWire.has(batch)) this.batches.delete(batch);
    this.options.owner.fatal(internalError(thrown));
  }

  /** @param signal what the end says about the server; undefined: nothing */
  private finished(batch: Batch, signal: Signal | undefined): void {
    this.batches.delete(batch);
    this.batcher.finish(batch, signal, this.options.now());
    this.change.announce();
    this.pump();
  }

  /** True, and the batch is over with its rows undone, when nothing more may be sent. */
  private over(batch: Batch): boolean {
    if (!this.stopped) return false;
    this.finished(batch, undefined);
    return true;
  }

  /** Takes out the rows of partitions that are no longer ours; false when nothing of the batch is left to send. */
  private withdraw(batch: Batch): boolean {
    if (!this.released) return true;
    const { owner } = this.options;
    const gone = batch.taken.filter(row => owner.gone(row));
    if (gone.length > 0) {
      owner.dropped(gone);
      this.batcher.replace(
        batch,
        batch.taken.filter(row => !owner.gone(row)),
      );
    }
    return this.hasRows(batch);
  }

  /** Makes rows of an earlier schema anew; false when nothing of the batch is left to send. */
  private refresh(batch: Batch): boolean {
    if (!this.stale(batch)) return true;
    const { owner, reader } = this.options;
    this.batcher.replace(
      batch,
      batch.taken.flatMap(row => (row.columns === reader.columns ? row : (owner.remap(row) ?? []))),
    );
    return this.hasRows(batch);
  }

  private stale(batch: Batch): boolean {
    const { columns } = this.options.reader;
    return batch.taken.some(row => row.columns !== columns);
  }

  /** False, and the batch is over, when nothing of it is left to send. */
  private hasRows(batch: Batch): boolean {
    if (batch.rows.length > 0) return true;
    this.waiting.delete(batch);
    this.finished(batch, undefined);
    if (this.batches.size === 0) void this.lookForMilvus();
    return false;
  }

  /** When no write is left to tell that Milvus is there again, somebody else must. */
  private async lookForMilvus(): Promise<void> {
    const { connection, waits, random } = this.options;
    for (let attempt = 1; waits.waitingFor('Milvus') && this.batches.size === 0 && !this.stopped; attempt++) {
      try {
        await connection.ping();
        this.deadlines.heard(this.options.now());
        waits.end('milvus', 'Milvus', 'answers');
      } catch {
        // Refusals may pass as well; the next write finds out, and says so.
        await sleep(backoffMs(attempt, { baseMs: 100, maxMs: LOOK_MAX_MS, random }), this.abort.signal);
      }
    }
  }

  private use(schema: CollectionSchema): void {
    const { reader, owner, log } = this.options;
    reader.use(schema);
    log.info(`collection ${schema.collection} has changed: its schema was read again`);
    this.batcher.replaceWaiting(row => owner.remap(row));
    // Keys may have another form now: those of batches that wait hold back newer rows by it.
    for (const batch of [...this.waiting]) this.refresh(batch);
  }

  /** Where a deadline has passed here, it passes there too, but for the time that the request took to get there. */
  private async serverGrace(): Promise<void> {
    const graceMs = this.unansweredAt + SERVER_GRACE_MS - this.options.now();
    if (graceMs > 0) await Bun.sleep(graceMs);
  }
}

/** Ends of a request that do not tell whether Milvus has done, or will do, what it asked for. */
const UNANSWERED: ReadonlySet<string> = new Set(['grpc_deadline_exceeded', 'grpc_cancelled']);
/** Failures that some row of the request is to blame for. */
const ABOUT_THE_ROWS: ReadonlySet<FailureKind> = new Set(['badRow', 'tooLarge']);
const SERVER_GRACE_MS = 250;
const LOOK_MAX_MS = 5000;
