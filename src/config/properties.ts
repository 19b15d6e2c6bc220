// Bytes of a configuration file → settings with their line: by Java's properties syntax, unless it is JSON.

import { Properties, type PropertyNode } from 'properties-file/parser';
import { parseJson } from './connector-json.ts';
import { noFindings, type ParsedFile, type Setting } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';
import { decodeText } from './value/text.ts';

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
