// `milvus-sink run`: the files are read and what librdkafka would refuse is refused before the sink starts.

import { readConfiguration } from '../config/read.ts';
import { createLogger } from '../observe/log.ts';
import type { CommandLine } from './args.ts';
import { checkClients } from './check-client.ts';
import type { ExitCode } from './exit-codes.ts';
import { runSink } from './run.ts';
import type { Terminal } from './terminal.ts';
import { COMMIT, VERSION } from './version.ts';

export default async function run(line: CommandLine, { err }: Terminal): Promise<ExitCode> {
  const configuration = readConfiguration(line.files, line.set);
  const { connectors, mask } = configuration;
  await checkClients(connectors, mask);
  const log = createLogger({
    level: line.logLevel,
    format: line.logFormat,
    now: () => new Date(),
    write: err,
    mask,
  });
  const commit = COMMIT !== undefined && { commit: COMMIT };
  return runSink({ configuration, log, err, version: VERSION, ...commit });
}
