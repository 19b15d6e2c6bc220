// Kafka's config providers: ${env:NAME}, ${file:/path:key}, ${dir:/path:file} in values, where config.providers names them.
import { posix, win32 } from 'node:path';
import { parseProperties } from './properties.ts';
import { type Findings, noFindings, type Setting } from './value/entry.ts';
import { nearest } from './value/suggest.ts';
import { decodeText } from './value/text.ts';

export interface ProviderSources {
  env: Record<string, string | undefined>;
  /** @throws when the file can't be read */
  readFile: (path: string) => Uint8Array;
}

export interface Resolver extends Findings {
  /** What came through a provider into the value of a secret key, which may hold more than that. */
  secrets: string[];
  /** The setting with its references replaced; undefined, and a problem, when one can't be. */
  resolve(setting: Setting): Setting | undefined;
}

/** ConfigTransformer's pattern: provider, optional path, key. */
const REFERENCE = /\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}/g;

const CLASSES = new Map<string, 'env' | 'file' | 'dir'>([
  ['org.apache.kafka.common.config.provider.EnvVarConfigProvider', 'env'],
  ['org.apache.kafka.common.config.provider.FileConfigProvider', 'file'],
  ['org.apache.kafka.common.config.provider.DirectoryConfigProvider', 'dir'],
]);

/**
 * Reads `config.providers` and what belongs to it. A reference that can't be resolved is a problem; Kafka would leave
 * the text `${…}` in place and fail later with it.
 */
export function createResolver(worker: ReadonlyMap<string, Setting>, sources: ProviderSources): Resolver {
  const findings = noFindings();
  const secrets: string[] = [];
  const providers = readProviders(worker, findings);
  const warned = new Set<string>();

  const look = (
    setting: Setting,
    name: string,
    path: string,
    key: string,
    whole: string,
  ): string | undefined => {
    const provider = providers.get(name);
    if (!provider) {
      const message = `${setting.key} (${setting.source}) holds a reference to a config provider '${name}' that config.providers does not name: it is taken literally`;
      if (/^\w+$/.test(name) && !warned.has(message)) findings.warnings.push(message);
      warned.add(message);
      return whole;
    }
    try {
      const value = provider(path, key, sources);
      if (value && setting.secret) secrets.push(value);
      return value;
    } catch (error) {
      if (!(error instanceof LookupError)) throw error;
      const { expected, fix } = error;
      findings.problems.push({
        where: setting.source,
        key: setting.key,
        problem: error.message,
        ...(expected === undefined ? {} : { expected }),
        ...(fix === undefined ? {} : { fix }),
      });
      return undefined;
    }
  };

  return {
    ...findings,
    secrets,
    resolve(setting) {
      if (setting.key.startsWith('config.providers') || !setting.value.includes('${')) return setting;
      let failed = false;
      const value = setting.value.replace(
        REFERENCE,
        (whole, name: string, _: unknown, path = '', key: string) => {
          const found = look(setting, name, path, key, whole);
          failed ||= found === undefined;
          return found ?? '';
        },
      );
      if (failed) return undefined;
      return { ...setting, value };
    },
  };
}

// --- internal ---

const reference = (body: string) => `$\{${body}}`;
const ENV_FORM = reference('env:NAME');
const FILE_FORM = reference('file:/path:key');
const DIR_FORM = reference('dir:/path:file');

type Lookup = (path: string, key: string, sources: ProviderSources) => string | undefined;

class LookupError extends Error {
  readonly expected: string | undefined;
  readonly fix: string | undefined;
  constructor(message: string, expected?: string, fix?: string) {
    super(message);
    this.expected = expected;
    this.fix = fix;
  }
}

