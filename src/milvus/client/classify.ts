// What a failed call means for the sink: its status looked up in the tables, the most telling part of it first.
import type { MilvusStatus } from '../wire/status.ts';
import { Failure } from './failure.ts';
import {
  BY_CODE,
  BY_GRPC_CODE,
  BY_GRPC_DETAILS,
  BY_LEGACY_CODE,
  BY_TEXT,
  DATABASE_MISSING,
  httpRule,
  INVALID_PARAMETER,
  MAX_INSERT_SIZE,
  type Rule,
  UNEXPECTED,
} from './failure-table.ts';

/** A status of the gRPC call itself. */
export interface GrpcStatus {
  code: number;
  details: string;
}

/** undefined when the status is a success. */
export function classifyStatus(status: MilvusStatus): Failure | undefined {
  if (status.code === 0 && status.errorCode === 0) return undefined;
  const reason = shorten(status.reason || status.detail || 'no reason given');
  return failureOf(statusRule(status, reason), reason);
}

/** A call that ended without a message. */
export function classifyGrpc(status: GrpcStatus): Failure {
  return failureOf(grpcRule(status), shorten(plainDetails(status.details) || 'no details given'));
}

/** What grpc-js says about a connection without its preface, the date of its last try, and a heading without text. */
export function plainDetails(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[^)]{1,20}Z\)/, '')
    .replace(/\.?\s*Resolution note:\s*$/, '');
}

// --- internal ---

const MAX_REASON = 600;
const REQUEST_TOO_LARGE = /\binsert (request|message) size( \d+)? exceeds\b/i;

function statusRule({ code, errorCode, inputError, retriable }: MilvusStatus, reason: string): Rule {
  // milvus-lite: its own ILLEGAL_ARGUMENT, a number that neither of Milvus' enums uses with this meaning.
  if (code === 6 && errorCode === 6) {
    return /^database .* does not exist/i.test(reason) ? DATABASE_MISSING : INVALID_PARAMETER;
  }
  // milvus-lite: any exception of Python; Milvus' code 1 is retriable.
  if (code === 1 && errorCode === 1) return byText(reason) ?? UNEXPECTED;
  // Milvus 2.3 calls a JSON value that is no object a failed IO: the same bytes will not do better.
  if (code === 1001 && /\bjson: cannot unmarshal\b/.test(reason))
    return { kind: 'badRow', label: 'json_value' };
  // These numbers stand for a request that is too large as a whole, which can be halved (1102: maxInsertSize, inserts
  // only; 1100: a message of the log), and for rows that are wrong, one too large among them (internal/proxy/task_insert*).
  if ((code === 1100 || code === 1102) && REQUEST_TOO_LARGE.test(reason)) return MAX_INSERT_SIZE;
  // Before the flags: new servers call 100, 109 and 1400 input errors as well.
  const rule = code === 0 ? BY_LEGACY_CODE.get(errorCode) : BY_CODE.get(code);
  if (rule) return rule;
  if (inputError) return { kind: 'badRow', label: 'input_error' };
  return byText(reason) ?? (retriable ? { kind: 'retry', label: 'retriable' } : UNEXPECTED);
}

function grpcRule({ code, details }: GrpcStatus): Rule {
  // grpc-js turns a proxy's answer into a gRPC code and keeps the number in the details.
  const http = /HTTP status code (\d{3})/.exec(details)?.[1];
  if (http !== undefined && http !== '401' && http !== '403') return httpRule(http);
  const byDetails = BY_GRPC_DETAILS.find(([of, pattern]) => of === code && pattern.test(details))?.[2];
  const label = `grpc_${code >= 0 && code <= 16 ? code : 'other'}`;
  return byDetails ?? BY_GRPC_CODE.get(code) ?? byText(details) ?? { kind: 'unknown', label };
}

function byText(reason: string): Rule | undefined {
  return BY_TEXT.find(([pattern]) => pattern.test(reason))?.[1];
}

function failureOf({ kind, label, fix, errorCode }: Rule, reason: string): Failure {
  return new Failure(kind, label, reason, fix, errorCode);
}

/** The sentence goes on after it, so that a full stop of its own would be one too many. */
function shorten(text: string): string {
  return text.length > MAX_REASON
    ? `${text.slice(0, MAX_REASON)}…`
    : text.replace(/[.\s]+$/, '') || 'no reason given';
}
