// CPU of the pure path per row: map (check against the schema) and encode (columns to bytes), by dimension and batch size.
// Run: scripts/bench encode [--seconds 1]

import type { Row } from '../../src/map/row.ts';
import { createRowMapper } from '../../src/map/row-mapper.ts';
import type { CollectionSchema } from '../../src/milvus/collection/schema.ts';
import { type FieldSchema, plainField } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import { encodeWrite } from '../../src/milvus/wire/encode.ts';

const seconds = Number(argument('--seconds') ?? 1);
const field = (name: string, type: DataType, more: Partial<FieldSchema> = {}): FieldSchema => ({
  ...plainField(name, type),
  ...more,
});

console.log('CPU µs a row (Int64, VarChar, FloatVector, VarChar; one distinct record per row)');
console.log('  dim  vector        batch     map  encode     sum   bytes/row');
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
  let bytes = 0;
  const encode = () => {
    bytes = encodeWrite(schema, mapper.plan.columns, rows).length;
  };
  const [mapped, encoded] = alternate(map, encode);
  const us = (x: number) => (x / batch).toFixed(2).padStart(7);
  const kind = (native ? 'Float32Array' : 'number[]').padEnd(12);
  console.log(
    `${String(dim).padStart(5)}  ${kind} ${String(batch).padStart(6)} ${us(mapped)} ${us(encoded)} ${us(mapped + encoded)} ${Math.round(bytes / batch)}`,
  );
}

/** CPU µs a call of each of two steps that follow one another, warmed up, best of five. */
function alternate(first: () => void, second: () => void): [number, number] {
  const best: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 6; round++) {
    let calls = 0;
    let a = 0;
    let b = 0;
    const end = performance.now() + (seconds * 1000) / 6;
    while (performance.now() < end) {
      const t0 = performance.now();
      for (let i = 0; i < 50; i++) first();
      const t1 = performance.now();
      for (let i = 0; i < 50; i++) second();
      a += t1 - t0;
      b += performance.now() - t1;
      calls += 50;
    }
    if (round === 0) continue;
    best[0] = Math.min(best[0], (a * 1000) / calls);
    best[1] = Math.min(best[1], (b * 1000) / calls);
  }
  return best;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
