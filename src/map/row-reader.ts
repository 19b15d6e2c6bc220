// From a record to its row, or to what becomes of a record that has none; and how rows are written as it is now.
import type { Decoded, KeyConverter, ValueConverter } from '../decode/contract.ts';
import { place, RecordError, SinkError } from '../errors.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { typeName } from '../milvus/field/schema.ts';
import type { WriteOperation } from '../milvus/wire/encode.ts';
import type { TaskEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Profile } from '../observe/profile.ts';
import { type Outcome, type RecordBatch, TOMBSTONE } from '../record/contract.ts';
import { NEEDS_EXACT, NEEDS_SOURCES, type NeedsMore } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { BatchReader } from './contract.ts';
import type { FieldNotes } from './field-notes.ts';
import { chooseInsertMode } from './insert-mode.ts';
import type { Row } from './row.ts';
import { createRowMapper, type DropReason, type RowMapper } from './row-mapper.ts';
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
  private mode: WriteOperation;

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: RowReaderOptions) {
    this.mode = options.settings.insertMode;
    this.use(options.schema);
  }

  /** The columns of the rows that it makes now; another array after `use`. */
  get columns(): Row['columns'] {
    return this.mapper.plan.columns;
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

  read(batch: RecordBatch): Outcome<Row>[] | Promise<Outcome<Row>[]> {
    const { valueConverter, profile } = this.options;
    const { mapper } = this;
    const records = batch.records();
    const decoded = profile.time('decode', () => valueConverter.decode(records));
    if (decoded instanceof Promise)
      return decoded.then(values =>
        // What was decoded for another collection does not fit this one: vectors were checked against its fields.
        this.toRows(records, mapper === this.mapper ? values : records.map(r => valueConverter.redecode(r))),
      );
    return this.toRows(records, decoded);
  }

  reread(record: KafkaRecord): Outcome<Row> {
    return this.toRow(record, this.options.valueConverter.redecode(record));
  }

  // --- internal ---

  private toRows(records: readonly KafkaRecord[], values: readonly Decoded[]): Outcome<Row>[] {
    return this.options.profile.time('map', () => {
      const outcomes = new Array<Outcome<Row>>(records.length);
      for (let i = 0; i < records.length; i++) outcomes[i] = this.toRow(records[i]!, values[i]!);
      return outcomes;
    });
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
    if (reason === 'unwritable') return;
    const why =
      reason === 'generated'
        ? 'it is filled by the server'
        : `collection ${this.collection.collection} lacks it`;
    this.options.fieldNotes.warnOnce(field, `${why}: dropped from every record`);
  }
}
