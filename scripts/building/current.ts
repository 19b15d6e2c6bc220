// Whether an executable is as new as what it is made of.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * True when `executable` is there and nothing in `sources` (files, or folders with all that is in them) is newer.
 * A folder counts as well as its files: that is how a deleted file is noticed.
 */
export function isCurrent(executable: string, sources: readonly string[]): boolean {
  if (!existsSync(executable)) return false;
  const builtMs = statSync(executable).mtimeMs;
  return sources.flatMap(withContents).every(path => statSync(path).mtimeMs <= builtMs);
}

// --- internal ---

function withContents(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path, { recursive: true, encoding: 'utf8' }).map(name => join(path, name))];
}
