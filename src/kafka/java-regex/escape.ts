// What stands behind a backslash: a character, a shorthand such as \d, or a property such as \p{Lu}.
import { type CharClass, complement, type Flags, property, shorthand } from './classes.ts';
import type { PatternSource } from './source.ts';

/**
 * Reads an escape that stands for a character (its code) or a class, in brackets or outside.
 * @param inRange at either side of a hyphen in brackets
 * @throws PatternError
 */
export function readEscape(source: PatternSource, flags: Flags, inRange: boolean): number | CharClass {
  const opened = source.at;
  const letter = source.ahead(1);
  if (letter === undefined) throw source.invalid('nothing follows the backslash', '\\');
  source.at += 2;
  const construct = `\\${letter}`;
  if (letter === 'p' || letter === 'P') return readProperty(source, flags, letter === 'P', opened);
  if (letter === 'v' && inRange) return 11;
  const known = shorthand(letter) ?? CONTROLS.get(letter);
  if (known !== undefined) return known;
  const { rest } = source;
  const number = (digits: RegExp, radix: number): number => {
    const match = digits.exec(rest);
    if (!match) throw source.invalid('a number is missing', construct, opened);
    source.at += match[0].length;
    return Number.parseInt(match[1] ?? match[0], radix);
  };
  if (letter === '0') return number(/^(?:[0-3][0-7]{2}|[0-7]{1,2})/, 8);
  if (letter === 'u') return number(/^[0-9A-Fa-f]{4}/, 16);
  if (letter === 'x')
    return rest.startsWith('{') ? number(/^\{(0*[0-9A-Fa-f]{1,6})\}/, 16) : number(/^[0-9A-Fa-f]{2}/, 16);
  if (letter === 'c' && rest !== '') {
    const control = source.char.codePointAt(0)! ^ 64;
    source.at++;
    return control;
  }
  if (letter === 'N' || letter === 'X') {
    throw source.unsupported('characters beyond ASCII have no place in a topic name', construct, opened);
  }
  if (/^[A-Za-z0-9]$/.test(letter)) throw source.invalid('an escape that there is not', construct, opened);
  return letter.codePointAt(0)!;
}

// --- internal ---

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
]);

function readProperty(source: PatternSource, flags: Flags, opposite: boolean, opened: number): CharClass {
  const match = /^(?:\{([^}]*)\}|([^{]))/u.exec(source.rest);
  if (!match) throw source.invalid('a property without its name', opposite ? '\\P' : '\\p', opened);
  source.at += [...match[0]].length;
  const found = property(match[1] ?? match[2]!);
  const construct = `${opposite ? '\\P' : '\\p'}${match[0]}`;
  if (!found) throw source.unsupported('a property that is not known here', construct, opened);
  if (found.cased && flags.ignoreCase) {
    throw source.unsupported("with (?i) it means different things in Java's versions", construct, opened);
  }
  return opposite ? complement(found.matches) : found.matches;
}
