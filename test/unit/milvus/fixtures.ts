// Schemas and records for the tests of mapping and encoding.

import { RecordError, SinkError } from '../../../src/errors.ts';
import { type ColumnMapper, createRowMapper } from '../../../src/milvus/map/mapper.ts';
import { NEEDS_EXACT, type Row } from '../../../src/milvus/row.ts';
import { type CollectionSchema, DataType, type FieldSchema, plainField } from '../../../src/milvus/schema.ts';
import type { KafkaRecord } from '../../../src/source/record.ts';

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
export function mapperOf(fields: FieldSchema[], more: Partial<CollectionSchema> = {}): ColumnMapper {
  return createRowMapper(schemaOf([ID, ...fields], more), { insertMode: 'upsert', onDropped: () => {} });
}

/** The checked value of one field, or NEEDS_EXACT. */
export function mapOne(one: FieldSchema, value: unknown, exact = false): unknown {
  const row = mapperOf([one]).map(
    value === undefined ? { id: 1 } : { id: 1, [one.name]: value },
    RECORD,
    exact,
  );
  return row === NEEDS_EXACT ? NEEDS_EXACT : row.values[1];
}

export function rowOf(row: Row | typeof NEEDS_EXACT): Row {
  if (row === NEEDS_EXACT) throw new Error('a row expected');
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
export function refusedWith(one: FieldSchema, value: unknown, exact = false): string {
  const error = refusal(() => mapOne(one, value, exact));
  if (!(error instanceof RecordError) || error.stage !== 'TASK_PUT')
    throw new Error('not a RecordError of TASK_PUT');
  const { where, expected, found } = error.details;
  if (where !== 'articles-3@42' || !expected || !found || !error.message.includes(one.name)) {
    throw new Error(`incomplete error: ${error.message}`);
  }
  return error.code;
}
