// From a record to its row, or to what becomes of a record that has none; and how rows are written as it is now.
import type { Decoded, KeyConverter, ValueConverter } from '../decode/contract.ts';
import { place, RecordError, SinkError } from '../errors.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { typeName } from '../milvus/field/schema.ts';
import { type Cells, cellsOf } from '../milvus/wire/cells.ts';
import { type RequestFrame, requestFrame, type WriteOperation } from '../milvus/wire/request.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import type { Chunk } from '../record/chunk.ts';
import { type Outcome, TOMBSTONE } from '../record/contract.ts';
import { NEEDS_EXACT, NEEDS_SOURCES, type NeedsMore } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { BatchReader, Reading, Rejected } from './contract.ts';
import type { FieldNotes } from './field-notes.ts';
import { chooseInsertMode } from './insert-mode.ts';
import type { Row } from './row.ts';
import { createRowMapper, type DropReason, type RowMapper } from './row-mapper.ts';
import { makeRowPlan, nextPlanId, type RowPlan } from './row-plan.ts';
import type { MapSettings } from './settings.ts';

export interface RowReaderOptions {
  settings: MapSettings & {
    milvus: Pick<MilvusSettings, 'jsonMaxBytes'>;
  };
  schema: CollectionSchema;
  valueConverter: ValueConverter;
  keyConverter: KeyConverter;
  events: TaskEvents;
  /** Shared by the tasks of the connector. */
  fieldNotes: FieldNotes;
  log: Logger;
  profile: Profile;
}

