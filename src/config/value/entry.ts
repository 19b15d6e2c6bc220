// What passes between the steps of reading a configuration: values with their source, and problems.
import { HIDDEN } from './secrets.ts';

/** A value as the user wrote it (after config providers), with the place it came from. */
export interface Setting {
  /** The key as written, prefix included. */
  key: string;
  value: string;
  /** `file:line`, `--set`, `environment NAME` or `default`. */
  source: string;
  /** The key is secret by its name; where the value came from does not matter. */
  secret: boolean;
}

/** Settings below a prefix, by the rest of their name. */
export function below(settings: ReadonlyMap<string, Setting>, prefix: string): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const [key, setting] of settings) {
    if (key.startsWith(prefix)) found.set(key.slice(prefix.length), setting);
  }
  return found;
}

/** One thing that is wrong; all of them together make one message. */
export interface Problem {
  /** `file:line`, `--set`, `environment NAME`; absent for a missing key. */
  where?: string;
  key?: string;
  problem: string;
  expected?: string;
  /** Already masked when secret. */
  found?: string;
  didYouMean?: string | undefined;
  fix?: string;
}

/** What a reading step has to say besides its result. */
export interface Findings {
  problems: Problem[];
  /** Said once at start. */
  warnings: string[];
  /** Said at debug level. */
  notes: string[];
}

export function noFindings(): Findings {
  return { problems: [], warnings: [], notes: [] };
}

/** A file's settings, and what is wrong with its syntax. */
export interface ParsedFile extends Findings {
  path: string;
  format: 'properties' | 'json';
  settings: Setting[];
}

/** One line of the message that ends start-up. */
export function renderProblem(p: Problem): string {
  let line = [p.where, p.key].filter(part => part !== undefined).join(' ');
  line += line === '' ? p.problem : `: ${p.problem}`;
  if (p.expected !== undefined) line += `; expected ${p.expected}`;
  if (p.found !== undefined) line += `; found ${p.found}`;
  if (p.didYouMean !== undefined) line += `; did you mean ${p.didYouMean}?`;
  if (p.fix !== undefined) line += `. ${p.fix}`;
  return line;
}

/** A value as an error or `validate --show` may tell it: no secrets, no user-info of a URL, not too long. */
export function shown(setting: Setting): string {
  if (setting.secret) return HIDDEN;
  const value = setting.value.replace(/[^/\s,]*@/g, `${HIDDEN}@`);
  return value.length > 200 ? `${value.slice(0, 197)}...` : value;
}
