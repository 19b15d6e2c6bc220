// Whose file the first one is: of several it has to be the worker's, and a single one has to hold a connector.

import { isKey, KEY_NAMES, specOf } from './keys.ts';
import { sideOf } from './prefixes.ts';
import type { ParsedFile, Problem } from './value/entry.ts';

/**
 * What is wrong with the order of several files. A connector's file in the worker's place would be dropped, and the
 * others would run on the worker's defaults.
 */
export function checkOrder(files: readonly ParsedFile[]): Problem | undefined {
  const [first, ...others] = files;
  if (!first || others.length === 0 || !isConnectors(first)) return undefined;
  const problem = { where: first.path, problem: "the first file is a connector's" };
  const paths = files.map(file => file.path);
  const later = others.find(isWorkers);
  if (later) {
    const order = [later.path, ...paths.filter(path => path !== later.path)];
    return { ...problem, expected: `the worker's file first: ${order.join(' ')}` };
  }
  const keys = first.settings.map(({ key }) => key).filter(isWorkersAlone);
  return {
    ...problem,
    expected: `the worker's file first: worker.properties ${paths.join(' ')}`,
    fix:
      keys.length > 0
        ? `Move the worker's keys (${some(keys)}) into a file of their own and give it first, or run this file alone`
        : "Give the worker's file (bootstrap.servers, listeners, …) before it",
  };
}

/**
 * What is wrong with a single file that holds no connector: one problem instead of one for each missing key.
 * @param connector the settings that reached it, from anywhere
 */
export function checkAlone(
  files: readonly ParsedFile[],
  connector: ReadonlyMap<string, unknown>,
): Problem | undefined {
  const [file, ...others] = files;
  if (!file || others.length > 0 || SIGNS.some(name => connector.has(name))) return undefined;
  // What could not be read may have been one.
  if (file.settings.length === 0 && file.problems.length > 0) return undefined;
  return {
    where: file.path,
    problem: 'no connector is given',
    expected: `a connector's file after the worker's (${file.path} connector.properties), or the keys of both in one file`,
  };
}

// --- internal ---

/** Without these keys there is no connector. */
const REQUIRED = KEY_NAMES.filter(name => specOf(name).side === 'connector' && specOf(name).required);

/** Any of these shows that a connector is meant. */
const SIGNS: readonly string[] = [...REQUIRED, 'topics', 'topics.regex'];

/** In properties only the class is a sure sign: other keys of a connector may have strayed into a worker's file. */
function isConnectors({ format, settings }: ParsedFile): boolean {
  const signs: readonly string[] = format === 'json' ? REQUIRED : ['connector.class'];
  return settings.some(({ key }) => signs.includes(key));
}

/** A file that could not be read may be anybody's. */
function isWorkers({ settings, problems }: ParsedFile): boolean {
  const required: readonly string[] = REQUIRED;
  return settings.length > 0 ? !settings.some(({ key }) => required.includes(key)) : problems.length === 0;
}

/** Converters and our own keys may stand in either file. */
function isWorkersAlone(key: string): boolean {
  if (/^(key|value|header)\.converter(\.|$)/.test(key)) return false;
  if (!isKey(key)) return sideOf(key) === 'worker';
  return specOf(key).side === 'worker' && specOf(key).origin !== 'milvus-sink';
}

function some(keys: readonly string[]): string {
  return keys.length > 3 ? `${keys.slice(0, 3).join(', ')}, …` : keys.join(', ');
}
