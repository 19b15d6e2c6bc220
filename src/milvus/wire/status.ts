// The status that every answer of Milvus carries (common.Status).
import { BYTES, VARINT, WireReader } from './reader.ts';

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

/**
 * The status of any answer: every response message of Milvus carries it as field 1.
 * @throws RangeError when the bytes are no protobuf message
 */
export function statusOf(answer: Uint8Array): MilvusStatus {
  const reader = new WireReader(answer);
  const status = okStatus();
  while (reader.more) {
    const tag = reader.varint();
    if (tag === STATUS) readStatus(reader.nested(), status);
    else reader.skip(tag);
  }
  return status;
}

/** Tag of the status in an answer. */
export const STATUS = (1 << 3) | BYTES;

export function okStatus(): MilvusStatus {
  return { errorCode: 0, code: 0, reason: '', detail: '', retriable: false, inputError: false };
}

/** Reads a status message into `status`; fields that it lacks stay as they are, unknown ones are skipped. */
export function readStatus(reader: WireReader, status: MilvusStatus): void {
  while (reader.more) {
    const tag = reader.varint();
    switch (tag) {
      case (1 << 3) | VARINT:
        status.errorCode = reader.int32();
        break;
      case (2 << 3) | BYTES:
        status.reason = reader.text();
        break;
      case (3 << 3) | VARINT:
        status.code = reader.int32();
        break;
      case (4 << 3) | VARINT:
        status.retriable = reader.varint() !== 0;
        break;
      case (5 << 3) | BYTES:
        status.detail = reader.text();
        break;
      case (6 << 3) | BYTES: {
        const [key, value] = readEntry(reader.nested());
        if (key === 'is_input_error') status.inputError = value === 'true';
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

// --- internal ---

/** An entry of a map<string, string>. */
function readEntry(reader: WireReader): [key: string, value: string] {
  let key = '';
  let value = '';
  while (reader.more) {
    const tag = reader.varint();
    if (tag === ((1 << 3) | BYTES)) key = reader.text();
    else if (tag === ((2 << 3) | BYTES)) value = reader.text();
    else reader.skip(tag);
  }
  return [key, value];
}
