// The executable's entry: hands the arguments to the command line and ends the process with its exit code.

import { explain, runCli } from './cli/cli.ts';
import { processTerminal } from './cli/terminal.ts';

const terminal = processTerminal();

// Bun would end with 1, which means a wrong configuration here.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    process.exit(explain(error, { format: 'text', level: 'debug' }, terminal));
  });
}

const code = await runCli(process.argv.slice(2), terminal);
// librdkafka's and gRPC's threads would keep a finished process alive.
process.exit(code);
