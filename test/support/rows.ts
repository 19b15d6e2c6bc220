// Schemas and records for the tests of mapping and encoding.

import { createValueConverter } from '../../src/decode/registry.ts';
import { RowQueue } from '../../src/deliver/row-queue.ts';
import { RecordError, SinkError } from '../../src/errors.ts';
import { FieldNotes } from '../../src/map/field-notes.ts';
import type { Row } from '../../src/map/row.ts';
import { createRowMapper, type RowMapper } from '../../src/map/row-mapper.ts';
import { RowReader } from '../../src/map/row-reader.ts';
import type { CollectionSchema } from '../../src/milvus/collection/schema.ts';
import { type FieldSchema, plainField } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import type { TaskEvents } from '../../src/observe/events.ts';
import type { Logger } from '../../src/observe/log.ts';
import { Profile } from '../../src/observe/profile.ts';
import { Chunk } from '../../src/record/chunk.ts';
import type { NeedsMore, Precision } from '../../src/record/decoded.ts';
import { nativeRows } from '../../src/record/native-rows.ts';
import type { KafkaRecord } from '../../src/record/record.ts';

export const RECORD: KafkaRecord = {
  topic: 'articles',
  partition: 3,
  offset: 42,
  key: null,
  value: null,
  size: 0,
};

export function field(name: string, type: DataType, more: Partial<FieldSchema> = {}): FieldSchema {
  return { ...plainField(name, type), ...more };
}

export const ID = field('id', DataType.Int64, { primary: true });

export function schemaOf(fields: FieldSchema[], more: Partial<CollectionSchema> = {}): CollectionSchema {
  return {
    database: 'default',
    collection: 'articles',
    fields,
    primary: fields.find(one => one.primary) ?? ID,
    dynamic: false,
    schemaTimestamp: 0n,
    ...more,
  };
}

/** A mapper of `id` and the given fields. */
export function mapperOf(fields: FieldSchema[], more: Partial<CollectionSchema> = {}): RowMapper {
  return createRowMapper(schemaOf([ID, ...fields], more), {
    insertMode: 'upsert',
    jsonMaxBytes: 65_536,
    onDropped: () => {},
  });
}

/** The checked value of one field, or what the mapper needs more. */
export function mapOne(one: FieldSchema, value: unknown, precision: Precision = 'nearest'): unknown {
  const row = mapperOf([one]).map(
    value === undefined ? { id: 1 } : { id: 1, [one.name]: value },
    RECORD,
    precision,
  );
  return typeof row === 'symbol' ? row : row.values[1];
}

export function rowOf(row: Row | NeedsMore): Row {
  if (typeof row === 'symbol') throw new Error('a row expected');
  return row;
}

/** The error that `run` throws. */
export function refusal(run: () => unknown): SinkError {
  try {
    run();
  } catch (error) {
    if (error instanceof SinkError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The code with which a field's value is refused; checks what every refusal promises. */
export function refusedWith(one: FieldSchema, value: unknown, precision: Precision = 'nearest'): string {
  const error = refusal(() => mapOne(one, value, precision));
  if (!(error instanceof RecordError) || error.stage !== 'TASK_PUT')
    throw new Error('not a RecordError of TASK_PUT');
  const { where, expected, found } = error.details;
  if (where !== 'articles-3@42' || !expected || !found || !error.message.includes(one.name)) {
    throw new Error(`incomplete error: ${error.message}`);
  }
  return error.code;
}

/**
 * The values of the row, `id` first, that a record's text becomes on its whole way; the error of a record that has none.
 * @param value the record's JSON, with an `id` 1 added to it unless it is an envelope
 */
export function through(
  fields: FieldSchema[],
  value: string,
  how: { envelope?: boolean; schema?: Partial<CollectionSchema>; key?: FieldSchema } = {},
): readonly unknown[] | RecordError {
  const reader = new RowReader({
    settings: {
      insertMode: 'upsert',
      insertModeExplicit: true,
      milvus: { jsonMaxBytes: 65_536 },
    },
    schema: schemaOf([how.key ?? ID, ...fields], how.schema),
    valueConverter: createValueConverter({
      javaClass: 'org.apache.kafka.connect.json.JsonConverter',
      options: { 'schemas.enable': how.envelope ?? false },
    }),
    keyConverter: { plain: 'any', check: () => undefined },
    events: { fieldsDropped: () => {} } as unknown as TaskEvents,
    fieldNotes: new FieldNotes({ warn: () => {} }),
    log: { warn: () => {} } as unknown as Logger,
    profile: new Profile(false, () => 0),
  });
  const bytes = Buffer.from(value);
  const record: KafkaRecord = { ...RECORD, value: bytes, size: bytes.length };
  const row = reader.reread(record);
  if ('skipped' in row) throw new Error('neither a row nor an error');
  const natively = Chunk.of([record], reader.rows.handle);
  if (natively.notRows().declined.length === 0) {
    // What is read natively is what it would have been, to the last bit.
    if (row instanceof RecordError) throw new Error(`a bad record was read natively: ${row.message}`);
    const requests = [natively, adopted(record, reader, row)].map(chunk => {
      const queue = new RowQueue();
      queue.add(chunk, { owners: Uint32Array.of(1), sequences: Float64Array.of(0) }, 1);
      const { body } = queue.encode(queue.take(1, 1e9)!, reader.rows.handle, reader.frame);
      return nativeRows().bytesOf(body);
    });
    if (!requests[0]!.equals(requests[1]!)) throw new Error('a record was read natively as another row');
  }
  return row instanceof RecordError ? row : row.values;
}

function adopted(record: KafkaRecord, reader: RowReader, row: Row): Chunk {
  const chunk = Chunk.of([record]);
  chunk.adopt(reader.rows.handle, [0], reader.cells(row));
  return chunk;
}

/** What a field's JSON text becomes, or the code of its refusal. */
export function fieldThrough(one: FieldSchema, text: string): unknown {
  const values = through([one], `{"id":1,${JSON.stringify(one.name)}:${text}}`);
  return values instanceof RecordError ? values.code : values[1];
}

/** The same for a field of an envelope, with its Connect schema. */
export function envelopeThrough(one: FieldSchema, schema: object, payload: string): unknown {
  const name = JSON.stringify(one.name);
  const fields = `[{"field":"id","type":"int32"},${JSON.stringify({ ...schema, field: one.name })}]`;
  const text = `{"schema":{"type":"struct","fields":${fields}},"payload":{"id":1,${name}:${payload}}}`;
  const values = through([one], text, { envelope: true });
  return values instanceof RecordError ? values.code : values[1];
}
