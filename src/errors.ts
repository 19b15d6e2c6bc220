// The one way to fail: a stable code, what was expected, what was found, where, and what to do.

/** Exit codes of the process, documented in the README. */
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

export interface ErrorDetails {
  /** What would have been right, e.g. `a vector of 8 numbers`. */
  expected?: string;
  /** What was there instead; secrets masked, long values cut. */
  found?: string;
  /** `file:line`, `topic-partition@offset`, or an endpoint. */
  where?: string;
  /** What the reader can do about it. */
  fix?: string;
  cause?: unknown;
}

/** An error meant for the user's eyes. `message` is the complete sentence, built from the details. */
export class SinkError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  /** One clause saying what went wrong; `message` has the details as well. */
  readonly summary: string;
  readonly details: ErrorDetails;

  /**
   * @param code stable upper-case code, e.g. `CONFIG_INVALID`, `RECORD_NOT_JSON`, `MILVUS_AUTH`
   * @param summary one clause saying what went wrong
   */
  constructor(code: string, exitCode: ExitCode, summary: string, details: ErrorDetails = {}) {
    super(render(code, summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SinkError';
    this.code = code;
    this.exitCode = exitCode;
    this.summary = summary;
    this.details = details;
  }
}

/** Kafka Connect's stages, as its error headers name them (org.apache.kafka.connect.runtime.errors.Stage). */
export type Stage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'HEADER_CONVERTER' | 'TASK_PUT';

/** One record is bad: it stops the sink (`errors.tolerance=none`) or is skipped (`all`). */
export class RecordError extends SinkError {
  readonly stage: Stage;

  constructor(code: string, stage: Stage, summary: string, details: ErrorDetails = {}) {
    super(code, EXIT.badRecord, summary, details);
    this.name = 'RecordError';
    this.stage = stage;
  }
}

/** What was thrown and is no SinkError is a defect of ours. */
export function internalError(thrown: unknown): SinkError {
  if (thrown instanceof SinkError) return thrown;
  return new SinkError('INTERNAL', EXIT.internal, 'a defect of milvus-sink: please report it', {
    found: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    cause: thrown,
  });
}

/** Place of a record as every message and log line writes it. */
export function place(record: { topic: string; partition: number; offset: number }): string {
  return `${record.topic}-${record.partition}@${record.offset}`;
}

// --- internal ---

function render(code: string, summary: string, d: ErrorDetails): string {
  let text = `${code}${d.where ? ` at ${d.where}` : ''}: ${summary}`;
  if (d.expected !== undefined) text += `; expected ${d.expected}`;
  if (d.found !== undefined) text += `; found ${d.found}`;
  if (d.fix) text += `. ${d.fix}`;
  return text;
}
