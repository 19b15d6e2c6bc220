// Protobuf's wire format into a buffer whose size is known before: nothing grows, nothing is checked twice.

/** Bytes of a varint below 2^32. */
export function varintLength(n: number): number {
  return n < 0x80 ? 1 : n < 0x4000 ? 2 : n < 0x200000 ? 3 : n < 0x10000000 ? 4 : 5;
}

/** Bytes of a signed 64-bit varint (negative ones take ten, as protobuf has it). */
export function int64Length(value: number | bigint): number {
  if (typeof value === 'number') {
    if (value < 0) return 10;
    if (value < 0x100000000) return varintLength(value);
    return highLength(Math.floor(value / 0x100000000));
  }
  if (value < 0n) return 10;
  const high = Number(value >> 32n);
  return high === 0 ? varintLength(Number(value)) : highLength(high);
}

/** Bytes of a string in UTF-8. */
export function utf8Length(text: string): number {
  const { length } = text;
  if (length > SHORT) return Buffer.byteLength(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  return length;
}

/** Writes forward through one buffer of exactly `size` bytes. */
export class WireWriter {
  readonly buffer: Buffer;
  readonly view: DataView;
  at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, size);
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

/** Lengths noted while measuring, read back in the same order while writing, so that nothing is measured twice. */
export class LengthTape {
  private lengths = new Uint32Array(4096);
  private end = 0;
  private next = 0;

  /** Starts a measuring. */
  clear(): void {
    this.end = 0;
    this.next = 0;
  }

  push(length: number): void {
    this.fill(this.reserve(), length);
  }

  /** Takes a place for a length that is known only after those that follow it. */
  reserve(): number {
    if (this.end === this.lengths.length) {
      const longer = new Uint32Array(this.end * 2);
      longer.set(this.lengths);
      this.lengths = longer;
    }
    return this.end++;
  }

  fill(place: number, length: number): void {
    this.lengths[place] = length;
  }

  pop(): number {
    return this.lengths[this.next++]!;
  }
}

// --- internal ---

/** Up to here a loop over the characters beats a native call (scripts/benchmark/encode.ts). */
const SHORT = 48;

function highLength(high: number): number {
  return high < 0x8
    ? 5
    : high < 0x400
      ? 6
      : high < 0x20000
        ? 7
        : high < 0x1000000
          ? 8
          : high < 0x80000000
            ? 9
            : 10;
}
