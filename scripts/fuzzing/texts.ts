// Random JSON texts for a collection: mostly what producers write, in their ways of writing it, with everything in it that
// a decoder may get wrong; some of them spoiled byte by byte.
import type { FieldSchema } from '../../src/milvus/field/schema.ts';
import { DataType } from '../../src/milvus/wire/data-type.ts';
import { type CollectionCase, STRANGE_NAMES } from './collection.ts';
import { numberText, plainNumberText } from './numbers.ts';
import type { Random } from './random.ts';

/** How one record is written. */
interface Style {
  /** Between tokens. */
  space(random: Random): string;
  afterComma: string;
  afterColon: string;
  /** Which characters of strings become escapes. */
  escapes: 'needed' | 'ascii' | 'some';
  /** Nothing that a producer would not send. */
  ordinary: boolean;
}

/** A text, and whether it is one that producers send every day: such a one must be read natively when it is a row. */
export interface GeneratedText {
  bytes: Uint8Array;
  ordinary: boolean;
}

export function randomText(collection: CollectionCase, random: Random): GeneratedText {
  const style = randomStyle(random);
  // Names that JSON writes with an escape are nobody's.
  if (collection.fields.some(({ name }) => JSON.stringify(name).length > name.length + 2))
    style.ordinary = false;
  const text = record(collection, style, random);
  const bytes = Buffer.from(text, 'utf8');
  if (style.ordinary || random.chance(0.7)) return { bytes, ordinary: style.ordinary };
  return { bytes: spoiled(bytes, random), ordinary: false };
}

// --- internal ---

const NO_SPACE = () => '';
const SPACES = ['', '', '', ' ', '\n', '\t', '\r\n', '  '];

function randomStyle(random: Random): Style {
  const ordinary = random.chance(0.3);
  const compact = { space: NO_SPACE, afterComma: '', afterColon: '' };
  const python = { space: NO_SPACE, afterComma: ' ', afterColon: ' ' };
  const escapes = random.pick(['needed', 'ascii', 'some'] as const);
  if (ordinary || random.chance(0.6))
    return { ...(random.chance(0.5) ? compact : python), escapes, ordinary };
  return { space: one => one.pick(SPACES), afterComma: '', afterColon: '', escapes, ordinary };
}

function record({ fields, dynamic, dropped }: CollectionCase, style: Style, random: Random): string {
  const members: [name: string, value: string][] = [];
  for (const field of fields) {
    if (field.functionOutput ? random.chance(0.8) : !field.primary && random.chance(0.08)) continue;
    if (style.ordinary && field.functionOutput && !dropped.includes(field.name)) continue;
    members.push([field.name, fieldText(field, style, random)]);
  }
  const strange = style.ordinary ? (dynamic ? ['extra', 'unused'] : strangeOf(dropped)) : STRANGE_NAMES;
  for (const name of strange)
    if (random.chance(0.5 / strange.length)) members.push([name, anyText(style, random, 3)]);
  if (!style.ordinary) {
    if (random.chance(0.02)) members.push(random.pick(members));
    if (random.chance(0.02)) members.push([random.pick(['__proto__', '$meta']), anyText(style, random, 3)]);
  }
  if (random.chance(0.3)) members.sort(() => random.next() - 0.5);
  const text = objectText(members, style, random);
  return style.space(random) + text + style.space(random);
}

function strangeOf(dropped: readonly string[]): string[] {
  return dropped.filter(name => STRANGE_NAMES.includes(name));
}

function fieldText(field: FieldSchema, style: Style, random: Random): string {
  if (!style.ordinary && random.chance(0.06)) return anyText(style, random, 3);
  if ((field.nullable || field.hasDefault) && random.chance(0.1)) return 'null';
  switch (field.type) {
    case DataType.Bool:
      return random.pick(['true', 'false']);
    case DataType.Int8:
      return integerText(8n, style, random);
    case DataType.Int16:
      return integerText(16n, style, random);
    case DataType.Int32:
      return integerText(32n, style, random);
    case DataType.Int64:
      return integerText(64n, style, random);
    case DataType.Float:
    case DataType.Double:
      return style.ordinary ? plainNumberText(random) : numberText(random);
    case DataType.VarChar:
    case DataType.Text:
      return stringText(style, random);
    case DataType.FloatVector: {
      const wrong = !style.ordinary && random.chance(0.03) ? random.pick([-1, 1]) : 0;
      const number = style.ordinary || random.chance(0.5) ? plainNumberText : numberText;
      return arrayText(
        Array.from({ length: (field.dim ?? 0) + wrong }, () => number(random)),
        style,
        random,
      );
    }
    case DataType.Array:
      return elementsText(field, style, random);
    case DataType.SparseFloatVector:
      return sparseText(style, random);
    default:
      return anyText(style, random, 4);
  }
}

