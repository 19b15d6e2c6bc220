// What a failed call means for the sink: one classification of Milvus' status codes and gRPC's, with what to do about each.
// Milvus' numbers are those of pkg/util/merr (2.3 to 3.0); before 2.3 only the enum common.ErrorCode is filled;
// milvus-lite has numbers of its own.

import { type ErrorCode, SinkError } from '../../errors.ts';
import type { MilvusStatus } from '../wire/status.ts';

/**
 * - `retry`: passes by itself; try again after a pause
 * - `overloaded`: the server limits the rate or lacks resources; try again, with less in flight
 * - `full`: memory, disk or quota; somebody must make room, so wait long and say so
 * - `tooLarge`: the request has too many bytes; halve it
 * - `badRow`: some row of the request is refused for its content
 * - `refused`: the operator's to fix; trying again is of no use
 * - `schemaChanged`: the collection is not what it was when it was described
 * - `unknown`: not in the tables here; try again, and name it
 */
export type FailureKind =
  | 'retry'
  | 'overloaded'
  | 'full'
  | 'tooLarge'
  | 'badRow'
  | 'refused'
  | 'schemaChanged'
  | 'unknown';

/** A status of the gRPC call itself. */
export interface GrpcStatus {
  code: number;
  details: string;
}

export class Failure {
  constructor(
    readonly kind: FailureKind,
    /** Short, bounded: a metric's label value. */
    readonly label: string,
    /** The server's words, cut. */
    readonly reason: string,
    /** What the reader can do; empty when waiting is all. */
    readonly fix = '',
    /** Stable code of the error that it becomes. */
    readonly errorCode: ErrorCode = kind === 'badRow' || kind === 'tooLarge'
      ? 'MILVUS_REFUSED_ROW'
      : 'MILVUS_REFUSED',
  ) {}

  /** The error that ends the sink when this failure is final. */
  error(where?: string): SinkError {
    return new SinkError(this.errorCode, SUMMARY[this.kind], {
      found: `${this.label}: ${this.reason}`,
      ...(where === undefined ? {} : { where }),
      ...(this.fix === '' ? {} : { fix: this.fix }),
    });
  }
}

/** undefined when the status is a success. */
export function classifyStatus(status: MilvusStatus): Failure | undefined {
  const { code, errorCode } = status;
  if (code === 0 && errorCode === 0) return undefined;
  const reason = shorten(status.reason || status.detail || 'no reason given');
  const make = (rule: Rule) => new Failure(rule.kind, rule.label, reason, rule.fix, rule.errorCode);
  // milvus-lite: its own ILLEGAL_ARGUMENT, a number that neither of Milvus' enums uses with this meaning.
  if (code === 6 && errorCode === 6) {
    return make(/^database .* does not exist/i.test(reason) ? DATABASE_MISSING : INVALID_PARAMETER);
  }
  // milvus-lite: any exception of Python; Milvus' code 1 is retriable.
  if (code === 1 && errorCode === 1) return make(byText(reason) ?? UNEXPECTED);
  // Milvus 2.3 calls a JSON value that is no object a failed IO: the same bytes will not do better.
  if (code === 1001 && /\bjson: cannot unmarshal\b/.test(reason))
    return make({ kind: 'badRow', label: 'json_value' });
  // These numbers stand for a request that is too large as a whole, which can be halved (1102: maxInsertSize, inserts
  // only; 1100: a message of the log), and for rows that are wrong, one too large among them (internal/proxy/task_insert*).
  if ((code === 1100 || code === 1102) && REQUEST_TOO_LARGE.test(reason)) return make(MAX_INSERT_SIZE);
  const rule = code === 0 ? BY_LEGACY_CODE.get(errorCode) : BY_CODE.get(code);
  if (rule) return make(rule);
  if (status.inputError) return make({ kind: 'badRow', label: 'input_error' });
  const known = byText(reason);
  if (known) return make(known);
  if (status.retriable) return make({ kind: 'retry', label: 'retriable' });
  return make(UNEXPECTED);
}

