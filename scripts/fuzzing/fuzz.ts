// Differential fuzzing of the native decoder; scripts/fuzz starts it.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../native/toolchain.ts';
import { fuzz, type Tally } from './run.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    slow: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const records = Number(values.records);
if (!Number.isInteger(seed) || !(records > 0)) throw new Error('--seed and --records are integers');

console.log(`seed ${seed}`);
let told = 0;
const tally = fuzz(seed, records, now => {
  if (now.records < told + 100_000) return;
  told = now.records;
  console.log(summary(now));
});
console.log(summary(tally));
if (values.slow) for (const one of tally.slow) console.log(JSON.stringify(one));
if (tally.failures.length > 0) {
  const file = join(cacheDirectory(), 'fuzz', 'failures.jsonl');
  mkdirSync(join(file, '..'), { recursive: true });
  for (const failure of tally.failures) appendFileSync(file, JSON.stringify(failure) + '\n');
  for (const { seed, different, text } of tally.failures.slice(0, 10))
    console.log(`seed ${seed}: ${different}\n  ${text}`);
  console.log(
    `${tally.failures.length} failures are in ${file}: keep them in test/native/decode-corpus.jsonl`,
  );
  process.exitCode = 1;
}

// --- internal ---

function summary(tally: Tally): string {
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
  return (
    `${tally.records} records, ${tally.rows} rows, ${share(tally.native, tally.rows)} of them read natively; ` +
    `of ${tally.ordinary} ordinary ones ${share(tally.ordinaryNative, tally.ordinary)}; ` +
    `${tally.failures.length} read differently`
  );
}
