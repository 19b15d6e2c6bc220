// What the process ends with, by the kind of what ended it, and what that means; nothing else knows these numbers.
import type { ErrorKind, SinkError } from '../errors.ts';

export const EXIT = {
  stopped: 0,
  configuration: 1,
  badRecord: 2,
  milvusRefused: 3,
  kafkaRefused: 4,
  /** A defect of ours (sysexits EX_SOFTWARE): the message asks for a report. */
  internal: 70,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each tells the user: in the README and, without the backticks, in the help. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.stopped]: 'stopped by SIGTERM or SIGINT; what was in flight is written and committed',
  [EXIT.configuration]:
    'configuration: a file, a key, an argument, or the HTTP port; all problems are listed with file and line',
  [EXIT.badRecord]:
    'a bad record with `errors.tolerance=none`; with `all`, more than `errors.max.consecutive` in a row that Milvus ' +
    'refuses; the offset is not committed',
  [EXIT.milvusRefused]:
    'Milvus refused: token, permission, database or collection missing (of a running sink: for longer than ' +
    '`milvus.refused.timeout.ms`); or a stop at which it did not answer what was in flight within its deadline (not ' +
    'committed, read again at the next start)',
  [EXIT.kafkaRefused]:
    'Kafka refused: credentials, TLS, permission on topic or group, a lost offset with `auto.offset.reset=none`; ' +
    'another copy has taken over `group.instance.id`; or a stop at which Kafka did not store all offsets within ' +
    '`offset.flush.timeout.ms` (named; what they cover is written, and will be written again)',
  [EXIT.internal]: 'a defect of milvus-sink: please report it',
};

/** The README's table. */
export function renderExitTable(): string {
  const rows = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

/** @param error what ended the process; undefined when it was stopped */
export function exitCodeOf(error: SinkError | undefined): ExitCode {
  return error ? BY_KIND[error.kind] : EXIT.stopped;
}

// --- internal ---

const BY_KIND: Record<ErrorKind, ExitCode> = {
  configuration: EXIT.configuration,
  record: EXIT.badRecord,
  milvus: EXIT.milvusRefused,
  kafka: EXIT.kafkaRefused,
  internal: EXIT.internal,
};