/** A call that ended without a message. */
export function classifyGrpc({ code, details }: GrpcStatus): Failure {
  const reason = shorten(plainDetails(details) || 'no details given');
  const make = (rule: Rule) => new Failure(rule.kind, rule.label, reason, rule.fix, rule.errorCode);
  // grpc-js turns a proxy's answer into a gRPC code and keeps the number in the details.
  const http = /HTTP status code (\d{3})/.exec(details)?.[1];
  if (http !== undefined && http !== '401' && http !== '403') {
    return make(
      http === '429' ? { kind: 'overloaded', label: 'http_429' } : { kind: 'retry', label: httpLabel(http) },
    );
  }
  switch (code) {
    case 16:
      return make(NOT_AUTHENTICATED);
    case 7:
      return make(NOT_PERMITTED);
    case 8:
      // grpc-go, grpc-python and grpc-js each say it in other words, with "larger than max" in common.
      return make(
        /larger than|too large/i.test(details)
          ? TOO_LARGE
          : { kind: 'overloaded', label: 'grpc_resource_exhausted' },
      );
    case 12:
      return make(UNIMPLEMENTED);
    case 3:
    case 11:
      return make({ kind: 'badRow', label: 'grpc_invalid_argument' });
    case 13:
      // The server could not parse the request: the same bytes will not do better.
      if (/unmarshal|deserializ/i.test(details)) return make({ kind: 'badRow', label: 'grpc_unparsable' });
      return make({ kind: 'retry', label: 'grpc_internal' });
    case 14:
      return make({ kind: 'retry', label: connectionLabel(details), ...tlsAdvice(details) });
    case 1:
      return make({ kind: 'retry', label: 'grpc_cancelled' });
    case 4:
      return make({ kind: 'retry', label: 'grpc_deadline_exceeded' });
    case 10:
      return make({ kind: 'retry', label: 'grpc_aborted' });
    default: {
      const known = byText(details);
      return make(known ?? { kind: 'unknown', label: `grpc_${code >= 0 && code <= 16 ? code : 'other'}` });
    }
  }
}

/** What grpc-js says about a connection without its preface, the date of its last try, and a heading without text. */
export function plainDetails(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[^)]{1,20}Z\)/, '')
    .replace(/\.?\s*Resolution note:\s*$/, '');
}

// --- internal ---

interface Rule {
  kind: FailureKind;
  label: string;
  fix?: string;
  errorCode?: ErrorCode;
}

const MAX_REASON = 600;

const SUMMARY: Record<FailureKind, string> = {
  retry: 'Milvus was not available for too long',
  overloaded: 'Milvus limited the rate for too long',
  full: 'Milvus has no room for more data',
  tooLarge: 'one row alone is larger than Milvus takes in a request',
  badRow: 'Milvus refuses a row for its content',
  refused: 'Milvus refuses the sink',
  schemaChanged: 'the collection keeps changing',
  unknown: 'Milvus answers with an error that is not known here',
};

const NOT_AUTHENTICATED: Rule = {
  kind: 'refused',
  label: 'not_authenticated',
  fix: 'Set `token` to a valid API key, or to user:password',
  errorCode: 'MILVUS_AUTH',
};
const NOT_PERMITTED: Rule = {
  kind: 'refused',
  label: 'not_permitted',
  fix: 'Grant the user of `token` DescribeCollection, Insert and Upsert on this collection',
  errorCode: 'MILVUS_AUTH',
};
const COLLECTION_MISSING: Rule = {
  kind: 'refused',
  label: 'collection_not_found',
  fix: 'Create the collection before the sink starts, or correct `collection.name` and `database.name`',
  errorCode: 'MILVUS_COLLECTION_MISSING',
};
const DATABASE_MISSING: Rule = {
  kind: 'refused',
  label: 'database_not_found',
  fix: 'Create the database, or correct `database.name`',
  errorCode: 'MILVUS_DATABASE_MISSING',
};
const UNIMPLEMENTED: Rule = {
  kind: 'refused',
  label: 'unimplemented',
  fix: 'This server does not know the call: it needs Milvus 2.3 or later for upserts (or set insert.mode=insert), and `public.endpoint` must be its gRPC endpoint',
  errorCode: 'MILVUS_UNIMPLEMENTED',
};
const AUTO_ID_UPSERT: Rule = {
  kind: 'refused',
  label: 'upsert_auto_id',
  fix: 'Set insert.mode=insert: rows of a collection with autoID cannot be upserted',
};
const STANDBY: Rule = {
  kind: 'refused',
  label: 'standby',
  fix: 'This cluster is a replica that takes no writes: point `public.endpoint` at the primary',
};
const INVALID_PARAMETER: Rule = { kind: 'badRow', label: 'invalid_parameter' };
const SCHEMA_CHANGED: Rule = { kind: 'schemaChanged', label: 'schema_mismatch' };
const UNEXPECTED: Rule = { kind: 'unknown', label: 'unexpected' };
const NOT_READY: Rule = { kind: 'retry', label: 'not_ready' };
const MEMORY: Rule = { kind: 'full', label: 'memory_limit', fix: 'Give Milvus more memory, or release data' };
const DISK: Rule = { kind: 'full', label: 'disk_limit', fix: 'Give Milvus more disk, or drop data' };
const QUOTA: Rule = {
  kind: 'full',
  label: 'quota_exceeded',
  fix: 'Writing is denied by a quota: raise it, or make room',
};
const TIME_TICK: Rule = { kind: 'full', label: 'time_tick_delay' };
const TOO_LARGE: Rule = {
  kind: 'tooLarge',
  label: 'message_too_large',
  fix: 'Raise proxy.grpc.serverMaxRecvSize in Milvus, or make the record smaller',
  errorCode: 'MILVUS_ROW_TOO_LARGE',
};

