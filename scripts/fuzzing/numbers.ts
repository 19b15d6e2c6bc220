// Texts of numbers: those of every day, and those that are hard to read.
import type { Random } from './random.ts';

/** As producers write measurements, prices and components of vectors. */
export function plainNumberText(random: Random): string {
  const x = (random.next() - 0.5) * 2 * 10 ** random.below(4);
  switch (random.below(5)) {
    case 0:
      return String(random.below(1000) - 500);
    case 1:
      return x.toFixed(1 + random.below(10));
    case 2:
      return String(Math.trunc(x * 1e6) / 1e6 + 0.0);
    case 3:
      return String(Math.fround(x));
    default:
      return Math.abs(x) < 1e-6 ? '0.5' : String(x);
  }
}

/** Anything that JSON's grammar has, and a little that it has not. */
export function numberText(random: Random): string {
  switch (random.below(14)) {
    case 0:
      return random.pick(SPECIAL);
    case 1:
      return String(doubleOf(random.bits()));
    case 2:
      return String(floatOf(random.below(2 ** 32)));
    case 3:
      return halfway(random);
    case 4:
      return digits(random, 1 + random.below(25));
    case 5:
      return `${digits(random, 1 + random.below(20))}.${zeros(random)}${digits(random, 1 + random.below(25))}`;
    case 6:
      return `${digits(random, 1 + random.below(4))}.${digits(random, 3)}e${random.pick(['', '+', '-'])}${random.below(340)}`;
    case 7:
      return `0.${zeros(random)}${digits(random, 1 + random.below(20))}`;
    case 8:
      return `-${numberText(random).replace(/^-/, '')}`;
    case 9:
      return String(BigInt.asIntN(64, random.bits()));
    case 10:
      return `${random.below(1000)}.${'0'.repeat(1 + random.below(3))}`;
    case 11:
      return doubleOf(random.bits() & 0x800fffffffffffffn).toString();
    default:
      return plainNumberText(random);
  }
}

// --- internal ---

const SPECIAL = [
  '0',
  '-0',
  '-0.0',
  '0e0',
  '1e308',
  '1.7976931348623157e308',
  '1.7976931348623159e308',
  '1e309',
  '1e400',
  '1e-400',
  '5e-324',
  '2.5e-324',
  '4.9406564584124654e-324',
  '1.1754943508222875e-38',
  '1.401298464324817e-45',
  '7.006492321624085e-46',
  '3.4028234663852886e38',
  '3.4028235677973366e38',
  '3.4028235677973365e38',
  '340282356779733661637539395458142568447',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '18446744073709551616',
  '1e21',
  '1e-6',
  '0.000001',
  '0.0000001',
  '0.1e1',
  '1E5',
  '1.0',
  '100',
  '1e2',
  '123456789012345678901234567890',
  '0.30000000000000004',
  '9007199254740993.5',
  '16777217',
  '16777217.000000001',
  '01',
  '.5',
  '1.',
  '+1',
  'NaN',
  'Infinity',
  '1e',
  '0x1',
];

const VIEW = new DataView(new ArrayBuffer(8));

function doubleOf(bits: bigint): number {
  VIEW.setBigUint64(0, bits);
  const x = VIEW.getFloat64(0);
  return Number.isFinite(x) ? x : 0.1;
}

function floatOf(bits: number): number {
  VIEW.setUint32(0, bits);
  const x = VIEW.getFloat32(0);
  return Number.isFinite(x) ? x : 0.1;
}

/** Between two neighbouring floats, or a hair beside: where rounding twice shows. */
function halfway(random: Random): string {
  const bits = (random.below(2) * 2 ** 31 + (90 + random.below(70)) * 2 ** 23 + random.below(2 ** 23)) >>> 0;
  const middle = (floatOf(bits) + floatOf(bits + 1)) / 2;
  const text = random.chance(0.5) ? middle.toPrecision(17 + random.below(40)) : String(middle);
  if (!text.includes('e') && text.includes('.') && random.chance(0.5))
    return text + random.pick(['0', '1', '0000000000001']);
  return text;
}

function digits(random: Random, count: number): string {
  let text = String(random.below(9) + 1);
  while (text.length < count) text += String(random.below(10));
  return text;
}

function zeros(random: Random): string {
  return '0'.repeat(random.below(random.chance(0.2) ? 12 : 2));
}
