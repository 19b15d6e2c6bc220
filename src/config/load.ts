// The whole configuration, from bytes to settings, without I/O of its own: one error tells all problems.
import { readConnector, toConnectorSettings } from './connector.ts';
import { checkAlone } from './first-file.ts';
import { HTTP_KEYS, readHttp } from './http.ts';
import { parseFile } from './properties.ts';
import { createResolver, type Resolver } from './providers.ts';
import { configurationError, gather } from './report.ts';
import type { Configuration, HttpSettings } from './settings.ts';
import { checkSeveral } from './several.ts';
import { splitSides } from './sides.ts';
import { type Findings, noFindings, type Setting } from './value/entry.ts';
import { createMask } from './value/secrets.ts';
import { readValues } from './values.ts';
import { readWorker } from './worker.ts';

export interface LoadInput {
  /** The worker's file and any number of connectors', or one file with both sides' keys. */
  files: readonly { path: string; bytes: Uint8Array }[];
  /** `key=value`, from the command line. */
  set: readonly string[];
  env: Record<string, string | undefined>;
  /** For config providers and PEM files; throws when a file can't be read. */
  readFile: (path: string) => Uint8Array;
}

/**
 * @throws SinkError CONFIG_INVALID with a line for each problem of any file
 */
export function loadConfiguration(input: LoadInput): Configuration {
  const { readFile } = input;
  const files = input.files.map(file => parseFile(file.path, file.bytes));
  const sides = splitSides(files, input.env, input.set);
  const [only] = sides.connectors;
  const alone = only && checkAlone(files, only.settings);
  if (alone) {
    sides.problems.push(alone);
    only.readable = false;
  }
  const resolver = createResolver(sides.worker, input);
  const { resolved: worker, unresolved } = resolveSide(sides.worker, resolver);
  const common = noFindings();
  const workerReading = readWorker(worker, unresolved, sides.connectors.length, common);
  const readings = sides.connectors.map(({ path, readable, settings }) => {
    const own = resolveSide(settings, resolver);
    const all = new Set([...unresolved, ...own.unresolved]);
    return {
      ...own,
      ...readConnector({ path, readable, connector: own.resolved, worker, unresolved: all, readFile }),
    };
  });
  checkSeveral(readings, common);

  const secrets = [...sides.secrets, ...resolver.secrets];
  for (const { consumer } of readings) secrets.push(...consumer.secrets);
  for (const settings of [worker, ...readings.map(reading => reading.resolved)])
    for (const setting of settings.values()) if (setting.secret) secrets.push(setting.value);
  const mask = createMask(secrets.filter(secret => secret.trim() !== ''));

  const findings = gather(joined(sides, resolver, common), readings);
  if (findings.problems.length > 0) {
    const paths = input.files.map(file => file.path);
    throw configurationError(findings, [...paths.slice(1), ...paths.slice(0, 1)], mask);
  }
  return {
    worker: workerReading.settings,
    connectors: readings.map(reading => toConnectorSettings(reading, workerReading, mask)),
    warnings: findings.warnings.map(mask),
    notes: findings.notes.map(mask),
    mask,
  };
}

/**
 * Where the process listens, and nothing else: neither a connector nor what the other keys refer to need be there.
 * @throws SinkError CONFIG_INVALID
 */
export function loadHttp(input: LoadInput): HttpSettings {
  const files = input.files.map(file => parseFile(file.path, file.bytes));
  const sides = splitSides(files, input.env, input.set);
  const resolver = createResolver(sides.worker, input);
  const common = noFindings();
  const own = new Map([...sides.worker].filter(([key]) => HTTP_KEYS.has(key)));
  const { resolved, unresolved } = resolveSide(own, resolver);
  const { values, chosen } = readValues('worker', resolved, unresolved, common);
  const http = readHttp(values, chosen, common);
  const findings = joined(sides, resolver, common);
  if (findings.problems.length > 0) {
    const secrets = [...sides.secrets, ...resolver.secrets];
    throw configurationError(
      findings,
      input.files.map(file => file.path),
      createMask(secrets),
    );
  }
  return http;
}

// --- internal ---

function resolveSide(
  settings: ReadonlyMap<string, Setting>,
  resolver: Resolver,
): { resolved: Map<string, Setting>; unresolved: Set<string> } {
  const resolved = new Map<string, Setting>();
  const unresolved = new Set<string>();
  for (const [key, setting] of settings) {
    const value = resolver.resolve(setting);
    if (value) resolved.set(key, value);
    else unresolved.add(key);
  }
  return { resolved, unresolved };
}

function joined(...parts: readonly Findings[]): Findings {
  return {
    problems: parts.flatMap(part => part.problems),
    warnings: parts.flatMap(part => part.warnings),
    notes: parts.flatMap(part => part.notes),
  };
}
