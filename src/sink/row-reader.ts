// From a record to its row, or to what becomes of a record that has none: skipped by configuration, or the sink's end.
import type { SinkSettings } from '../config/settings.ts';
import type { Decoded, KeyConverter, ValueConverter } from '../decode/converter.ts';
import { EXIT, place, RecordError, SinkError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type ColumnMapper, createRowMapper } from '../milvus/map/mapper.ts';
import { NEEDS_EXACT, type Row } from '../milvus/row.ts';
import { type CollectionSchema, DataType } from '../milvus/schema.ts';
import type { KafkaRecord } from '../source/record.ts';
import type { SinkEvents } from './events.ts';

export interface RowReaderOptions {
  settings: Pick<SinkSettings, 'errors' | 'insertMode'>;
  schema: CollectionSchema;
  valueConverter: ValueConverter;
  keyConverter: KeyConverter;
  events: SinkEvents;
  log: Logger;
  /** A bad record under `errors.tolerance=none`. */
  onFatal: (error: RecordError) => void;
}

export class RowReader {
  private schema: CollectionSchema;
  private mapper: ColumnMapper;
  private readonly droppedSaid = new Set<string>();

  /** @throws SinkError when the collection cannot be written at all, e.g. a field type that no record can fill */
  constructor(private readonly options: RowReaderOptions) {
    this.schema = options.schema;
    this.mapper = this.createMapper();
  }

  /** The columns of the rows that it makes now; another array after `use`. */
  get columns(): ColumnMapper['columns'] {
    return this.mapper.columns;
  }

  /** Where the rows go. */
  get target(): CollectionSchema {
    return this.schema;
  }

  /** The collection has changed: rows are made by its new schema from here on. */
  use(schema: CollectionSchema): void {
    this.schema = schema;
    this.mapper = this.createMapper();
  }

  decode(records: readonly KafkaRecord[]): Decoded[] {
    return this.options.valueConverter.decode(records);
  }

  /** undefined: the record is skipped, or it has ended the sink (`onFatal`). */
  toRow(record: KafkaRecord, decoded: Decoded): Row | undefined {
    try {
      const keyError = this.options.keyConverter.check(record);
      if (keyError) throw keyError;
      if (decoded === null) {
        this.options.events.skipped('tombstone', 1);
        return undefined;
      }
      if (decoded instanceof RecordError) throw decoded;
      const row = this.mapper.map(decoded, record);
      return row === NEEDS_EXACT ? this.toExactRow(record) : row;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.badRecord(record, error);
      return undefined;
    }
  }

  // --- internal ---

  private toExactRow(record: KafkaRecord): Row {
    const exact = this.options.valueConverter.decodeExact(record);
    if (exact instanceof RecordError) throw exact;
    const row = exact === null ? NEEDS_EXACT : this.mapper.map(exact, record, true);
    if (row === NEEDS_EXACT) {
      throw new SinkError('INTERNAL', EXIT.internal, 'a record changed between two decodings', {
        where: place(record),
      });
    }
    return row;
  }

  /** Kafka Connect's errors.*: `none` ends the sink, `all` skips, counted, and logged by errors.log.enable. */
  private badRecord(record: KafkaRecord, error: RecordError): void {
    const { errors } = this.options.settings;
    if (errors.tolerance === 'none') {
      this.options.onFatal(error);
      return;
    }
    this.options.events.skipped('bad_record', 1);
    if (!errors.logEnable) return;
    this.options.log.error(`record skipped: ${error.message}`, {
      stage: error.stage,
      // Connect names the record here too, and never shows a sink record's content.
      ...(errors.logIncludeMessages && {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp,
      }),
    });
  }

  private createMapper(): ColumnMapper {
    const vectors = this.schema.fields.filter(
      field => field.type === DataType.FloatVector && !field.functionOutput,
    );
    this.options.valueConverter.expect(vectors.map(field => ({ name: field.name, dim: field.dim ?? 0 })));
    return createRowMapper(this.schema, {
      insertMode: this.options.settings.insertMode,
      onDropped: (field, count) => this.dropped(field, count),
    });
  }

  private dropped(field: string, count: number): void {
    this.options.events.fieldsDropped(count);
    if (this.droppedSaid.has(field) || this.droppedSaid.size >= MAX_FIELDS_SAID) return;
    this.droppedSaid.add(field);
    this.options.log.warn(
      `field ${JSON.stringify(field)} has no place in collection ${this.schema.collection} (not in its schema, or filled by the server): dropped from every record`,
    );
  }
}

const MAX_FIELDS_SAID = 1000;
