// The SDK's form of a status, with enums as names, in the form that everything else here has.
import type { MilvusStatus } from '../wire/status.ts';

/** common.Status as the SDK gives it. */
export interface SdkStatus {
  error_code?: string | number;
  code?: number;
  reason?: string;
  detail?: string;
  retriable?: boolean;
  extra_info?: Record<string, string>;
}

/** Missing fields are 0, '' and false; a name that is not known here is an unexpected error. */
export function toStatus(status: SdkStatus): MilvusStatus {
  const { error_code: name = 0 } = status;
  return {
    errorCode: typeof name === 'number' ? name : numberOf(name),
    code: status.code ?? 0,
    reason: status.reason ?? '',
    detail: status.detail ?? '',
    retriable: status.retriable ?? false,
    inputError: status.extra_info?.is_input_error === 'true',
  };
}

// --- internal ---

function numberOf(name: string): number {
  return Object.hasOwn(LEGACY_CODES, name)
    ? LEGACY_CODES[name as keyof typeof LEGACY_CODES]
    : UNEXPECTED_ERROR;
}

const UNEXPECTED_ERROR = 1;

/** common.ErrorCode by name, as far as failure-table.ts knows it. */
const LEGACY_CODES = {
  Success: 0,
  UnexpectedError: UNEXPECTED_ERROR,
  ConnectFailed: 2,
  PermissionDenied: 3,
  CollectionNotExists: 4,
  IllegalArgument: 5,
  IllegalDimension: 7,
  IllegalCollectionName: 9,
  IllegalRowRecord: 11,
  IllegalVectorID: 12,
  MetaFailed: 15,
  CacheFailed: 16,
  OutOfMemory: 24,
  CollectionNameNotFound: 28,
  NotShardLeader: 45,
  NoReplicaAvailable: 46,
  ForceDeny: 48,
  RateLimit: 49,
  NodeIDNotMatch: 50,
  UpsertAutoIDTrue: 51,
  InsufficientMemoryToLoad: 52,
  MemoryQuotaExhausted: 53,
  DiskQuotaExhausted: 54,
  TimeTickLongDelay: 55,
  NotReadyServe: 56,
  NotReadyCoordActivating: 57,
  SchemaMismatch: 62,
  DataCoordNA: 100,
  DDRequestRace: 1000,
} as const;
