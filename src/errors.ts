// The one way to fail: a stable code, what was expected, what was found, where, and what to do.

/**
 * Who has to act: `configuration` the user's files, arguments or machine; `record` what is in a topic; `milvus` and
 * `kafka` refused or did not answer; `internal` a defect of ours. The command line makes exit codes of them.
 */
export type ErrorKind = 'configuration' | 'record' | 'milvus' | 'kafka' | 'internal';

/** Every code that a message can begin with, once: codes are stable, and scripts may look for them. */
const KINDS = {
  ARGUMENT_INVALID: 'configuration',
  ARGUMENT_SECRET: 'configuration',
  ARGUMENT_UNKNOWN: 'configuration',
  COMMAND_UNKNOWN: 'configuration',
  CONFIG_FILE: 'configuration',
  CONFIG_INVALID: 'configuration',
  HEALTHCHECK_FAILED: 'configuration',
  HTTP_ADDRESS_IN_USE: 'configuration',
  HTTP_ADDRESS_INVALID: 'configuration',
  HTTP_DISABLED: 'configuration',
  INSERT_MODE_AUTOID: 'configuration',
  MILVUS_TLS: 'configuration',
  NATIVE_LOAD: 'configuration',

  RECORD_ENVELOPE: 'record',
  RECORD_NOT_ASCII: 'record',
  RECORD_NOT_JSON: 'record',
  RECORD_NOT_OBJECT: 'record',
  RECORD_NOT_UTF8: 'record',
  RECORD_SCHEMA: 'record',
  RECORD_TOO_DEEP: 'record',
  ROW_ARRAY_TOO_LONG: 'record',
  ROW_FIELD_MISSING: 'record',
  ROW_FIELD_RANGE: 'record',
  ROW_FIELD_RESERVED: 'record',
  ROW_FIELD_TYPE: 'record',
  ROW_JSON_TOO_LONG: 'record',
  ROW_STRING_MALFORMED: 'record',
  ROW_VARCHAR_TOO_LONG: 'record',
  ROW_VECTOR_DIM: 'record',
  ROW_VECTOR_VALUE: 'record',
  MILVUS_REFUSED_ROW: 'record',
  MILVUS_REFUSES_EVERYTHING: 'record',
  MILVUS_ROW_TOO_LARGE: 'record',

  MILVUS_AUTH: 'milvus',
  MILVUS_COLLECTION_MISSING: 'milvus',
  MILVUS_DATABASE_MISSING: 'milvus',
  MILVUS_FIELD_UNSUPPORTED: 'milvus',
  MILVUS_REFUSED: 'milvus',
  MILVUS_ROW_COUNT: 'milvus',
  MILVUS_SCHEMA: 'milvus',
  MILVUS_UNANSWERED: 'milvus',
  MILVUS_UNIMPLEMENTED: 'milvus',

  KAFKA_AUTH: 'kafka',
  KAFKA_FATAL: 'kafka',
  KAFKA_FENCED: 'kafka',
  KAFKA_FORBIDDEN: 'kafka',
  KAFKA_GROUP_FORBIDDEN: 'kafka',
  KAFKA_GROUP_INVALID: 'kafka',
  KAFKA_GROUP_PROTOCOL: 'kafka',
  KAFKA_INSTANCE_IN_USE: 'kafka',
  KAFKA_NOT_COMMITTED: 'kafka',
  KAFKA_NO_OFFSET: 'kafka',
  KAFKA_REBALANCE: 'kafka',
  KAFKA_SESSION_TIMEOUT: 'kafka',
  KAFKA_TLS: 'kafka',
  KAFKA_TOPIC_FORBIDDEN: 'kafka',
  KAFKA_TOPIC_INVALID: 'kafka',
  KAFKA_UNREACHABLE: 'kafka',
  KAFKA_VERSION: 'kafka',

  INTERNAL: 'internal',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof KINDS;
/** Codes of what is wrong with a single record. */
export type RecordErrorCode = { [C in ErrorCode]: (typeof KINDS)[C] extends 'record' ? C : never }[ErrorCode];

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
  readonly code: ErrorCode;
  /** One clause saying what went wrong; `message` has the details as well. */
  readonly summary: string;
  readonly details: ErrorDetails;

  /** @param summary one clause saying what went wrong */
  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    super(render(code, summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SinkError';
    this.code = code;
    this.summary = summary;
    this.details = details;
  }

  get kind(): ErrorKind {
    return KINDS[this.code];
  }
}

/** Kafka Connect's stages, as its error headers name them (org.apache.kafka.connect.runtime.errors.Stage). */
export type Stage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'HEADER_CONVERTER' | 'TASK_PUT';

/** One record is bad: it stops the sink (`errors.tolerance=none`) or is skipped (`all`). */
export class RecordError extends SinkError {
  declare readonly code: RecordErrorCode;
  readonly stage: Stage;

  constructor(code: RecordErrorCode, stage: Stage, summary: string, details: ErrorDetails = {}) {
    super(code, summary, details);
    this.name = 'RecordError';
    this.stage = stage;
  }
}

/** What was thrown and is no SinkError is a defect of ours. */
export function internalError(thrown: unknown): SinkError {
  if (thrown instanceof SinkError) return thrown;
  return new SinkError('INTERNAL', 'a defect of milvus-sink: please report it', {
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
