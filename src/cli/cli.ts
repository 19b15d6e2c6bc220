// From arguments to an exit code: help, the version, a command, and what a failure looks like on the screen.

import { SinkError } from '../errors.ts';
import { createLogger, type LogFormat, type LogLevel } from '../observe/log.ts';
import { chooseCommand, optionValues } from './args.ts';
import { run } from './commands.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { renderHelp } from './help.ts';
import { ALL_ARGS, COMMANDS, MAIN_PAGE, PAGES } from './pages.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line to its end. Never throws: what goes wrong is said on `err`.
 *
 * citty's own runMain prints by itself, ends the process with 1 whatever failed, and knows no `help`.
 */
export async function runCli(rawArgs: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    if (rawArgs.length === 0) {
      terminal.err(`${renderHelp(MAIN_PAGE)}\n`);
      return EXIT.configuration;
    }
    if (rawArgs.length === 1 && (rawArgs[0] === '--version' || rawArgs[0] === '-v')) {
      const { VERSION } = await import('./version.ts');
      terminal.out(`milvus-sink ${VERSION}`);
      return EXIT.stopped;
    }
    const wantsHelp = rawArgs.some(arg => arg === '--help' || arg === '-h') || rawArgs[0] === 'help';
    const plainArgs = wantsHelp ? rawArgs.filter(arg => !HELP_WORDS.has(arg)) : rawArgs;
    const choice = chooseCommand(plainArgs, COMMANDS, ALL_ARGS);
    if (wantsHelp) {
      terminal.out(renderHelp(choice ? PAGES[choice.command] : MAIN_PAGE));
      return EXIT.stopped;
    }
    // Only options: `run` finds what is wrong with them, or that files are missing.
    return await run(choice?.command ?? 'run', choice?.rest ?? rawArgs, terminal);
  } catch (error) {
    return explain(error, logOptions(rawArgs), terminal);
  }
}

/**
 * Says why the process ends.
 * @returns the exit code that belongs to it; 70 for what should not have happened
 */
export function explain(
  error: unknown,
  { format, level }: { format: LogFormat; level: LogLevel },
  { err }: Pick<Terminal, 'err'>,
): ExitCode {
  const expected = error instanceof SinkError && error.kind !== 'internal';
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = expected ? error.message : `${INTERNAL}\n${stack}`;
  if (format === 'json') {
    const log = createLogger({
      level: 'error',
      format,
      now: () => new Date(),
      write: err,
      mask: text => text,
    });
    log.error(message, { code: error instanceof SinkError ? error.code : 'INTERNAL' });
  } else {
    err(`milvus-sink: ${message}\n`);
    if (expected && level === 'debug') err(`${stack}\n`);
  }
  return error instanceof SinkError ? exitCodeOf(error) : EXIT.internal;
}

// --- internal ---

const INTERNAL =
  'a defect of milvus-sink, sorry. Please report it with the lines below and `milvus-sink version`';
const HELP_WORDS = new Set(['--help', '-h', 'help']);

/** As far as they can be told when the command line itself is what is wrong. */
function logOptions(rawArgs: readonly string[]): { format: LogFormat; level: LogLevel } {
  const last = (name: string) => optionValues(name, rawArgs, ALL_ARGS).at(-1);
  return {
    format: last('log-format') === 'json' ? 'json' : 'text',
    level: last('log-level') === 'debug' ? 'debug' : 'info',
  };
}
