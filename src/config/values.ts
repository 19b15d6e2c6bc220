// Values of the key table: what is written, else the default, checked by the key's own schema.
import * as v from 'valibot';
import { KEY_NAMES, type KeyName, type Side, specOf, type Values } from './keys.ts';
import { type Findings, type Setting, shown } from './value/entry.ts';
import { allowed } from './value/schema.ts';
import { nearest } from './value/suggest.ts';

/** The settings that values came from, defaults included. */
export type Chosen = ReadonlyMap<KeyName, Setting>;

/**
 * The values of one side; an empty one is an unset one. A converter's class is no value by itself (converters.ts).
 * @param unresolved keys whose value could not be had, which is a problem already
 */
export function readValues<S extends Side>(
  side: S,
  settings: ReadonlyMap<string, Setting>,
  unresolved: ReadonlySet<string>,
  findings: Findings,
): { values: Values<S>; chosen: Map<KeyName, Setting> } {
  const values: Partial<Record<KeyName, unknown>> = {};
  const chosen = new Map<KeyName, Setting>();
  for (const name of KEY_NAMES) {
    const spec = specOf(name);
    if (spec.side !== side || isConverter(name)) continue;
    const written = settings.get(name);
    const given = written && written.value.trim() !== '' ? written : undefined;
    if (!given && spec.required) {
      if (!unresolved.has(name)) missing(name, written, findings);
      continue;
    }
    if (!given && spec.default === undefined) continue;
    const setting = given ?? defaultOf(name);
    chosen.set(name, setting);
    const result = v.safeParse(spec.schema, setting.value);
    if (result.success) {
      values[name] = result.output;
      continue;
    }
    refuse(name, setting, findings);
    if (spec.default !== undefined) values[name] = v.parse(spec.schema, spec.default);
  }
  // Each value was parsed by the schema of its own key; keys with a default always have one.
  return { values: values as Values<S>, chosen };
}

/** A key that has a default, as if it had been written. */
export function defaultOf(key: KeyName): Setting {
  return { key, value: specOf(key).default!, source: 'default', secret: false };
}

// --- internal ---

const MILVUS_CLASS = 'com.milvus.io.kafka.MilvusSinkConnector';

function isConverter(name: KeyName): boolean {
  return name === 'key.converter' || name === 'value.converter' || name === 'header.converter';
}

function missing(name: KeyName, written: Setting | undefined, findings: Findings): void {
  const { side, schema } = specOf(name);
  const expected = allowed(schema);
  findings.problems.push(
    written
      ? { where: written.source, key: name, problem: 'is empty', expected }
      : { key: name, problem: `is missing from the ${side}'s settings`, expected },
  );
}

function refuse(name: KeyName, setting: Setting, findings: Findings): void {
  const isClass = name === 'connector.class';
  findings.problems.push({
    where: setting.source,
    key: name,
    problem: isClass ? 'not a connector of this program' : 'bad value',
    expected: allowed(specOf(name).schema),
    found: shown(setting),
    didYouMean: isClass ? nearest(setting.value.trim(), [MILVUS_CLASS]) : undefined,
  });
}
