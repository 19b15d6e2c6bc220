// CPU of the way of a row that is read in JavaScript: map (check against the schema), cells (of values), encode (cells to a
// request, natively), by dimension and batch size.
// Run: scripts/bench encode [--seconds 1]

import { RowQueue } from '../../src/deliver/row-queue.ts';
import type { Row } from '../../src/map/row.ts';
import { createRowMapper } from '../../src/map/row-mapper.ts';
import { makeRowPlan, nextPlanId } from '../../src/map/row-plan.ts';
import type { CollectionSchema } from '../../src/milvus/collection/schema.ts';
import { type FieldSchema, plainField } from '../../src/milvus/field/schema.ts';
import { type Cells, cellsOf } from '../../src/milvus/wire/cells.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import { requestFrame } from '../../src/milvus/wire/request.ts';
import { Chunk } from '../../src/record/chunk.ts';

const seconds = Number(argument('--seconds') ?? 1);
const field = (name: string, type: DataType, more: Partial<FieldSchema> = {}): FieldSchema => ({
  ...plainField(name, type),
  ...more,
});

console.log('CPU µs a row (Int64, VarChar, FloatVector, VarChar; one distinct record per row)');
console.log('  dim  vector        batch     map   cells  encode   bytes/row');
for (const [dim, native] of [
  [8, false],
  [768, false],
  [768, true],
] as const) {
  for (const batch of [1, 100, 1000]) measure(dim, native, batch);
}

function measure(dim: number, native: boolean, batch: number): void {
  const schema: CollectionSchema = {
    database: 'default',
    collection: 'articles',
    fields: [
      field('id', DataType.Int64, { primary: true }),
      field('title', DataType.VarChar, { maxLength: 512 }),
      field('title_vector', DataType.FloatVector, { dim }),
      field('link', DataType.VarChar, { maxLength: 512 }),
    ],
    primary: field('id', DataType.Int64, { primary: true }),
    dynamic: false,
    schemaTimestamp: 0n,
  };
  const mapper = createRowMapper(schema, { insertMode: 'upsert', jsonMaxBytes: 65_536, onDropped: () => {} });
  const record = { topic: 't', partition: 0, offset: 0, key: null, value: null, size: 0 };
  const records = Array.from({ length: batch }, (_, i) => {
    const vector = Array.from({ length: dim }, (_, j) => Math.sin(i * dim + j));
    const text = JSON.stringify({
      id: i * 7919,
      title: `The Reported Mortality Rate of Coronavirus, part ${i}`,
      title_vector: native ? null : vector,
      link: `https://medium.com/swlh/the-reported-mortality-rate-${i}`,
    });
    const value = JSON.parse(text) as Record<string, unknown>;
    if (native) value.title_vector = Float32Array.from(vector);
    return value;
  });

  let rows: Row[] = [];
  const map = () => {
    rows = records.map(value => mapper.map(value, record) as Row);
  };
  let cells: Cells | undefined;
  const toCells = () => {
    cells = cellsOf(
      mapper.plan.columns,
      rows.map(row => row.values),
    );
  };
  map();
  toCells();
  const plan = makeRowPlan(nextPlanId(), mapper.plan, { keys: undefined, dropped: [] });
  const chunk = Chunk.of(records.map((_, offset) => ({ ...record, offset })));
  chunk.adopt(plan.handle, [...records.keys()], cells!);
  const queue = new RowQueue();
  queue.add(chunk, { owners: Uint32Array.of(1), sequences: Float64Array.of(0) }, batch);
  const sent = queue.take(batch, 1e12)!;
  const frame = requestFrame(schema);
  let bytes = 0;
  const encode = () => {
    const encoded = queue.encode(sent, plan.handle, frame);
    bytes = encoded.size;
    queue.letGo(encoded);
  };
  const [mapped, celled, encoded] = alternate(map, toCells, encode);
  const us = (x: number) => (x / batch).toFixed(2).padStart(7);
  const kind = (native ? 'Float32Array' : 'number[]').padEnd(12);
  console.log(
    `${String(dim).padStart(5)}  ${kind} ${String(batch).padStart(6)} ${us(mapped)} ${us(celled)} ${us(encoded)} ${Math.round(bytes / batch)}`,
  );
}

/** CPU µs a call of each of some steps that follow one another, warmed up, best of five. */
function alternate<S extends readonly (() => void)[]>(...steps: S): { [K in keyof S]: number } {
  const best = steps.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 6; round++) {
    let calls = 0;
    const spent = steps.map(() => 0);
    const end = performance.now() + (seconds * 1000) / 6;
    while (performance.now() < end) {
      for (const [s, step] of steps.entries()) {
        const start = performance.now();
        for (let i = 0; i < 50; i++) step();
        spent[s]! += performance.now() - start;
      }
      calls += 50;
    }
    if (round > 0) for (const [s, ms] of spent.entries()) best[s] = Math.min(best[s]!, (ms * 1000) / calls);
  }
  return best as { [K in keyof S]: number };
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
