// The way of a record after the poll: read into a row, delivered, and only then done. Every record ends in exactly one
// of: acknowledged by Milvus, skipped, rejected and dealt with, or not done (and so read again).
import type { ConnectorSettings } from '../config/settings.ts';
import type { KeyConverter, ValueConverter } from '../decode/contract.ts';
import type { Budget } from '../deliver/budget.ts';
import { Delivery, type StopMode } from '../deliver/delivery.ts';
import { RecordError, type SinkError } from '../errors.ts';
import type { OffsetTracker, PartitionOffsets } from '../kafka/offsets.ts';
import type { FieldNotes } from '../map/field-notes.ts';
import type { Row } from '../map/row.ts';
import { RowReader } from '../map/row-reader.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import type { Outcome, RecordBatch } from '../record/contract.ts';
import type { TaskTarget } from './contract.ts';
import type { Garbage } from './garbage.ts';
import { Tolerance } from './tolerance.ts';
import { dropUnread, PollSize, rowBytes } from './weight.ts';

/** What a task and its pipeline share: the connector's and the process's, and the clocks. */
export interface PipelineContext {
  settings: ConnectorSettings;
  budget: Budget;
  fieldNotes: FieldNotes;
  events: TaskEvents;
  waits: Waits;
  log: Logger;
  profile: Profile;
  /** Monotonic ms. */
  now: () => number;
  /** ms since the epoch, the clock of record timestamps. */
  wallClock: () => number;
  random: () => number;
  /** Of the process. */
  garbage: Garbage;
  /** Called once, with what ends the connector. */
  onFatal: (error: SinkError) => void;
}

export interface PipelineOptions extends PipelineContext, TaskTarget {
  valueConverter: ValueConverter;
  keyConverter: KeyConverter;
}

/** A row that knows whom to tell when it is done. */
interface TrackedRow extends Row {
  offsets: PartitionOffsets;
  /** As `offsets` numbers it. */
  sequence: number;
}