/** In one of the three forms, sorted or not; of the hostile ones some have an index twice, or what is none. */
function sparseText(style: Style, random: Random): string {
  const hostile = !style.ordinary && random.chance(0.3);
  const known = new Map<string, string>();
  const length = random.below(random.chance(0.05) ? 200 : 6);
  for (let i = 0; i < length; i++) {
    const weight = plainNumberText(random).replace('-', '');
    known.set(String(random.below(random.chance(0.5) ? 1000 : 2 ** 32 - 1)), weight);
  }
  const pairs = [...known];
  if (random.chance(0.5)) pairs.sort((a, b) => Number(a[0]) - Number(b[0]));
  if (hostile && pairs.length > 0) {
    const pair = random.pick(pairs);
    const chosen = random.below(4);
    if (chosen === 0) pair[0] = random.pick(HOSTILE_INDICES);
    else if (chosen === 1) pair[1] = random.chance(0.5) ? numberText(random) : random.pick(HOSTILE_WEIGHTS);
    else if (chosen === 2) pairs.push([...random.pick(pairs)]);
  }
  const list = (items: readonly string[]) => arrayText(items, style, random);
  const name = (text: string) => (/^".*"$/.test(text) ? text.slice(1, -1) : text);
  switch (random.below(3)) {
    case 0:
      return objectText(
        pairs.map(([index, weight]) => [name(index), weight]),
        style,
        random,
      );
    case 1:
      return list(pairs.map(pair => list(hostile && random.chance(0.03) ? [...pair, '1'] : pair)));
    default: {
      const members: [string, string][] = [
        ['indices', list(pairs.map(([index]) => index))],
        ['values', list(pairs.map(([, weight]) => weight))],
      ];
      if (random.chance(0.3)) members.reverse();
      if (hostile && random.chance(0.4)) spoilLists(members, style, random);
      return objectText(members, style, random);
    }
  }
}

/** Members more and less, and lists that are none or of another length. */
function spoilLists(members: [string, string][], style: Style, random: Random): void {
  const more: [string, string][] = [
    ['7', '0.5'],
    ['x', 'null'],
    ['indices', '[1]'],
    ['values', '[]'],
    ['indices', '{}'],
  ];
  if (random.chance(0.3)) members.splice(random.below(2), 1);
  if (random.chance(0.6)) members.splice(random.below(3), 0, random.pick(more));
  if (random.chance(0.2)) random.pick(members)[1] = arrayText(['1', '2'], style, random);
}

const HOSTILE_INDICES = [
  '4294967294',
  '4294967295',
  '4294967296',
  '99999999999',
  '-1',
  '-0',
  '0',
  '00',
  '07',
  '7.0',
  '7e0',
  '7.5',
  '',
  'null',
  '"7"',
  '1e2',
  '__proto__',
  'constructor',
];
const HOSTILE_WEIGHTS = [
  '-0',
  '-0.0',
  '-1e-50',
  '-1e-400',
  '1e-50',
  '1e39',
  '3.4028235677973366e38',
  '"1"',
  'null',
  'true',
  '[1]',
];

/** Now and then so many that lengths take more bytes, or one more than there may be. */
function elementsText(field: FieldSchema, style: Style, random: Random): string {
  const { maxCapacity = 200, elementType } = field;
  const most = Math.min(maxCapacity, random.chance(0.05) ? 200 : 6);
  const beyond = !style.ordinary && random.chance(0.03) ? 1 : 0;
  const length = beyond ? Math.min(maxCapacity, 200) + beyond : random.below(most + 1);
  const element = { ...field, type: elementType!, nullable: false, hasDefault: false };
  // Most elements of a hostile style are still as they should be: else no array of many would be.
  const plain = { ...style, ordinary: style.ordinary || random.chance(0.6) };
  const item = () =>
    !plain.ordinary && random.chance(0.02)
      ? random.pick(['null', '', '[]', '"', '-1', '0'])
      : fieldText(element, plain, random);
  return arrayText(Array.from({ length }, item), style, random);
}

function integerText(bits: bigint, style: Style, random: Random): string {
  if (!style.ordinary && random.chance(0.15)) return numberText(random);
  const wide = BigInt.asIntN(Number(bits), random.bits() >> BigInt(random.below(64)));
  if (random.chance(0.1)) {
    const limit = 1n << (bits - 1n);
    const beyond = style.ordinary ? 0n : BigInt(random.below(3) - 1);
    return String(random.chance(0.5) ? limit - 1n + beyond : -limit - beyond);
  }
  return String(wide);
}

