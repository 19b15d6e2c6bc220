// Protobuf's wire format, read without a protobuf library: the few fields of Milvus' answers that matter here.

/** Wire types, the low three bits of a tag. */
export const VARINT = 0;
export const BYTES = 2;
const FIXED64 = 1;
const FIXED32 = 5;

/** Reads forward through one message. Every method throws a RangeError when the bytes are no protobuf message. */
export class WireReader {
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

  nested(): WireReader {
    return new WireReader(this.slice(this.varint()));
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
