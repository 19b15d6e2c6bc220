// Character classes of java.util.regex, as far as a topic's name goes: letters, digits, dot, underscore, hyphen.

/** Tells whether a character of a topic's name (its code) belongs to a class. */
export type CharClass = (code: number) => boolean;

/** The inline flags that change what a class or a letter matches. */
export interface Flags {
  /** `(?i)`: letters of both cases; ASCII's only, unless `unicodeCase`. */
  ignoreCase: boolean;
  /** `(?u)`, `(?U)`: with `(?i)`, also the few letters beyond ASCII whose other case is an ASCII letter. */
  unicodeCase: boolean;
}

export const ANY: CharClass = () => true;
export const NONE: CharClass = () => false;

export function union(a: CharClass, b: CharClass): CharClass {
  return code => a(code) || b(code);
}

export function intersection(a: CharClass, b: CharClass): CharClass {
  return code => a(code) && b(code);
}

export function complement(a: CharClass): CharClass {
  return code => !a(code);
}

/** One character. */
export function single(literal: number, flags: Flags): CharClass {
  if (!flags.ignoreCase) return code => code === literal;
  if (flags.unicodeCase) {
    const folded = fold(literal);
    return code => code === literal || fold(code) === folded;
  }
  const [lower, upper] = [asciiLower(literal), asciiUpper(literal)];
  return code => code === lower || code === upper;
}

/** `from-to`, both included. */
export function range(from: number, to: number, flags: Flags): CharClass {
  const within: CharClass = code => code >= from && code <= to;
  if (!flags.ignoreCase) return within;
  if (flags.unicodeCase) return code => within(code) || within(upperOf(code)) || within(fold(code));
  return code => within(code) || within(asciiUpper(code)) || within(asciiLower(code));
}

/** `\d`, `\w`, `\s`, `\h`, `\v` and their opposites by their letter; undefined for other letters. */
export function shorthand(letter: string): CharClass | undefined {
  return SHORTHANDS.get(letter);
}

/**
 * The class of `\p{name}`.
 * @returns undefined for names that are not known here; `cased` for those whose meaning under `(?i)` differs between
 *   Java's versions
 */
export function property(name: string): { matches: CharClass; cased: boolean } | undefined {
  const key = /^Is/i.test(name) ? `is${name.slice(2).toLowerCase()}` : name;
  const pattern = PROPERTIES.get(key);
  if (pattern === undefined) return undefined;
  const matches: CharClass = code => pattern.test(String.fromCharCode(code));
  return { matches, cased: CASED.test(key) };
}

// --- internal ---

const DIGIT: CharClass = code => code >= 48 && code <= 57;
const WORD: CharClass = code => /\w/.test(String.fromCharCode(code));

// Topic names have no white space.
const SHORTHANDS = new Map<string, CharClass>([
  ['d', DIGIT],
  ['D', complement(DIGIT)],
  ['w', WORD],
  ['W', complement(WORD)],
  ...['s', 'h', 'v'].map(letter => [letter, NONE] as const),
  ...['S', 'H', 'V'].map(letter => [letter, ANY] as const),
]);

/** By what they hold of a topic name's characters; `is…` in lower case, since Java ignores the case of those. */
const PROPERTIES = new Map<string, RegExp>(
  (
    [
      [
        /[A-Za-z]/,
        'L LC Alpha javaLetter javaAlphabetic IsL IsLC IsAlphabetic IsLetter IsLatin script=Latin sc=Latin gc=L',
      ],
      [/[a-z]/, 'Ll Lower javaLowerCase IsLl IsLowercase gc=Ll'],
      [/[A-Z]/, 'Lu Upper javaUpperCase IsLu IsUppercase gc=Lu'],
      [/[0-9]/, 'N Nd Digit javaDigit IsN IsNd IsDigit gc=N gc=Nd'],
      [/[A-Za-z0-9]/, 'LD Alnum javaLetterOrDigit IsAlnum'],
      [/[A-Fa-f0-9]/, 'XDigit IsHex_Digit'],
      [/[A-Za-z0-9_]/, 'IsWord'],
      [/[._-]/, 'P Punct IsP IsPunctuation gc=P'],
      [/_/, 'Pc IsPc gc=Pc'],
      [/-/, 'Pd IsPd gc=Pd'],
      [/\./, 'Po IsPo gc=Po'],
      [/[A-Za-z0-9._-]/, 'ASCII L1 all Graph Print IsGraph IsPrint IsAssigned InBasicLatin InBASIC_LATIN'],
      [/[^\s\S]/, 'Space Blank Cntrl Z Zs C Cc S M IsWhite_Space IsControl IsBlank javaWhitespace'],
    ] as const
  ).flatMap(([pattern, names]) =>
    names
      .split(' ')
      .map(name => [name.startsWith('Is') ? `is${name.slice(2).toLowerCase()}` : name, pattern] as const),
  ),
);
const CASED = /^((is|gc=)?(ll|lu)|lower|upper|java(lower|upper)case|is(lower|upper)case)$/i;

function asciiLower(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

function asciiUpper(code: number): number {
  return code >= 97 && code <= 122 ? code - 32 : code;
}

/** Character.toUpperCase: one character for one. */
function upperOf(code: number): number {
  const upper = String.fromCodePoint(code).toUpperCase();
  return [...upper].length === 1 ? upper.codePointAt(0)! : code;
}

function fold(code: number): number {
  const lower = String.fromCodePoint(upperOf(code)).toLowerCase();
  return [...lower].length === 1 ? lower.codePointAt(0)! : code;
}
