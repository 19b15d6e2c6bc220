// Writes the README's table of keys from the table that validates them; --check only tells whether it is current.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderKeyTable } from '../src/config/keys.ts';

const START = '<!-- keys:start -->';
const END = '<!-- keys:end -->';

/**
 * The README with its table of keys brought up to date.
 * @throws Error when the markers are missing
 */
export function withKeyTable(readme: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error(`README.md lacks the markers ${START} and ${END}`);
  return `${readme.slice(0, start + START.length)}\n${renderKeyTable()}\n${readme.slice(end)}`;
}

if (import.meta.main) {
  const path = new URL('../README.md', import.meta.url);
  const readme = readFileSync(path, 'utf8');
  const current = withKeyTable(readme);
  if (process.argv.includes('--check')) {
    if (current !== readme) {
      console.error("README.md's table of keys is out of date: run scripts/docs.ts");
      process.exit(1);
    }
  } else if (current !== readme) writeFileSync(path, current);
}
