// A connector's file as JSON → settings with their line: `{"name": …, "config": {…}}` or a flat map.

import { findSyntaxError } from '../decode/json/json-syntax.ts';
import { findMembers, type Member } from './json-members.ts';
import { noFindings, type ParsedFile, type Problem } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';

/**
 * What ConnectStandalone.parseConnectorConfigurationFile takes. Numbers and booleans are their text, as Jackson reads
 * them for a string; of duplicate keys the last one wins, with a warning. Never throws.
 */
export function parseJson(path: string, text: string): ParsedFile {
  const file: ParsedFile = { path, format: 'json', settings: [], ...noFindings() };
  const body = text.replace(/^\uFEFF/, '').replace(/[ \t\n\r]+$/, '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    file.problems.push(syntaxProblem(path, body));
    return file;
  }
  if (!isObject(parsed)) {
    file.problems.push({ where: path, problem: 'not a connector', expected: SHAPE });
    return file;
  }
  const { outer, config } = findMembers(body);
  warnOfTwice(outer, file);
  let entries = entriesOf(parsed, outer, file);
  if (isObject(parsed.config)) {
    warnOfTwice(config, file);
    entries = unfold(entries, entriesOf(parsed.config, config, file), file);
  }
  for (const { key, value, source } of entries) {
    if (value === null) continue;
    if (typeof value === 'object') {
      file.problems.push({ where: source, key, problem: 'not a plain value', expected: 'a string' });
      continue;
    }
    file.settings.push({ key, value: String(value), source, secret: isSecretKey(key) });
  }
  return file;
}

// --- internal ---

const SHAPE = '{"name": …, "config": {key: value, …}} or {key: value, …}';

interface Entry {
  key: string;
  value: unknown;
  /** `file:line`. */
  source: string;
}

/** Where and why, without repeating the text, which may be a secret. */
function syntaxProblem(path: string, text: string): Problem {
  if (text === '') return { where: path, problem: 'is empty', expected: SHAPE };
  const error = findSyntaxError(text);
  // JSON that the parser does not take all the same is nested too deep for it.
  if (!error) return { where: path, problem: 'not valid JSON', expected: SHAPE };
  const before = text.slice(0, error.at).split('\n');
  const where = `${path}:${before.length}:${before.at(-1)!.length + 1}`;
  const problem = { where, problem: 'not valid JSON' };
  if (/^\s*[{[]/.test(text)) return { ...problem, expected: error.expected, found: error.found };
  return /^\s*(?:[#!]|[\w.-]+\s*[=:])/.test(text)
    ? {
        ...problem,
        expected: SHAPE,
        found: 'properties',
        fix: 'Give the file a name that ends in .properties',
      }
    : { ...problem, expected: SHAPE, found: error.found };
}

function warnOfTwice(members: readonly Member[], file: ParsedFile): void {
  const seen = new Map<string, number>();
  for (const { key, line } of members) {
    const before = seen.get(key);
    if (before !== undefined) {
      const place = `${file.path}:${before} and ${file.path}:${line}`;
      file.warnings.push(`${key} is set twice, at ${place}: the last one wins`);
    }
    seen.set(key, line);
  }
}

function entriesOf(object: object, members: readonly Member[], { path }: ParsedFile): Entry[] {
  const lines = new Map(members.map(({ key, line }) => [key, line]));
  return Object.entries(object).map(([key, value]) => ({ key, value, source: `${path}:${lines.get(key)}` }));
}

/**
 * The form of Connect's REST (CreateConnectorRequest): `name` may stand outside or inside, or the same in both.
 * @returns the settings
 */
function unfold(outer: readonly Entry[], config: readonly Entry[], file: ParsedFile): Entry[] {
  for (const { key, value, source } of outer) {
    if (key === 'initial_state') checkInitialState(value, source, file);
    else if (key !== 'name' && key !== 'config')
      file.warnings.push(`unknown key ${key} (${source}) has no effect beside config`);
  }
  const [name, inner] = [outer, config].map(entries => entries.find(({ key }) => key === 'name'));
  if ((name?.value ?? null) === null) return [...config];
  if ((inner?.value ?? null) === null) return [name!, ...config.filter(({ key }) => key !== 'name')];
  if (String(inner!.value) !== String(name!.value))
    file.problems.push({
      where: file.path,
      key: 'name',
      problem: 'differs between the top level and config',
    });
  return [...config];
}

function checkInitialState(value: unknown, where: string, file: ParsedFile): void {
  if (value === null || String(value).toUpperCase() === 'RUNNING') return;
  const later = /^(PAUSED|STOPPED)$/i.test(String(value));
  file.problems.push({
    where,
    key: 'initial_state',
    problem: later ? 'not in this release (a connector that does not start)' : 'bad value',
    expected: 'RUNNING, or no such key',
    found: typeof value === 'object' ? 'an object' : String(value),
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
