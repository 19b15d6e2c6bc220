// Connect's Decimal: an unscaled integer and a scale, told as the JSON value that keeps its exact value.

/** unscaled × 10^-scale. */
export interface Decimal {
  unscaled: bigint;
  scale: number;
}

/** Larger exponents than any data has, and small enough for the arithmetic. */
export const MAX_SCALE = 10000;

/**
 * An integer → number when it is safe, else bigint; a fraction → the number that is written with the same digits,
 * and when a double has not that many, the decimal digits as a string.
 */
export function decimalToJson(decimal: Decimal): number | bigint | string {
  const { unscaled, scale } = normalized(decimal);
  if (scale <= 0) {
    const integer = unscaled * 10n ** BigInt(-scale);
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  }
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const text = `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  const number = Number(text);
  const written = parseDecimal(String(number));
  const same = written !== undefined && sameValue(written, { unscaled, scale });
  return same ? number : text;
}

/** A big-endian two's complement integer, as Java's BigInteger reads it; at least one byte. */
export function bigIntegerOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

/** A JSON number's text → its exact value; undefined when it is none, or its exponent is beyond MAX_SCALE. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (!parts) return undefined;
  const [, sign, integer, fraction = '', exponent = '0'] = parts;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MAX_SCALE) return undefined;
  return { unscaled: BigInt(`${sign}${integer}${fraction}`), scale };
}

// --- internal ---

/** Without trailing zeros: at most one form for each value. */
function normalized({ unscaled, scale }: Decimal): Decimal {
  if (unscaled === 0n) return { unscaled, scale: 0 };
  const zeros = /0*$/.exec(unscaled.toString())![0].length;
  return { unscaled: unscaled / 10n ** BigInt(zeros), scale: scale - zeros };
}

function sameValue(a: Decimal, b: Decimal): boolean {
  const x = normalized(a);
  const y = normalized(b);
  return x.unscaled === y.unscaled && x.scale === y.scale;
}