const MAX_INSERT_SIZE: Rule = {
  ...TOO_LARGE,
  label: 'max_insert_size',
  fix: 'Raise quotaAndLimits.limits.maxInsertSize in Milvus, or make the record smaller',
};
const REQUEST_TOO_LARGE = /\binsert (request|message) size( \d+)? exceeds\b/i;

const internalFailure = (label: string): Rule => ({ kind: 'retry', label });

/** merr codes. Looked up before extra_info: new servers call 100, 109 and 1400 input errors as well. */
const BY_CODE = new Map<number, Rule>([
  [1, NOT_READY],
  [2, { kind: 'retry', label: 'unavailable' }],
  [3, MEMORY],
  [4, { kind: 'overloaded', label: 'request_limit' }],
  [5, internalFailure('service_internal')],
  [6, STANDBY],
  [7, DISK],
  [8, { kind: 'overloaded', label: 'rate_limit' }],
  [9, QUOTA],
  [10, UNIMPLEMENTED],
  [11, TIME_TICK],
  [12, { kind: 'overloaded', label: 'resource_insufficient' }],
  [100, COLLECTION_MISSING],
  [103, NOT_READY],
  [106, { kind: 'retry', label: 'recovering' }],
  [108, STANDBY],
  [109, SCHEMA_CHANGED],
  [110, { kind: 'retry', label: 'schema_not_ready' }],
  [202, NOT_READY],
  [305, { kind: 'retry', label: 'unavailable' }],
  ...[400, 401, 500, 501, 503, 504, 505, 507].map(code => [code, internalFailure('channel')] as const),
  [800, DATABASE_MISSING],
  [802, DATABASE_MISSING],
  ...[901, 902, 903, 904, 905, 906].map(code => [code, internalFailure('node')] as const),
  ...[1000, 1001, 1002, 1003, 1008].map(code => [code, internalFailure('storage')] as const),
  [1100, INVALID_PARAMETER],
  [1101, { kind: 'badRow', label: 'missing_parameter' }],
  [1102, { kind: 'badRow', label: 'parameter_too_large' }],
  ...[1300, 1301, 1302, 1303].map(code => [code, internalFailure('message_queue')] as const),
  [1400, NOT_AUTHENTICATED],
  [1401, NOT_PERMITTED],
  [1700, SCHEMA_CHANGED],
  [1800, NOT_AUTHENTICATED],
  [1804, { kind: 'badRow', label: 'invalid_insert_data' }],
  [1806, { kind: 'badRow', label: 'primary_key' }],
  [1807, { kind: 'overloaded', label: 'rate_limit' }],
  [10000, { kind: 'retry', label: 'cancelled' }],
  [10001, { kind: 'retry', label: 'timeout' }],
]);

