// Reads the answer to a write (milvus.proto MutationResult).
import { BYTES, VARINT, WireReader } from './reader.ts';
import { type MilvusStatus, okStatus, readStatus, STATUS } from './status.ts';

/** What of it matters here; absent counts are 0. */
export interface MutationResult {
  status: MilvusStatus;
  insertCount: number;
  upsertCount: number;
  /** Indices of refused rows, as the server numbers them; most versions leave it empty. */
  errorIndex: number[];
}

/**
 * Unknown fields are skipped, so that a newer server's answer is read as well.
 * @throws RangeError when the bytes are no protobuf message
 */
export function decodeMutationResult(bytes: Uint8Array): MutationResult {
  const reader = new WireReader(bytes);
  const result: MutationResult = { status: okStatus(), insertCount: 0, upsertCount: 0, errorIndex: [] };
  while (reader.more) {
    const tag = reader.varint();
    switch (tag) {
      case STATUS:
        readStatus(reader.nested(), result.status);
        break;
      case (4 << 3) | BYTES:
        for (const packed = reader.nested(); packed.more; ) result.errorIndex.push(packed.varint());
        break;
      case (4 << 3) | VARINT:
        result.errorIndex.push(reader.varint());
        break;
      case (6 << 3) | VARINT:
        result.insertCount = reader.varint();
        break;
      case (8 << 3) | VARINT:
        result.upsertCount = reader.varint();
        break;
      default:
        reader.skip(tag);
    }
  }
  return result;
}
