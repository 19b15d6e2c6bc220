// Where everything that milvus-sink writes leaves the process; nothing else in src/ names console or process.stdout.

/** What the command line touches of the process; made once, in main.ts, and passed down. */
export interface Terminal {
  /** The answer to a command, on standard output, for a person or a pipe. The last line's end is added. */
  out(text: string): void;
  /** Logs and failures, on standard error, in whole lines with their ends. */
  err(text: string): void;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A running sink makes console.log a line of the log (stray-output.ts); this stays what it was.
  const { log } = console;
  return {
    // Bun's process.stdout.write is asynchronous on a pipe: process.exit would cut an answer off after 64 KiB.
    out: text => log(text),
    err: text => void process.stderr.write(text),
  };
}
