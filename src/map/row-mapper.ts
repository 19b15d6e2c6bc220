// Record → row: the plan's readers check its values one by one, and what the schema lacks goes into `$meta` or is dropped.
import {
  type CollectionPlan,
  type PlanOptions,
  planCollection,
  type UnwrittenReason,
} from '../milvus/collection/plan.ts';
import type { CollectionSchema } from '../milvus/collection/schema.ts';
import type { FieldReader } from '../milvus/field/contract.ts';
import { metaReader, NO_META } from '../milvus/field/meta.ts';
import { describe, refuse } from '../milvus/field/refuse.ts';
import type { NeedsMore, Precision, RowObject } from '../record/decoded.ts';
import type { KafkaRecord } from '../record/record.ts';
import type { Row } from './row.ts';

export interface RowMapperOptions extends PlanOptions {
  /** Fields of a record that are not sent, called per record and field. */
  onDropped(field: string, reason: DropReason): void;
}

/** Why a field is not sent: the schema lacks it, the server fills it, or its type cannot be written here. */
export type DropReason = 'unknown' | UnwrittenReason;

export interface RowMapper {
  readonly plan: CollectionPlan;
  /**
   * @param precision with which `value` was decoded, `nearest` by default. With `integers` the answer is never
   *   NEEDS_EXACT, with `sources` it is a row
   * @throws RecordError stage TASK_PUT, naming record, field, expected and found
   */
  map(value: RowObject, record: KafkaRecord, precision?: Precision): Row | NeedsMore;
}

/**
 * Builds the mapper of a collection.
 *
 * Every field is checked as the server would: type, range, bytes, dimension. Absent or null values become the default
 * or null where the schema has one. Names that the schema lacks go into `$meta` in a dynamic collection, else they are
 * dropped; what functions of the collection compute, and an autoID key in `insert` mode, is dropped always. A field whose
 * type cannot be written is left out where the schema allows it.
 * @throws SinkError MILVUS_FIELD_UNSUPPORTED when a required field has a type that cannot be written
 */
export function createRowMapper(schema: CollectionSchema, options: RowMapperOptions): RowMapper {
  const plan = planCollection(schema, options);
  const { columns, unwritten } = plan;
  const fields = plan.fields.map(mapped);
  const names = new Set(fields.map(field => field.name));
  const width = columns.length;
  const metaIndex = schema.dynamic ? width - 1 : -1;
  const meta = metaReader(names, unwritten, plan.limits);

  return {
    plan,
    map(value: RowObject, record: KafkaRecord, precision: Precision = 'nearest'): Row | NeedsMore {
      const values = new Array<unknown>(width);
      let matched = 0;
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i]!;
        const raw = field.inherited && !Object.hasOwn(value, field.name) ? undefined : value[field.name];
        let checked: unknown;
        if (raw !== undefined) matched++;
        if (raw === undefined || raw === null) checked = absent(field, raw, record);
        else {
          checked = field.reader.read(raw, record, precision);
          if (typeof checked === 'symbol') return checked as NeedsMore;
        }
        values[i] = checked;
      }
      if (ownKeys(value) === matched) {
        if (metaIndex >= 0) values[metaIndex] = NO_META;
      } else {
        if (metaIndex >= 0) {
          const text = meta.read(value, record, precision);
          if (typeof text === 'symbol') return text;
          values[metaIndex] = text;
        }
        drop(value);
      }
      return { values };
    },
  };

  function drop(value: RowObject): void {
    for (const name of Object.keys(value)) {
      const reason = unwritten.get(name) ?? (schema.dynamic || names.has(name) ? undefined : 'unknown');
      if (reason) options.onDropped(name, reason);
    }
  }
}

// --- internal ---

/** A field of the plan as the loop over a record's fields wants it. */
interface MappedField {
  name: string;
  reader: FieldReader;
  /** Object.prototype has a member of this name. */
  inherited: boolean;
  /** Nullable, or with a default. */
  optional: boolean;
  fallback: unknown;
}

function mapped({ schema, reader, column, fallback }: CollectionPlan['fields'][number]): MappedField {
  const { name } = schema;
  return { name, reader, inherited: name in Object.prototype, optional: column.optional, fallback };
}

function absent(field: MappedField, raw: unknown, record: KafkaRecord): unknown {
  if (field.fallback !== undefined) return field.fallback;
  if (field.optional) return undefined;
  return refuse('ROW_FIELD_MISSING', record, field.name, 'a value, the field is not nullable', describe(raw));
}

function ownKeys(value: RowObject): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}
