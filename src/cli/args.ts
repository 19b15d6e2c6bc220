// The command line before citty sees it: citty lets unknown options pass and keeps only the last of a repeated one.

import { existsSync } from 'node:fs';
import type { ArgsDef } from 'citty';
import { isSecretKey } from '../config/value/secrets.ts';
import { nearest } from '../config/value/suggest.ts';
import { SinkError } from '../errors.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../observe/log.ts';

/** Options of every command that reads the configuration. */
export const CONFIG_ARGS = {
  set: {
    type: 'string',
    valueHint: 'key=value',
    description: 'Override a key of the files; may be repeated. Not for secrets: ps shows them',
  },
} as const satisfies ArgsDef;

/** Options of every command. */
export const COMMON_ARGS = {
  'log-format': {
    type: 'enum',
    options: [...LOG_FORMATS],
    default: 'text',
    description: 'Form of the log lines on stderr',
  },
  'log-level': {
    type: 'enum',
    options: [...LOG_LEVELS],
    default: 'info',
    description: 'Least severe lines to log',
  },
  help: { type: 'boolean', alias: 'h', description: 'Show help' },
} as const satisfies ArgsDef;

/** What a command gets of the command line, checked. */
export interface CommandLine {
  files: string[];
  /** `key=value` as given, in order. */
  set: string[];
  logFormat: LogFormat;
  logLevel: LogLevel;
  /** The other options that were given, by name. */
  options: Readonly<Record<string, string | true>>;
}

/**
 * Reads a command's arguments against its definition.
 * @param isFile tells whether a path exists
 * @throws SinkError ARGUMENT_UNKNOWN, ARGUMENT_INVALID or ARGUMENT_SECRET, exit code 1
 */
export function readCommandLine(
  command: string,
  rawArgs: readonly string[],
  def: ArgsDef,
  isFile: (path: string) => boolean = existsSync,
): CommandLine {
  const files: string[] = [];
  const set: string[] = [];
  const options: Record<string, string | true> = {};
  for (const token of tokens(rawArgs, def)) {
    if (token.kind === 'positional') {
      if (!isFile(token.text)) refuseSetting(token.text);
      files.push(token.text);
      continue;
    }
    const name = optionName(token.text, def);
    if (name === undefined) throw unknownOption(command, token.text, def);
    const value = optionValue(command, name, token.value, def);
    if (name === 'set') set.push(checkOverride(value as string));
    else options[name] = value;
  }
  return {
    files,
    set,
    logFormat: (options['log-format'] ?? 'text') as LogFormat,
    logLevel: (options['log-level'] ?? 'info') as LogLevel,
    options,
  };
}

export interface Choice {
  command: string;
  rest: string[];
}

/**
 * Which command is meant: its name wherever it stands first among the arguments that are no options, else `run` when
 * the first of them is a file.
 * @param def the options of all commands, to know which of them take a value
 * @param isFile tells whether a path exists
 * @returns undefined when there is no such argument
 * @throws SinkError COMMAND_UNKNOWN or ARGUMENT_UNKNOWN, exit code 1
 */
export function chooseCommand(
  rawArgs: readonly string[],
  commands: readonly string[],
  def: ArgsDef,
  isFile: (path: string) => boolean = existsSync,
): Choice | undefined {
  let unknown: string | undefined;
  for (const token of tokens(rawArgs, def)) {
    if (token.kind === 'option' && !optionName(token.text, def)) unknown ??= token.text;
    if (token.kind !== 'positional') continue;
    const word = token.text;
    if (commands.includes(word)) {
      return { command: word, rest: rawArgs.filter((_, index) => index !== token.index) };
    }
    if (isFile(word)) return { command: 'run', rest: [...rawArgs] };
    // What looks like a command may be the value of a mistyped option.
    if (unknown !== undefined) throw unknownOption('run', unknown, def);
    refuseSetting(word);
    const suggestion = nearest(word, commands);
    throw new SinkError(
      'COMMAND_UNKNOWN',
      `${JSON.stringify(word)} is neither a command nor an existing file`,
      {
        expected: `a properties file, or one of ${commands.join(', ')}`,
        fix: `${suggestion ? `Did you mean ${suggestion}? ` : ''}milvus-sink --help shows how it is called`,
      },
    );
  }
  return undefined;
}

// --- internal ---

type Token =
  | { kind: 'positional'; text: string; index: number }
  | { kind: 'option'; text: string; value: string | undefined; index: number };

