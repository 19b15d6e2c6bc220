// What the process ends with, by the kind of what ended it. Documented in the README; nothing else knows these numbers.
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
