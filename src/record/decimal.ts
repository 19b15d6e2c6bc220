// Exact decimals: an unscaled integer and a scale, as Connect's Decimal has them and as every number's text says.

/** unscaled × 10^-scale. */
export interface Decimal {
  unscaled: bigint;
  scale: number;
}

/** Larger exponents than any data has, and small enough for the arithmetic. */
export const MAX_SCALE = 10000;

/** The decimal without an exponent, with as many decimals as the scale says: `12.50` for 1250 and 2. */
export function plainText({ unscaled, scale }: Decimal): string {
  if (scale <= 0) return (unscaled * 10n ** BigInt(-scale)).toString();
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The decimal as an integer: a number when it is safe, else a bigint; undefined when it has a fraction. */
export function toInteger({ unscaled, scale }: Decimal): number | bigint | undefined {
  let integer: bigint;
  if (scale <= 0) integer = unscaled * 10n ** BigInt(-scale);
  else {
    const unit = 10n ** BigInt(scale);
    if (unscaled % unit !== 0n) return undefined;
    integer = unscaled / unit;
  }
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

/** A big-endian two's complement integer, as Java's BigInteger reads it; at least one byte. */
export function bigIntegerOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

/**
 * A number's text → its exact value: JSON's grammar and Java's (`+7`, `007`, `5.`, `.5`).
 * @returns undefined when it is none, or its exponent is beyond MAX_SCALE
 */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = NUMBER.exec(text);
  if (!parts) return undefined;
  const [, sign, integer = '', fraction = '', exponent = '0'] = parts;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MAX_SCALE) return undefined;
  return { unscaled: BigInt(`${sign === '-' ? '-' : ''}${integer}${fraction}`), scale };
}

// --- internal ---

const NUMBER = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
