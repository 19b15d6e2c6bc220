// The commands as citty knows them: their options from pages.ts, their code loaded when they are chosen.

import { defineCommand, runCommand } from 'citty';
import { SinkError } from '../errors.ts';
import { type CommandLine, checkArguments, commandLine } from './args.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { COMMANDS, type Command, PAGES } from './pages.ts';
import type { Terminal } from './terminal.ts';

/** What a command's file exports. */
export type RunCommand = (line: CommandLine, terminal: Terminal) => Promise<ExitCode>;

/**
 * Runs a command to its end.
 * @param rawArgs without the command's name
 * @throws SinkError when the arguments are wrong, or what the command throws
 */
export async function run(
  command: Command,
  rawArgs: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  checkArguments(command, rawArgs, PAGES[command].args);
  // citty neither hands a sub-command anything but its arguments, nor hands its result on.
  let exitCode: ExitCode = EXIT.stopped;
  const define = (name: Command) =>
    defineCommand({
      meta: { name, description: PAGES[name].description },
      args: PAGES[name].args,
      async run({ args, rawArgs }) {
        const line = commandLine(args, rawArgs, PAGES[name].args);
        checkFiles(name, line.files);
        exitCode = await (await LOADERS[name]())(line, terminal);
      },
    });
  const subCommands = Object.fromEntries(COMMANDS.map(name => [name, () => define(name)]));
  await runCommand(defineCommand({ subCommands }), { rawArgs: [command, ...rawArgs] });
  return exitCode;
}

// --- internal ---

/** Each loads what it needs when it is called: --help and version start in milliseconds. */
const LOADERS: Record<Command, () => Promise<RunCommand>> = {
  run: async () => (await import('./run.ts')).default,
  validate: async () => (await import('./validate.ts')).default,
  healthcheck: async () => (await import('./healthcheck.ts')).default,
  version: async () => (await import('./version.ts')).default,
};

/** @throws SinkError ARGUMENT_INVALID when files are missing, or given to a command that takes none */
function checkFiles(command: Command, files: readonly string[]): void {
  if (command === 'version' && files.length > 0) {
    throw new SinkError('ARGUMENT_INVALID', 'version takes no files', { found: files.join(' ') });
  }
  if ((command === 'run' || command === 'validate') && files.length === 0) {
    throw new SinkError('ARGUMENT_INVALID', `${command} needs configuration files`, {
      expected: `milvus-sink ${command} worker.properties connector.properties … (or one file with both)`,
      fix: `milvus-sink ${command} --help says more`,
    });
  }
}
