// key.converter, value.converter, header.converter with their options → what decode/ makes converters of.
import * as v from 'valibot';
import type { ConverterDeclaration } from '../decode/contract.ts';
import { CONVERTERS, classNamed, LATER_CONVERTERS, SIMPLE_HEADER_CONVERTER } from '../decode/registry.ts';
import type { ConverterSettings } from '../decode/settings.ts';
import { below, type Findings, type Setting, shown } from './value/entry.ts';
import { allowed } from './value/schema.ts';
import { nearest } from './value/suggest.ts';
import { defaultOf } from './values.ts';

/** The converter in use for keys, values or headers, as it is written. */
export interface ChosenConverter {
  key: 'key.converter' | 'value.converter' | 'header.converter';
  /** Its class. */
  setting: Setting;
  /** From the same side as the class, by the rest of their name. */
  options: Map<string, Setting>;
}

/**
 * A connector's own converter wins as a whole: the worker's options do not reach it (Kafka Connect's rule). Connect
 * demands a class; here it defaults to the one that the connector's guide means when it sets `*.schemas.enable` only.
 */
export function chooseConverter(
  key: ChosenConverter['key'],
  worker: ReadonlyMap<string, Setting>,
  connector: ReadonlyMap<string, Setting>,
  findings: Findings,
): ChosenConverter {
  const own = connector.get(key);
  const side = own && own.value.trim() !== '' ? connector : worker;
  const named = side.get(key);
  const setting = named && named.value.trim() !== '' ? named : defaultOf(key);
  if (side === worker) {
    for (const option of below(connector, `${key}.`).values()) {
      findings.warnings.push(
        `${option.key} (${option.source}) has no effect, as in Kafka Connect: the connector does not name a ${key} of its own`,
      );
    }
  }
  return { key, setting, options: below(side, `${key}.`) };
}

/** undefined, and a problem, when the class is none of this release's. */
export function readConverter(chosen: ChosenConverter, findings: Findings): ConverterSettings | undefined {
  const javaClass = classNamed(chosen.setting.value.trim(), CLASSES);
  const declaration = CONVERTERS.find(converter => converter.javaClass === javaClass);
  if (declaration)
    return { javaClass: declaration.javaClass, options: readOptions(chosen, declaration, findings) };
  refuse(chosen.setting, CLASSES, findings);
  return undefined;
}

/** The key is not used, so that a converter which is not there to read it is no obstacle. */
export function readKeyConverter(chosen: ChosenConverter, findings: Findings): ConverterSettings | undefined {
  const unused = classNamed(chosen.setting.value.trim(), LATER_CONVERTERS);
  if (!unused) return readConverter(chosen, findings);
  noteUnused(chosen, 'keys', findings);
  return { javaClass: unused, options: {} };
}

/** Headers are not used by the sink; a converter that Connect could not load is refused all the same. */
export function checkHeaderConverter(chosen: ChosenConverter, findings: Findings): void {
  const known = [SIMPLE_HEADER_CONVERTER, ...CLASSES, ...LATER_CONVERTERS];
  if (classNamed(chosen.setting.value.trim(), known)) noteUnused(chosen, 'headers', findings);
  else refuse(chosen.setting, known, findings);
}

// --- internal ---

const CLASSES = CONVERTERS.map(({ javaClass }) => javaClass);

/** Options of any converter here: under another one they are leftovers. */
const ALL_OPTIONS = new Set(CONVERTERS.flatMap(({ options }) => Object.keys(options)));

function noteUnused(
  { setting, options }: ChosenConverter,
  what: 'keys' | 'headers',
  findings: Findings,
): void {
  for (const { key, source } of [setting, ...options.values()]) {
    if (source !== 'default') findings.notes.push(`${key} (${source}) is not needed: ${what} are not used`);
  }
}

/** The values of the options that are set and right. */
function readOptions(
  { key, options }: ChosenConverter,
  declaration: ConverterDeclaration,
  findings: Findings,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of options) {
    const place = { where: setting.source, key: setting.key };
    const option = Object.hasOwn(declaration.options, name) ? declaration.options[name] : undefined;
    if (!option) {
      warnUnknown(name, setting, key, declaration, findings);
      continue;
    }
    if (option.later !== undefined) {
      if (setting.value.trim() === '') continue;
      const problem = `${option.later} is not in this release`;
      findings.problems.push({ ...place, problem, expected: 'no such key' });
      continue;
    }
    const result = v.safeParse(option.schema, setting.value);
    if (result.success) values[name] = result.output;
    else {
      const expected = allowed(option.schema);
      findings.problems.push({ ...place, problem: 'bad value', expected, found: shown(setting) });
    }
  }
  return values;
}

function warnUnknown(
  name: string,
  { key, source }: Setting,
  prefix: string,
  declaration: ConverterDeclaration,
  findings: Findings,
): void {
  if (ALL_OPTIONS.has(name)) {
    findings.notes.push(`${key} (${source}) has no effect: it is another converter's option`);
    return;
  }
  const usable = Object.entries(declaration.options).filter(([, option]) => option.later === undefined);
  const near = nearest(
    name,
    usable.map(([option]) => option),
  );
  findings.warnings.push(
    `unknown option ${key} (${source})${near ? `, did you mean ${prefix}.${near}?` : ''}`,
  );
}

function refuse(setting: Setting, known: readonly string[], findings: Findings): void {
  const name = setting.value.trim();
  const later = classNamed(name, LATER_CONVERTERS);
  findings.problems.push({
    where: setting.source,
    key: setting.key,
    problem: later ? `${later} is not in this release` : 'unknown converter',
    expected: known.filter(javaClass => !LATER_CONVERTERS.includes(javaClass)).join(' or '),
    found: shown(setting),
    didYouMean: later ? undefined : nearest(name, [...known, ...LATER_CONVERTERS]),
  });
}
