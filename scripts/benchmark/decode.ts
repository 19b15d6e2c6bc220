// CPU µs a row of the ways from a record's text to its row, by dimension: `scripts/bench decode [--json]`. What it showed is
// in src/decode/json/schemaless.ts (when the native vectors pay) and src/decode/json/vectors.ts (how many at once).
//   rows      plain records natively, from the text to the cells, as on the poller's thread
//   general   all of it in JavaScript but for the vectors: converter, mapper, cells
//   converter of that the converter alone; vectors and jsonParse are what it may use, and what it is compared to

import { loadVectors } from '../../src/decode/json/addon.ts';
import { createVectorDecoder, type ExactInteger } from '../../src/decode/json/vectors.ts';
import { createKeyConverter, createValueConverter } from '../../src/decode/registry.ts';
import { FieldNotes } from '../../src/map/field-notes.ts';
import { RowReader } from '../../src/map/row-reader.ts';
import { type FieldSchema, plainField } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import type { TaskEvents } from '../../src/observe/events.ts';
import type { Logger } from '../../src/observe/log.ts';
import { Profile } from '../../src/observe/profile.ts';
import { Chunk } from '../../src/record/chunk.ts';
import type { RowObject } from '../../src/record/decoded.ts';
import type { PlanHandle } from '../../src/record/native-rows.ts';
import type { KafkaRecord } from '../../src/record/record.ts';

const ROWS = 500;
const MEASURE_MS = 500;
const CONVERTER = {
  javaClass: 'org.apache.kafka.connect.json.JsonConverter',
  options: { 'schemas.enable': false },
};

interface Case {
  name: string;
  dim: number;
  digits: number;
  id: (row: number) => string;
}

const CASES: Case[] = [
  ...[8, 16, 24, 32, 64, 128, 768].map(dim => ({
    name: 'guide',
    dim,
    digits: 10,
    id: (row: number) => String(row + 1),
  })),
  { name: 'double digits', dim: 768, digits: 17, id: row => String(row + 1) },
  { name: 'snowflake ids', dim: 8, digits: 10, id: row => String(1541815603606036480n + BigInt(row)) },
  { name: 'snowflake ids', dim: 768, digits: 10, id: row => String(1541815603606036480n + BigInt(row)) },
];

const results = CASES.map(measure);
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
else {
  console.log(`${ROWS} rows a poll, CPU µs a row (all threads)`);
  console.table(results);
}

// --- internal ---

function measure({ name, dim, digits, id }: Case) {
  const random = mulberry32(dim);
  const records = Array.from({ length: ROWS }, (_, row) =>
    record(row, guideText(row, id(row), dim, digits, random)),
  );
  const texts = records.map(({ value }) => value!);
  const converter = createValueConverter(CONVERTER);
  const hint = { name: 'title_vector', dim };
  converter.expect([hint]);
  const exact = /^\d{17,}$/.test(id(0));
  const vectors = createVectorDecoder(loadVectors(), [hint]);
  const reader = rowReader(dim);
  const read = (plan: PlanHandle | null) => {
    const chunk = Chunk.of(records, plan);
    const { declined } = chunk.notRows();
    if (declined.length !== (plan ? 0 : ROWS))
      throw new Error(`${declined.length} records are not read natively`);
    reader.read(chunk);
    chunk.release();
  };
  // What it takes to put the records into native memory is in both: a poll does it on its own thread.
  const copied = cpuPerRow(() => Chunk.of(records).release());
  const beside = (us: number) => Number((us - copied).toFixed(3));
  return {
    name,
    dim,
    bytes: texts[0]!.length,
    rows: beside(cpuPerRow(() => read(reader.rows.handle))),
    general: beside(cpuPerRow(() => read(null))),
    converter: cpuPerRow(() => {
      converter.decode(records);
      if (exact) for (const one of records) converter.decodeExact(one, 'integers');
    }),
    vectors: cpuPerRow(() =>
      vectors.decode(texts, new Array<RowObject>(ROWS), new Map<number, ExactInteger[]>()),
    ),
    jsonParse: cpuPerRow(() => {
      for (const text of texts) JSON.parse(text.toString());
    }),
  };
}

function rowReader(dim: number): RowReader {
  const field = (name: string, type: DataType, more: Partial<FieldSchema> = {}): FieldSchema => ({
    ...plainField(name, type),
    ...more,
  });
  const id = field('id', DataType.Int64, { primary: true });
  return new RowReader({
    settings: { insertMode: 'upsert', insertModeExplicit: true, milvus: { jsonMaxBytes: 65_536 } },
    schema: {
      database: 'default',
      collection: 'articles',
      fields: [
        id,
        field('title', DataType.VarChar, { maxLength: 512 }),
        field('title_vector', DataType.FloatVector, { dim }),
        field('link', DataType.VarChar, { maxLength: 512 }),
      ],
      primary: id,
      dynamic: false,
      schemaTimestamp: 0n,
    },
    valueConverter: createValueConverter(CONVERTER),
    keyConverter: createKeyConverter(CONVERTER),
    events: { fieldsDropped: () => {} } as unknown as TaskEvents,
    fieldNotes: new FieldNotes({ warn: () => {} }),
    log: { info: () => {} } as unknown as Logger,
    profile: new Profile(false, () => 0),
  });
}

/** The message of the connector's guide, with a vector of `dim`. */
function guideText(row: number, id: string, dim: number, digits: number, random: () => number): string {
  const vector = Array.from({ length: dim }, () => {
    const x = random() * 2 - 1;
    return digits > 15 ? x : Number(x.toFixed(digits));
  });
  return `{"id":${id},"title":"The Reported Mortality Rate of Coronavirus Is Not Important","title_vector":${JSON.stringify(vector)},"link":"https://medium.com/swlh/the-reported-mortality-rate-of-coronavirus-is-not-important-${row}"}`;
}

function record(offset: number, text: string): KafkaRecord {
  const value = Buffer.from(text);
  return { topic: 'bench', partition: 0, offset, key: null, value, size: value.length };
}

function cpuPerRow(work: () => void): number {
  for (let i = 0; i < 20; i++) work();
  Bun.gc(true);
  const before = process.cpuUsage();
  const start = performance.now();
  let rounds = 0;
  for (; performance.now() - start < MEASURE_MS; rounds++) work();
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / rounds / ROWS).toFixed(3));
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
