// Writes the README's tables; --check only tells whether they are current. scripts/docs starts it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../native/toolchain.ts';
import { withExitTable, withKeyTable, withMetricsTable } from './tables.ts';

const unknown = process.argv.slice(2).find(arg => arg !== '--check');
if (unknown !== undefined) {
  console.error(`scripts/docs: no such option: ${unknown} (there is --check)`);
  process.exit(2);
}
const path = join(ROOT, 'README.md');
const readme = readFileSync(path, 'utf8');
const current = withExitTable(withMetricsTable(withKeyTable(readme)));
if (process.argv.includes('--check')) {
  if (current !== readme) {
    console.error("README.md's tables are out of date: run scripts/docs");
    process.exit(1);
  }
} else if (current !== readme) writeFileSync(path, current);