/** Splits arguments as getopt_long does: `--name value`, `--name=value`, `-x`, and nothing but files after `--`. */
function* tokens(rawArgs: readonly string[], def: ArgsDef): Generator<Token> {
  for (let index = 0; index < rawArgs.length; index++) {
    const text = rawArgs[index]!;
    if (text === '--') {
      for (let rest = index + 1; rest < rawArgs.length; rest++) {
        yield { kind: 'positional', text: rawArgs[rest]!, index: rest };
      }
      return;
    }
    if (!text.startsWith('-') || text === '-') {
      yield { kind: 'positional', text, index };
      continue;
    }
    const equals = text.indexOf('=');
    if (equals > 0) {
      yield { kind: 'option', text: text.slice(0, equals), value: text.slice(equals + 1), index };
      continue;
    }
    const name = optionName(text, def);
    const next = rawArgs[index + 1];
    const takesNext = name !== undefined && takesValue(name, def) && next !== undefined;
    if (takesNext && !next.startsWith('--')) {
      yield { kind: 'option', text, value: next, index };
      index++;
    } else {
      yield { kind: 'option', text, value: undefined, index };
    }
  }
}

/** `token=…` without its `--set` is no file, and its value may be a secret: only the key is repeated. */
function refuseSetting(text: string): void {
  const key = /^\s*([A-Za-z][\w.-]*)\s*=/.exec(text)?.[1];
  if (key === undefined) return;
  throw new SinkError('ARGUMENT_INVALID', 'this is a setting and no file', {
    expected: 'files, and settings after --set',
    found: `${key}=…`,
    fix: isSecretKey(key) ? `It is secret, and arguments are not. ${PROVIDER_HELP}` : `Write --set ${key}=…`,
  });
}

function takesValue(name: string, def: ArgsDef): boolean {
  return def[name]?.type === 'string' || def[name]?.type === 'enum';
}

function optionName(text: string, def: ArgsDef): string | undefined {
  if (text.startsWith('--')) {
    const name = text.slice(2);
    return Object.hasOwn(def, name) && def[name]!.type !== 'positional' ? name : undefined;
  }
  const letter = text.slice(1);
  for (const [name, arg] of Object.entries(def)) {
    if ('alias' in arg && arg.alias === letter) return name;
  }
  return undefined;
}

function optionValue(command: string, name: string, value: string | undefined, def: ArgsDef): string | true {
  const arg = def[name]!;
  const help = `milvus-sink ${command} --help lists the options`;
  const invalid = (summary: string, details: { expected?: string; found?: string }) =>
    new SinkError('ARGUMENT_INVALID', summary, { ...details, fix: help });
  if (!takesValue(name, def)) {
    if (value !== undefined) throw invalid(`--${name} takes no value`, { found: value });
    return true;
  }
  if (value === undefined || value === '') {
    const hint = arg.type === 'enum' ? arg.options!.join('|') : (arg.valueHint ?? 'value');
    throw invalid(`--${name} needs a value`, { expected: `--${name} ${hint}` });
  }
  if (arg.type === 'enum' && !arg.options!.includes(value)) {
    throw invalid(`--${name} does not know this value`, { expected: arg.options!.join(', '), found: value });
  }
  return value;
}

function unknownOption(command: string, text: string, def: ArgsDef): SinkError {
  const names = Object.keys(def).filter(name => def[name]!.type !== 'positional');
  const suggestion = nearest(
    text,
    names.map(name => `--${name}`),
  );
  const help = `milvus-sink ${command} --help lists the options`;
  return new SinkError('ARGUMENT_UNKNOWN', `${command} has no option ${text}`, {
    fix: suggestion ? `Did you mean ${suggestion}? ${help}` : help,
  });
}

/** A secret in the arguments is seen by every user of the machine, so it is not even accepted. */
function checkOverride(text: string): string {
  const equals = text.indexOf('=');
  const key = text.slice(0, equals).trim();
  if (equals < 1 || key === '') {
    throw new SinkError('ARGUMENT_INVALID', '--set takes a key and a value', {
      expected: '--set key=value',
      // What has no key may be a secret that lost it.
      ...(equals < 0 && { found: `${text.length} characters without =` }),
    });
  }
  const value = text.slice(equals + 1).trim();
  if (isSecretKey(key) && value !== '' && !/\$\{[^}]+\}/.test(value)) {
    throw new SinkError(
      'ARGUMENT_SECRET',
      `${key} is secret and arguments are not: ps shows them to everybody on this machine`,
      { expected: `${key} in a file, or a reference there such as \${env:NAME}`, fix: PROVIDER_HELP },
    );
  }
  return text;
}

/** How a secret gets into the process instead. */
export const PROVIDER_HELP =
  "Write in the worker's file: config.providers=env and " +
  'config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider; ' +
  `in the connector's: token=\${env:MILVUS_TOKEN} (FileConfigProvider reads it from a file)`;
