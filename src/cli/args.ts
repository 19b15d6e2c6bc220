// What citty leaves open in a command line: which command is meant, that its options exist, and a repeatable --set.
//
// citty reads arguments with node:util's parseArgs and looks at the values only: unknown options pass, --connect=no is
// true, and the last of a repeated option wins. So the tokens of the same parser are checked before citty sees them.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ArgDef, ArgsDef, ParsedArgs } from 'citty';
import { nearest } from '../config/value/suggest.ts';
import { SinkError } from '../errors.ts';
import type { LogFormat, LogLevel } from '../observe/log.ts';
import { checkOverride, refuseSetting } from './overrides.ts';
import type { COMMON_ARGS } from './pages.ts';

/** What a command gets of the command line, checked. */
export interface CommandLine {
  files: string[];
  /** `key=value` as given, in order. */
  set: string[];
  logFormat: LogFormat;
  logLevel: LogLevel;
  /** All options by name, with their defaults, as citty reads them. */
  options: ReadArgs;
}

/** What citty reads of any command's arguments. */
export type ReadArgs = ParsedArgs<typeof COMMON_ARGS>;

/** A command's name, and its arguments without it. */
export interface Choice<Name extends string> {
  command: Name;
  rest: string[];
}

/**
 * Which command is meant: its name wherever it stands first among the arguments that are no options, else `run` when
 * the first of them is a file. (citty would drop the options before a command, and take a file for an unknown one.)
 * @param def the options of all commands, to know which of them take a value
 * @param isFile tells whether a path exists
 * @returns undefined when there is no such argument
 * @throws SinkError COMMAND_UNKNOWN, ARGUMENT_UNKNOWN or ARGUMENT_INVALID
 */
export function chooseCommand<Name extends string>(
  rawArgs: readonly string[],
  commands: readonly (Name | 'run')[],
  def: ArgsDef,
  isFile: (path: string) => boolean = existsSync,
): Choice<Name | 'run'> | undefined {
  const tokens = tokenize(rawArgs, def);
  const first = tokens.find(token => token.kind === 'positional');
  if (first === undefined) return undefined;
  const { value: word, index } = first;
  const command = commands.find(name => name === word);
  if (command !== undefined) return { command, rest: rawArgs.filter((_, i) => i !== index) };
  if (isFile(word)) return { command: 'run', rest: [...rawArgs] };
  // What looks like a command may be the value of a mistyped option.
  for (const token of tokens) {
    if (token.kind === 'option' && token.index < index && !Object.hasOwn(def, token.name)) {
      throw unknownOption('run', token.rawName, def);
    }
  }
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

/**
 * Refuses what citty would let pass, so that it may read the rest.
 * @param rawArgs without the command's name
 * @param isFile tells whether a path exists
 * @throws SinkError ARGUMENT_UNKNOWN, ARGUMENT_INVALID or ARGUMENT_SECRET
 */
export function checkArguments(
  command: string,
  rawArgs: readonly string[],
  def: ArgsDef,
  isFile: (path: string) => boolean = existsSync,
): void {
  for (const token of tokenize(rawArgs, def)) {
    if (token.kind === 'positional' && !isFile(token.value)) refuseSetting(token.value);
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(def, token.name)) throw unknownOption(command, token.rawName, def);
    checkValue(command, token, def[token.name]!);
    if (token.name === 'set') checkOverride(token.value!);
  }
}

/**
 * A checked command line as a command takes it.
 * @param args what citty has read of it
 */
export function commandLine(args: ReadArgs, rawArgs: readonly string[], def: ArgsDef): CommandLine {
  return {
    files: args._,
    set: optionValues('set', rawArgs, def),
    logFormat: args['log-format'],
    logLevel: args['log-level'],
    options: args,
  };
}

/** All values of an option, in their order, of a command line that may be wrong elsewhere. */
export function optionValues(name: string, rawArgs: readonly string[], def: ArgsDef): string[] {
  return tokenize(rawArgs, def).flatMap(token =>
    token.kind === 'option' && token.name === name && token.value !== undefined ? [token.value] : [],
  );
}

// --- internal ---

type Token = ReturnType<typeof tokenize>[number];

/** The options are defined as citty defines them for the same parser. */
function tokenize(rawArgs: readonly string[], def: ArgsDef) {
  const options = Object.entries(def).map(([name, arg]) => {
    const type: 'string' | 'boolean' = takesValue(arg) ? 'string' : 'boolean';
    const short = 'alias' in arg && typeof arg.alias === 'string' ? arg.alias : undefined;
    return [name, { type, ...(short !== undefined && { short }) }] as const;
  });
  return parseArgs({
    args: rawArgs,
    options: Object.fromEntries(options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  }).tokens;
}

function takesValue(arg: ArgDef): boolean {
  return arg.type === 'string' || arg.type === 'enum';
}

/** @throws SinkError ARGUMENT_INVALID */
function checkValue(command: string, token: Extract<Token, { kind: 'option' }>, arg: ArgDef): void {
  const { name, value } = token;
  const invalid = (summary: string, details: { expected?: string; found?: string }) =>
    new SinkError('ARGUMENT_INVALID', summary, { ...details, fix: optionsHelp(command) });
  if (!takesValue(arg)) {
    if (value !== undefined) throw invalid(`--${name} takes no value`, { found: value });
    return;
  }
  const values = arg.type === 'enum' ? arg.options! : undefined;
  // The parser takes even an option for the value of the one before it.
  if (value === undefined || value === '' || (!token.inlineValue && value.startsWith('--'))) {
    const hint = values?.join('|') ?? arg.valueHint ?? 'value';
    throw invalid(`--${name} needs a value`, { expected: `--${name} ${hint}` });
  }
  if (values && !values.includes(value)) {
    throw invalid(`--${name} does not know this value`, { expected: values.join(', '), found: value });
  }
}

function unknownOption(command: string, text: string, def: ArgsDef): SinkError {
  const suggestion = nearest(
    text,
    Object.keys(def).map(name => `--${name}`),
  );
  const help = optionsHelp(command);
  return new SinkError('ARGUMENT_UNKNOWN', `${command} has no option ${text}`, {
    fix: suggestion ? `Did you mean ${suggestion}? ${help}` : help,
  });
}

function optionsHelp(command: string): string {
  return `milvus-sink ${command} --help lists the options`;
}
