// From arguments to an exit code: which command is meant, help, and what a failure looks like on the screen.

import { type CommandDef, runCommand } from 'citty';
import { SinkError } from '../errors.ts';
import { createLogger, type LogFormat, type LogLevel } from '../observe/log.ts';
import { type CommandLine, chooseCommand, readCommandLine } from './args.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { renderHelp } from './help.ts';
import { ALL_ARGS, COMMANDS, type Command, MAIN_PAGE, PAGES } from './pages.ts';

/** What a command line touches of the process. */
export interface Terminal {
  out: (text: string) => void;
  /** Text with its line end. */
  err: (text: string) => void;
}

/** Runs a command line to its end. Never throws: what goes wrong is said on `err`. */
export async function runCli(rawArgs: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    if (rawArgs.length === 1 && (rawArgs[0] === '--version' || rawArgs[0] === '-v')) {
      const { VERSION } = await import('./version.ts');
      terminal.out(`milvus-sink ${VERSION}`);
      return EXIT.stopped;
    }
    const wantsHelp = rawArgs.some(arg => arg === '--help' || arg === '-h') || rawArgs[0] === 'help';
    const plainArgs = wantsHelp ? rawArgs.filter(arg => !HELP_WORDS.has(arg)) : rawArgs;
    const choice = chooseCommand(plainArgs, COMMANDS, ALL_ARGS);
    if (wantsHelp || !choice) {
      const page = renderHelp(choice ? PAGES[choice.command as Command] : MAIN_PAGE);
      if (wantsHelp) {
        terminal.out(page);
        return EXIT.stopped;
      }
      if (rawArgs.length > 0) {
        // Only options: let their own errors speak first.
        readCommandLine('run', rawArgs, PAGES.run.args);
        throw noFiles('run');
      }
      terminal.err(`${page}\n`);
      return EXIT.configuration;
    }
    const command = choice.command as Command;
    const line = readCommandLine(command, choice.rest, PAGES[command].args);
    checkFiles(command, line);
    const definition = await LOADERS[command]();
    // citty hands the arguments through; they have been read above, as it keeps one --set only.
    const { result } = await runCommand(definition, { rawArgs: [], data: line });
    return (result as ExitCode | undefined) ?? EXIT.stopped;
  } catch (error) {
    return explain(error, logOptions(rawArgs), terminal.err);
  }
}

/**
 * Says why the process ends.
 * @returns the exit code that belongs to it; 70 for what should not have happened
 */
export function explain(
  error: unknown,
  { format, level }: { format: LogFormat; level: LogLevel },
  write: (text: string) => void,
): ExitCode {
  const expected = error instanceof SinkError && error.kind !== 'internal';
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = expected ? error.message : `${INTERNAL}\n${stack}`;
  if (format === 'json') {
    const log = createLogger({ level: 'error', format, now: () => new Date(), write, mask: text => text });
    log.error(message, { code: error instanceof SinkError ? error.code : 'INTERNAL' });
  } else {
    write(`milvus-sink: ${message}\n`);
    if (expected && level === 'debug') write(`${stack}\n`);
  }
  return error instanceof SinkError ? exitCodeOf(error) : EXIT.internal;
}

// --- internal ---

const INTERNAL =
  'a defect of milvus-sink, sorry. Please report it with the lines below and `milvus-sink version`';
const HELP_WORDS = new Set(['--help', '-h', 'help']);

/** Each loads what it needs when it is called: --help and version start in milliseconds. */
// biome-ignore lint/suspicious/noExplicitAny: citty's definitions differ in their arguments, which are not read here.
const LOADERS: Record<Command, () => Promise<CommandDef<any>>> = {
  run: async () => ({ args: PAGES.run.args, run: ({ data }) => runFiles(data as CommandLine) }),
  validate: async () => (await import('./validate.ts')).default,
  healthcheck: async () => (await import('./healthcheck.ts')).default,
  version: async () => (await import('./version.ts')).default,
};

async function runFiles({ files, set, logFormat, logLevel }: CommandLine): Promise<ExitCode> {
  const [{ readConfiguration }, { checkClient }, { runSink }, { VERSION, COMMIT }] = await Promise.all([
    import('../config/read.ts'),
    import('./check-client.ts'),
    import('./run.ts'),
    import('./version.ts'),
  ]);
  const configuration = readConfiguration(files, set);
  for (const settings of configuration.connectors) await checkClient(settings, configuration.mask);
  const log = createLogger({
    level: logLevel,
    format: logFormat,
    now: () => new Date(),
    write: line => process.stderr.write(line),
    mask: configuration.mask,
  });
  return runSink({ configuration, log, version: VERSION, ...(COMMIT !== undefined && { commit: COMMIT }) });
}

function checkFiles(command: Command, { files }: CommandLine): void {
  if (command === 'version' && files.length > 0) {
    throw new SinkError('ARGUMENT_INVALID', 'version takes no files', {
      found: files.join(' '),
    });
  }
  if ((command === 'run' || command === 'validate') && files.length === 0) throw noFiles(command);
}

function noFiles(command: Command): SinkError {
  return new SinkError('ARGUMENT_INVALID', `${command} needs configuration files`, {
    expected: `milvus-sink ${command} worker.properties connector.properties (or one file with both)`,
    fix: `milvus-sink ${command} --help says more`,
  });
}

/** As far as they can be told when the command line itself is what is wrong. */
function logOptions(rawArgs: readonly string[]): { format: LogFormat; level: LogLevel } {
  const value = (name: string) =>
    rawArgs.find(arg => arg.startsWith(`${name}=`))?.slice(name.length + 1) ??
    rawArgs[rawArgs.indexOf(name) + 1 || rawArgs.length];
  return {
    format: value('--log-format') === 'json' ? 'json' : 'text',
    level: value('--log-level') === 'debug' ? 'debug' : 'info',
  };
}
