// java.util.regex's syntax (of Java 9 and later) → a matcher, by the rules of java.util.regex.Pattern, construct by construct.
import {
  ANY,
  type CharClass,
  complement,
  type Flags,
  intersection,
  property,
  range,
  shorthand,
  single,
  union,
} from './classes.ts';
import { PatternError } from './error.ts';
import {
  assertion,
  atomic,
  choice,
  type Greed,
  lookahead,
  lookbehind,
  loop,
  one,
  type Part,
  sequence,
} from './match.ts';

/**
 * Reads a pattern for topic names.
 * @throws PatternError
 */
export function parsePattern(pattern: string): Part {
  return new Parser(pattern).parse();
}

// --- internal ---

const EMPTY: Part = (_, at) => [at];
const NOTHING: Part = () => [];
const BEGIN = assertion((_, at) => at === 0);
/** Topic names have no line ends, so `$`, `\Z` and `\z`, with `(?m)` or without, are one. */
const END = assertion((text, at) => at === text.length);
const BOUNDARY = assertion((text, at) => wordAt(text, at - 1) !== wordAt(text, at));
const NO_BOUNDARY = assertion((text, at) => wordAt(text, at - 1) === wordAt(text, at));

function wordAt(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text[at]!);
}

/** Escapes outside brackets that match no single character. */
const PLACES: ReadonlyMap<string, Part> = new Map([
  ['A', BEGIN],
  ['G', BEGIN],
  ['Z', END],
  ['z', END],
  ['b', BOUNDARY],
  ['B', NO_BOUNDARY],
  // A line end, of which a name has none.
  ['R', NOTHING],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
]);
const MAX_NESTING = 200;
const JAVA_INT_MAX = 2147483647;

class Parser {
  private readonly chars: string[];
  /** Places of `chars` in the pattern as written. */
  private readonly places: number[];
  private at = 0;
  private depth = 0;
  /** Repetitions without a limit so far. */
  private endless = 0;
  private readonly names = new Set<string>();
  private flags: Flags = { ignoreCase: false, unicodeCase: false };

  constructor(pattern: string) {
    ({ chars: this.chars, places: this.places } = unquote(pattern));
  }

  parse(): Part {
    const part = this.alternatives();
    if (this.at < this.chars.length) throw this.broken('a bracket is closed that was not opened');
    return part;
  }

  private get char(): string {
    return this.chars[this.at] ?? '';
  }

  private take(text: string): boolean {
    const found = this.chars.slice(this.at, this.at + text.length).join('') === text;
    if (found) this.at += text.length;
    return found;
  }

  private alternatives(): Part {
    if (++this.depth > MAX_NESTING) throw this.lacking('nested too deeply');
    const parts = [this.branch()];
    while (this.take('|')) parts.push(this.branch());
    this.depth--;
    return choice(parts);
  }

  private branch(): Part {
    const parts: Part[] = [];
    while (this.at < this.chars.length && this.char !== '|' && this.char !== ')') {
      const part = this.atom();
      // Inline flags are no atom: a quantifier after them has nothing to repeat.
      if (part) parts.push(this.quantified(part));
    }
    return parts.length === 0 ? EMPTY : sequence(parts);
  }

  private atom(): Part | undefined {
    const { char } = this;
    switch (char) {
      case '(':
        return this.group();
      case '[':
        this.at++;
        return one(this.bracket(true, true));
      case '\\':
        return this.escapedAtom();
      case '*':
      case '+':
      case '?':
        throw this.broken('there is nothing to repeat before it');
      case '{':
        // Java takes it for a repetition of nothing.
        throw this.lacking('there is nothing to repeat before it');
    }
    this.at++;
    if (char === '^') return BEGIN;
    if (char === '$') return END;
    if (char === '.') return one(ANY);
    return one(single(char.codePointAt(0)!, this.flags));
  }

  private quantified(part: Part): Part {
    const limits = this.limits();
    if (!limits) return part;
    const greed: Greed = this.take('?') ? 'lazy' : this.take('+') ? 'possessive' : 'greedy';
    // Java takes a second {…} for a repetition of nothing, and refuses the others.
    if (this.char === '{') throw this.lacking('a repetition is repeated');
    if (this.char !== '' && '*+?'.includes(this.char)) throw this.broken('a repetition is repeated');
    if (limits[1] === Number.POSITIVE_INFINITY) this.endless++;
    return loop(part, ...limits, greed);
  }

