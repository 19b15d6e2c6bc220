// Which setting belongs to the worker and which to a connector, and what belongs to neither.

import { fromEnvironment } from './environment.ts';
import { checkOrder } from './first-file.ts';
import { isKey, KEY_NAMES, type Side, specOf } from './keys.ts';
import { laterOf } from './later.ts';
import { notNeeded } from './not-needed.ts';
import { otherKeyNames, sideOf } from './prefixes.ts';
import { type Findings, noFindings, type ParsedFile, type Setting, shown } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';
import { nearest } from './value/suggest.ts';

/** One connector's settings. */
export interface ConnectorSide {
  /** Of its file. */
  path: string;
  /** False when its file could not be read at all: complaints that keys are missing would mislead. */
  readable: boolean;
  settings: Map<string, Setting>;
}

export interface Sides extends Findings {
  worker: Map<string, Setting>;
  /** In the order of the files; at least one. */
  connectors: ConnectorSide[];
  /** Values to mask, from every place, also of keys without effect. */
  secrets: string[];
}

/**
 * The first file is the worker's, each further one a connector's; a single file holds both. Keys of our own in the
 * worker's file are the defaults of all connectors. The environment (`CONNECT_*`) goes over the worker's file, `--set`
 * over everything, for every connector.
 */
export function splitSides(
  files: readonly ParsedFile[],
  env: Record<string, string | undefined>,
  set: readonly string[],
): Sides {
  const [first, ...others] = files;
  const sides: Split = {
    ...noFindings(),
    worker: new Map(),
    connectors: (others.length > 0 ? others : files).map(emptySide),
    secrets: [],
    elsewhere: new Map(),
  };
  if (!first) sides.connectors.push(emptySide({ path: '', settings: [], problems: [] }));
  for (const file of files) {
    sides.problems.push(...file.problems);
    sides.warnings.push(...file.warnings);
  }
  const disorder = checkOrder(files);
  if (disorder) {
    sides.problems.push(disorder);
    for (const { settings } of files) for (const setting of settings) keepSecret(setting, sides);
    for (const connector of sides.connectors) connector.readable = false;
    return sides;
  }
  const worker: Origin = { worker: true, connectors: [] };
  const everywhere: Origin = { worker: true, connectors: sides.connectors };
  for (const setting of first?.settings ?? []) add(setting, others.length > 0 ? worker : everywhere, sides);
  others.forEach((file, i) => {
    const origin: Origin = { worker: false, connectors: [sides.connectors[i]!] };
    for (const setting of file.settings) add(setting, origin, sides);
  });
  for (const setting of fromEnvironment(env)) add(setting, worker, sides);
  addArguments(set, everywhere, sides);
  for (const { later } of sides.connectors) {
    for (const setting of later.values()) refuseLater(setting, later, sides);
  }
  return sides;
}

// --- internal ---

/** Sides while they are being filled. */
interface Split extends Sides {
  connectors: ConnectorSplit[];
  /** The worker's keys that stand in a connector's file. */
  elsewhere: Map<string, Setting>;
}

interface ConnectorSplit extends ConnectorSide {
  /** Keys of later releases: what is wrong with one depends on the others. */
  later: Map<string, Setting>;
}

/** The sides that the place of a setting (a file, the environment, the arguments) may speak for. */
interface Origin {
  worker: boolean;
  connectors: readonly ConnectorSplit[];
}

function emptySide({ path, settings, problems }: Pick<ParsedFile, 'path' | 'settings' | 'problems'>) {
  const readable = settings.length > 0 || problems.length === 0;
  return { path, readable, settings: new Map(), later: new Map() };
}

function addArguments(set: readonly string[], origin: Origin, sides: Split): void {
  set.forEach((text, index) => {
    const setting = parseSet(text);
    if (!setting) {
      sides.problems.push({
        where: '--set',
        problem: `argument ${index + 1} is not of the form key=value`,
        expected: '--set key=value',
      });
    } else if (setting.key === 'name' && sides.connectors.length > 1) {
      sides.problems.push({
        where: '--set',
        key: 'name',
        problem: 'cannot name several connectors at once',
        expected: "a name of its own in each connector's file",
      });
    } else add(setting, origin, sides);
  });
}

function parseSet(text: string): Setting | undefined {
  const match = /^\s*([^=\s]+)\s*=([\s\S]*)$/.exec(text);
  if (!match) return undefined;
  const key = match[1]!;
  return { key, value: match[2]!, source: '--set', secret: isSecretKey(key) };
}

