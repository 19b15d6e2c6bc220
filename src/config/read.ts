// The thin shell around load.ts: reads the files that the command line names.
import { readFileSync } from 'node:fs';
import { SinkError } from '../errors.ts';
import { type LoadInput, loadConfiguration, loadHttp } from './load.ts';
import type { Configuration, HttpSettings } from './settings.ts';

/**
 * @param paths the worker's file and any number of connectors', or one file with both sides' keys
 * @param set `key=value` overrides
 * @throws SinkError CONFIG_FILE when a file can't be read, CONFIG_INVALID when the content is wrong
 */
export function readConfiguration(
  paths: readonly string[],
  set: readonly string[] = [],
  env: Record<string, string | undefined> = process.env,
): Configuration {
  return loadConfiguration(inputOf(paths, set, env));
}

/**
 * Where the process listens: the worker's file is enough, connectors' may follow.
 * @throws SinkError CONFIG_FILE when a file can't be read, CONFIG_INVALID when its address is wrong
 */
export function readHttpSettings(
  paths: readonly string[],
  set: readonly string[] = [],
  env: Record<string, string | undefined> = process.env,
): HttpSettings {
  return loadHttp(inputOf(paths, set, env));
}

// --- internal ---

function inputOf(
  paths: readonly string[],
  set: readonly string[],
  env: Record<string, string | undefined>,
): LoadInput {
  const files = paths.map(path => ({ path, bytes: readFile(path) }));
  return { files, set, env, readFile: path => readFileSync(path) };
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const found = Object.hasOwn(FOUND, code) ? FOUND[code]! : code;
    throw new SinkError('CONFIG_FILE', 'a configuration file cannot be read', {
      where: path,
      expected: "the worker's properties file, then each connector's (properties or JSON)",
      found,
      cause: error,
    });
  }
}

const FOUND: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'a directory',
  EACCES: 'a file that this user may not read',
};