/** common.ErrorCode, all that servers before 2.3 fill. */
const BY_LEGACY_CODE = new Map<number, Rule>([
  [2, { kind: 'retry', label: 'unavailable' }],
  [3, NOT_PERMITTED],
  [4, COLLECTION_MISSING],
  [5, INVALID_PARAMETER],
  [7, { kind: 'badRow', label: 'dimension' }],
  [9, COLLECTION_MISSING],
  [11, { kind: 'badRow', label: 'row' }],
  [12, { kind: 'badRow', label: 'primary_key' }],
  [15, internalFailure('meta')],
  [16, internalFailure('meta')],
  [24, MEMORY],
  [28, COLLECTION_MISSING],
  [45, internalFailure('channel')],
  [46, internalFailure('channel')],
  [48, QUOTA],
  [49, { kind: 'overloaded', label: 'rate_limit' }],
  [50, internalFailure('node')],
  [51, AUTO_ID_UPSERT],
  [52, MEMORY],
  [53, MEMORY],
  [54, DISK],
  [55, TIME_TICK],
  [56, NOT_READY],
  [57, NOT_READY],
  [62, SCHEMA_CHANGED],
  [100, NOT_READY],
  [1000, internalFailure('meta')],
]);

/** Milvus up to 2.4 answers many refusals with "unexpected error" (65535, or the enum's 1): only the text tells. */
function byText(reason: string): Rule | undefined {
  if (/can't find collection|collection .*not (found|exist)|collection not found/i.test(reason))
    return COLLECTION_MISSING;
  if (/database .*not (found|exist)|database not found/i.test(reason)) return DATABASE_MISSING;
  if (
    /not a number|infinity|should divide the dim|exceeds? max|out of range|is illegal|type mismatch/i.test(
      reason,
    )
  ) {
    return INVALID_PARAMETER;
  }
  if (/upsert.*auto ?id/i.test(reason)) return AUTO_ID_UPSERT;
  if (/auth check failure|not authenticated|invalid (api ?key|token)/i.test(reason)) return NOT_AUTHENTICATED;
  if (/permission deny|permission denied|not permitted/i.test(reason)) return NOT_PERMITTED;
  if (/schema mismatch/i.test(reason)) return SCHEMA_CHANGED;
  if (/rate ?limit|too many requests|rate type/i.test(reason))
    return { kind: 'overloaded', label: 'rate_limit' };
  if (/quota|force deny|deny.*writing/i.test(reason)) return QUOTA;
  if (/context (canceled|deadline exceeded)|not ready|not healthy|unavailable/i.test(reason))
    return NOT_READY;
  return undefined;
}

function httpLabel(status: string): string {
  return ['404', '500', '502', '503', '504'].includes(status) ? `http_${status}` : 'http_other';
}

function connectionLabel(details: string): string {
  if (TLS_TROUBLE.test(details)) return 'tls';
  if (/Name resolution/i.test(details)) return 'name_resolution';
  return 'grpc_unavailable';
}

const TLS_TROUBLE = /SSL|TLS|certificate|ALPN|self.signed|altnames|CERT_|unable to verify/i;

const UNKNOWN_AUTHORITY =
  /self.signed|SELF_SIGNED|unable to (verify|get (local )?issuer)|UNABLE_TO_(VERIFY|GET_ISSUER)|unknown authority/i;

/** A wrong scheme and a bad certificate look like an absent server to gRPC: they are waited for, but named. */
function tlsAdvice(details: string): { fix?: string } {
  if (/WRONG_VERSION_NUMBER|packet length too long|HTTP_REQUEST/i.test(details)) {
    return { fix: 'The server speaks no TLS here: write http:// in `public.endpoint`' };
  }
  if (UNKNOWN_AUTHORITY.test(details)) {
    return {
      fix: 'No known authority has signed the server certificate: put the certificate of its authority, or its own if it is self-signed, into a PEM file and name that in `milvus.tls.ca.location`',
    };
  }
  if (!TLS_TROUBLE.test(details)) return {};
  return {
    fix: 'Check the name in `public.endpoint` and the certificate authority that signed the server certificate',
  };
}

/** The sentence goes on after it, so that a full stop of its own would be one too many. */
function shorten(text: string): string {
  return text.length > MAX_REASON
    ? `${text.slice(0, MAX_REASON)}…`
    : text.replace(/[.\s]+$/, '') || 'no reason given';
}
