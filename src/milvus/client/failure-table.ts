// What each of Milvus' and gRPC's codes means, and what to do about it. classify.ts has the order in which they are asked.
// Milvus' numbers are those of pkg/util/merr (2.3 to 3.0); before 2.3 only the enum common.ErrorCode is filled.
import type { ErrorCode } from '../../errors.ts';
import type { FailureKind } from './failure.ts';

/** What a code or a text means: a Failure without the server's words. */
export interface Rule {
  kind: FailureKind;
  label: string;
  fix?: string;
  /** Absent: what Failure makes of the kind. */
  errorCode?: ErrorCode;
}

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
export const DATABASE_MISSING: Rule = {
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
export const INVALID_PARAMETER: Rule = { kind: 'badRow', label: 'invalid_parameter' };
const SCHEMA_CHANGED: Rule = { kind: 'schemaChanged', label: 'schema_mismatch' };
export const UNEXPECTED: Rule = { kind: 'unknown', label: 'unexpected' };
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

export const MAX_INSERT_SIZE: Rule = {
  ...TOO_LARGE,
  label: 'max_insert_size',
  fix: 'Raise quotaAndLimits.limits.maxInsertSize in Milvus, or make the record smaller',
};

const internalFailure = (label: string): Rule => ({ kind: 'retry', label });

/** merr's codes. */
export const BY_CODE: ReadonlyMap<number, Rule> = new Map<number, Rule>([
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
export const BY_LEGACY_CODE: ReadonlyMap<number, Rule> = new Map<number, Rule>([
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

/** Milvus up to 2.4 answers many refusals with "unexpected error" (65535, or the enum's 1): only the text tells. First match. */
export const BY_TEXT: readonly (readonly [RegExp, Rule])[] = [
  [/can't find collection|collection .*not (found|exist)|collection not found/i, COLLECTION_MISSING],
  [/database .*not (found|exist)|database not found/i, DATABASE_MISSING],
  [
    /not a number|infinity|should divide the dim|exceeds? max|out of range|is illegal|type mismatch/i,
    INVALID_PARAMETER,
  ],
  [/upsert.*auto ?id/i, AUTO_ID_UPSERT],
  [/auth check failure|not authenticated|invalid (api ?key|token)/i, NOT_AUTHENTICATED],
  [/permission deny|permission denied|not permitted/i, NOT_PERMITTED],
  [/schema mismatch/i, SCHEMA_CHANGED],
  [/rate ?limit|too many requests|rate type/i, { kind: 'overloaded', label: 'rate_limit' }],
  [/quota|force deny|deny.*writing/i, QUOTA],
  [/context (canceled|deadline exceeded)|not ready|not healthy|unavailable/i, NOT_READY],
];

/** gRPC's status codes, as far as they tell something by themselves. */
export const BY_GRPC_CODE: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [1, { kind: 'retry', label: 'grpc_cancelled' }],
  [3, { kind: 'badRow', label: 'grpc_invalid_argument' }],
  [4, { kind: 'retry', label: 'grpc_deadline_exceeded' }],
  [7, NOT_PERMITTED],
  [8, { kind: 'overloaded', label: 'grpc_resource_exhausted' }],
  [10, { kind: 'retry', label: 'grpc_aborted' }],
  [11, { kind: 'badRow', label: 'grpc_invalid_argument' }],
  [12, UNIMPLEMENTED],
  [13, { kind: 'retry', label: 'grpc_internal' }],
  [14, { kind: 'retry', label: 'grpc_unavailable' }],
  [16, NOT_AUTHENTICATED],
]);

/** Details that say more than gRPC's code does. First match. */
export const BY_GRPC_DETAILS: readonly (readonly [number, RegExp, Rule])[] = [
  // grpc-go, grpc-python and grpc-js each say it in other words, with "larger than max" in common.
  [8, /larger than|too large/i, TOO_LARGE],
  // The server could not parse the request: the same bytes will not do better.
  [13, /unmarshal|deserializ/i, { kind: 'badRow', label: 'grpc_unparsable' }],
  // A wrong scheme and a bad certificate look like an absent server to gRPC: they are waited for, but named.
  [
    14,
    // BoringSSL's words (grpc-js) and OpenSSL's (native).
    /WRONG.VERSION.NUMBER|packet length too long|HTTP.REQUEST/i,
    {
      kind: 'retry',
      label: 'tls',
      fix: 'The server speaks no TLS here: write http:// in `public.endpoint`',
    },
  ],
  [
    14,
    /self.signed|SELF_SIGNED|unable to (verify|get (local )?issuer)|UNABLE_TO_(VERIFY|GET_ISSUER)|unknown authority/i,
    {
      kind: 'retry',
      label: 'tls',
      fix: 'No known authority has signed the server certificate: put the certificate of its authority, or its own if it is self-signed, into a PEM file and name that in `milvus.tls.ca.location`',
    },
  ],
  [
    14,
    /SSL|TLS|certificate|ALPN|altnames|CERT_/i,
    {
      kind: 'retry',
      label: 'tls',
      fix: 'Check the name in `public.endpoint` and the certificate authority that signed the server certificate',
    },
  ],
  [14, /Name resolution/i, { kind: 'retry', label: 'name_resolution' }],
];

/** A proxy's own answers, by the HTTP status that grpc-js writes into the details; 401 and 403 are gRPC's 16 and 7. */
export function httpRule(status: string): Rule {
  if (status === '429') return { kind: 'overloaded', label: 'http_429' };
  const known = ['404', '500', '502', '503', '504'].includes(status);
  return { kind: 'retry', label: known ? `http_${status}` : 'http_other' };
}
