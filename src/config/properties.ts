// Bytes of a configuration file → settings with their line: Java's properties syntax, or a connector as JSON.

import { Properties, type PropertyNode } from 'properties-file/parser';
import { type Findings, noFindings, type Setting } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';
import { decodeText } from './value/text.ts';

export interface ParsedFile extends Findings {
  path: string;
  format: 'properties' | 'json';
  settings: Setting[];
}

/** Reads one file; which syntax it has is told by its name or its first character. Never throws. */
export function parseFile(path: string, bytes: Uint8Array): ParsedFile {
  const text = decodeText(bytes);
  return path.toLowerCase().endsWith('.json') || text.trimStart().startsWith('{')
    ? parseJson(path, text)
    : parseProperties(path, text);
}

/**
 * Java's `.properties` syntax (java.util.Properties.load); of duplicate keys the last one wins, with a warning.
 * A byte order mark is skipped, which Java would take for part of the first key.
 */
export function parseProperties(path: string, text: string): ParsedFile {
  const file: ParsedFile = { path, format: 'properties', settings: [], ...noFindings() };
  const nodes = propertyNodes(file, text);
  const seen = new Map<string, Setting>();
  for (const node of nodes) {
    if (node.key === '' && node.value === '') continue;
    const source = `${path}:${node.startingLineNumber}`;
    const before = seen.get(node.key);
    if (before) {
      const place = `${before.source} and ${source}`;
      file.warnings.push(`${node.key} is set twice, at ${place}: the last one wins`);
      file.settings.splice(file.settings.indexOf(before), 1);
    }
    const setting = { key: node.key, value: node.value, source, secret: isSecretKey(node.key) };
    seen.set(node.key, setting);
    file.settings.push(setting);
  }
  return file;
}

// --- internal ---

function propertyNodes(file: ParsedFile, text: string): PropertyNode[] {
  try {
    return new Properties(text).getProperties();
  } catch {
    // Only a malformed \u escape throws. Find its line, drop it, and read the rest, so that all problems are told at once.
    const lines = text.split(/\r\n|\r|\n/);
    const bad = lines.findIndex((_, i) => !parses(lines.slice(0, i + 1).join('\n')));
    file.problems.push({
      where: `${file.path}:${bad + 1}`,
      problem: 'malformed \\u escape',
      expected: '\\u and four hexadecimal digits, or \\\\u for a backslash and a u',
    });
    lines[bad] = '';
    return propertyNodes(file, lines.join('\n'));
  }
}

function parses(text: string): boolean {
  try {
    new Properties(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * `{"name":…,"config":{…}}`, or a flat map: what ConnectStandalone.parseConnectorConfigurationFile takes. Numbers and
 * booleans are their text, as Jackson reads them for a string.
 */
function parseJson(path: string, text: string): ParsedFile {
  const file: ParsedFile = { path, format: 'json', settings: [], ...noFindings() };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The parser's message may quote the text, and so a secret: only its position is told.
    const at = /line \d+(,? column \d+)?|position \d+/i.exec(String(error))?.[0];
    file.problems.push({ where: path, problem: `not valid JSON${at ? ` at ${at}` : ''}`, expected: SHAPE });
    return file;
  }
  if (!isObject(parsed)) {
    file.problems.push({ where: path, problem: 'not a connector', expected: SHAPE });
    return file;
  }
  const settings = isObject(parsed.config) ? unfold(parsed, parsed.config, text, file) : parsed;
  for (const [key, value] of Object.entries(settings)) {
    const source = `${path}:${lineOf(text, key)}`;
    if (value === null) continue;
    if (typeof value === 'object') {
      file.problems.push({ where: source, key, problem: 'not a plain value', expected: 'a string' });
      continue;
    }
    file.settings.push({ key, value: String(value), source, secret: isSecretKey(key) });
  }
  return file;
}

/** The form of Connect's REST (CreateConnectorRequest): `name` may stand outside or inside, or the same in both. */
function unfold(
  outer: Record<string, unknown>,
  config: Record<string, unknown>,
  text: string,
  file: ParsedFile,
): Record<string, unknown> {
  const { path } = file;
  const { name, config: _, initial_state: state, ...others } = outer;
  for (const key of Object.keys(others)) {
    file.warnings.push(`unknown key ${key} (${path}:${lineOf(text, key)}) has no effect beside config`);
  }
  if ((state ?? null) !== null && String(state).toUpperCase() !== 'RUNNING') {
    const later = /^(PAUSED|STOPPED)$/i.test(String(state));
    file.problems.push({
      where: `${path}:${lineOf(text, 'initial_state')}`,
      key: 'initial_state',
      problem: later ? 'not in this release (a connector that does not start)' : 'bad value',
      expected: 'RUNNING, or no such key',
      found: typeof state === 'object' ? 'an object' : String(state),
    });
  }
  if ((name ?? null) === null) return config;
  if ((config.name ?? null) === null) {
    return Object.fromEntries([['name', name], ...Object.entries(config).filter(([key]) => key !== 'name')]);
  }
  if (String(config.name) !== String(name))
    file.problems.push({ where: path, key: 'name', problem: 'differs between the top level and config' });
  return config;
}

const SHAPE = '{"name": …, "config": {key: value, …}} or {key: value, …}';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Line of a key in the JSON text; a value that looks like the key may come first, which costs only a wrong line. */
function lineOf(text: string, key: string): number {
  const quoted = JSON.stringify(key);
  let at = -1;
  for (let from = 0; ; from = at + 1) {
    at = text.indexOf(quoted, from);
    if (at < 0) return 1;
    if (/^\s*:/.test(text.slice(at + quoted.length, at + quoted.length + 64))) break;
  }
  return text.slice(0, at).split('\n').length;
}