export class RowReader implements BatchReader {
  private collection!: CollectionSchema;
  private mapper!: RowMapper;
  private plan!: RowPlan;
  private requestFrame!: RequestFrame;
  private mode: WriteOperation;
  /** Fields that are left out of rows, and of which something has been said. */
  private readonly told = new Set<string>();

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: RowReaderOptions) {
    this.mode = options.settings.insertMode;
    this.use(options.schema);
  }

  /** How rows are read natively, and written, as the collection is now; another number after `use`. */
  get rows(): RowPlan {
    return this.plan;
  }

  /** The fields of its requests around their columns. */
  get frame(): RequestFrame {
    return this.requestFrame;
  }

  /** Where the rows go. */
  get schema(): CollectionSchema {
    return this.collection;
  }

  /** How they are written there. */
  get operation(): WriteOperation {
    return this.mode;
  }

  /**
   * Rows are made by this schema from here on.
   * @throws SinkError when the collection cannot be written at all; the schema before it then stays
   */
  use(schema: CollectionSchema): void {
    const { settings, log } = this.options;
    const insertMode = chooseInsertMode(schema, settings);
    const mapper = createRowMapper(schema, {
      insertMode,
      jsonMaxBytes: settings.milvus.jsonMaxBytes,
      onDropped: (field, reason) => this.dropped(field, reason),
    });
    if (insertMode !== this.mode) {
      this.mode = insertMode;
      log.info(
        insertMode === 'insert'
          ? `collection ${schema.collection} gives its keys itself (autoID): rows are inserted, and a record read twice is a row twice`
          : `collection ${schema.collection} takes its keys from the records: rows are upserted`,
      );
    }
    this.collection = schema;
    this.mapper = mapper;
    this.requestFrame = requestFrame(schema);
    this.told.clear();
    this.plan = this.rowPlan(nextPlanId());
    const { fields, unwritten } = mapper.plan;
    const vectors = fields.filter(field => field.type.float32).map(field => field.schema);
    this.options.valueConverter.expect(vectors.map(({ name, dim = 0 }) => ({ name, dim })));
    for (const field of schema.fields) {
      if (unwritten.get(field.name) !== 'unwritable') continue;
      const rest = field.hasDefault ? 'every row gets its default' : 'it is null in every row';
      this.options.fieldNotes.warnOnce(
        field.name,
        `its type ${typeName(field)} is not written by this version: ${rest}`,
      );
    }
  }

  read(batch: Chunk): Reading | Promise<Reading> {
    const { valueConverter, profile, events } = this.options;
    if (batch.dropped > 0) events.fieldsDropped(batch.dropped);
    const { mapper } = this;
    const { declined, tombstones } = batch.notRows();
    if (declined.length === 0) return { tombstones, rejected: [], garbageBytes: 0 };
    const records = declined.map(place => batch.record(place));
    const rest = { batch, places: declined, records, tombstones };
    const decoded = profile.time('decode', () => valueConverter.decode(records));
    if (decoded instanceof Promise)
      return decoded.then(values =>
        // What was decoded for another collection does not fit this one: vectors were checked against its fields.
        this.settle(rest, mapper === this.mapper ? values : records.map(r => valueConverter.redecode(r))),
      );
    return this.settle(rest, decoded);
  }

  reread(record: KafkaRecord): Outcome<Row> {
    return this.toRow(record, this.options.valueConverter.redecode(record));
  }

  /** What is written of a row. */
  cells(row: Row): Cells {
    return cellsOf(this.mapper.plan.columns, [row.values]);
  }

  // --- internal ---

  private rowPlan(id: number): RowPlan {
    const { valueConverter, keyConverter } = this.options;
    const keys = valueConverter.plainJson && keyConverter.plain;
    return makeRowPlan(id, this.mapper.plan, { keys, dropped: this.told });
  }

  /** Maps what was decoded, and puts the rows beside those that were read natively. */
  private settle({ batch, places, records, tombstones }: Unread, values: readonly Decoded[]): Reading {
    const rows: { places: number[]; values: Array<readonly unknown[]> } = { places: [], values: [] };
    const rejected: Rejected[] = [];
    const skipped = [...tombstones];
    let garbageBytes = 0;
    const told = this.told.size;
    this.options.profile.time('map', () => {
      for (const [i, record] of records.entries()) {
        const place = places[i]!;
        garbageBytes += record.size;
        const outcome = this.toRow(record, values[i]!);
        if (outcome instanceof RecordError) rejected.push({ place, record, error: outcome });
        else if ('skipped' in outcome) skipped.push(place);
        else {
          rows.places.push(place);
          rows.values.push(outcome.values);
        }
      }
      batch.adopt(this.plan.handle, rows.places, cellsOf(this.mapper.plan.columns, rows.values));
    });
    // From now on their records are read natively, the field left out.
    if (this.told.size > told) this.plan = this.rowPlan(this.plan.id);
    return { tombstones: skipped.sort((a, b) => a - b), rejected, garbageBytes };
  }

  private toRow(record: KafkaRecord, decoded: Decoded): Outcome<Row> {
    try {
      const keyError = this.options.keyConverter.check(record);
      if (keyError) throw keyError;
      if (decoded === null) return TOMBSTONE;
      if (decoded instanceof RecordError) throw decoded;
      const row = this.mapper.map(decoded, record);
      return typeof row === 'symbol' ? this.toExactRow(record, row) : row;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return this.options.valueConverter.explain?.(error, decoded) ?? error;
    }
  }

  private toExactRow(record: KafkaRecord, needed: NeedsMore): Row {
    const precision = needed === NEEDS_EXACT ? 'integers' : 'sources';
    const exact = this.options.valueConverter.decodeExact(record, precision);
    if (exact instanceof RecordError) throw exact;
    const row = exact === null ? needed : this.mapper.map(exact, record, precision);
    if (typeof row !== 'symbol') return row;
    if (row === NEEDS_SOURCES && precision === 'integers') return this.toExactRow(record, row);
    throw new SinkError('INTERNAL', 'a record changed between two decodings', {
      where: place(record),
    });
  }

  private dropped(field: string, reason: DropReason): void {
    this.options.events.fieldsDropped(1);
    if (this.told.size < MAX_TOLD) this.told.add(field);
    if (reason === 'unwritable') return;
    const why =
      reason === 'generated'
        ? 'it is filled by the server'
        : `collection ${this.collection.collection} lacks it`;
    this.options.fieldNotes.warnOnce(field, `${why}: dropped from every record`);
  }
}

// --- internal ---

/** Records that were not read natively. */
interface Unread {
  batch: Chunk;
  places: readonly number[];
  records: readonly KafkaRecord[];
  tombstones: readonly number[];
}

/** Names of fields may be data: what is beyond goes the general way. */
const MAX_TOLD = 1000;
