// The status that every answer of Milvus carries (common.Status), whoever decoded it.

/** Fields of common.Status that matter here; absent ones are 0, '' and false. */
export interface MilvusStatus {
  /** The old enum common.ErrorCode. */
  errorCode: number;
  /** merr's code, since 2.3. */
  code: number;
  reason: string;
  detail: string;
  retriable: boolean;
  /** extra_info.is_input_error: the server blames the request. */
  inputError: boolean;
}

/** common.ErrorCode by name, as far as it tells something here; the SDK gives names. */
export const LEGACY_CODES: Readonly<Record<string, number>> = {
  Success: 0,
  UnexpectedError: 1,
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
};

/** The SDK's status object (enums as names) → ours; missing fields are 0, '' and false. */
export function toStatus(status: {
  error_code?: string | number;
  code?: number;
  reason?: string;
  detail?: string;
  retriable?: boolean;
  extra_info?: Record<string, string>;
}): MilvusStatus {
  const { error_code: name = 0 } = status;
  return {
    errorCode: typeof name === 'number' ? name : Object.hasOwn(LEGACY_CODES, name) ? LEGACY_CODES[name]! : 1,
    code: status.code ?? 0,
    reason: status.reason ?? '',
    detail: status.detail ?? '',
    retriable: status.retriable ?? false,
    inputError: status.extra_info?.is_input_error === 'true',
  };
}
