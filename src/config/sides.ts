// Which setting belongs to the worker and which to the connector, and what belongs to neither.

import { fromEnvironment } from './environment.ts';
import { isKey, KEY_NAMES, type Side, specOf } from './keys.ts';
import { LATER, type Later, notNeeded, OTHER_KEY_NAMES, sideOf } from './prefixes.ts';
import type { ParsedFile } from './properties.ts';
import { type Findings, noFindings, type Setting, shown } from './value/entry.ts';
import { isSecretKey } from './value/secrets.ts';
import { nearest } from './value/suggest.ts';

export interface Sides extends Findings {
  worker: Map<string, Setting>;
  connector: Map<string, Setting>;
  /** Values to mask, from every place, also of keys without effect. */
  secrets: string[];
}

/**
 * The first file is the worker's, the second the connector's; a single file holds both. The environment (`CONNECT_*`)
 * goes over the worker's file, `--set` over everything.
 */
export function splitSides(
  files: readonly ParsedFile[],
  env: Record<string, string | undefined>,
  set: readonly string[],
): Sides {
  const sides: Split = {
    ...noFindings(),
    worker: new Map(),
    connector: new Map(),
    secrets: [],
    later: new Map(),
  };
  for (const file of files) {
    sides.problems.push(...file.problems);
    sides.warnings.push(...file.warnings);
  }
  for (const file of files.slice(2)) {
    sides.problems.push({
      where: file.path,
      problem: 'several connectors in one process are not in this release',
      expected: "the worker's file and one connector's",
      fix: 'Start one process for each connector',
    });
  }
  const [first, second] = files;
  if (first && second && has(first, 'connector.class') && !has(second, 'connector.class')) {
    sides.problems.push({
      where: first.path,
      problem: "the first file is a connector's",
      expected: `the worker's file first: ${second.path} ${first.path}`,
    });
    for (const setting of [...first.settings, ...second.settings]) keepSecret(setting, sides);
    return sides;
  }
  for (const setting of first?.settings ?? [])
    add(setting, second ? ['worker'] : ['worker', 'connector'], sides);
  for (const setting of second?.settings ?? []) add(setting, ['connector'], sides);
  for (const setting of fromEnvironment(env)) add(setting, ['worker'], sides);
  set.forEach((text, index) => {
    const setting = parseSet(text);
    if (setting) add(setting, ['worker', 'connector'], sides);
    else {
      sides.problems.push({
        where: '--set',
        problem: `argument ${index + 1} is not of the form key=value`,
        expected: '--set key=value',
      });
    }
  });
  for (const setting of sides.later.values()) refuseLater(setting, sides);
  return sides;
}

/** `key.converter` and its options are the only keys that both files may hold. */
export function isConverterKey(key: string): boolean {
  return /^(key|value|header)\.converter(\.|$)/.test(key);
}

// --- internal ---

/** Sides while they are being filled. */
interface Split extends Sides {
  /** The connector's keys of later releases: what is wrong with one depends on the others. */
  later: Map<string, Setting>;
}

function laterOf(key: string): Later | undefined {
  return LATER.find(({ pattern }) => pattern.test(key));
}

function has(file: ParsedFile, key: string): boolean {
  return file.settings.some(setting => setting.key === key);
}

function parseSet(text: string): Setting | undefined {
  const match = /^\s*([^=\s]+)\s*=([\s\S]*)$/.exec(text);
  if (!match) return undefined;
  const key = match[1]!;
  return { key, value: match[2]!, source: '--set', secret: isSecretKey(key) };
}

/** @param accepts the sides that the setting's place may speak for */
function add(setting: Setting, accepts: readonly Side[], sides: Split): void {
  const { key, source } = setting;
  keepSecret(setting, sides);
  if (setting.source === '--set' && setting.secret && setting.value !== '' && !setting.value.includes('${')) {
    sides.warnings.push(`${key} given by --set can be seen in the machine's list of processes`);
  }
  if (laterOf(key)) {
    if (accepts.includes('connector')) sides.later.set(key, setting);
    else warnMisplaced(setting, 'connector', sides);
    return;
  }
  const unneeded = notNeeded(key);
  if (unneeded && !accepts.includes(unneeded.side)) {
    warnMisplaced(setting, unneeded.side, sides);
    return;
  }
  if (unneeded) {
    const sentence = `${key} (${source}) is accepted and not needed: ${unneeded.why}`;
    (unneeded.level === 'note' ? sides.notes : sides.warnings).push(sentence);
    return;
  }
  if (isConverterKey(key)) {
    // --set reaches the side whose converter is the one in use.
    const root = key.split('.', 2).join('.');
    const own = accepts.includes('connector') && (sides.connector.has(root) || !accepts.includes('worker'));
    sides[own ? 'connector' : 'worker'].set(key, setting);
    return;
  }
  const side = isKey(key) ? specOf(key).side : sideOf(key);
  const anywhere = isKey(key) && specOf(key).origin === 'milvus-sink';
  if (side === undefined) warnUnknown(setting, sides);
  else if (anywhere || accepts.includes(side)) sides[side].set(key, setting);
  else warnMisplaced(setting, side, sides);
}

function keepSecret(setting: Setting, sides: Sides): void {
  if (setting.secret && setting.value.trim() !== '') sides.secrets.push(setting.value);
  const userInfo = /(?:\/\/|^)([^/\s@]+)@/.exec(setting.value)?.[1];
  if (userInfo && /endpoint|url|listeners|servers/.test(setting.key)) sides.secrets.push(userInfo);
}

function refuseLater(setting: Setting, sides: Split): void {
  const later = laterOf(setting.key)!;
  if (later.harmless.includes(setting.value.trim().toLowerCase())) return;
  if (later.needs !== undefined) {
    // With the other key set, that one is refused: once is enough.
    if ((sides.later.get(later.needs)?.value.trim() ?? '') === '')
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
  const near = nearest(setting.key, [...KEY_NAMES, ...OTHER_KEY_NAMES]);
  // A misspelt secret is a secret.
  if (near && isSecretKey(near) && setting.value.trim() !== '') sides.secrets.push(setting.value);
  const suggestion = near ? `, did you mean ${near}?` : '';
  sides.warnings.push(`unknown key ${setting.key} (${setting.source}) has no effect${suggestion}`);
}
