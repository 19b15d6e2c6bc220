// Reads the answer to a write (milvus.proto MutationResult) without a protobuf library.
import type { MilvusStatus } from './status.ts';

export interface MutationResult {
  status: MilvusStatus;
  insertCount: number;
  upsertCount: number;
  /** Indices of refused rows, as the server numbers them; most versions leave it empty. */
  errorIndex: number[];
}

/**
 * Unknown fields are skipped, so that a newer server's answer is read as well. Every response message of Milvus
 * carries its status as field 1, so this reads the status of any of them.
 * @throws RangeError when the bytes are no protobuf message
 */
export function decodeMutationResult(bytes: Uint8Array): MutationResult {
  const reader = new Reader(bytes);
  const result: MutationResult = { status: okStatus(), insertCount: 0, upsertCount: 0, errorIndex: [] };
  while (reader.more) {
    const tag = reader.varint();
    switch (tag) {
      case (1 << 3) | BYTES:
        decodeStatus(reader.nested(), result.status);
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

// --- internal ---

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function okStatus(): MilvusStatus {
  return { errorCode: 0, code: 0, reason: '', detail: '', retriable: false, inputError: false };
}

function decodeStatus(reader: Reader, status: MilvusStatus): void {
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
        const [key, value] = decodeEntry(reader.nested());
        if (key === 'is_input_error') status.inputError = value === 'true';
        break;
      }
      default:
        reader.skip(tag);
    }
  }
}

function decodeEntry(reader: Reader): [key: string, value: string] {
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

class Reader {
  private position = 0;
  /** Low 32 bits of the latest varint, signed. */
  private low = 0;
  constructor(private readonly bytes: Uint8Array) {}

  get more(): boolean {
    return this.position < this.bytes.length;
  }

  /** A negative one is written in 64 bits: the low half is it. */
  int32(): number {
    this.varint();
    return this.low;
  }

  /** Exact up to 2^53. */
  varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) break;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
      if (byte >= 0x80) continue;
      this.low = low;
      return (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
    }
    throw new RangeError('a varint does not end');
  }

  nested(): Reader {
    return new Reader(this.slice(this.varint()));
  }

  text(): string {
    const slice = this.slice(this.varint());
    return Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString('utf8');
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.slice(8);
        return;
      case BYTES:
        this.slice(this.varint());
        return;
      case FIXED32:
        this.slice(4);
        return;
      default:
        throw new RangeError(`wire type ${tag & 7} is not in use`);
    }
  }

  private slice(length: number): Uint8Array {
    const end = this.position + length;
    if (end > this.bytes.length) throw new RangeError('a field is longer than its message');
    const slice = this.bytes.subarray(this.position, end);
    this.position = end;
    return slice;
  }
}