export class Pipeline {
  private readonly reader: RowReader;
  private readonly tolerance: Tolerance;
  private readonly delivery: Delivery<TrackedRow>;
  private readonly pollSize: PollSize;
  private buffered = 0;
  /** Partitions that went to another consumer, as long as a batch may hold their rows. */
  private readonly released = new WeakSet<PartitionOffsets>();
  private stopped = false;
  private failed = false;

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: PipelineOptions) {
    const { settings } = options;
    // A poll may go over the ceiling: with several tasks, or a low ceiling, by less.
    const pollBytes = Math.min(POLL_BYTES, settings.batch.bufferMaxBytes / settings.tasksMax);
    this.pollSize = new PollSize(settings.maxPollRecords, pollBytes);
    const onFatal = (error: SinkError) => this.fatal(error);
    this.tolerance = new Tolerance({ ...options, errors: settings.errors, onFatal });
    this.reader = new RowReader(options);
    this.delivery = new Delivery<TrackedRow>({
      ...options,
      plan: this.reader,
      owner: {
        acknowledged: rows => this.acknowledged(rows),
        dropped: rows => this.forget(rows),
        rejected: (row, error) => this.rejected(row, error),
        remap: row => this.remap(row),
        gone: row => this.released.has(row.offsets),
        failed: onFatal,
      },
    });
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.options.budget.full || this.delivery.saturated;
  }

  /** How many records a poll should ask for. */
  get pollRecords(): number {
    return this.pollSize.records;
  }

  /** The client that polls would fetch far more than it may while nobody reads: to be paused at once when full. */
  get heavy(): boolean {
    return this.pollSize.uncounted > HEAVY_BYTES;
  }

  /** Rows read and not yet acknowledged. */
  get bufferedRows(): number {
    return this.buffered;
  }

  get requestsInFlight(): number {
    return this.delivery.requestsInFlight;
  }

  /** Resolves when there may be room again, or `ms` have passed. */
  async change(ms: number): Promise<void> {
    await Promise.race([this.delivery.change.next(ms), this.options.budget.room.next(ms)]);
  }

  /**
   * Takes one poll's batch; a promise when decoding has to ask somebody. Records of partitions that `tracker` does not
   * hold, or that go while it takes, are not ours (any more): dropped.
   */
  take(batch: RecordBatch, tracker: OffsetTracker): void | Promise<void> {
    if (this.failed || this.stopped || batch.length === 0) return;
    this.pollSize.polled(batch);
    const partitions = batch.runs.map(run => tracker.get(run.topic, run.partition));
    const outcomes = this.reader.read(batch);
    if (outcomes instanceof Promise) return outcomes.then(done => this.settle(batch, partitions, done));
    this.settle(batch, partitions, outcomes);
  }

  /** To be called several times a second. */
  tick(): void {
    this.delivery.tick();
  }

  /**
   * Partitions go to another consumer: nothing of theirs is written once this has resolved.
   * @param lost somebody else has them already
   * @returns false when a request had to be cancelled
   */
  release(partitions: ReadonlySet<PartitionOffsets>, lost: boolean): Promise<boolean> {
    for (const offsets of partitions) this.released.add(offsets);
    return this.delivery.release(lost);
  }

  /** Ends: nothing more is taken. As Delivery.stop. */
  stop(mode: StopMode, flushMs: number): Promise<boolean> {
    this.stopped = true;
    return this.delivery.stop(mode, flushMs);
  }

  // --- internal ---

  private settle(
    batch: RecordBatch,
    partitions: readonly (PartitionOffsets | undefined)[],
    outcomes: readonly Outcome<Row>[],
  ): void {
    const { events, budget } = this.options;
    const rows: TrackedRow[] = [];
    let bytes = 0;
    let ended = false;
    for (let r = 0; r < batch.runs.length && !ended; r++) {
      const { topic, start, end, valueBytes } = batch.runs[r]!;
      events.polled(topic, end - start, valueBytes);
      const offsets = partitions[r];
      if (!offsets || this.released.has(offsets)) continue;
      for (let i = start; i < end; i++) {
        const record = batch.record(i);
        const sequence = offsets.read(record.offset);
        const outcome = outcomes[i]!;
        if (isRow(outcome)) {
          const row = track(outcome, offsets, sequence);
          dropUnread(record);
          bytes += rowBytes(row);
          rows.push(row);
          continue;
        }
        if (outcome instanceof RecordError) {
          ended = !this.tolerance.rejected(record, outcome);
          if (ended) break;
        } else events.skipped(outcome.skipped, 1);
        offsets.done(sequence);
      }
    }
    this.buffered += rows.length;
    budget.buffer(bytes);
    this.delivery.add(rows);
    this.options.garbage.read(batch.bytes);
  }

  private fatal(error: SinkError): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFatal(error);
  }

  private acknowledged(rows: readonly TrackedRow[]): void {
    const { wallClock, events } = this.options;
    const wall = wallClock();
    for (const row of rows) {
      const { record } = row;
      row.offsets.done(row.sequence);
      if (record.timestamp !== undefined && record.timestamp > 0) {
        events.endToEnd(Math.max(0, wall - record.timestamp) / 1000);
      }
    }
    this.forget(rows);
  }

  private rejected(row: TrackedRow, error: RecordError): void {
    const done = this.tolerance.rejected(row.record, error);
    this.forget([row]);
    if (done) row.offsets.done(row.sequence);
  }

  private forget(rows: readonly TrackedRow[]): void {
    this.buffered -= rows.length;
    let bytes = 0;
    for (const row of rows) bytes += rowBytes(row);
    this.options.budget.buffer(-bytes);
  }

  /**
   * The record's row under the present schema. A record that does not fit any more is rejected like any other, while those
   * around it are written.
   */
  private remap(row: TrackedRow): TrackedRow | undefined {
    const { offsets, sequence, record } = row;
    const outcome = this.reader.reread(record);
    if (isRow(outcome)) {
      this.options.budget.buffer(outcome.bytes - row.bytes);
      return track(outcome, offsets, sequence);
    }
    if (outcome instanceof RecordError) this.rejected(row, outcome);
    else {
      this.forget([row]);
      offsets.done(sequence);
    }
    return undefined;
  }
}

// --- internal ---

function isRow(outcome: Outcome<Row>): outcome is Row {
  return 'columns' in outcome;
}

function track(row: Row, offsets: PartitionOffsets, sequence: number): TrackedRow {
  const tracked = row as TrackedRow;
  tracked.offsets = offsets;
  tracked.sequence = sequence;
  return tracked;
}

const POLL_BYTES = 4 << 20;
/** Of keys and headers a record: a thousand of them (queued.min.messages) are then 16 MB. */
const HEAVY_BYTES = 16 << 10;
