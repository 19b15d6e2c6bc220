// The way of a record after the poll: decoded, mapped to a row, batched, written, and only then done.
// Single-threaded state with all I/O behind `connection`; every record ends in exactly one of: acknowledged by
// Milvus, skipped by configuration, or not done (and so read again).
import type { SinkSettings } from '../config/settings.ts';
import type { KeyConverter, ValueConverter } from '../decode/converter.ts';
import { internalError, SinkError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { MilvusConnection } from '../milvus/client.ts';
import type { Row } from '../milvus/row.ts';
import type { CollectionSchema } from '../milvus/schema.ts';
import { encodeWrite } from '../milvus/wire/encode.ts';
import type { OffsetTracker, PartitionOffsets } from '../source/offsets.ts';
import type { KafkaRecord } from '../source/record.ts';
import { type Batch, Batcher } from './batcher.ts';
import type { SinkEvents } from './events.ts';
import type { Profile } from './profile.ts';
import { refusedContent } from './refused-content.ts';
import { backoffMs, retryExpired } from './retry.ts';
import { RowReader } from './row-reader.ts';
import type { Waits } from './waits.ts';

/** A row that knows whom to tell when it is done. */
interface TrackedRow extends Row {
  offsets: PartitionOffsets;
  /** As `offsets` numbers it. */
  sequence: number;
}

export interface PipelineOptions {
  settings: SinkSettings;
  connection: MilvusConnection;
  schema: CollectionSchema;
  valueConverter: ValueConverter;
  keyConverter: KeyConverter;
  events: SinkEvents;
  waits: Waits;
  log: Logger;
  profile: Profile;
  /** Monotonic ms. */
  now: () => number;
  /** ms since the epoch, the clock of record timestamps. */
  wallClock: () => number;
  random: () => number;
  /** Frees what is no longer referenced, at once. */
  collectGarbage: () => void;
  /** Called once, with what ends the sink. */
  onFatal: (error: SinkError) => void;
}

export class Pipeline {
  private readonly batcher: Batcher;
  private readonly reader: RowReader;
  private bufferedBytes = 0;
  private bufferedRows = 0;
  private bytesSinceCollection = 0;
  private readonly batches = new Set<Batch>();
  /** Those of them that wait for their next try. */
  private readonly waitingToRetry = new Set<Batch>();
  /** Partitions that went to another consumer, as long as a batch may hold their rows. */
  private readonly released = new WeakSet<PartitionOffsets>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private stopped = false;
  private failed = false;
  private readonly abort = new AbortController();
  private changed = Promise.withResolvers<void>();
  private redescribing: Promise<void> | undefined;

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: PipelineOptions) {
    this.batcher = new Batcher(options.settings.batch);
    this.reader = new RowReader({ ...options, onFatal: error => this.fatal(error) });
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.bufferedBytes >= this.options.settings.batch.bufferMaxBytes || this.batcher.saturated;
  }

  get idle(): boolean {
    return this.bufferedRows === 0;
  }

  get buffered(): { rows: number; bytes: number; requests: number; limit: number } {
    return {
      rows: this.bufferedRows,
      bytes: this.bufferedBytes,
      requests: this.batcher.requestsInFlight,
      limit: this.batcher.limiter.limit,
    };
  }

  /** Resolves when a batch is finished, or `ms` have passed. */
  async change(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.changed.promise, promise]);
    clearTimeout(timer);
  }

  /** Takes one poll's records. Those of partitions that `tracker` does not hold are not ours any more: dropped. */
  process(records: readonly KafkaRecord[], tracker: OffsetTracker): void {
    if (this.failed || this.stopped || records.length === 0) return;
    const { events, profile } = this.options;
    const decoded = profile.time('decode', () => this.reader.decode(records));
    const rows: TrackedRow[] = [];
    profile.time('map', () => {
      let offsets: PartitionOffsets | undefined;
      let topic = '';
      let partition = -1;
      let bytes = 0;
      let runStart = 0;
      for (let i = 0; i < records.length; i++) {
        const record = records[i]!;
        if (record.partition !== partition || record.topic !== topic) {
          if (i > runStart) events.polled(topic, i - runStart, bytes);
          ({ topic, partition } = record);
          runStart = i;
          bytes = 0;
          offsets = tracker.get(topic, partition);
        }
        bytes += record.size;
        if (!offsets) continue;
        const sequence = offsets.read(record.offset);
        const row = this.reader.toRow(record, decoded[i]!) as TrackedRow | undefined;
        if (row === undefined) {
          if (this.failed) return;
          offsets.done(sequence);
          continue;
        }
        row.offsets = offsets;
        row.sequence = sequence;
        this.bufferedBytes += row.bytes + record.size;
        rows.push(row);
      }
      events.polled(topic, records.length - runStart, bytes);
    });
    this.bufferedRows += rows.length;
    this.batcher.add(rows, this.options.now());
    this.pump();
    this.collect(records);
  }

  /**
   * Partitions go to another consumer. Rows that wait are dropped, be it for their first try or another: their new owner
   * reads them again, and written later they would undo what it wrote. Resolves when none is on its way to Milvus, or
   * after `timeoutMs`.
   */
  async release(partitions: ReadonlySet<PartitionOffsets>, timeoutMs: number): Promise<boolean> {
    for (const offsets of partitions) this.released.add(offsets);
    this.forget(this.batcher.drop(row => partitions.has((row as TrackedRow).offsets)));
    for (const batch of [...this.waitingToRetry]) this.withdraw(batch);
    const inFlight = () =>
      [...this.batches].some(b => b.taken.some(r => partitions.has((r as TrackedRow).offsets)));
    return this.until(() => !inFlight(), timeoutMs);
  }

  /**
   * Ends: nothing new goes out; resolves when what is in flight is answered, or after `timeoutMs`.
   * @param flush also writes what waits (a stop because of a bad record: all good ones before it)
   */
  async stop(timeoutMs: number, flush: boolean): Promise<boolean> {
    if (!flush) {
      this.stopped = true;
      this.abort.abort(); // a pause before a try that will not be made
    }
    const done = await this.until(
      () => (flush ? this.bufferedRows === 0 : this.batches.size === 0),
      timeoutMs,
    );
    this.stopped = true;
    this.abort.abort();
    clearTimeout(this.timer);
    return done;
  }

  // --- internal ---

  /**
   * The values of records live outside the JavaScript heap, whose collector is slow to notice them: catching up at dim
   * 768 peaked at 450 MB without this, at 230 MB with it, for 7 % of the CPU (scripts/bench; 15 ms a collection).
   */
  private collect(records: readonly KafkaRecord[]): void {
    for (const { size } of records) this.bytesSinceCollection += size;
    if (this.bytesSinceCollection < COLLECT_AFTER_BYTES) return;
    this.bytesSinceCollection = 0;
    this.options.collectGarbage();
  }

  private async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadline = this.options.now() + timeoutMs;
    while (!condition()) {
      const left = deadline - this.options.now();
      if (left <= 0) return false;
      await this.change(left);
    }
    return true;
  }

  private fatal(error: SinkError): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFatal(error);
  }

  /** Sends whatever the batcher says should go now, and sets the alarm that it asks for. */
  private pump(): void {
    if (this.stopped) return;
    for (;;) {
      const batch = this.batcher.next(this.options.now());
      if (!batch) break;
      this.batches.add(batch);
      this.send(batch).catch(error => this.fatal(internalError(error)));
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

  /** Writes one batch until Milvus has acknowledged it, or somebody else must answer for it. */
  private async send(batch: Batch): Promise<void> {
    const { settings, connection, events, waits, profile, now } = this.options;
    const operation = settings.insertMode;
    let { columns } = this.reader;
    let { rows } = batch;
    let body: Buffer | undefined;
    let firstFailure: number | undefined;
    for (let attempt = 1; ; attempt++) {
      if (columns !== this.reader.columns) {
        this.batcher.replace(
          batch,
          batch.taken.flatMap(row => this.remap(row) ?? []),
        );
        if (!this.hasRows(batch)) return;
        columns = this.reader.columns;
      }
      if (rows !== batch.rows) {
        rows = batch.rows;
        body = undefined;
      }
      body ??= profile.time('encode', () => this.encode(batch));
      const sentAt = now();
      batch.sentAt = sentAt;
      const encoded = body;
      const outcome = await profile.time('send', () =>
        connection.writer.write(operation, encoded, batch.rows.length, {
          timeoutMs: settings.milvus.requestTimeoutMs,
        }),
      );
      const answeredAt = now();
      if (outcome.ok) {
        // Any answer will do, unless others still wait for theirs: a batch that was split or withdrawn gets none.
        if (attempt > 1 || (this.waitingToRetry.size === 0 && waits.waitingFor('Milvus')))
          waits.end('milvus', 'Milvus', 'writes are acknowledged');
        events.written(operation, {
          rows: batch.rows.length,
          bytes: body.length,
          latencyMs: answeredAt - sentAt,
        });
        profile.time('ack', () => this.acknowledge(batch));
        this.batcher.finish(batch, 'ok', answeredAt);
        this.finished(batch);
        return;
      }
      const { failure } = outcome;
      firstFailure ??= answeredAt;
      if (!this.withdraw(batch)) return;
      if (failure.kind === 'tooLarge' && batch.rows.length > 1) {
        events.retried(failure.label);
        this.options.log.warn('Milvus takes no request of this size: batches become smaller', {
          bytes: body.length,
          rows: batch.rows.length,
        });
        this.batcher.split(batch, answeredAt);
        this.finished(batch);
        return;
      }
      if (failure.kind === 'badRow' || failure.kind === 'tooLarge') {
        this.giveUp(batch, refusedContent(batch, failure.reason));
        return;
      } else if (
        failure.kind === 'refused' ||
        retryExpired(firstFailure, answeredAt, settings.errors.retryTimeoutMs)
      ) {
        this.giveUp(batch, failure.error());
        return;
      }
      events.retried(failure.label);
      if (failure.kind === 'schemaChanged') await this.describeAgain();
      if (failure.kind !== 'schemaChanged' || attempt > 1)
        waits.begin('milvus', 'Milvus', failure.reason, { rows: batch.rows.length });
      this.batcher.failed(batch, failure.kind === 'overloaded' ? 'overloaded' : 'unavailable', answeredAt);
      const baseMs = failure.kind === 'full' ? FULL_PAUSE_MS : FIRST_PAUSE_MS;
      const maxMs = Math.max(baseMs, settings.errors.retryDelayMaxMs);
      this.waitingToRetry.add(batch);
      if (!this.withdraw(batch)) return;
      await this.pause(backoffMs(attempt, { baseMs, maxMs, random: this.options.random }));
      if (!this.waitingToRetry.delete(batch)) return;
      if (this.stopped) {
        this.finished(batch);
        return;
      }
    }
  }

  private encode(batch: Batch): Buffer {
    const { database, collection, schemaTimestamp } = this.reader.target;
    const target = { database, collection, schemaTimestamp };
    return encodeWrite(this.options.settings.insertMode, target, this.reader.columns, batch.rows);
  }

  private acknowledge(batch: Batch): void {
    const wall = this.options.wallClock();
    for (const row of batch.taken as TrackedRow[]) {
      const { record } = row;
      row.offsets.done(row.sequence);
      if (record.timestamp !== undefined && record.timestamp > 0) {
        this.options.events.endToEnd(Math.max(0, wall - record.timestamp) / 1000);
      }
    }
    const superseded = batch.taken.length - batch.rows.length;
    if (superseded > 0) this.options.events.superseded(superseded);
    this.forget(batch.taken);
  }

  private forget(rows: readonly Row[]): void {
    this.bufferedRows -= rows.length;
    for (const row of rows) this.bufferedBytes -= row.bytes + row.record.size;
  }

  private finished(batch: Batch): void {
    this.batches.delete(batch);
    this.announce();
    this.pump();
  }

  private announce(): void {
    const { resolve } = this.changed;
    this.changed = Promise.withResolvers<void>();
    resolve();
  }

  /** Takes out the rows of partitions that are no longer ours; false when nothing of the batch is left to send. */
  private withdraw(batch: Batch): boolean {
    const kept = (batch.taken as TrackedRow[]).filter(row => !this.released.has(row.offsets));
    if (kept.length < batch.taken.length) {
      this.forget((batch.taken as TrackedRow[]).filter(row => this.released.has(row.offsets)));
      this.batcher.replace(batch, kept);
      this.announce();
    }
    return this.hasRows(batch);
  }

  /** False, and the batch is over, when nothing of it is left to send. */
  private hasRows(batch: Batch): boolean {
    if (batch.rows.length > 0) return true;
    this.waitingToRetry.delete(batch);
    this.batcher.finish(batch, 'unavailable', this.options.now());
    this.finished(batch);
    if (this.batches.size === 0) void this.lookForMilvus();
    return false;
  }

  /** When no write is left to tell that Milvus is there again, somebody else must. */
  private async lookForMilvus(): Promise<void> {
    const { connection, waits, random } = this.options;
    for (let attempt = 1; waits.waitingFor('Milvus') && this.batches.size === 0 && !this.stopped; attempt++) {
      try {
        await connection.ping();
        waits.end('milvus', 'Milvus', 'answers');
      } catch (error) {
        if (error instanceof SinkError) return; // the next write is refused as well, and says so
        await this.pause(backoffMs(attempt, { baseMs: FIRST_PAUSE_MS, maxMs: FULL_PAUSE_MS, random }));
      }
    }
  }

  /** The batch stays undone; the sink ends. */
  private giveUp(batch: Batch, error: SinkError): void {
    this.batcher.finish(batch, 'ok', this.options.now());
    this.stopped = true;
    this.finished(batch);
    this.fatal(error);
  }

  /** Milvus says that the collection changed: reads its schema once for all who ask, and maps again what waits. */
  private describeAgain(): Promise<void> {
    this.redescribing ??= (async () => {
      try {
        const schema = await this.options.connection.describe();
        this.reader.use(schema);
        this.options.log.info(`collection ${schema.collection} has changed: its schema was read again`);
        this.batcher.replaceWaiting(row => this.remap(row));
      } catch (error) {
        if (error instanceof SinkError) this.fatal(error);
        // Otherwise Milvus is not there now; the batch's next try finds out again.
      } finally {
        this.redescribing = undefined;
      }
    })();
    return this.redescribing;
  }

  /**
   * The record's row under the present schema. A record that does not fit any more is a bad record like any other: it is
   * skipped, or it ends the sink and stays undone, while those around it are written.
   */
  private remap(row: Row): Row | undefined {
    const [decoded] = this.reader.decode([row.record]);
    const mapped = this.reader.toRow(row.record, decoded!);
    const { offsets, sequence } = row as TrackedRow;
    if (mapped) {
      (mapped as TrackedRow).offsets = offsets;
      (mapped as TrackedRow).sequence = sequence;
      this.bufferedBytes += mapped.bytes - row.bytes;
    } else {
      this.forget([row]);
      if (this.options.settings.errors.tolerance === 'all') offsets.done(sequence);
    }
    return mapped;
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      if (this.abort.signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        this.abort.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.abort.signal.addEventListener('abort', done);
    });
  }
}

const COLLECT_AFTER_BYTES = 24 << 20;
const FIRST_PAUSE_MS = 100;
/** A full disk or an exhausted quota does not pass in a second. */
const FULL_PAUSE_MS = 5000;
