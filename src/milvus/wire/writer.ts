// Protobuf's wire format into a buffer that grows when it is told to.

/** Bytes of a varint below 2^32. */
export function varintLength(n: number): number {
  return n < 0x80 ? 1 : n < 0x4000 ? 2 : n < 0x200000 ? 3 : n < 0x10000000 ? 4 : 5;
}

/** Bytes of a string in UTF-8. */
export function utf8Length(text: string): number {
  const { length } = text;
  if (length > SHORT) return Buffer.byteLength(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  return length;
}

/** Writes forward; room has to be reserved before. */
export class WireWriter {
  private buffer: Buffer;
  private view: DataView;
  at = 0;

  /** @param size bytes to begin with */
  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
    this.view = viewOf(this.buffer);
  }

  /** What has been written; not to be used when more is. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  /** Makes room for so many bytes more. */
  reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
    this.view = viewOf(larger);
  }

  byte(value: number): void {
    this.buffer[this.at++] = value;
  }

  /** @param n below 2^32 */
  varint(n: number): void {
    const { buffer } = this;
    let { at } = this;
    while (n > 0x7f) {
      buffer[at++] = (n & 0x7f) | 0x80;
      n >>>= 7;
    }
    buffer[at++] = n;
    this.at = at;
  }

  /** A length-delimited field's head; `tag` is below 16. */
  head(tag: number, length: number): void {
    this.buffer[this.at++] = tag;
    this.varint(length);
  }

  /** @param value a safe integer, or a bigint within 64 bits */
  int64(value: number | bigint): void {
    if (typeof value === 'number') {
      if (value >= 0 && value < 0x100000000) this.varint(value);
      else this.halves(value >>> 0, Math.floor(value / 0x100000000) >>> 0);
    } else {
      const bits = BigInt.asUintN(64, value);
      this.halves(Number(bits & 0xffffffffn), Number(bits >> 32n));
    }
  }

  /** @param length what `utf8Length` says of `text` */
  text(text: string, length: number): void {
    const { buffer, at } = this;
    if (length <= SHORT && length === text.length) {
      for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i);
    } else buffer.write(text, at, length, 'utf8');
    this.at = at + length;
  }

  float(value: number): void {
    this.view.setFloat32(this.at, value, true);
    this.at += 4;
  }

  double(value: number): void {
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  private halves(low: number, high: number): void {
    const { buffer } = this;
    let { at } = this;
    while (high !== 0) {
      buffer[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.at = at;
    this.varint(low);
  }
}

// --- internal ---

/** Up to here a loop over the characters beats a native call (scripts/benchmark/encode.ts). */
const SHORT = 48;

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
