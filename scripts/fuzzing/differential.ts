// Reads texts both ways, natively and the general way (converter, mapper, codecs), and says where they differ.
import type { ValueConverter } from '../../src/decode/contract.ts';
import { createSchemalessConverter } from '../../src/decode/json/schemaless.ts';
import { ABSENT, loadDecode, type NativeRow } from '../../src/decode/native.ts';
import { RecordError } from '../../src/errors.ts';
import { FieldNotes } from '../../src/map/field-notes.ts';
import { RowReader } from '../../src/map/row-reader.ts';
import { nativePlanOf } from '../../src/milvus/collection/native-plan.ts';
import { planCollection } from '../../src/milvus/collection/plan.ts';
import { cellOf } from '../../src/milvus/wire/cells.ts';
import type { TaskEvents } from '../../src/observe/events.ts';
import type { Logger } from '../../src/observe/log.ts';
import { Profile } from '../../src/observe/profile.ts';
import { textDecoding } from '../../src/record/text.ts';
import { type CollectionCase, schemaOf } from './collection.ts';

/** What became of a text; `different` says how the two ways differ. */
export interface Comparison {
  /** The general way made a row of it. */
  row: boolean;
  /** The native decoder took it. */
  native: boolean;
  different?: string;
}

export type Compare = (texts: readonly Uint8Array[]) => Comparison[];

/** @throws Error when the collection has a column that is not read natively */
export function createComparison(collection: CollectionCase): Compare {
  const { jsonMaxBytes } = collection;
  const schema = schemaOf(collection);
  const plan = planCollection(schema, { insertMode: 'upsert', jsonMaxBytes });
  const native = nativePlanOf(plan, collection.dropped);
  if (!native) throw new Error('the collection has a column that is not read natively');
  const addon = loadDecode();
  const held = addon.makePlan(native);
  let dropped = 0;
  const events = {
    fieldsDropped: (fields: number) => {
      dropped += fields;
    },
  };
  const silent = { warn: () => {} };
  const reader = new RowReader({
    settings: { insertMode: 'upsert', insertModeExplicit: true, milvus: { jsonMaxBytes } },
    schema,
    valueConverter: generalConverter(),
    keyConverter: { check: () => undefined },
    events: events as unknown as TaskEvents,
    fieldNotes: new FieldNotes(silent),
    log: silent as unknown as Logger,
    profile: new Profile(false, () => 0),
  });

  /** The cells of the general way, or undefined when it makes no row of the text. */
  const general = (text: Uint8Array): (Uint8Array | undefined)[] | undefined => {
    dropped = 0;
    const value = Buffer.from(text.buffer, text.byteOffset, text.length);
    const row = reader.reread({
      topic: 'fuzz',
      partition: 0,
      offset: 0,
      key: null,
      value,
      size: value.length,
    });
    if (row instanceof RecordError || 'skipped' in row) return undefined;
    return row.values.map((one, i) => (one === undefined ? undefined : cellOf(plan.columns[i]!.codec, one)));
  };

  return texts => {
    const rows = addon.decodeRows(held, texts);
    return texts.map((text, i) => {
      const row = rows[i]!;
      const cells = general(text);
      const seen = { row: cells !== undefined, native: row !== null };
      if (row === null) return seen;
      if (cells === undefined) return { ...seen, different: 'the general way refuses it' };
      const different = difference(row, cells, dropped);
      return different === undefined ? seen : { ...seen, different };
    });
  };
}

// --- internal ---

/** All of it in JavaScript: the reference. */
function generalConverter(): ValueConverter {
  return createSchemalessConverter({
    role: { side: 'value', stage: 'VALUE_CONVERTER' },
    decoding: textDecoding('utf-8'),
    native: false,
    nullable: true,
  });
}

function difference(
  row: NativeRow,
  cells: readonly (Uint8Array | undefined)[],
  dropped: number,
): string | undefined {
  if (row.at.length !== cells.length * 2) return `${row.at.length / 2} cells instead of ${cells.length}`;
  for (let i = 0; i < cells.length; i++) {
    const [at, length] = [row.at[2 * i]!, row.at[2 * i + 1]!];
    const expected = cells[i];
    if (length === ABSENT || expected === undefined) {
      if (length === ABSENT && expected === undefined) continue;
      return `column ${i} is ${expected ? 'absent natively' : 'there natively'} only`;
    }
    const found = row.cells.subarray(at, at + length);
    if (found.length === length && Buffer.compare(found, expected) === 0) continue;
    return `column ${i} is ${hex(found)} instead of ${hex(expected)}`;
  }
  return row.dropped === dropped ? undefined : `${row.dropped} fields dropped instead of ${dropped}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
