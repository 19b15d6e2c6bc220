import { expect, test } from 'bun:test';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { Glob } from 'bun';

/**
 * The folders from top to bottom, as docs/architecture.md draws them. A file imports from its own folder and from those
 * below it: so no folder looks up, and no two look at each other.
 */
const ORDER = [
  'test/e2e',
  'test/pipeline',
  'test/native',
  'test/unit',
  'test/support',
  'scripts/benchmark',
  'scripts/building',
  'scripts/demonstration',
  'scripts/fuzzing',
  'scripts/documentation',
  'scripts/sanitizing',
  'scripts/stack',
  'scripts/native',
  'src/main.ts',
  'src/cli',
  'src/worker',
  'src/connector',
  'src/task',
  'src/serve',
  'src/config',
  'src/config/kafka',
  'src/deliver',
  'src/map',
  'src/decode',
  'src/decode/string',
  'src/decode/json',
  'src/decode/contract.ts',
  'src/kafka',
  'src/kafka/java-regex',
  'src/milvus/client',
  'src/milvus/collection',
  'src/milvus/field',
  'src/milvus/wire',
  'src/config/value',
  'src/observe',
  'src/record',
  'src/native.ts',
  'src/native-load.ts',
  'src/backoff.ts',
  'src/wait.ts',
  'src/errors.ts',
];

const ROOT = resolve(import.meta.dir, '../..');
const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*'(\.[^']+)'/g;

test('no folder looks up, and no two look at each other', async () => {
  const wrong: string[] = [];
  for await (const file of new Glob('{src,scripts,test}/**/*.{ts,cjs}').scan(ROOT)) {
    const from = placeOf(file);
    if (from < 0) wrong.push(`${file} is in no folder of the order`);
    const text = await Bun.file(join(ROOT, file)).text();
    for (const [, path] of text.matchAll(IMPORT)) {
      const target = normalize(join(dirname(file), path!));
      if (!/^(src|test|scripts)\//.test(target) || dirname(target) === dirname(file)) continue;
      const to = placeOf(target);
      if (to < from || to < 0) wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong.toSorted()).toEqual([]);
});

/** The place in the order of the file itself or of the nearest folder that has one. */
function placeOf(file: string): number {
  for (let path = file; path !== '.'; path = dirname(path)) {
    const place = ORDER.indexOf(relative('.', path));
    if (place >= 0) return place;
  }
  return -1;
}