function anyText(style: Style, random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 10 : 7);
  if (kind < 3) return stringText(style, random);
  if (kind < 5) return style.ordinary ? plainNumberText(random) : numberText(random);
  if (kind < 7) return random.pick(['true', 'false', 'null']);
  if (!style.ordinary && random.chance(0.01)) {
    const deep = 50 + random.below(30);
    return random.chance(0.5)
      ? '['.repeat(deep) + ']'.repeat(deep)
      : '{"a":'.repeat(deep) + '1' + '}'.repeat(deep);
  }
  const length = random.below(5);
  if (kind === 7)
    return arrayText(
      Array.from({ length }, () => anyText(style, random, depth - 1)),
      style,
      random,
    );
  const names = style.ordinary
    ? ['color', 'size', 'sub', 'größe', 'tags']
    : ['a', 'b', 'color', '', '12', '__proto__x', '-1'];
  const members = new Map<string, string>();
  for (let i = 0; i < length; i++) members.set(random.pick(names), anyText(style, random, depth - 1));
  const list = [...members];
  if (!style.ordinary && random.chance(0.02) && list.length > 0) list.push(list[0]!);
  return objectText(list, style, random);
}

function arrayText(items: readonly string[], style: Style, random: Random): string {
  const sp = () => style.space(random);
  return `[${items.map(item => sp() + item + sp()).join(`,${style.afterComma}`) || sp()}]`;
}

function objectText(members: readonly (readonly [string, string])[], style: Style, random: Random): string {
  const sp = () => style.space(random);
  const one = ([name, value]: readonly [string, string]) =>
    `${sp()}${quoted(name, nameStyle(style, random))}${sp()}:${style.afterColon}${sp()}${value}${sp()}`;
  return `{${members.map(one).join(`,${style.afterComma}`) || sp()}}`;
}

/** Names are escaped only where they must be, or rarely. */
function nameStyle(style: Style, random: Random): Style['escapes'] {
  return style.ordinary || random.chance(0.95) ? 'needed' : style.escapes;
}

const PIECES = [
  'a',
  'the quick brown fox',
  ' ',
  'é',
  'ß',
  '中文',
  '😀',
  '\u{10ffff}',
  '\u2028',
  '\u2029',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ufffd',
  '\uffff',
  '"',
  '\\',
  '/',
  '\n',
  '\t',
  '12345678',
];
const NASTY_PIECES = ['\u0000', '\u001f', '\b', '\f', '\r', '\ud800', '\udfff', '\ud83d', '\udbff', '\ufeff'];

function stringText(style: Style, random: Random): string {
  let text = '';
  const pieces = random.below(random.chance(0.1) ? 20 : 4);
  for (let i = 0; i < pieces; i++) {
    text += random.pick(style.ordinary || random.chance(0.9) ? PIECES : NASTY_PIECES);
  }
  return quoted(text, style.escapes, random);
}

function quoted(text: string, escapes: Style['escapes'], random?: Random): string {
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    const needed = code < 0x20 || c === '"' || c === '\\' || surrogate;
    if (
      !needed &&
      (escapes === 'needed' ||
        (escapes === 'ascii' && code < 0x7f) ||
        (escapes === 'some' && random?.chance(0.8)))
    ) {
      out += c;
    } else if (
      c === '/' ||
      (!surrogate && code < 0x80 && !random?.chance(0.3) && JSON.stringify(c).length === 4)
    ) {
      out += c === '/' ? '\\/' : JSON.stringify(c).slice(1, -1);
    } else {
      for (let i = 0; i < c.length; i++) {
        const hex = c.charCodeAt(i).toString(16).padStart(4, '0');
        out += `\\u${random?.chance(0.3) ? hex.toUpperCase() : hex}`;
      }
    }
  }
  return `${out}"`;
}

const INSERTS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '-',
  '.',
  'e',
  'null',
  'true',
  ' ',
  '\\u',
  '\\ud800',
  '00',
  '\x00',
];
const BAD_UTF8 = [
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  [0xff],
  [0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0xef, 0xbb, 0xbf],
];

function spoiled(bytes: Buffer, random: Random): Uint8Array {
  let out: Buffer = bytes;
  for (let i = random.below(3); i >= 0; i--) {
    const at = random.below(out.length + 1);
    const [head, tail] = [out.subarray(0, at), out.subarray(at)];
    switch (random.below(5)) {
      case 0:
        out = Buffer.from(out);
        if (at < out.length) out[at] = out[at]! ^ (1 << random.below(8));
        break;
      case 1:
        out = Buffer.concat([head, tail.subarray(1 + random.below(3))]);
        break;
      case 2:
        out = Buffer.concat([head, Buffer.from(random.pick(INSERTS)), tail]);
        break;
      case 3:
        out = Buffer.concat([head, Buffer.from(random.pick(BAD_UTF8)), tail]);
        break;
      default:
        out = Buffer.from(random.chance(0.5) ? head : tail);
    }
  }
  return out;
}
