// `milvus-sink version`: what exactly runs here, for a bug report.

import { version } from '../../package.json';
import type { CommandLine } from './args.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { columns } from './help.ts';
import type { Terminal } from './terminal.ts';

/** Version of milvus-sink, from package.json. */
export const VERSION: string = version;

/** Commit that the executable was built from; the build defines it, `bun src/main.ts` does not. */
export const COMMIT: string | undefined = process.env.BUILD_COMMIT || undefined;

export default async function showVersion(_: CommandLine, terminal: Terminal): Promise<ExitCode> {
  terminal.out(
    columns([
      ['milvus-sink', `${VERSION}${COMMIT ? ` (commit ${COMMIT})` : ''}`],
      ['bun', process.versions.bun ?? 'unknown'],
      ['librdkafka', await librdkafkaVersion()],
      ['platform', `${process.platform} ${process.arch}`],
    ]),
  );
  return EXIT.stopped;
}

// --- internal ---

/** An addon that does not load is what somebody may want to report. */
async function librdkafkaVersion(): Promise<string> {
  const { loadKafka } = await import('../kafka/load.ts');
  try {
    return loadKafka().librdkafkaVersion;
  } catch (error) {
    return `not loaded: ${error instanceof Error ? error.message : String(error)}`;
  }
}