function add(setting: Setting, origin: Origin, sides: Split): void {
  const { key, source } = setting;
  const accepts = (side: Side) => (side === 'worker' ? origin.worker : origin.connectors.length > 0);
  keepSecret(setting, sides);
  if (setting.source === '--set' && setting.secret && setting.value !== '' && !setting.value.includes('${')) {
    sides.warnings.push(`${key} given by --set can be seen in the machine's list of processes`);
  }
  if (laterOf(key)) {
    if (!accepts('connector')) warnMisplaced(setting, 'connector', sides);
    for (const { later } of origin.connectors) later.set(key, setting);
    return;
  }
  const unneeded = notNeeded(key);
  if (unneeded && !accepts(unneeded.side)) {
    warnMisplaced(setting, unneeded.side, sides);
    return;
  }
  if (unneeded) {
    const sentence = `${key} (${source}) is accepted and not needed: ${unneeded.why}`;
    (unneeded.level === 'note' ? sides.notes : sides.warnings).push(sentence);
    return;
  }
  if (/^(key|value|header)\.converter(\.|$)/.test(key)) {
    addConverterKey(setting, origin, sides);
    return;
  }
  const side = isKey(key) ? specOf(key).side : sideOf(key);
  const anywhere = isKey(key) && specOf(key).origin === 'milvus-sink';
  if (side === undefined) warnUnknown(setting, sides);
  else if (!anywhere && !accepts(side)) warnMisplaced(setting, side, sides);
  else if (side === 'worker') addToWorker(setting, origin, sides);
  else {
    const connectors = accepts('connector') ? origin.connectors : sides.connectors;
    for (const { settings } of connectors) settings.set(key, setting);
  }
}

/**
 * A converter and its options are the only keys that both files may hold; where both are meant (a single file, --set),
 * the setting reaches each side whose converter is in use.
 */
function addConverterKey(setting: Setting, origin: Origin, sides: Split): void {
  const root = setting.key.split('.', 2).join('.');
  const own = origin.connectors.filter(({ settings }) => settings.has(root) || !origin.worker);
  for (const { settings } of own) settings.set(setting.key, setting);
  const all = origin.connectors.length > 0 && own.length === origin.connectors.length;
  if (!all) sides.worker.set(setting.key, setting);
}

/** Our keys of the worker may stand in a connector's file, where one connector need not know of the other. */
function addToWorker(setting: Setting, origin: Origin, sides: Split): void {
  const { key, value, source } = setting;
  if (!origin.worker) {
    if (sides.connectors.length > 1)
      sides.warnings.push(
        `${key} (${source}) concerns all connectors of the process: it belongs into the worker's file`,
      );
    const before = sides.elsewhere.get(key);
    if (before && before.value.trim() !== value.trim())
      sides.warnings.push(`${key} is set twice, at ${before.source} and ${source}: the last one wins`);
    sides.elsewhere.set(key, setting);
  }
  sides.worker.set(key, setting);
}

function keepSecret(setting: Setting, sides: Sides): void {
  if (setting.secret && setting.value.trim() !== '') sides.secrets.push(setting.value);
  const userInfo = /(?:\/\/|^)([^/\s@]+)@/.exec(setting.value)?.[1];
  if (userInfo && /endpoint|url|listeners|servers/.test(setting.key)) sides.secrets.push(userInfo);
}

/** @param all the same connector's keys of later releases */
function refuseLater(setting: Setting, all: ReadonlyMap<string, Setting>, sides: Sides): void {
  const later = laterOf(setting.key)!;
  if (later.harmless.includes(setting.value.trim().toLowerCase())) return;
  if (later.needs !== undefined) {
    // With the other key set, that one is refused: once is enough.
    if ((all.get(later.needs)?.value.trim() ?? '') === '')
      sides.warnings.push(`${setting.key} (${setting.source}) has no effect: ${later.needs} is not set`);
    return;
  }
  const harmless = later.harmless.filter(value => value !== '');
  sides.problems.push({
    where: setting.source,
    key: setting.key,
    problem: `not in this release (${later.feature})`,
    expected: harmless.length > 0 ? `${harmless.join(' or ')}, or no such key` : 'no such key',
    found: shown(setting),
  });
}

function warnMisplaced(setting: Setting, side: Side, sides: Sides): void {
  const prefix = /^(consumer|producer|admin)\./.exec(setting.key)?.[1];
  const instead =
    side === 'worker' && prefix
      ? `; in the connector's it would be ${setting.key.replace(/^\w+\./, `${prefix}.override.`)}`
      : '';
  const place = setting.source.startsWith('environment') ? 'environment' : 'file';
  const here =
    place === 'environment' ? 'the environment' : `the ${side === 'worker' ? 'connector' : 'worker'}'s file`;
  sides.warnings.push(
    `${setting.key} (${setting.source}) has no effect in ${here}: it belongs into the ${side}'s file${instead}`,
  );
}

function warnUnknown(setting: Setting, sides: Sides): void {
  const near = nearest(setting.key, [...KEY_NAMES, ...otherKeyNames()]);
  // A misspelt secret is a secret.
  if (near && isSecretKey(near) && setting.value.trim() !== '') sides.secrets.push(setting.value);
  const suggestion = near ? `, did you mean ${near}?` : '';
  sides.warnings.push(`unknown key ${setting.key} (${setting.source}) has no effect${suggestion}`);
}