function readProviders(worker: ReadonlyMap<string, Setting>, findings: Findings): Map<string, Lookup> {
  const providers = new Map<string, Lookup>();
  const list = worker.get('config.providers');
  const names = (list?.value ?? '').split(',').map(name => name.trim());
  for (const name of names) {
    if (name === '') continue;
    const key = `config.providers.${name}.class`;
    const setting = worker.get(key);
    const javaClass = setting?.value.trim() ?? '';
    const kind = CLASSES.get(javaClass);
    if (kind === undefined) {
      const where = setting?.source ?? list?.source;
      const didYouMean = nearest(javaClass, CLASSES.keys());
      findings.problems.push({
        ...(where === undefined ? {} : { where }),
        key,
        problem: setting ? 'a config provider that is not available here' : 'missing',
        expected: `one of ${[...CLASSES.keys()].join(', ')}`,
        ...(setting ? { found: javaClass } : {}),
        didYouMean,
      });
      // References to it are not reported again.
      providers.set(name, () => undefined);
      continue;
    }
    const param = (suffix: string) => worker.get(`config.providers.${name}.param.${suffix}`);
    if (kind === 'env') providers.set(name, envLookup(param('allowlist.pattern'), findings));
    else providers.set(name, (kind === 'file' ? fileLookup : dirLookup)(param('allowed.paths')));
  }
  for (const [key, setting] of worker) {
    const name = /^config\.providers\.([^.]+)\./.exec(key)?.[1];
    if (name === undefined || providers.has(name)) continue;
    findings.warnings.push(
      `${key} (${setting.source}) has no effect: config.providers does not name '${name}'`,
    );
  }
  return providers;
}

function envLookup(allow: Setting | undefined, findings: Findings): Lookup {
  let allowed: RegExp | undefined;
  if (allow && allow.value.trim() !== '') {
    try {
      allowed = new RegExp(`^(?:${allow.value.trim()})$`);
    } catch {
      findings.problems.push({
        where: allow.source,
        key: allow.key,
        problem: 'not a valid regular expression',
        found: allow.value,
      });
      return () => undefined;
    }
  }
  return (path, name, { env }) => {
    if (path !== '') throw new LookupError('the environment has no paths', ENV_FORM);
    if (allowed && !allowed.test(name)) {
      throw new LookupError(`the variable ${name} is not allowed`, `a name that ${allow!.key} matches`);
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) {
      throw new LookupError(`the environment variable ${name} is not set`, undefined, `Export ${name}`);
    }
    return value;
  };
}

function fileLookup(allowed: Setting | undefined): Lookup {
  return (path, key, sources) => {
    checkAllowed(path, allowed);
    const file = parseProperties(path, decodeText(read(path, sources)));
    const setting = file.settings.find(s => s.key === key);
    if (!setting) throw new LookupError(`${path} has no key ${key}`);
    return setting.value;
  };
}

function dirLookup(allowed: Setting | undefined): Lookup {
  return (path, key, sources) => {
    if (key === '' || /[/\\]/.test(key) || key === '..') {
      throw new LookupError('a file name without a path is needed', DIR_FORM);
    }
    const full = `${path.replace(/\/+$/, '')}/${key}`;
    checkAllowed(full, allowed);
    // A mounted secret often ends with a line feed that is no part of it.
    return decodeText(read(full, sources)).replace(/\r?\n$/, '');
  };
}

/** AllowedPaths of Kafka: a file is read only below one of the directories, `..` resolved. */
function checkAllowed(path: string, allowed: Setting | undefined): void {
  if (path === '') throw new LookupError('a path is missing', `${FILE_FORM} or ${DIR_FORM}`);
  const directories = (allowed?.value ?? '').split(',').map(d => d.trim());
  const named = directories.filter(d => d !== '');
  if (named.length === 0) return;
  const { normalize, isAbsolute, sep } = /^[A-Za-z]:/.test(path) ? win32 : posix;
  const file = normalize(path);
  const below = named.some(d => {
    const directory = normalize(d).replace(/[/\\]+$/, '');
    return isAbsolute(file) && (file === directory || file.startsWith(directory + sep));
  });
  if (!below) throw new LookupError(`${path} may not be read`, `a file below ${named.join(' or ')}`);
}

function read(path: string, sources: ProviderSources): Uint8Array {
  try {
    return sources.readFile(path);
  } catch {
    throw new LookupError(
      `${path} cannot be read`,
      undefined,
      'Check that it exists and that this user may read it',
    );
  }
}
