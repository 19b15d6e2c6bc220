// CPU µs a row of the decoders, by dimension: `scripts/bench decode [--json]`. What it showed is in
// src/decode/json/schemaless.ts (when the native decoder pays) and src/decode/json/vectors.ts (how much it takes at once).

import { loadVectors } from '../../src/decode/json/addon.ts';
import { createVectorDecoder, type ExactInteger } from '../../src/decode/json/vectors.ts';
import { createValueConverter } from '../../src/decode/registry.ts';
import type { RowObject } from '../../src/record/decoded.ts';
import type { KafkaRecord } from '../../src/record/record.ts';

const ROWS = 500;
const MEASURE_MS = 1000;

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
  const converter = createValueConverter({
    javaClass: 'org.apache.kafka.connect.json.JsonConverter',
    options: { 'schemas.enable': false },
  });
  const hint = { name: 'title_vector', dim };
  converter.expect([hint]);
  const exact = /^\d{17,}$/.test(id(0));
  const vectors = createVectorDecoder(loadVectors(), [hint]);
  return {
    name,
    dim,
    bytes: texts[0]!.length,
    converter: cpuPerRow(() => {
      converter.decode(records);
      if (exact) for (const one of records) converter.decodeExact(one, 'integers');
    }),
    native: cpuPerRow(() =>
      vectors.decode(texts, new Array<RowObject>(ROWS), new Map<number, ExactInteger[]>()),
    ),
    jsonParse: cpuPerRow(() => {
      for (const text of texts) JSON.parse(text.toString());
    }),
  };
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
