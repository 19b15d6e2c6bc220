// From a record to its row, or to what becomes of a record that has none; and how rows are written as it is now.
import type { Decoded, KeyConverter, ValueConverter } from '../decode/contract.ts';
import { withEnvelopeHint } from '../decode/json/envelope-hint.ts';
import { place, RecordError, SinkError } from '../errors.ts';
import type { MilvusSettings } from '../milvus/client/settings.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import { typeName } from '../milvus/field/schema.ts';
import { DataType } from '../milvus/wire/data-type.ts';
import type { WriteOperation } from '../milvus/wire/encode.ts';
import type { SinkEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import { NEEDS_EXACT, NEEDS_SOURCES, type NeedsMore } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';
import { chooseInsertMode } from './insert-mode.ts';
import type { Row } from './row.ts';
import { type ColumnMapper, createRowMapper, type DropReason } from './row-mapper.ts';
import type { MapSettings } from './settings.ts';

export interface RowReaderOptions {
  settings: MapSettings & {
    milvus: Pick<MilvusSettings, 'jsonMaxBytes'>;
  };
  schema: CollectionSchema;
  valueConverter: ValueConverter;
  keyConverter: KeyConverter;
  events: SinkEvents;
  log: Logger;
}

/** What became of a record: its row; `skipped`, nothing is written for it; or what is wrong with it. */
export type ReadRow = Row | 'skipped' | RecordError;

export class RowReader {
  private schema!: CollectionSchema;
  private mapper!: ColumnMapper;
  private mode: WriteOperation;
  private readonly said = new Set<string>();

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: RowReaderOptions) {
    this.mode = options.settings.insertMode;
    this.use(options.schema);
  }

  /** The columns of the rows that it makes now; another array after `use`. */
  get columns(): ColumnMapper['columns'] {
    return this.mapper.columns;
  }

  /** Where the rows go. */
  get target(): CollectionSchema {
    return this.schema;
  }

  /** How they are written there. */
  get insertMode(): WriteOperation {
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
    this.schema = schema;
    this.mapper = mapper;
    const vectors = schema.fields.filter(
      field => field.type === DataType.FloatVector && !field.functionOutput,
    );
    this.options.valueConverter.expect(vectors.map(field => ({ name: field.name, dim: field.dim ?? 0 })));
    for (const field of mapper.leftOut) {
      const rest = field.hasDefault ? 'every row gets its default' : 'it is null in every row';
      this.sayOnce(field.name, `its type ${typeName(field)} is not written by this version: ${rest}`);
    }
  }

  decode(records: readonly KafkaRecord[]): Decoded[] {
    return this.options.valueConverter.decode(records);
  }

  toRow(record: KafkaRecord, decoded: Decoded): ReadRow {
    try {
      const keyError = this.options.keyConverter.check(record);
      if (keyError) throw keyError;
      if (decoded === null) {
        this.options.events.skipped('tombstone', 1);
        return 'skipped';
      }
      if (decoded instanceof RecordError) throw decoded;
      const row = this.mapper.map(decoded, record);
      return typeof row === 'symbol' ? this.toExactRow(record, row) : row;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return withEnvelopeHint(error, decoded);
    }
  }

  // --- internal ---

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
      reason === 'generated' ? 'it is filled by the server' : `collection ${this.schema.collection} lacks it`;
    this.sayOnce(field, `${why}: dropped from every record`);
  }

  private sayOnce(field: string, what: string): void {
    if (this.said.has(field) || this.said.size >= MAX_FIELDS_SAID) return;
    this.said.add(field);
    this.options.log.warn(`field ${JSON.stringify(field)}: ${what}`);
  }
}

const MAX_FIELDS_SAID = 1000;