  private limits(): [number, number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.take('?')) return [0, 1];
    if (this.char !== '{') return undefined;
    const text = this.chars.slice(this.at).join('');
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(text);
    if (!match) throw this.broken('not a number of repetitions', '{');
    const min = Number(match[1]);
    const max = !match[2] ? min : match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY;
    if (min > max || min > JAVA_INT_MAX || (max > JAVA_INT_MAX && max !== Number.POSITIVE_INFINITY))
      throw this.broken('not a number of repetitions', match[0]);
    this.at += match[0].length;
    return [min, max];
  }

  private group(): Part | undefined {
    const opened = this.at;
    const [outer, endless] = [this.flags, this.endless];
    const wrap = this.groupKind();
    if (!wrap) return undefined;
    const construct = this.chars.slice(opened, this.at).join('');
    const part = this.alternatives();
    if (!this.take(')')) throw this.broken('a bracket is not closed', '(', opened);
    // Java refuses most of these, and looks back too short a way in the rest.
    if (/^\(\?<[=!]/.test(construct) && this.endless > endless)
      throw this.lacking('looking back over a repetition without a limit', construct, opened);
    this.flags = outer;
    return wrap(part);
  }

  /** What stands behind `(`; undefined for `(?i)`, whose flags stay for the rest of the group around it. */
  private groupKind(): ((part: Part) => Part) | undefined {
    const opened = this.at;
    const plain = (part: Part) => part;
    if (!this.take('(?')) {
      this.at++;
      return plain;
    }
    if (this.take(':')) return plain;
    if (this.take('=')) return part => lookahead(part, true);
    if (this.take('!')) return part => lookahead(part, false);
    if (this.take('>')) return atomic;
    if (this.take('<=')) return part => lookbehind(part, true);
    if (this.take('<!')) return part => lookbehind(part, false);
    const text = this.chars.slice(this.at).join('');
    const name = /^<([A-Za-z][A-Za-z0-9]*)>/.exec(text);
    if (name) {
      if (this.names.has(name[1]!)) throw this.broken('a group has a name twice', `(?${name[0]}`, opened);
      this.names.add(name[1]!);
      this.at += name[0].length;
      return plain;
    }
    const flags = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(text);
    if (!flags) throw this.broken('a kind of group that there is not', `(?${text.slice(0, 1)}`, opened);
    const [whole, on = '', off = '', end] = flags;
    const construct = `(?${whole}`;
    for (const flag of on + off) {
      if (!'idmsuxU'.includes(flag)) throw this.broken('a flag that there is not', construct, opened);
    }
    // Comments would make white space and # mean nothing from here on. The others: names have no lines.
    if (on.includes('x')) throw this.lacking('comments (?x) are not known here', construct, opened);
    this.at += whole.length;
    const set = (flag: RegExp, now: boolean) => (now || flag.test(on)) && !flag.test(off);
    this.flags = {
      ignoreCase: set(/i/, this.flags.ignoreCase),
      unicodeCase: set(/[uU]/, this.flags.unicodeCase),
    };
    return end === ':' ? plain : undefined;
  }

  private escapedAtom(): Part {
    const letter = this.chars[this.at + 1] ?? '';
    const place = PLACES.get(letter);
    if (place) {
      this.at += 2;
      if (letter === 'b' && this.char === '{') {
        throw this.lacking('boundaries of another kind are not known here', '\\b{', this.at - 2);
      }
      return place;
    }
    if (/[1-9k]/.test(letter)) throw this.lacking('back references are not known here', `\\${letter}`);
    const found = this.escape(false);
    return one(typeof found === 'number' ? single(found, this.flags) : found);
  }

  /** An escape that stands for a character or a class, in brackets or outside. */
  private escape(inRange: boolean): number | CharClass {
    const opened = this.at;
    const letter = this.chars[this.at + 1];
    if (letter === undefined) throw this.broken('nothing follows the backslash', '\\');
    this.at += 2;
    const construct = `\\${letter}`;
    if (letter === 'p' || letter === 'P') return this.property(letter === 'P', opened);
    if (letter === 'v' && inRange) return 11;
    const known = shorthand(letter) ?? CONTROLS.get(letter);
    if (known !== undefined) return known;
    const rest = this.chars.slice(this.at).join('');
    const number = (digits: RegExp, radix: number): number => {
      const match = digits.exec(rest);
      if (!match) throw this.broken('a number is missing', construct, opened);
      this.at += match[0].length;
      return Number.parseInt(match[1] ?? match[0], radix);
    };
    if (letter === '0') return number(/^(?:[0-3][0-7]{2}|[0-7]{1,2})/, 8);
    if (letter === 'u') return number(/^[0-9A-Fa-f]{4}/, 16);
    if (letter === 'x')
      return rest.startsWith('{') ? number(/^\{(0*[0-9A-Fa-f]{1,6})\}/, 16) : number(/^[0-9A-Fa-f]{2}/, 16);
    if (letter === 'c' && rest !== '') {
      const control = this.char.codePointAt(0)! ^ 64;
      this.at++;
      return control;
    }
    if (letter === 'N' || letter === 'X') {
      throw this.lacking('characters beyond ASCII have no place in a topic name', construct, opened);
    }
    if (/^[A-Za-z0-9]$/.test(letter)) throw this.broken('an escape that there is not', construct, opened);
    return letter.codePointAt(0)!;
  }

  private property(opposite: boolean, opened: number): CharClass {
    const match = /^(?:\{([^}]*)\}|([^{]))/u.exec(this.chars.slice(this.at).join(''));
    if (!match) throw this.broken('a property without its name', opposite ? '\\P' : '\\p', opened);
    this.at += [...match[0]].length;
    const found = property(match[1] ?? match[2]!);
    const construct = `${opposite ? '\\P' : '\\p'}${match[0]}`;
    if (!found) throw this.lacking('a property that is not known here', construct, opened);
    if (found.cased && this.flags.ignoreCase) {
      throw this.lacking("with (?i) it means different things in Java's versions", construct, opened);
    }
    return opposite ? complement(found.matches) : found.matches;
  }

  /**
   * The inside of `[…]`, or what stands right of `&&` in one.
   * @param opening true after a `[`, where `^` means the opposite
   * @param closing true when the `]` belongs to it
   */
  private bracket(opening: boolean, closing: boolean): CharClass {
    if (++this.depth > MAX_NESTING) throw this.lacking('nested too deeply');
    const opened = this.at - 1;
    const opposite = opening && this.take('^');
    let chars: CharClass | undefined;
    for (;;) {
      if (this.at >= this.chars.length) throw this.broken('a bracket is not closed', '[', opened);
      // A bracket that closes nothing yet is a character.
      if (this.char === ']' && chars) break;
      if (this.take('&&')) {
        const right = this.rightOfAnd();
        // Java takes what stands before in part only.
        if (!right) throw this.lacking('there is nothing to intersect with', '&&', this.at - 2);
        chars = chars ? intersection(chars, right) : right;
        continue;
      }
      const next = this.take('[') ? this.bracket(true, true) : this.member();
      chars = chars ? union(chars, next) : next;
    }
    if (closing) this.at++;
    this.depth--;
    return opposite ? complement(chars!) : chars!;
  }

  /** All that follows an `&&` up to the next one of the same bracket, or its end. */
  private rightOfAnd(): CharClass | undefined {
    let right: CharClass | undefined;
    while (this.char !== ']' && this.char !== '&') {
      const next = this.take('[') ? this.bracket(true, true) : this.bracket(false, false);
      right = right ? union(right, next) : next;
    }
    return right;
  }

  /** A character, a range or a class in brackets. */
  private member(): CharClass {
    const opened = this.at;
    const from = this.memberChar();
    if (typeof from !== 'number') return from;
    const behind = this.chars[this.at + 1];
    if (this.char !== '-' || behind === undefined || behind === '[' || behind === ']')
      return single(from, this.flags);
    this.at++;
    const to = this.memberChar(true);
    if (typeof to === 'number' && to >= from) return range(from, to, this.flags);
    throw this.broken(
      'a range that runs backwards or has no end',
      this.chars.slice(opened, this.at).join(''),
      opened,
    );
  }

  private memberChar(inRange = false): number | CharClass {
    // At either side of a hyphen, Java takes \v for one character.
    if (this.char === '\\') return this.escape(inRange || this.chars[this.at + 2] === '-');
    return this.chars[this.at++]!.codePointAt(0)!;
  }

  private broken(problem: string, construct = this.char, at = this.at): PatternError {
    return new PatternError(problem, construct, (this.places[at] ?? this.chars.length) + 1, true);
  }

  private lacking(problem: string, construct = this.char, at = this.at): PatternError {
    return new PatternError(problem, construct, (this.places[at] ?? this.chars.length) + 1, false);
  }
}

/** `\Q…\E` as escapes of their characters: Java does that before it reads anything else, in brackets, too. */
function unquote(pattern: string): { chars: string[]; places: number[] } {
  const chars: string[] = [];
  const places: number[] = [];
  const written = Array.from(pattern);
  let quoted = false;
  for (let i = 0; i < written.length; i++) {
    const char = written[i]!;
    const next = written[i + 1];
    if (char === '\\' && next === (quoted ? 'E' : 'Q')) {
      quoted = !quoted;
      i++;
      continue;
    }
    if (quoted ? /^[!-/:-@[-`{-~]$/.test(char) : false) {
      chars.push('\\');
      places.push(i);
    }
    chars.push(char);
    places.push(i);
    // What follows a backslash outside quotes is not looked at: \\Q is a backslash and a Q.
    if (!quoted && char === '\\' && next !== undefined) {
      chars.push(next);
      places.push(++i);
    }
  }
  return { chars, places };
}
