// `$meta`: what of a record the schema lacks, as one JSON object, in a collection with a dynamic field.
import type { NEEDS_EXACT, Precision, RowObject } from '../../record/decoded.ts';
import type { KafkaRecord } from '../../record/record.ts';
import type { Column } from '../wire/column.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldLimits } from './contract.ts';
import { isPlainObject, JSON_TEXTS, jsonText } from './json.ts';
import { describe, refuse } from './refuse.ts';

/** The dynamic field's name, and that under which a record may give an object of its own. */
export const META = '$meta';

export const META_COLUMN: Column = {
  name: META,
  type: DataType.JSON,
  optional: false,
  dynamic: true,
  codec: JSON_TEXTS,
};

/** What a row has there when its record has nothing for it. */
export const NO_META = '{}';

export interface MetaReader {
  /**
   * The JSON text of what goes into `$meta`; NEEDS_EXACT as of a JSON field.
   * @throws RecordError also when the record's own `$meta` is no object, or names a field of the schema
   */
  read(value: RowObject, record: KafkaRecord, precision: Precision): string | typeof NEEDS_EXACT;
}

/**
 * @param written names of the fields that rows fill
 * @param unwritten names of those that they do not: not kept in `$meta` either
 */
export function metaReader(
  written: { has(name: string): boolean },
  unwritten: { has(name: string): boolean },
  limits: FieldLimits,
): MetaReader {
  return {
    read(value, record, precision) {
      // Without a prototype, since a record may well have a field called __proto__.
      const meta: Record<string, unknown> = Object.create(null);
      let some = false;
      const given = value[META];
      if (given !== undefined && given !== null) {
        if (!isPlainObject(given)) {
          refuse('ROW_FIELD_TYPE', record, META, 'an object', describe(given));
        }
        for (const name of Object.keys(given)) {
          // Milvus refuses both (verifyDynamicFieldData), and the whole batch with them.
          if (name === META || written.has(name)) {
            refuse(
              'ROW_FIELD_RESERVED',
              record,
              `${META}.${name}`,
              'names that the schema lacks',
              'one that it has',
            );
          }
          meta[name] = given[name];
          some = true;
        }
      }
      for (const name of Object.keys(value)) {
        if (name === META || written.has(name) || unwritten.has(name)) continue;
        meta[name] = value[name];
        some = true;
      }
      return some ? jsonText(META, meta, record, precision, limits.jsonMaxBytes) : NO_META;
    },
  };
}
