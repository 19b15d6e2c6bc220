// The way of a record after the poll: decoded, mapped to a row, delivered, and only then done.
// Single-threaded state with all I/O behind `connection`; every record ends in exactly one of: acknowledged by
// Milvus, skipped by configuration, or not done (and so read again).
import type { ConnectorSettings } from '../config/settings.ts';
import type { KeyConverter, ValueConverter } from '../decode/contract.ts';
import { Delivery } from '../deliver/delivery.ts';
import { RecordError, type SinkError } from '../errors.ts';
import type { OffsetTracker, PartitionOffsets } from '../kafka/offsets.ts';
import type { Row } from '../map/row.ts';
import { RowReader } from '../map/row-reader.ts';
import type { MilvusConnection } from '../milvus/client/connection.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { SinkEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Waits } from '../observe/waits.ts';
import type { KafkaRecord } from '../record/record.ts';
import { Tolerance } from './tolerance.ts';
import { dropUnread, PollSize, recordBytes, rowBytes } from './weight.ts';

/** A row that knows whom to tell when it is done. */
interface TrackedRow extends Row {
  offsets: PartitionOffsets;
  /** As `offsets` numbers it. */
  sequence: number;
}

export interface PipelineOptions {
  settings: ConnectorSettings;
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
  private readonly reader: RowReader;
  private readonly tolerance: Tolerance;
  private readonly delivery: Delivery;
  private readonly pollSize: PollSize;
  private bufferedBytes = 0;
  private bufferedRows = 0;
  private bytesSinceCollection = 0;
  /** Partitions that went to another consumer, as long as a batch may hold their rows. */
  private readonly released = new WeakSet<PartitionOffsets>();
  private stopped = false;
  private failed = false;

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: PipelineOptions) {
    const { settings, events, log } = options;
    const { errors } = settings;
    this.pollSize = new PollSize(settings.maxPollRecords, POLL_BYTES);
    this.tolerance = new Tolerance({ errors, events, log, onFatal: error => this.fatal(error) });
    this.reader = new RowReader(options);
    this.delivery = new Delivery({
      ...options,
      reader: this.reader,
      owner: {
        acknowledged: rows => this.acknowledged(rows as readonly TrackedRow[]),
        dropped: rows => this.forget(rows),
        refused: (row, error) => {
          const done = this.tolerance.bad(row.record, error);
          this.forget([row]);
          if (done) (row as TrackedRow).offsets.done((row as TrackedRow).sequence);
        },
        remap: row => this.remap(row as TrackedRow),
        gone: row => this.released.has((row as TrackedRow).offsets),
        fatal: error => this.fatal(error),
      },
    });
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.bufferedBytes >= this.options.settings.batch.bufferMaxBytes || this.delivery.saturated;
  }

  /** How many records a poll should ask for. */
  get pollRecords(): number {
    return this.pollSize.records;
  }

  /** The client that polls would fetch far more than it may while nobody reads: to be paused at once when full. */
  get heavy(): boolean {
    return this.pollSize.uncounted > HEAVY_BYTES;
  }

  get idle(): boolean {
    return this.bufferedRows === 0;
  }

  get buffered(): { rows: number; bytes: number; requests: number; limit: number } {
    const { inFlight, limit } = this.delivery.requests;
    return { rows: this.bufferedRows, bytes: this.bufferedBytes, requests: inFlight, limit };
  }

  /** Resolves when a batch is finished, or `ms` have passed. */
  change(ms: number): Promise<void> {
    return this.delivery.change.next(ms);
  }

  /** Takes one poll's records. Those of partitions that `tracker` does not hold are not ours any more: dropped. */
  process(records: readonly KafkaRecord[], tracker: OffsetTracker): void {
    if (this.failed || this.stopped || records.length === 0) return;
    const { events, profile } = this.options;
    this.weigh(records);
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
        const read = this.reader.toRow(record, decoded[i]!);
        if (read === 'skipped' || read instanceof RecordError) {
          if (read !== 'skipped' && !this.tolerance.bad(record, read)) return;
          offsets.done(sequence);
          continue;
        }
        const row = read as TrackedRow;
        row.offsets = offsets;
        row.sequence = sequence;
        dropUnread(record);
        this.bufferedBytes += rowBytes(row);
        rows.push(row);
      }
      events.polled(topic, records.length - runStart, bytes);
    });
    this.bufferedRows += rows.length;
    this.delivery.add(rows);
    this.collect();
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

  /**
   * Ends: nothing more is taken. Resolves when no request is out any more, which their deadlines bound.
   * @param how `finish` what is in flight; `flush` also what waits, for `flushMs` at most (a stop because of a bad
   * record: all good ones before it); `abandon`: somebody else writes these rows already, so cancel what is out
   * @returns false when rows that were to be written are not
   */
  stop(how: 'finish' | 'flush' | 'abandon', flushMs: number): Promise<boolean> {
    this.stopped = true;
    return this.delivery.stop(how, flushMs);
  }

  // --- internal ---

  private weigh(records: readonly KafkaRecord[]): void {
    let bytes = 0;
    let values = 0;
    for (let i = 0; i < records.length; i++) {
      bytes += recordBytes(records[i]!);
      values += records[i]!.size;
    }
    this.pollSize.polled(records.length, bytes, values);
    this.bytesSinceCollection += bytes;
  }

  /**
   * Values, keys and headers live outside the JavaScript heap, whose collector is slow to notice them: catching up at dim
   * 768 peaked at 450 MB without this, at 230 MB with it, for 7 % of the CPU (scripts/bench; 15 ms a collection).
   */
  private collect(): void {
    if (this.bytesSinceCollection < COLLECT_AFTER_BYTES) return;
    this.bytesSinceCollection = 0;
    this.options.collectGarbage();
  }

  private fatal(error: SinkError): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFatal(error);
  }

  private acknowledged(rows: readonly TrackedRow[]): void {
    const wall = this.options.wallClock();
    for (const row of rows) {
      const { record } = row;
      row.offsets.done(row.sequence);
      if (record.timestamp !== undefined && record.timestamp > 0) {
        this.options.events.endToEnd(Math.max(0, wall - record.timestamp) / 1000);
      }
    }
    this.forget(rows);
  }

  private forget(rows: readonly Row[]): void {
    this.bufferedRows -= rows.length;
    for (const row of rows) this.bufferedBytes -= rowBytes(row);
  }

  /**
   * The record's row under the present schema. A record that does not fit any more is a bad record like any other: it is
   * skipped, or it ends the sink and stays undone, while those around it are written.
   */
  private remap(row: TrackedRow): Row | undefined {
    const { offsets, sequence } = row;
    const [decoded] = this.reader.decode([row.record]);
    const read = this.reader.toRow(row.record, decoded!);
    if (read === 'skipped' || read instanceof RecordError) {
      const done = read === 'skipped' || this.tolerance.bad(row.record, read);
      this.forget([row]);
      if (done) offsets.done(sequence);
      return undefined;
    }
    this.bufferedBytes += read.bytes - row.bytes;
    return Object.assign(read, { offsets, sequence });
  }
}

const COLLECT_AFTER_BYTES = 24 << 20;
const POLL_BYTES = 8 << 20;
/** Of keys and headers a record: a thousand of them (queued.min.messages) are then 16 MB. */
const HEAVY_BYTES = 16 << 10;
