// The README's tables of keys, metrics and exit codes, rendered from what declares them and put between their markers.
import { renderExitTable } from '../../src/cli/exit-codes.ts';
import { renderKeyTable } from '../../src/config/key-table.ts';
import { renderMetricsTable } from '../../src/serve/declarations.ts';

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

// --- internal ---

function between(readme: string, section: string, table: string): string {
  const opening = `<!-- ${section}:start -->`;
  const closing = `<!-- ${section}:end -->`;
  const start = readme.indexOf(opening);
  const end = readme.indexOf(closing);
  if (start < 0 || end < start) throw new Error(`README.md lacks the markers ${opening} and ${closing}`);
  return `${readme.slice(0, start + opening.length)}\n${table}\n${readme.slice(end)}`;
}
