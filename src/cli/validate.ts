// `milvus-sink validate`: are these files right, and with --connect, would the sink run with them now.

import { renderEffective } from '../config/effective.ts';
import { readConfiguration } from '../config/read.ts';
import type { Configuration, ConnectorSettings } from '../config/settings.ts';
import { SinkError } from '../errors.ts';
import { createLogger, escapeControl, type Logger } from '../observe/log.ts';
import type { CommandLine } from './args.ts';
import { checkClient } from './check-client.ts';
import { checkConnections } from './check-connections.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

export default async function validate(
  { files, set, options, logLevel, logFormat }: CommandLine,
  { out, err }: Terminal,
): Promise<ExitCode> {
  const configuration = readConfiguration(files, set);
  const log = createLogger({
    level: logLevel === 'info' ? 'warn' : logLevel,
    format: logFormat,
    now: () => new Date(),
    write: err,
    mask: configuration.mask,
  });
  const { show, connect } = options;
  return checkConfiguration(configuration, { show: show === true, connect: connect === true, log }, out);
}

/** What is asked for besides whether the files are right. */
export interface ValidateOptions {
  /** All settings in effect. */
  show: boolean;
  /** Kafka and Milvus. */
  connect: boolean;
  log: Logger;
}

/**
 * Checks the connectors and prints what is found: of one as it comes; of several beside each other, each in a block under
 * its name, so that the trouble of one does not hide another's.
 * @returns 0, or the exit code of the first connector in trouble
 * @throws SinkError when librdkafka does not take the settings of the only connector
 */
export async function checkConfiguration(
  { connectors, warnings, mask }: Configuration,
  options: ValidateOptions,
  print: (text: string) => void,
): Promise<ExitCode> {
  for (const warning of warnings) print(`warning: ${escapeControl(warning)}`);
  if (connectors.length === 1) return checkConnector(connectors[0]!, mask, options, print);
  if (warnings.length > 0) print('');
  const blocks = await Promise.all(connectors.map(settings => checkAsBlock(settings, mask, options)));
  print(blocks.map(({ text }) => text).join('\n\n'));
  return blocks.find(({ exitCode }) => exitCode !== EXIT.stopped)?.exitCode ?? EXIT.stopped;
}

// --- internal ---

/** @throws SinkError when librdkafka does not take the settings */
async function checkConnector(
  settings: ConnectorSettings,
  mask: (text: string) => string,
  options: ValidateOptions,
  print: (text: string) => void,
): Promise<ExitCode> {
  if (options.show) print(`${renderEffective(settings)}\n`);
  await checkClient(settings, mask);
  print(`files       ok      ${describe(settings)}`);
  return options.connect ? checkConnections(settings, mask, options.log, print) : EXIT.stopped;
}

async function checkAsBlock(
  settings: ConnectorSettings,
  mask: (text: string) => string,
  options: ValidateOptions,
): Promise<{ text: string; exitCode: ExitCode }> {
  const lines = [`${escapeControl(settings.name)}:`];
  const print = (text: string) => void lines.push(text);
  try {
    const exitCode = await checkConnector(settings, mask, options, print);
    return { text: lines.join('\n'), exitCode };
  } catch (error) {
    if (!(error instanceof SinkError)) throw error;
    lines.push(`files       failed  ${escapeControl(error.message)}`);
    return { text: lines.join('\n'), exitCode: exitCodeOf(error) };
  }
}

function describe(settings: ConnectorSettings): string {
  const { name, topics, topicsRegex, milvus, insertMode } = settings;
  const from = topics ? `topics ${topics.join(', ')}` : `topics like ${topicsRegex}`;
  const scheme = milvus.tls ? 'https' : 'http';
  return `${name}: ${from} → ${milvus.database}.${milvus.collection} at ${scheme}://${milvus.address}, ${insertMode}`;
}
