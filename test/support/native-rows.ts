// Rows of chosen keys and sizes in native memory, without a schema or a text that they are read from.
import type { RowBatch, RowQueue } from '../../src/deliver/row-queue.ts';
import { makeRowPlan, nextPlanId, type RowPlan } from '../../src/map/row-plan.ts';
import type { CollectionPlan } from '../../src/milvus/collection/plan.ts';
import { byteVectors, packedNumbers, strings } from '../../src/milvus/wire/arrays.ts';
import { type Cells, cellsOf } from '../../src/milvus/wire/cells.ts';
import type { Column } from '../../src/milvus/wire/column.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import { WireReader } from '../../src/milvus/wire/reader.ts';
import { Chunk } from '../../src/record/chunk.ts';
import { nativeRows } from '../../src/record/native-rows.ts';

export type TestKey = number | bigint | string | undefined;
/** Of the key's column; `none`: the server makes the keys. */
export type KeyKind = 'integer' | 'string' | 'none';

export interface TestRow {
  /** The record's offset, and how the owner numbers it. */
  name: number;
  key: TestKey;
  /** Of its cells together. */
  bytes: number;
  /** Absent: the chunk's. */
  owner?: number;
}

/** Makes rows, and has one plan for each kind of key. Those of another factory are of other plans. */
export class RowFactory {
  private readonly plans = new Map<KeyKind, { plan: RowPlan; columns: Column[] }>();
  private lastName = -1;

  row(key: TestKey, bytes = 100): TestRow {
    return { name: ++this.lastName, key, bytes };
  }

  rows(...keys: TestKey[]): TestRow[] {
    return keys.map(key => this.row(key));
  }

  /** Two columns: what says which row it is, and the key. */
  planOf(kind: KeyKind): { plan: RowPlan; columns: Column[] } {
    let made = this.plans.get(kind);
    if (!made) {
      const columns = [FILLER_COLUMN, ...KEY_COLUMNS[kind]];
      const fields = columns.map(({ name }) => ({ schema: { primary: name === KEY } }));
      const collection = { fields, columns } as unknown as CollectionPlan;
      made = { columns, plan: makeRowPlan(nextPlanId(), collection, { keys: undefined, dropped: [] }) };
      this.plans.set(kind, made);
    }
    return made;
  }

  /** @param rows of one kind */
  cells(rows: readonly TestRow[]): Cells {
    const { columns } = this.planOf(kindOf(rows));
    const values = rows.map(({ name, key, bytes }) => {
      const filler = new Uint8Array(bytes - keyBytes(key));
      writeName(filler, name);
      return key === undefined ? [filler] : [filler, key];
    });
    return cellsOf(columns, values);
  }

  /**
   * One chunk of rows whose names follow each other; an owner's neighbours are a run.
   * @param owner of the rows that name none
   * @param end one past the last record that counts
   * @returns how many the queue has taken
   */
  add(queue: RowQueue, rows: readonly TestRow[], owner = 1, end = rows.length): number {
    const records = rows.map(({ name, owner: own = owner }) => {
      return { topic: 't', partition: own, offset: name, key: null, value: NOTHING, size: 0 };
    });
    const chunk = Chunk.of(records);
    const { plan } = this.planOf(kindOf(rows));
    chunk.adopt(plan.handle, [...rows.keys()], this.cells(rows));
    const owners = Uint32Array.from(chunk.runs, run => run.partition);
    const sequences = Float64Array.from(chunk.runs, run => rows[run.start]!.name);
    for (const { start, end: runEnd } of chunk.runs)
      for (let i = start; i < runEnd; i++)
        if (rows[i]!.name !== rows[start]!.name + i - start) throw new Error('names of a run have a gap');
    return queue.add(chunk, { owners, sequences }, end);
  }
}

/** Names of all rows that the batch answers for. */
export function takenBy(queue: RowQueue, batch: RowBatch): number[] {
  const names: number[] = [];
  const { ranges } = queue.answersFor(batch);
  for (let i = 0; i < ranges.length; i += 3)
    for (let name = ranges[i + 1]!; name < ranges[i + 2]!; name++) names.push(name);
  return names;
}

/** Names of the rows of the batch's request, in their order there. */
export function sentBy(queue: RowQueue, batch: RowBatch, plan: RowPlan): number[] {
  const encoded = queue.encode(batch, plan.handle, { head: NOTHING, tail: NOTHING });
  const request = nativeRows().bytesOf(encoded.body);
  queue.letGo(encoded);
  const names: number[] = [];
  for (const reader = new WireReader(request); reader.more; ) {
    const tag = reader.varint();
    if (tag === FIELD_DATA) readNames(reader.nested(), names);
    else if (tag !== NUM_ROWS || reader.varint() !== names.length)
      throw new Error('not the request expected');
  }
  return names;
}

// --- internal ---

const FIELD_DATA = 0x2a;
const NUM_ROWS = 0x38;
const KEY = 'id';
const FILLER = 'filler';
const NOTHING = Buffer.alloc(0);
const PLAIN = { optional: false, dynamic: false };
const INT64 = packedNumbers(0x1a, (writer, value) => writer.int64(value as number | bigint));
const FILLER_COLUMN: Column = {
  ...PLAIN,
  name: FILLER,
  type: DataType.BinaryVector,
  codec: byteVectors(0x1a),
};
const KEY_COLUMNS: Record<KeyKind, Column[]> = {
  integer: [{ ...PLAIN, name: KEY, type: DataType.Int64, codec: INT64 }],
  string: [{ ...PLAIN, name: KEY, type: DataType.VarChar, codec: strings(0x32) }],
  none: [],
};

function kindOf(rows: readonly TestRow[]): KeyKind {
  const key = rows[0]?.key;
  return key === undefined ? 'none' : typeof key === 'string' ? 'string' : 'integer';
}

function keyBytes(key: TestKey): number {
  if (key === undefined) return 0;
  return cellsOf(KEY_COLUMNS[typeof key === 'string' ? 'string' : 'integer'], [[key]]).bytes.length;
}

/** The name plus one as a varint; the zeros behind it belong to no row. */
function writeName(filler: Uint8Array, name: number): void {
  let rest = name + 1;
  let at = 0;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) filler[at++] = (rest & 0x7f) | 0x80;
  filler[at] = rest;
}

function readNames(field: WireReader, names: number[]): void {
  let column = '';
  while (field.more) {
    const tag = field.varint();
    if (tag === 0x12) column = field.text();
    else if (tag === 0x22 && column === FILLER) {
      const vector = field.nested();
      vector.varint(); // its tag
      for (const filler = vector.nested(); filler.more; ) {
        const name = filler.varint();
        if (name > 0) names.push(name - 1);
      }
    } else field.skip(tag);
  }
}
