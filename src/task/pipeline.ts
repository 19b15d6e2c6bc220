// The way of a record after the poll: read into a row, delivered, and only then done. Every record ends in exactly one
// of: acknowledged by Milvus, skipped, rejected and dealt with, or not done (and so read again).
import type { ConnectorSettings } from '../config/settings.ts';
import type { KeyConverter, ValueConverter } from '../decode/contract.ts';
import type { Budget } from '../deliver/budget.ts';
import { Delivery, type StopMode } from '../deliver/delivery.ts';
import { type Answers, NOBODY } from '../deliver/row-queue.ts';
import { RecordError, type SinkError } from '../errors.ts';
import type { OffsetTracker, PartitionOffsets } from '../kafka/offsets.ts';
import type { Reading } from '../map/contract.ts';
import type { FieldNotes } from '../map/field-notes.ts';
import type { RowPlan } from '../map/row-plan.ts';
import { RowReader } from '../map/row-reader.ts';
import type { Cells } from '../milvus/wire/cells.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import type { Chunk } from '../record/chunk.ts';
import type { PartitionRun } from '../record/contract.ts';
import type { OwnedRecord } from '../record/native-rows.ts';
import type { TaskTarget } from './contract.ts';
import type { Garbage } from './garbage.ts';
import { Tolerance } from './tolerance.ts';
import { PollSize } from './weight.ts';

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

export class Pipeline {
  private readonly reader: RowReader;
  private readonly tolerance: Tolerance;
  private readonly delivery: Delivery;
  private readonly pollSize: PollSize;
  /** Partitions that rows may be of, by the number that their rows know. */
  private readonly owners = new Map<number, PartitionOffsets>();
  private readonly numbers = new WeakMap<PartitionOffsets, number>();
  private lastNumber = NOBODY;
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
    this.delivery = new Delivery({
      ...options,
      plan: this.reader,
      owner: {
        acknowledged: rows => this.acknowledged(rows),
        rejected: (row, error) => this.rejected(row, error),
        remake: row => this.remake(row),
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

  /** How plain records are read while they are polled. */
  get rowPlan(): RowPlan {
    return this.reader.rows;
  }

  /** The client that polls would fetch far more than it may while nobody reads: to be paused at once when full. */
  get heavy(): boolean {
    return this.pollSize.uncounted > HEAVY_BYTES;
  }

  /** Rows read and not yet acknowledged. */
  get bufferedRows(): number {
    return this.delivery.bufferedRows;
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
  take(batch: Chunk, tracker: OffsetTracker): void | Promise<void> {
    if (this.failed || this.stopped) {
      batch.release();
      return;
    }
    this.pollSize.polled(batch);
    this.options.profile.add('decode', batch.decodeMs);
    const partitions = batch.runs.map(run => tracker.get(run.topic, run.partition));
    const reading = this.reader.read(batch);
    if (reading instanceof Promise) return reading.then(done => this.settle(batch, partitions, done));
    this.settle(batch, partitions, reading);
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
  async release(partitions: ReadonlySet<PartitionOffsets>, lost: boolean): Promise<boolean> {
    const numbers: number[] = [];
    for (const offsets of partitions) {
      const number = this.numbers.get(offsets);
      if (number !== undefined) numbers.push(number);
      this.numbers.set(offsets, NOBODY);
    }
    const answered = await this.delivery.release(numbers, lost);
    for (const number of numbers) this.owners.delete(number);
    return answered;
  }

  /** Ends: nothing more is taken. As Delivery.stop. */
  stop(mode: StopMode, flushMs: number): Promise<boolean> {
    this.stopped = true;
    return this.delivery.stop(mode, flushMs);
  }

  // --- internal ---

  /** Counts what was read, deals with what is no row, and hands the rows over. */
  private settle(
    batch: Chunk,
    partitions: readonly (PartitionOffsets | undefined)[],
    reading: Reading,
  ): void {
    const { events, garbage } = this.options;
    const { runs } = batch;
    const owned = partitions.map(offsets => (offsets ? this.numberOf(offsets) : NOBODY));
    const isOurs = (place: number) => owned[runOf(runs, place)] !== NOBODY;
    // The first bad record that ends the connector ends the batch: what is behind it was never read.
    const ending = reading.rejected.findIndex(
      ({ place, record, error }) => isOurs(place) && !this.tolerance.rejected(record, error),
    );
    const rejected = ending < 0 ? reading.rejected : reading.rejected.slice(0, ending);
    const end = ending < 0 ? batch.length : reading.rejected[ending]!.place;
    const readEnd = ending < 0 ? end : end + 1;

    const owners = new Uint32Array(runs.length);
    const sequences = new Float64Array(runs.length);
    for (const [r, { topic, start, end: runEnd, valueBytes }] of runs.entries()) {
      if (start >= readEnd) break;
      events.polled(topic, runEnd - start, valueBytes);
      if (owned[r] === NOBODY) continue;
      const offsets = partitions[r]!;
      owners[r] = owned[r]!;
      let first: number | undefined;
      batch.offsets(start, Math.min(runEnd, readEnd), (offset, count) => {
        const sequence = offsets.read(offset, count);
        first ??= sequence;
      });
      sequences[r] = first!;
    }
    const done = (place: number) => {
      const r = runOf(runs, place);
      if (owned[r] !== NOBODY) partitions[r]!.done(sequences[r]! + place - runs[r]!.start);
      return owned[r] !== NOBODY;
    };
    for (const { place } of rejected) done(place);
    let skipped = 0;
    for (const place of reading.tombstones) if (place < end && done(place)) skipped++;
    if (skipped > 0) events.skipped('tombstone', skipped);
    this.delivery.add(batch, { owners, sequences }, end);
    if (reading.garbageBytes > 0) garbage.left(reading.garbageBytes);
    garbage.busy(batch.bytes);
  }

  /** NOBODY once it was released. */
  private numberOf(offsets: PartitionOffsets): number {
    let number = this.numbers.get(offsets);
    if (number === undefined) {
      number = ++this.lastNumber;
      this.numbers.set(offsets, number);
      this.owners.set(number, offsets);
    }
    return number;
  }

  private fatal(error: SinkError): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFatal(error);
  }

  private acknowledged({ ranges, times }: Answers): void {
    const { wallClock, events } = this.options;
    for (let i = 0; i < ranges.length; i += 3)
      this.owners.get(ranges[i]!)?.done(ranges[i + 1]!, ranges[i + 2]!);
    const wall = wallClock();
    for (let i = 0; i < times.length; i += 2)
      events.endToEnd(Math.max(0, wall - times[i]!) / 1000, times[i + 1]!);
  }

  private rejected({ record, owner, sequence }: OwnedRecord, error: RecordError): void {
    if (this.tolerance.rejected(record, error)) this.owners.get(owner)?.done(sequence);
  }

  /**
   * The record's row under the present schema. A record that does not fit any more is rejected like any other, while those
   * around it are written.
   */
  private remake(row: OwnedRecord): Cells | undefined {
    const outcome = this.reader.reread(row.record);
    if ('values' in outcome) return this.reader.cells(outcome);
    if (outcome instanceof RecordError) this.rejected(row, outcome);
    else this.owners.get(row.owner)?.done(row.sequence);
    return undefined;
  }
}

// --- internal ---

/** Index of the run that a place is in. */
function runOf(runs: readonly PartitionRun[], place: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.end <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

const POLL_BYTES = 4 << 20;
/** Of keys and headers a record: a thousand of them (queued.min.messages) are then 16 MB. */
const HEAVY_BYTES = 16 << 10;
