// Writes the README's tables of keys, metrics and exit codes from what declares them; --check only tells whether they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderExitTable } from '../src/cli/exit-codes.ts';
import { renderKeyTable } from '../src/config/key-table.ts';
import { renderMetricsTable } from '../src/serve/declarations.ts';

/**
 * The README with its table of keys brought up to date.
 * @throws Error when the markers are missing
 */
export function withKeyTable(readme: string): string {
  return between(readme, 'keys', renderKeyTable());
}

/**
 * The README with its table of metrics brought up to date.
 * @throws Error when the markers are missing
 */
export function withMetricsTable(readme: string): string {
  return between(readme, 'metrics', renderMetricsTable());
}

/**
 * The README with its table of exit codes brought up to date.
 * @throws Error when the markers are missing
 */
export function withExitTable(readme: string): string {
  return between(readme, 'exit-codes', renderExitTable());
}

if (import.meta.main) {
  const path = new URL('../README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const current = withExitTable(withMetricsTable(withKeyTable(readme)));
  if (process.argv.includes('--check')) {
    if (current !== readme) {
      console.error("README.md's tables are out of date: run scripts/docs.ts");
      process.exit(1);
    }
  } else if (current !== readme) writeFileSync(path, current);
}

// --- internal ---

function between(readme: string, section: string, table: string): string {
  const opening = `<!-- ${section}:start -->`;
  const closing = `<!-- ${section}:end -->`;
  const start = readme.indexOf(opening);
  const end = readme.indexOf(closing);
  if (start < 0 || end < start) throw new Error(`README.md lacks the markers ${opening} and ${closing}`);
  return `${readme.slice(0, start + opening.length)}\n${table}\n${readme.slice(end)}`;
}
